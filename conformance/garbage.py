"""How often Python looks for objects that only each other still refer to."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Seldom in here, and never among what was there before; not to be nested.

    To judge makes objects by the ten thousand, and nearly all of them go without being looked for.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
