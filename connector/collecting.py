"""Python's search for reference cycles, held back while many values are made that hold none.

A page of the books, or a day's decisions, makes very many small values, none of them in a circle, which are freed
without it. At its usual pace the collector looks through them again and again, and through everything that was ever
imported: a sixth to a quarter of the time.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

_USUAL = gc.get_threshold()
_SELDOM = 50_000  # objects: a few pages


#: mallopt's names of what it sets (malloc.h).
_MMAP_THRESHOLD, _ARENA_MAX = -3, -8


@cache
def large_blocks_returned() -> None:
    """Has the C library give blocks of 128 kB and more back to the system once they are free.

    glibc raises that bound as it goes, and keeps a heap for each of the threads that read: a sync of a big book would
    hold on to several pages in each. Elsewhere nothing is done.
    """
    import ctypes  # loads slowly: only where it is needed

    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(_MMAP_THRESHOLD, 128 * 1024)
    mallopt(_ARENA_MAX, 2)


@contextmanager
def no_cycles() -> Iterator[None]:
    """Looks for no cycles meanwhile: for work of a second or so."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Collects every 50,000 objects instead of every few hundred; afterwards as usual, in whatever thread it ends."""
    gc.set_threshold(_SELDOM, *_USUAL[1:])
    try:
        yield
    finally:
        gc.set_threshold(*_USUAL)
