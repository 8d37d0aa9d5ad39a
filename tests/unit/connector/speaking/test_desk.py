"""A desk that several lanes share: what waits at the same time is written down together, and nobody is kept waiting."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

import pytest

from connector.desk import SharedDesk

LONG = 20  # seconds; nothing here takes so long


@dataclass
class Book:
    """Where the desk writes. It can be held up before its next entry, and cannot write some words."""

    pages: list[list[str]] = field(default_factory=list)
    cannot: dict[str, BaseException] = field(default_factory=dict)
    held: Event = field(default_factory=Event)
    free: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self.free.set()

    def write(self, asks: Sequence[str]) -> None:
        self.held.set()
        assert self.free.wait(LONG)
        for each in asks:
            if each in self.cannot:
                raise self.cannot[each]
        self.pages.append(list(asks))

    @property
    def words(self) -> list[str]:
        return [word for page in self.pages for word in page]


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def desk(book: Book) -> Iterator[SharedDesk[str]]:
    desk = SharedDesk(book.write)
    yield desk
    book.free.set()
    desk.close()


@contextmanager
def held_up(book: Book, desk: SharedDesk[str]) -> Iterator[None]:
    """The desk is busy with “first” until the end of the block."""
    book.free.clear()
    book.held.clear()
    desk.tell(["first"])
    assert book.held.wait(LONG)
    yield
    book.free.set()


def asking(desk: SharedDesk[str], word: str, errors: dict[str, BaseException]) -> Thread:
    def ask() -> None:
        try:
            desk.ask([word])
        except BaseException as error:  # noqa: BLE001 - looked at by the test
            errors[word] = error

    thread = Thread(target=ask)
    thread.start()
    return thread


def test_what_is_asked_is_written_down_when_the_answer_comes(book: Book, desk: SharedDesk[str]) -> None:
    desk.ask(["a"])
    assert book.pages == [["a"]]


def test_what_waits_while_the_desk_is_busy_is_written_down_together(book: Book, desk: SharedDesk[str]) -> None:
    with held_up(book, desk):
        desk.tell(["a", "b"])
        desk.tell(["c"])
    desk.finish()
    assert book.pages == [["first"], ["a", "b", "c"]]


def test_one_that_cannot_be_written_down_spoils_no_other(book: Book, desk: SharedDesk[str]) -> None:
    errors: dict[str, BaseException] = {}
    book.cannot["b"] = OSError("full")
    with held_up(book, desk):
        desk.tell(["a"])
        threads = [asking(desk, "b", errors)]
        desk.tell(["c"])
    for each in threads:
        each.join(LONG)
    desk.finish()
    assert sorted(book.words) == ["a", "c", "first"]
    assert isinstance(errors["b"], OSError)


def test_what_was_told_in_vain_is_raised_at_the_end(book: Book, desk: SharedDesk[str]) -> None:
    book.cannot["a"] = OSError("full")
    desk.tell(["a"])
    with pytest.raises(OSError, match="full"):
        desk.finish()
    desk.finish()  # once


def test_a_process_that_is_ending_tries_nothing_again(book: Book, desk: SharedDesk[str]) -> None:
    errors: dict[str, BaseException] = {}
    book.cannot["b"] = KeyboardInterrupt()
    with held_up(book, desk):
        desk.tell(["a"])
        thread = asking(desk, "b", errors)
        while desk._waiting == [] or len(desk._waiting) < 2:
            pass
    thread.join(LONG)
    with pytest.raises(KeyboardInterrupt):
        desk.finish()
    assert book.words == ["first"]
    assert isinstance(errors["b"], KeyboardInterrupt)


def test_closing_writes_down_what_was_told_and_takes_nothing_more(book: Book, desk: SharedDesk[str]) -> None:
    with held_up(book, desk):
        desk.tell(["a"])
    desk.close()
    assert book.words == ["first", "a"]
    with pytest.raises(RuntimeError, match="closed"):
        desk.tell(["b"])
