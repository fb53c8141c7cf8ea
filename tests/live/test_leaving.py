"""However a client leaves, nothing of it stays; and what it may not ask for, it is told."""

from __future__ import annotations

import asyncio
import json
import socket as sockets
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection

from api.app import ApiSettings, create_app
from api.limits import Limits
from domain.commands import OpenStory
from eventlog.database import Database
from eventlog.record import Record
from projections.generations import ensure_generation
from projections.projector import project_all
from tests.api.serving import served
from tests.faults.proxy import RESET
from tests.live.clients import (
    DOCUMENT,
    PATIENCE,
    Listener,
    counted,
    socket,
    subscribe,
    wait_until_counted,
)
from tests.live.following import CLAIMS, EVENTS, STORY, Follower, Opened, opened
from tests.projections.commands import enveloped

EVENTS_OF_ALL = 4_000
"""Events of the record: more than any buffer between a server and a client holds."""


def grow(database: Database, events: int) -> int:
    """Record something and make it readable: the last position."""
    with Record(database) as record:
        record.execute_many(
            [
                enveloped(OpenStory(story=f"s{n}", title="T" * 200, summary="S" * 800))
                for n in range(events)
            ]
        )
    return project_all(database)


@pytest.fixture(scope="module")
def large(server: Any) -> Iterator[Database]:
    """A record with a history."""
    with server.fresh_database() as made:
        ensure_generation(made)
        grow(made, EVENTS_OF_ALL)
        yield made


@pytest.fixture
def address(large: Database) -> Iterator[str]:
    """Where it is served."""
    with served(create_app(large)) as at:
        yield at


LONG = (
    "subscription($after: String) { events(after: $after) { cursor node {"
    " position ... on StoryOpened { title summary } } } }"
)


def ask(opened: ClientConnection, identity: str, query: str, **variables: Any) -> None:
    """Subscribe to something."""
    payload = {"query": query, "variables": variables}
    opened.send(json.dumps({"type": "subscribe", "id": identity, "payload": payload}))


def reset(opened: ClientConnection) -> None:
    """Go away with a reset."""
    opened.socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, RESET)
    opened.socket.close()


@pytest.mark.parametrize("after", [None, "0"], ids=["at rest", "in the middle of history"])
@pytest.mark.parametrize("way", ["complete", "close", "reset", "stream"])
def test_a_client_that_leaves_in_any_way_leaves_nothing(
    address: str, way: str, after: str | None
) -> None:
    assert counted(address) == (0, 0)
    if way == "stream":
        body = {"query": LONG, "variables": {"after": after}}
        with (
            httpx.Client(timeout=PATIENCE) as client,
            client.stream(
                "POST", f"{address}/graphql", json=body, headers={"accept": "text/event-stream"}
            ),
        ):
            wait_until_counted(address, 1, 1)
    else:
        with socket(address) as opened:
            for number in range(3):
                ask(opened, f"{number}", LONG, after=after)
            ask(opened, "claims", CLAIMS)
            wait_until_counted(address, 4, 2)
            if way == "complete":
                for identity in ("0", "1", "2", "claims"):
                    opened.send(json.dumps({"type": "complete", "id": identity}))
                wait_until_counted(address, 0, 0)
            elif way == "close":
                opened.close()
            else:
                reset(opened)
    wait_until_counted(address, 0, 0)


