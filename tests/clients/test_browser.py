"""Dateline in a real browser: its EventSource and its WebSocket, and the page at /graphql."""

from __future__ import annotations

import asyncio
import json
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from urllib.parse import quote

import pytest

from domain.commands import OpenStory
from eventlog.database import Database
from eventlog.log import Log
from tests.api.mutations import Desk, desk
from tests.api.record import fill
from tests.api.sockets import EVENTS, wait_for
from tests.clients.chromium import PROGRAM, Tab, browser
from tests.faults.proxy import Proxy, proxy
from tests.servers import Server

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed")

_numbers = count(1)

EVENT_SOURCE = """
  const asked = new URLSearchParams({query: %s, variables: '{"after": "0"}'});
  window.heard = [];
  window.lost = 0;
  window.source = new EventSource(`/graphql?${asked}`);
  source.addEventListener("next", ({data}) => {
    heard.push(JSON.parse(data).data.events.node.position);
  });
  source.onerror = () => { lost += 1; };
"""

SPARE = """
  Promise.allSettled([1, 2, 3].map(() => fetch("/health/live", {cache: "no-store"}))).then(() => 0)
"""

WEB_SOCKET = """
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${location.host}/graphql`, "graphql-transport-ws");
    socket.onopen = () => socket.send('{"type": "connection_init"}');
    socket.onmessage = ({data}) => { resolve(data); socket.close(); };
    socket.onclose = ({code}) => reject(new Error(code));
  })
"""

RUN = "document.querySelector('.graphiql-execute-button').click()"
SHOWN = "document.querySelector('.graphiql-response').innerText"


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture(scope="module")
def growing(server: Server) -> Iterator[Database]:
    with server.fresh_database() as database:
        fill(database)
        yield database


@pytest.fixture(scope="module")
def recording(growing: Database) -> Iterator[Desk]:
    with desk(growing) as opened:
        yield opened


def record(recording: Desk) -> str:
    """Let one thing more happen, and tell its name."""
    name = f"s-{next(_numbers)}"
    assert recording.record(OpenStory(story=name, title="A story"))["refusal"] is None
    return name


@contextmanager
def cutting(recording: Desk) -> Iterator[Proxy]:
    """A line to the server that can be cut."""
    port = recording.client.base_url.port
    assert port is not None

    async def connect() -> tuple[StreamReader, StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", port)

    with proxy(connect) as between:
        between.only_answers = True
        yield between


def test_an_event_source_goes_on_across_a_line_that_is_cut(
    tab: Tab, growing: Database, recording: Desk
) -> None:
    with Log(growing.conninfo) as log:
        start = log.head().position
    with cutting(recording) as between:
        tab.open(f"http://127.0.0.1:{between.port}/health/live")
        tab.run(EVENT_SOURCE % json.dumps(EVENTS))
        tab.wait(f"heard.length === {start}")
        record(recording)
        tab.wait(f"heard.length === {start + 1}")
        between.doom()
        # The browser's spare connections first: a head that is cut short is an answer to it.
        tab.run(SPARE)
        for _ in range(3):
            record(recording)
        tab.wait(f"heard.length === {start + 4}")
        assert tab.run("lost") == 1
        assert tab.run("heard") == list(range(1, start + 5))
        tab.run("source.close()")
        wait_for(recording.client, 0)


def test_the_page_may_open_a_web_socket_to_where_it_is_from(tab: Tab, recording: Desk) -> None:
    tab.open(str(recording.client.base_url.join("/graphql")))
    assert json.loads(tab.run(WEB_SOCKET)) == {"type": "connection_ack"}


def test_the_page_follows_a_subscription_until_it_is_stopped(tab: Tab, recording: Desk) -> None:
    query = "subscription { events { node { ... on StoryOpened { story { slug } } } } }"
    tab.open(str(recording.client.base_url.join("/graphql")) + f"?query={quote(query)}")
    tab.wait("document.querySelector('.graphiql-execute-button')")
    tab.run(RUN)
    wait_for(recording.client, 1)
    for _ in range(2):
        name = record(recording)
        tab.wait(f"{SHOWN}.includes({json.dumps(name)})")
    tab.run(RUN)
    wait_for(recording.client, 0)


def test_the_page_shows_what_is_wrong_with_a_subscription(tab: Tab, recording: Desk) -> None:
    query = 'subscription { events(after: "nonsense") { cursor } }'
    tab.open(str(recording.client.base_url.join("/graphql")) + f"?query={quote(query)}")
    tab.wait("document.querySelector('.graphiql-execute-button')")
    tab.run(RUN)
    tab.wait(f"{SHOWN}.includes('INVALID_CURSOR')")
