"""Clients that follow the log over the network, and go on where they were cut off."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

PATIENCE = 60.0
"""Seconds in which everything is to have come."""

SILENCE = 0.2
"""Seconds after which a client that hears nothing looks whether it is over."""

PAUSE = 0.05
"""Seconds before somebody connects again."""

DOCUMENT = "subscription($after: String) { events(after: $after) { cursor node { position } } }"


@contextmanager
def socket(address: str) -> Iterator[ClientConnection]:
    """A WebSocket over which GraphQL is spoken. Raises OSError, WebSocketException."""
    at = address.replace("http", "ws", 1) + "/graphql"
    with connect(
        at, subprotocols=[Subprotocol("graphql-transport-ws")], close_timeout=0.1, max_size=None
    ) as opened:
        opened.send(json.dumps({"type": "connection_init"}))
        assert json.loads(opened.recv(PATIENCE)) == {"type": "connection_ack"}
        yield opened


def subscribe(opened: ClientConnection, identity: str = "1", **variables: Any) -> None:
    """Follow the log."""
    payload = {"query": DOCUMENT, "variables": variables}
    opened.send(json.dumps({"type": "subscribe", "id": identity, "payload": payload}))


class Listener(Thread):
    """Follows the log from the beginning, whatever becomes of its connections."""

    def __init__(self, addresses: Sequence[str], moving: int | None = None) -> None:
        """`moving`: messages after which it goes to the next address, about."""
        super().__init__()
        self.received: list[int] = []
        """The positions of the events, as they came."""
        self.connections = 0
        """How often it was connected."""
        self.fault: BaseException | None = None
        self.over = Event()
        self._addresses = addresses
        self._moving = moving
        self._cursor: str | None = "0"

    def run(self) -> None:
        """Follow until it is over."""
        try:
            while not self.over.is_set():
                address = self._addresses[self.connections % len(self._addresses)]
                with suppress(OSError, WebSocketException, httpx.TransportError):
                    self._follow(address)
                self.connections += 1
                sleep(PAUSE)
        except BaseException as fault:
            self.fault = fault

    def _follow(self, address: str) -> None:
        most = random.randrange(1, 2 * self._moving) if self._moving else None
        with socket(address) as opened:
            subscribe(opened, after=self._cursor)
            while not self.over.is_set() and most != 0:
                try:
                    message = json.loads(opened.recv(SILENCE))
                except TimeoutError:
                    continue
                if message["type"] == "next":
                    self._take(message["payload"])
                    most = most and most - 1
                else:
                    assert message["type"] == "ping", message

    def _take(self, payload: dict[str, Any]) -> None:
        event = payload["data"]["events"]
        self._cursor = event["cursor"]
        self.received.append(event["node"]["position"])

    def check(self, last: int) -> None:
        """Wait until the event of a position has come: and before it each one, once, in order."""
        deadline = monotonic() + PATIENCE
        while len(self.received) < last and self.fault is None:
            assert monotonic() < deadline, (len(self.received), last)
            sleep(0.01)
        if self.fault is not None:
            raise self.fault
        assert self.received == list(range(1, last + 1))


class StreamListener(Listener):
    """The same over server-sent events."""

    def _follow(self, address: str) -> None:
        headers = {"accept": "text/event-stream"}
        if self.received:
            headers["last-event-id"] = str(self._cursor)
        body = {"query": DOCUMENT, "variables": {"after": "0"}}
        timeout = httpx.Timeout(10, read=SILENCE)
        with (
            httpx.Client(timeout=timeout) as client,
            client.stream("POST", f"{address}/graphql", json=body, headers=headers) as response,
        ):
            assert response.status_code == 200, response.read()
            data = None
            for line in response.iter_lines():
                if line.startswith("data: "):
                    data = json.loads(line.removeprefix("data: "))
                elif not line and data is not None:
                    assert "errors" not in data, data
                    self._take(data)
                    data = None


@contextmanager
def listening(*addresses: str, moving: int | None = None) -> Iterator[list[Listener]]:
    """Some listeners, until the block is left."""
    listeners = [
        Listener(addresses, moving),
        Listener(addresses[::-1], moving),
        StreamListener(addresses),
    ]
    with ExitStack() as stack:
        for one in listeners:
            one.start()
            stack.callback(one.join)
            stack.callback(one.over.set)
        yield listeners


def counted(address: str) -> tuple[int, int]:
    """Subscribers and streams that a server has."""
    told = httpx.get(f"{address}/metrics").text
    numbers = dict(line.rsplit(" ", 1) for line in told.splitlines() if line[:1] not in ("", "#"))
    return int(float(numbers["dateline_subscribers"])), int(float(numbers["dateline_streams"]))


def wait_until_counted(address: str, subscribers: int, streams: int) -> None:
    """Wait until a server has so many subscribers, of so many streams."""
    deadline = monotonic() + PATIENCE
    while (found := counted(address)) != (subscribers, streams):
        assert monotonic() < deadline, found
        sleep(0.02)
