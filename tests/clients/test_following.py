"""Dateline followed with other people's clients: history, what comes next, and a cut line."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from domain.commands import RegisterSource
from domain.words import SourceKind
from eventlog.database import Database
from eventlog.log import Log
from tests.api.mutations import Desk, desk
from tests.api.record import fill
from tests.clients.followers import ON_NODE, following
from tests.faults.proxy import proxy
from tests.servers import Server

_numbers = count(1)


@pytest.fixture(scope="module")
def growing(server: Server) -> Iterator[Database]:
    """A database with a record of its own in it."""
    with server.fresh_database() as database:
        fill(database)
        yield database


@pytest.fixture(scope="module")
def recording(growing: Database) -> Iterator[Desk]:
    """Somebody who records while others follow."""
    with desk(growing) as opened:
        yield opened


@pytest.fixture(params=["gql", *ON_NODE])
def client(request: pytest.FixtureRequest) -> str:
    """The name of a client, and of its transport where it has several."""
    name: str = request.param
    return name


@pytest.fixture
def where(client: str, request: pytest.FixtureRequest) -> Path | None:
    """The project that it runs in, if it runs on Node."""
    if client == "gql":
        return None
    folder: Path = request.getfixturevalue("compiled" if client == "relay" else "project")
    return folder


def record(recording: Desk) -> None:
    """Let one more thing happen."""
    source = RegisterSource(source=f"new-{next(_numbers)}", name="New", kind=SourceKind.PERSON)
    assert recording.record(source)["refusal"] is None


def head(growing: Database) -> int:
    with Log(growing.conninfo) as log:
        return log.head().position


def test_a_stream_goes_on_across_a_line_that_is_cut(
    client: str, where: Path | None, growing: Database, recording: Desk
) -> None:
    port = int(str(recording.client.base_url).rpartition(":")[2].strip("/"))

    async def connect() -> tuple[StreamReader, StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", port)

    key = recording.headers["authorization"]
    start = head(growing)
    with proxy(connect) as between:
        between.only_answers = True
        url = f"http://127.0.0.1:{between.port}"
        with following(client, where, url, "0", key) as told:
            # History, and what comes next.
            heard = told.take(start)
            for _ in range(2):
                record(recording)
                heard += told.take(1)
            # Cut in the middle of an event, and more happens before the client is back.
            between.doom()
            record(recording)
            record(recording)
            heard += told.take(2)
            record(recording)
            heard += told.take(1)
        assert told.rest() == []
        assert between.cuts == 1
    assert heard == list(range(1, start + 6))


def test_what_is_refused_comes_with_its_code(
    client: str, where: Path | None, recording: Desk
) -> None:
    url, key = str(recording.client.base_url), recording.headers["authorization"]
    with following(client, where, url.rstrip("/"), "nonsense", key) as told:
        assert told.next() == {"refused": [{"code": "INVALID_CURSOR", "field": "after"}]}
