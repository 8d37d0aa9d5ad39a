"""The garbage collector, held back while pages stream through.

A page of the books makes thousands of small objects, none of them in a circle, which are gone with it. At its usual
pace the collector looks through them, and again and again through everything that was ever imported: a sixth of a
first sync's time. Held back, it still comes round every few pages.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_USUAL = gc.get_threshold()
_SELDOM = 50_000  # objects: a few pages


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Collects every 50,000 objects instead of every few hundred; afterwards as usual, in whatever thread it ends."""
    gc.set_threshold(_SELDOM, *_USUAL[1:])
    try:
        yield
    finally:
        gc.set_threshold(*_USUAL)
