"""A receiver of webhooks: a server of this machine that answers as a test wants it to."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from threading import Lock, Thread
from time import monotonic, sleep
from typing import Any

from standardwebhooks import Webhook

PATIENCE = 30.0
"""Seconds until a test gives up; far more than anything here takes."""


@dataclass(frozen=True, slots=True)
class Got:
    """A delivery, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float
    """On the clock that only goes forward."""
    status: int
    """What was answered."""

    @property
    def event(self) -> dict[str, Any]:
        """The CloudEvent."""
        value: dict[str, Any] = json.loads(self.body)
        return value

    @property
    def position(self) -> int:
        """The position of the event."""
        return int(self.event["id"])

    def verify(self, secret: str) -> None:
        """As receivers do it. Raises standardwebhooks.WebhookVerificationError."""
        Webhook(secret).verify(self.body, self.headers)


@dataclass(slots=True)
class Answer:
    """What a receiver answers."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0.0
    """Seconds that it takes."""


class Receiving:
    """What came to a receiver, and what it answers."""

    def __init__(self) -> None:
        self.url = ""
        self.got: list[Got] = []
        self.answer: Callable[[dict[str, Any]], Answer] = lambda _: Answer()
        self.lock = Lock()

    @property
    def taken(self) -> list[int]:
        """The positions that it has taken, in the order in which it did."""
        with self.lock:
            return [one.position for one in self.got if one.status < 300]

    @property
    def in_order(self) -> bool:
        """Whether each subject's events came first in the order of the log. They may come again."""
        told: dict[str, list[int]] = defaultdict(list)
        with self.lock:
            for one in self.got:
                positions = told[one.event["subject"]]
                if one.status < 300 and one.position not in positions:
                    positions.append(one.position)
        return all(positions == sorted(positions) for positions in told.values())

    def wait(self, reached: Callable[[], bool]) -> None:
        """Wait for something to come true."""
        deadline = monotonic() + PATIENCE
        while not reached():
            assert monotonic() < deadline, [(one.position, one.status) for one in self.got]
            sleep(0.01)


@contextmanager
def receiving(tls: SSLContext | None = None) -> Iterator[Receiving]:
    """A receiver, until the block is left."""
    told = Receiving()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            answer = told.answer(json.loads(body))
            headers = {name.lower(): value for name, value in self.headers.items()}
            sleep(answer.after)
            with told.lock:
                told.got.append(Got(self.path, headers, body, monotonic(), answer.status))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A sender went away: that is what some tests are about."""

    server = Quiet(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    told.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}/hook"
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
