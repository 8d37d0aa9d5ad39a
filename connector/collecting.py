"""Python's search for reference cycles, held back while many values are made that hold none.

A page of the books, or a day's decisions, makes very many small values, none of them in a circle, which are freed
without it. At its usual pace the collector looks through them again and again, and through everything that was ever
imported: a sixth to a quarter of the time.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_USUAL = gc.get_threshold()
_SELDOM = 50_000  # objects: a few pages


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
