"""Looking for garbage less often while values are made by the thousand."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_COLLECT_AFTER: Final = 200_000
"""Values that are left of those made since garbage was last looked for."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """For the whole process, until the block is left. Events hardly ever form a cycle, and by
    default a sixth of the time goes into looking for one."""
    usual = gc.get_threshold()
    gc.set_threshold(_COLLECT_AFTER, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