def test_whoever_never_reads_holds_up_nobody_and_is_given_up(
    large: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.websocket.STUCK", 2.0)
    monkeypatch.setattr("api.streaming.STUCK", 2.0)
    with served(create_app(large)) as address, ExitStack() as stack:
        host, port = address.removeprefix("http://").split(":")
        body = json.dumps({"query": LONG, "variables": {"after": "0"}})
        for _ in range(3):
            raw = stack.enter_context(sockets.create_connection((host, int(port))))
            raw.sendall(
                b"POST /graphql HTTP/1.1\r\nhost: here\r\naccept: text/event-stream\r\n"
                b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
                % (len(body), body.encode())
            )
            unread = stack.enter_context(socket(address))
            ask(unread, "1", LONG, after="0")  # its library keeps a little, and reads no more then
        wait_until_counted(address, 6, 1)
        reading = Listener([address])
        reading.start()
        reading.check(EVENTS_OF_ALL)
        reading.over.set()
        reading.join()
        wait_until_counted(address, 0, 0)


@pytest.fixture
def at(large: Database) -> Iterator[Opened]:
    """Its parts."""
    with opened(large) as parts:
        yield parts


def test_nothing_piles_up_with_those_who_come_and_go(at: Opened) -> None:
    staying = [Follower(at, EVENTS), Follower(at, CLAIMS)]
    for one in staying:
        one.connect()
        one.take(1, 0.05)

    async def tasks() -> int:
        await asyncio.sleep(0.5)  # a connection to the database may be taking the place of another
        return len(asyncio.all_tasks())

    before = at.run(tasks())
    for number in range(50):
        asked = (EVENTS, {"filter": {"kind": ["CLAIM_LINKED"]}, "after": str(number)})
        for document, variables in (asked, (EVENTS, {}), (CLAIMS, {}), (STORY, {"slug": "x"})):
            one = Follower(at, document, **variables)
            one.connect()
            one.take(1, 0.002)
            if number % 5 == 0:
                at.channels.forget()
            one.drop()
    assert (at.channels.listening, at.channels.streams) == (2, 2)
    assert at.run(tasks()) == before
    assert at.head._waiting == []
    assert len(at.head._moved._waiters) <= 4
    for one in staying:
        one.drop()
    assert (at.channels.listening, at.channels.streams) == (0, 0)
    assert at.run(tasks()) == before - 4  # who asks, and who reads for them
    assert len(at.head._moved._waiters) == 0


def test_what_many_want_is_read_and_written_once(at: Opened) -> None:
    followers = [Follower(at, EVENTS, after=str(EVENTS_OF_ALL - 10)) for _ in range(100)]
    for one in followers:
        one.connect()
    for one in followers:
        assert one.take(10) == 10
        assert one.received == followers[0].received
    (channel,) = at.channels._channels.values()
    assert (channel.listening, channel.read) == (100, 1)
    for one in followers:
        one.drop()


def refusals(address: str, *asked: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The first error that each subscription is told over a WebSocket."""
    found = []
    with socket(address) as opened:
        for number, (query, variables) in enumerate(asked):
            ask(opened, f"{number}", query, **variables)
            message = json.loads(opened.recv(PATIENCE))
            payload = message["payload"]
            (error,) = payload if message["type"] == "error" else payload["errors"]
            found.append(error)
            if message["type"] == "next":
                assert json.loads(opened.recv(PATIENCE))["type"] == "complete"
    return found


def test_a_cursor_that_is_none_or_of_what_is_yet_to_come_is_refused(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.subscribing.PATIENCE", 0.1)
    forged = ["", "x", "-1", "1.5", "\N{SUPERSCRIPT TWO}", "9" * 40, "e!10!x"]
    future = str(EVENTS_OF_ALL + 1_000_000)
    step = f"{EVENTS_OF_ALL}.{future}.00000000-0000-0000-0000-000000000000"
    told = refusals(
        address,
        *((DOCUMENT, {"after": text}) for text in (*forged, future)),
        *((CLAIMS, {"after": text}) for text in (*forged, future, step, "5.4.x")),
    )
    for error in told:
        assert error["extensions"]["code"] == "INVALID_CURSOR", error
        assert error["extensions"]["field"] == "after", error
    assert counted(address) == (0, 0)


def test_an_ancient_cursor_is_served(at: Opened) -> None:
    for after in ("0", "1", str(EVENTS_OF_ALL - 1)):
        one = Follower(at, EVENTS, after=after)
        one.connect()
        assert one.take(1) == 1
        assert one.received[0]["node"]["position"] == int(after) + 1
        one.drop()


def test_a_connection_and_a_caller_have_so_many_subscriptions(large: Database) -> None:
    settings = ApiSettings(Limits(subscriptions=3, listening=5))
    with served(create_app(large, settings)) as address, ExitStack() as stack:
        one, other = (stack.enter_context(socket(address)) for _ in range(2))
        for number in range(4):
            subscribe(one, f"{number}")
        refused = json.loads(one.recv(PATIENCE))
        assert (refused["id"], refused["type"]) == ("3", "error")
        assert "one connection" in refused["payload"][0]["message"]
        wait_until_counted(address, 3, 1)
        for number in range(3):
            subscribe(other, f"{number}")
        refused = json.loads(other.recv(PATIENCE))
        assert refused["type"] == "error"
        assert "one caller" in refused["payload"][0]["message"]
        wait_until_counted(address, 5, 1)
        one.send(json.dumps({"type": "complete", "id": "0"}))
        wait_until_counted(address, 4, 1)
        subscribe(other, "again")
        wait_until_counted(address, 5, 1)
