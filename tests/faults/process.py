"""`dateline serve` as a process of its own, which can be killed and started again."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Self

import httpx

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
"""Seconds in which a server is to be ready."""


def free_port() -> int:
    """A port that stays free while nobody listens on it: below those that the system gives to who
    connects. Of those, whoever tries long enough gets the very one that they connect to."""
    while True:
        port = random.randrange(15_000, 32_000)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port


class Serving:
    """A server of a record. Used inside `with`, where it runs at first."""

    def __init__(self, url: str | None, said: Path, **environ: str) -> None:
        """`url`: of the database; None: the one that the environment names. `said`: a file for
        what the server says."""
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.said = said
        kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "DATELINE_DATA")}
        self._environ = kept | ({"DATABASE_URL": url} if url else {}) | environ
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        with self.said.open("ab") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cli", "serve", "--port", str(self.port), "--no-example",
                 "--open-writing"],
                cwd=ROOT, env=self._environ, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            )  # fmt: skip
        deadline = monotonic() + PATIENCE
        while not self.ready():
            assert self._process.poll() is None, self.said.read_text()
            assert monotonic() < deadline, self.said.read_text()
            sleep(0.05)

    def ready(self) -> bool:
        """Whether the record can be read."""
        try:
            return httpx.get(f"{self.address}/health/ready", timeout=10).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """Kill it, as `kill -9` does."""
        self._end(signal.SIGKILL)

    def stop(self) -> int | None:
        """Stop it in order; how it ended."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int | None:
        if self._process is None:
            return None
        process, self._process = self._process, None
        process.send_signal(number)
        return process.wait(PATIENCE)
