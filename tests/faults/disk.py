"""A disk that is full when a test wants it to be."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import pytest


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """A disk of that size at the folder, where this process may make one."""
    folder.mkdir(exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        yield
    finally:
        # A server takes a moment to go after it has said that it is stopped.
        deadline = monotonic() + 30
        while subprocess.run(["umount", str(folder)], check=False).returncode != 0:
            assert monotonic() < deadline
            sleep(0.1)


def resized(folder: Path, megabytes: int) -> None:
    """Have a disk be of another size."""
    subprocess.run(["mount", "-o", f"remount,size={megabytes}m", str(folder)], check=True)
