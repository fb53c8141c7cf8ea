"""Clients that ask for a stream and take nothing of it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from time import sleep
from urllib.parse import quote

import pytest
from websockets.sync.client import connect

import api.protocol
import api.streaming
import api.websocket
from domain.commands import OpenStory
from eventlog.database import Database
from tests.api.mutations import Desk, desk
from tests.api.sockets import PROTOCOL, Talk, wait_for
from tests.servers import Server

WHOLE = 30 * 40 * 10_000
"""Bytes of all that is asked for, without what is around them."""

SAME = " ".join(f"s{number}: story {{ summary }}" for number in range(40))
LARGE = f'subscription {{ events(after: "0") {{ node {{ ... on StoryOpened {{ {SAME} }} }} }} }}'
"""Messages of 400 kB each: more than the system keeps of them in its buffers."""


@pytest.fixture(scope="module")
def growing(server: Server) -> Iterator[Database]:
    with server.fresh_database() as database:
        yield database


@pytest.fixture(scope="module")
def writing(growing: Database) -> Iterator[Desk]:
    with desk(growing) as opened:
        for number in range(30):
            story = OpenStory(story=f"s-{number}", title="A story", summary="x" * 10_000)
            assert opened.record(story)["refusal"] is None
        yield opened


@contextmanager
def line(writing: Desk) -> Iterator[socket.socket]:
    """A connection that holds little of what nobody takes."""
    with socket.socket() as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        opened.connect(("127.0.0.1", writing.client.base_url.port))
        yield opened


def cut_off(opened: socket.socket) -> bool:
    """Whether the server has ended a connection, whatever of it is still to be read."""
    sleep(0.5)
    opened.settimeout(5)
    read = 0
    try:
        while said := opened.recv(1_000_000):
            read += len(said)
    except ConnectionResetError:
        pass
    return read < WHOLE


@pytest.mark.parametrize(
    "accept", ["text/event-stream", "multipart/mixed;subscriptionSpec=1.0, application/json"]
)
def test_who_takes_nothing_of_a_response_is_given_up(
    writing: Desk, monkeypatch: pytest.MonkeyPatch, accept: str
) -> None:
    monkeypatch.setattr(api.streaming, "STUCK", 0.5)
    monkeypatch.setattr(api.streaming, "BEAT", 0.1)
    monkeypatch.setattr(api.protocol, "UNTAKEN", 0.1)
    asked = f"GET /graphql?query={quote(LARGE)} HTTP/1.1\r\nhost: x\r\naccept: {accept}\r\n\r\n"
    with line(writing) as opened:
        opened.sendall(asked.encode())
        wait_for(writing.client, 1)
        wait_for(writing.client, 0)
        assert cut_off(opened)


def test_who_takes_nothing_of_a_web_socket_is_given_up(
    writing: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.websocket, "STUCK", 0.5)
    monkeypatch.setattr(api.websocket, "PARTING", 0.1)
    monkeypatch.setattr(api.protocol, "UNTAKEN", 0.1)
    with (
        line(writing) as opened,
        connect(
            "ws://x/graphql", sock=opened, subprotocols=[PROTOCOL], max_queue=1, close_timeout=0
        ) as connection,
    ):
        talking = Talk(connection)
        talking.greet()
        talking.subscribe("1", LARGE)
        wait_for(writing.client, 1)
        assert writing.record(OpenStory(story="more", title="A story"))["refusal"] is None
        wait_for(writing.client, 0)
