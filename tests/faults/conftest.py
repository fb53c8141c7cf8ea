"""Servers that a test may do anything to."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that any user may enter, whose path is short enough for a socket."""
    made = Path(tempfile.mkdtemp(prefix="dl-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)
