import threading
from datetime import timedelta

from connector.clock import SimulatedClock
from connector.store import leases
from connector.store.engine import Database


def take(database: Database, clock: SimulatedClock, holder: str) -> int | None:
    with database.write("take lease") as connection:
        return leases.take(connection, "refresh", holder, clock.now(), 60)


def test_a_held_lease_is_nobody_elses(database: Database, clock: SimulatedClock) -> None:
    assert take(database, clock, "a") == 1
    assert take(database, clock, "b") is None
    with database.write("other") as connection:
        assert leases.take(connection, "another", "b", clock.now(), 60) == 1


def test_a_lease_that_ran_out_goes_to_the_next_with_a_higher_number(database: Database, clock: SimulatedClock) -> None:
    first = take(database, clock, "a")
    clock.advance(timedelta(seconds=60))
    second = take(database, clock, "b")
    assert (first, second) == (1, 2)
    with database.write("finish") as connection:
        assert not leases.is_current(connection, "refresh", 1)
        assert leases.is_current(connection, "refresh", 2)
        assert not leases.renew(connection, "refresh", 1, clock.now(), 60)


def test_a_renewed_lease_lasts_on(database: Database, clock: SimulatedClock) -> None:
    take(database, clock, "a")
    clock.advance(timedelta(seconds=59))
    with database.write("renew") as connection:
        assert leases.renew(connection, "refresh", 1, clock.now(), 60)
    clock.advance(timedelta(seconds=59))
    assert take(database, clock, "b") is None


def test_a_lease_that_ran_out_is_not_renewed(database: Database, clock: SimulatedClock) -> None:
    take(database, clock, "a")
    clock.advance(timedelta(seconds=61))
    with database.write("renew") as connection:
        assert not leases.renew(connection, "refresh", 1, clock.now(), 60)


def test_a_released_lease_is_free_at_once_and_a_late_release_takes_nothing_away(
    database: Database, clock: SimulatedClock
) -> None:
    take(database, clock, "a")
    with database.write("release") as connection:
        leases.release(connection, "refresh", 1, clock.now())
    assert take(database, clock, "b") == 2
    with database.write("late release") as connection:
        leases.release(connection, "refresh", 1, clock.now())
    assert take(database, clock, "c") is None


def test_taking_ones_own_again_makes_the_work_before_it_stale(database: Database, clock: SimulatedClock) -> None:
    assert take(database, clock, "a") == 1
    assert take(database, clock, "a") == 2
    with database.read() as connection:
        assert leases.fence(connection, "refresh") == 2
        assert leases.fence(connection, "never taken") == 0


def test_of_eight_who_want_it_at_once_one_gets_it(database: Database, clock: SimulatedClock) -> None:
    got: list[int | None] = []
    start = threading.Barrier(8)

    def want(holder: int) -> None:
        start.wait()
        got.append(take(database, clock, f"holder {holder}"))

    threads = [threading.Thread(target=want, args=(holder,)) for holder in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(number for number in got if number is not None) == [1]
