import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from adapters.errors import LedgerAuthExpired, LedgerUnavailable
from adapters.quickbooks.oauth import Tokens, TokenStore
from connector.clock import SimulatedClock, SystemClock
from connector.store import credentials, leases
from connector.store.credentials import StoredTokens
from connector.store.engine import Database
from connector.store.tables import credential
from connector.vault import Vault, VaultError

CANARY = "RT1-canary-refresh-token"
AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.fixture
def vault() -> Vault:
    return Vault("qK3v9ZtW-first-key-Xb7Lm2Rp5Ns8Yd1")


@pytest.fixture
def other_vault() -> Vault:
    return Vault("hT6u4EwQ-other-key-Cj9Vf3Gk7Bz2Ma5")


def tokens(number: int) -> Tokens:
    return Tokens(
        realm="123",
        access_token=f"access {number}",
        access_expires_at=AT + timedelta(hours=number),
        refresh_token=f"{CANARY}-{number}",
    )


def test_a_credential_comes_back_and_a_later_one_replaces_it(database: Database, vault: Vault) -> None:
    with database.write("put") as connection:
        assert credentials.get(connection, vault, "c", "tokens") is None
        credentials.put(connection, vault, "c", "tokens", b"old", now=AT)
        credentials.put(connection, vault, "c", "tokens", b"new", now=AT)
        credentials.put(connection, vault, "other", "tokens", b"theirs", now=AT)
        assert credentials.get(connection, vault, "c", "tokens") == b"new"
        assert credentials.forget(connection, "c") == 1
        assert credentials.get(connection, vault, "c", "tokens") is None
        assert credentials.get(connection, vault, "other", "tokens") == b"theirs"


def test_no_secret_lies_readable_in_the_database(database: Database, vault: Vault) -> None:
    with database.write("put") as connection:
        credentials.put(connection, vault, "c", "tokens", CANARY.encode(), now=AT)
        sealed = connection.execute(credential.select()).one()
    assert CANARY.encode() not in sealed.sealed
    file = database.engine.url.database
    if database.engine.dialect.name == "sqlite" and file:
        assert CANARY.encode() not in Path(file).read_bytes() + Path(f"{file}-wal").read_bytes()


def test_a_sealed_value_moved_to_another_company_does_not_open(database: Database, vault: Vault) -> None:
    with database.write("put") as connection:
        credentials.put(connection, vault, "c", "tokens", b"secret", now=AT)
        connection.execute(update(credential).values(company="thief"))
        with pytest.raises(VaultError, match="was changed"):
            credentials.get(connection, vault, "thief", "tokens")


def test_a_wrong_key_is_named_before_anything_is_opened(database: Database, vault: Vault, other_vault: Vault) -> None:
    with database.write("put") as connection:
        credentials.check_key(connection, vault, AT)
        credentials.check_key(connection, vault, AT)
        credentials.put(connection, vault, "c", "tokens", b"secret", now=AT)
        with pytest.raises(
            VaultError, match=f"{other_vault.key_id}.* sealed with .*{vault.key_id}.*DUECOURSE_SECRET_KEY"
        ):
            credentials.check_key(connection, other_vault, AT)
        with pytest.raises(VaultError, match=vault.key_id):
            credentials.get(connection, other_vault, "c", "tokens")


def test_all_can_be_sealed_anew_under_another_key(database: Database, vault: Vault, other_vault: Vault) -> None:
    with database.write("reseal") as connection:
        credentials.check_key(connection, vault, AT)
        credentials.put(connection, vault, "c", "tokens", b"secret", now=AT)
        assert credentials.reseal(connection, vault, other_vault, AT) == 1
        credentials.check_key(connection, other_vault, AT)
        assert credentials.get(connection, other_vault, "c", "tokens") == b"secret"
        with pytest.raises(VaultError):
            credentials.check_key(connection, vault, AT)


