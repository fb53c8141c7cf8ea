"""What the interpreter does otherwise while values are made by the thousand."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_COLLECT_AFTER: Final = 200_000
"""Values that are left of those made since garbage was last looked for."""

_SWITCH_AFTER: Final = 0.001
"""Seconds that a thread computes while another one waits for its turn."""


@contextmanager
def in_bulk() -> Iterator[None]:
    """For the whole process, until the block is left.

    Events hardly ever form a cycle, and by default a sixth of the time goes into looking for one.
    And a thread that talks to the database has little to compute between two waits: at the usual
    5 ms a turn the database would idle longer than it works.
    """
    collect_after, switch_after = gc.get_threshold(), sys.getswitchinterval()
    gc.set_threshold(_COLLECT_AFTER, *collect_after[1:])
    sys.setswitchinterval(_SWITCH_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*collect_after)
        sys.setswitchinterval(switch_after)
