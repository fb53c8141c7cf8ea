"""A PostgreSQL that a test may stop at once, and start again."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from eventlog.cluster import DATABASE, Cluster
from eventlog.embedded import wheel_programs


class Postgres:
    """A cluster in a folder."""

    def __init__(self, folder: Path) -> None:
        self._cluster = Cluster(folder, wheel_programs(), lambda _: None)
        self._cluster.make_folder()
        self.url = self._cluster.conninfo(DATABASE)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._cluster.start()

    def stop_at_once(self) -> None:
        """Stop it as a crash would: nothing is written out, and the next start recovers."""
        pid_file = self._cluster.data / "postmaster.pid"
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGQUIT)
        deadline = monotonic() + 60
        while pid_file.exists():
            assert monotonic() < deadline
            sleep(0.01)

    def stop(self) -> None:
        """Stop it in order."""
        self._cluster.stop()


@contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    """A running cluster, stopped afterwards."""
    own = Postgres(folder)
    own.start()
    try:
        yield own
    finally:
        own.stop()
