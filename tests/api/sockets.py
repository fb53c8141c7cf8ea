"""Speaking graphql-transport-ws with Dateline message by message, as no library would."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.api.test_metrics import scraped

PROTOCOL = Subprotocol("graphql-transport-ws")

EVENTS = "subscription ($after: String) { events(after: $after) { cursor node { position } } }"


class Talk:
    """One connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def tell(self, kind: str, **more: Any) -> None:
        """Send a message."""
        self.connection.send(json.dumps({"type": kind, **more}))

    def hear(self) -> dict[str, Any]:
        """The next message."""
        told: dict[str, Any] = json.loads(self.connection.recv(timeout=20))
        return told

    def greet(self, **payload: Any) -> None:
        """Say hello, and be welcome."""
        self.tell("connection_init", payload=payload)
        assert self.hear() == {"type": "connection_ack"}

    def subscribe(self, identity: str, query: str = EVENTS, **variables: Any) -> None:
        """Ask for something."""
        self.tell("subscribe", id=identity, payload={"query": query, "variables": variables})

    def silent(self) -> bool:
        """Whether nothing more comes for a while."""
        try:
            self.connection.recv(timeout=0.3)
        except TimeoutError:
            return True
        return False

    def _drain(self) -> None:
        while True:
            self.connection.recv(timeout=20)

    def closed(self) -> tuple[int, str]:
        """With which code and reason it is closed, whatever comes before."""
        with pytest.raises(ConnectionClosed) as closed:
            self._drain()
        assert closed.value.rcvd is not None
        return closed.value.rcvd.code, closed.value.rcvd.reason


@contextmanager
def talk(
    url: str,
    *,
    protocols: Sequence[Subprotocol] = (PROTOCOL,),
    path: str = "/graphql",
    origin: str | None = None,
    headers: dict[str, str] | None = None,
) -> Iterator[Talk]:
    """A connection to a server, until the block is left. Raises InvalidStatus."""
    with connect(
        url.rstrip("/").replace("http", "ws", 1) + path,
        subprotocols=list(protocols) or None,
        origin=None if origin is None else Origin(origin),
        additional_headers=headers,
        max_size=None,
        compression=None,
    ) as connection:
        yield Talk(connection)


def listening(client: httpx.Client) -> int:
    """How many subscriptions a server has."""
    return int(scraped(client)["dateline_subscribers", ()])


def wait_for(client: httpx.Client, count: int) -> None:
    """Wait until a server has so many subscriptions."""
    deadline = monotonic() + 10
    while (found := listening(client)) != count:
        assert monotonic() < deadline, f"{found} subscriptions, not {count}"
        sleep(0.01)
