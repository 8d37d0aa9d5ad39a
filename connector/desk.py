"""A desk where several lanes have things written down: those that wait at the same time share one commit.

A commit costs as much for eight hand-overs as for one. Nobody waits for others to come: whoever is there when the
desk is free is served together. `write` is called by one thread at a time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Condition, Event, Thread
from typing import Generic, Protocol, TypeVar

Ask = TypeVar("Ask")
Ask_contra = TypeVar("Ask_contra", contravariant=True)


class Desk(Protocol[Ask_contra]):
    """Writes asks down, each list of them in one transaction or not at all."""

    def ask(self, asks: Sequence[Ask_contra]) -> None:
        """Writes them down and returns once they are durable. Raises what went wrong."""
        ...

    def tell(self, asks: Sequence[Ask_contra]) -> None:
        """Has them written down next, without waiting. What goes wrong is raised by `finish` at the latest."""
        ...

    def finish(self) -> None:
        """Returns once everything that was told is durable. Raises the first thing that went wrong."""
        ...

    def close(self) -> None:
        """Finishes what was told, and lets the desk go; never raises for it."""
        ...


class OwnDesk(Generic[Ask]):
    """A lane of its own: everything is written down at once."""

    def __init__(self, write: Callable[[Sequence[Ask]], None]) -> None:
        self._write = write

    def ask(self, asks: Sequence[Ask]) -> None:
        """See `Desk`."""
        self._write(asks)

    tell = ask

    def finish(self) -> None:
        """Nothing waits here."""

    close = finish


@dataclass(slots=True, eq=False)
class _Slip(Generic[Ask]):
    """What one lane wants written down together."""

    asks: Sequence[Ask]
    is_told: bool
    done: Event = field(default_factory=Event)
    error: BaseException | None = None


class SharedDesk(Generic[Ask]):
    """A thread that writes down whatever waits, together. One ask that cannot be written down spoils no other."""

    def __init__(self, write: Callable[[Sequence[Ask]], None]) -> None:
        self._write = write
        self._waiting: list[_Slip[Ask]] = []
        self._is_busy = self._is_closed = False
        self._told_in_vain: BaseException | None = None
        self._changed = Condition()
        self._thread = Thread(target=self._serve, name="desk", daemon=True)
        self._thread.start()

    def ask(self, asks: Sequence[Ask]) -> None:
        """See `Desk`."""
        slip = self._put(asks, is_told=False)
        slip.done.wait()
        if slip.error is not None:
            raise slip.error

    def tell(self, asks: Sequence[Ask]) -> None:
        """See `Desk`."""
        self._put(asks, is_told=True)

    def finish(self) -> None:
        """See `Desk`."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and not self._is_busy)
            error, self._told_in_vain = self._told_in_vain, None
        if error is not None:
            raise error

    def close(self) -> None:
        """See `Desk`."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join()

    def _put(self, asks: Sequence[Ask], *, is_told: bool) -> _Slip[Ask]:
        slip = _Slip(asks, is_told)
        with self._changed:
            if self._is_closed:
                raise RuntimeError("The desk is closed.")
            self._waiting.append(slip)
            self._changed.notify_all()
        return slip

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._is_busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting or self._is_closed)
                slips, self._waiting = self._waiting, []
                if not slips:
                    return
                self._is_busy = True
            self._write_down(slips)

    def _write_down(self, slips: Sequence[_Slip[Ask]]) -> None:
        try:
            self._write([ask for slip in slips for ask in slip.asks])
        except Exception as error:  # noqa: BLE001 - whoever asked raises it
            if len(slips) > 1:
                for slip in slips:
                    self._write_down([slip])
                return
            self._failed(slips, error)
        except BaseException as error:  # noqa: BLE001 - likewise; the process is ending, and nothing is tried again
            self._failed(slips, error)
        for slip in slips:
            slip.done.set()

    def _failed(self, slips: Sequence[_Slip[Ask]], error: BaseException) -> None:
        for slip in slips:
            slip.error = error
            if slip.is_told and self._told_in_vain is None:
                self._told_in_vain = error