def test_tokens_survive_a_restart(database: Database, vault: Vault, clock: SimulatedClock) -> None:
    store: TokenStore = StoredTokens(Tokens, database, vault, clock, "c")
    with pytest.raises(LedgerAuthExpired, match="duecourse connect"):
        store.load()
    store.save(tokens(1))
    assert StoredTokens(Tokens, database, vault, clock, "c").load() == tokens(1)


def test_of_eight_that_want_to_refresh_at_once_one_does(database: Database, vault: Vault) -> None:
    clock = SystemClock()
    StoredTokens(Tokens, database, vault, clock, "c").save(tokens(1))
    refreshed: list[int] = []

    def renew() -> None:
        store = StoredTokens(Tokens, database, vault, clock, "c")
        with store.lock():
            if store.load() == tokens(1):
                refreshed.append(1)
                store.save(tokens(2))

    threads = [threading.Thread(target=renew) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refreshed == [1]


def test_of_eight_threads_of_one_process_one_refreshes(database: Database, vault: Vault) -> None:
    """Pages are read side by side: their threads share a store, and all of them meet the token that has expired."""
    clock = SystemClock()
    store = StoredTokens(Tokens, database, vault, clock, "c")
    store.save(tokens(1))
    refreshed: list[int] = []
    inside: list[int] = []

    def refresh() -> None:
        with store.lock():
            inside.append(1)
            assert len(inside) == 1, "one at a time"
            if store.load() == tokens(1):
                clock.sleep(0.05)  # the sign-in server takes its time
                refreshed.append(1)
                store.save(tokens(2))
            inside.pop()

    threads = [threading.Thread(target=refresh) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refreshed) == 1
    assert store.load() == tokens(2)


def test_a_process_that_died_while_refreshing_locks_nobody_out_for_good(
    database: Database, vault: Vault, clock: SimulatedClock
) -> None:
    with database.write("died") as connection:
        leases.take(connection, "tokens:c", "died", clock.now(), 120)
    began = clock.now()
    with StoredTokens(Tokens, database, vault, clock, "c").lock():
        assert timedelta(seconds=119) < clock.now() - began < timedelta(seconds=125)


def test_whoever_waits_for_minutes_is_told_so(database: Database, vault: Vault, clock: SimulatedClock) -> None:
    with database.write("held") as connection:
        leases.take(connection, "tokens:c", "slow", clock.now(), 3600)
    with (
        pytest.raises(LedgerUnavailable, match="does not come back"),
        StoredTokens(Tokens, database, vault, clock, "c").lock(),
    ):
        pass


def test_a_holder_that_slept_through_its_lease_does_not_overwrite_newer_tokens(
    database: Database, vault: Vault, clock: SimulatedClock
) -> None:
    slow, quick = (StoredTokens(Tokens, database, vault, clock, "c") for _ in range(2))
    slow.save(tokens(1))
    with slow.lock():
        clock.advance(timedelta(minutes=5))
        with quick.lock():
            quick.save(tokens(2))
        slow.save(tokens(3))
    assert quick.load() == tokens(2)


def test_a_holder_that_slept_alone_stores_what_it_was_given(
    database: Database, vault: Vault, clock: SimulatedClock
) -> None:
    slow = StoredTokens(Tokens, database, vault, clock, "c")
    slow.save(tokens(1))
    with slow.lock():
        clock.advance(timedelta(minutes=5))
        with database.write("another takes over and dies") as connection:
            leases.take(connection, "tokens:c", "another", clock.now(), 120)
        slow.save(tokens(2))
    assert slow.load() == tokens(2)


def test_new_tokens_are_durable_or_the_old_ones_stay(database: Database, vault: Vault, clock: SimulatedClock) -> None:
    class Crash:
        def before(self, name: str) -> None:
            if name == "save tokens":
                raise KeyboardInterrupt

        def after(self, name: str) -> None:
            pass

    store = StoredTokens(Tokens, database, vault, clock, "c")
    store.save(tokens(1))
    database.boundaries = Crash()
    with pytest.raises(KeyboardInterrupt), store.lock():
        store.save(tokens(2))
    assert store.load() == tokens(1)
