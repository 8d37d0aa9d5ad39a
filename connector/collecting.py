"""Python's search for reference cycles, put off while many values are made that hold none."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_cycles() -> Iterator[None]:
    """Looks for no cycles meanwhile. For work of a second or so that makes very many small values: looking through
    them again and again would cost a quarter of its time, and they are freed without it.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
