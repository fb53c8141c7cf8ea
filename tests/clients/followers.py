"""Programs that follow the log, each through a client of its own, and print what comes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any, Final

from tests.clients import node

ON_NODE: Final = (
    "graphql-ws",
    "graphql-sse",
    "event-source",
    "apollo-websocket",
    "apollo-multipart",
    "urql-websocket",
    "urql-events",
    "relay",
)

ROOT: Final = Path(__file__).parents[2]


class Follower:
    """One of them, while it runs."""

    def __init__(self, running: subprocess.Popen[str]) -> None:
        self._running = running
        self._lines: Queue[str] = Queue()
        self._patience = 60
        """Seconds; it has to start first."""
        Thread(target=self._read, daemon=True).start()

    def next(self) -> dict[str, Any]:
        """What it prints next, waited for."""
        line = self._lines.get(timeout=self._patience)
        # Less than until a sign of life (`api.streaming.BEAT`), which may bring what lay about.
        self._patience = 10
        assert line, f"it ended: {self._running.communicate()[1]}"
        told: dict[str, Any] = json.loads(line)
        return told

    def take(self, count: int) -> list[int]:
        """The positions of so many events."""
        return [self.next()["node"]["position"] for _ in range(count)]

    def rest(self) -> list[str]:
        """What else it printed, once it has ended."""
        return [line for line in iter(self._lines.get, "") if line]

    def _read(self) -> None:
        assert self._running.stdout is not None
        for line in self._running.stdout:
            self._lines.put(line)
        self._lines.put("")


@contextmanager
def following(
    client: str, project: Path | None, url: str, after: str, key: str
) -> Iterator[Follower]:
    """A program that follows from a cursor on, until the block is left. It has nothing to complain
    of."""
    if project is None:
        command = [sys.executable, "-m", "tests.clients.run_following", url, after, key]
    else:
        command = [str(node.program("node")), "following/run.js", client, url, after, key]
    with subprocess.Popen(
        command,
        cwd=project or ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            yield Follower(running)
            if project is None:
                running.terminate()
            _, complaints = running.communicate(timeout=20)
            assert complaints == ""
        finally:
            running.kill()
