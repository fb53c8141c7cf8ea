"""Whatever fails between the log and who follows it: each event comes once, and in order."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from pathlib import Path

import psycopg
import pytest

from domain.commands import OpenStory
from eventlog.database import Database, prepare_database
from eventlog.record import Record
from projections import statements
from projections.generations import ensure_generation
from projections.projector import project_all
from tests.faults.conftest import folder
from tests.faults.load import Load, load
from tests.faults.postgres import postgres
from tests.faults.process import Serving
from tests.faults.proxy import Proxy, proxy
from tests.faults.test_cut import cuttable
from tests.live.clients import PATIENCE, Listener, listening
from tests.live.following import EVENTS, Follower, kill_listener, opened
from tests.projections.commands import enveloped

__all__ = ["folder"]

CLIENTS = 8
"""Who record at once."""


def check(listeners: list[Listener], clients: Load) -> None:
    """Everything that was acknowledged has reached everybody."""
    last = max(one.position for one in clients.acknowledged)
    for one in listeners:
        one.check(last)


def test_a_server_that_is_killed_and_started_again(database: Database, folder: Path) -> None:
    with (
        Serving(database.owner_conninfo, folder / "said") as server,
        listening(server.address) as listeners,
    ):
        with load(server.address, clients=CLIENTS) as clients:
            for _ in range(2):
                clients.wait(150)
                server.kill()
                server.start()
            clients.wait(100)
        check(listeners, clients)
        assert all(one.connections >= 2 for one in listeners)


def test_a_postgresql_that_is_stopped_at_once(folder: Path) -> None:
    with postgres(folder) as own:
        prepare_database(own.url)
        with (
            Serving(own.url, folder / "said") as server,
            listening(server.address) as listeners,
        ):
            with load(server.address, clients=CLIENTS) as clients:
                for _ in range(3):
                    clients.wait(150)
                    own.stop_at_once()
                    own.start()
                clients.wait(100)
            check(listeners, clients)
            # Nobody was cut off for it over a WebSocket, where silence is no fault.
            assert [one.connections for one in listeners[:2]] == [0, 0]


def test_a_way_to_the_server_that_cuts_and_delays(database: Database, folder: Path) -> None:
    with Serving(database.owner_conninfo, folder / "said") as server:

        async def reach() -> tuple[StreamReader, StreamWriter]:
            return await asyncio.open_connection("127.0.0.1", server.port)

        with (
            proxy(reach) as between,
            listening(f"http://127.0.0.1:{between.port}") as listeners,
        ):
            between.every, between.delay = 0.2, 0.02
            with load(server.address, clients=CLIENTS) as clients:
                clients.wait(300)
                while between.cuts < 20:
                    clients.wait(10)
            between.every = None
            check(listeners, clients)


def test_a_way_to_the_database_that_cuts_and_delays(database: Database, folder: Path) -> None:
    with (
        cuttable(database.owner_conninfo) as (between, conninfo),
        Serving(conninfo, folder / "said") as server,
        listening(server.address) as listeners,
    ):
        between.every, between.delay = 0.2, 0.01
        with load(server.address, clients=CLIENTS) as clients:
            while between.cuts < 20:
                clients.wait(20)
        between.every = None
        check(listeners, clients)


def test_clients_that_move_between_two_servers_as_these_are_killed(
    database: Database, folder: Path
) -> None:
    with (
        Serving(database.owner_conninfo, folder / "one") as one,
        Serving(database.owner_conninfo, folder / "other") as other,
        listening(one.address, other.address, moving=60) as listeners,
    ):
        with load(one.address, other.address, clients=CLIENTS) as clients:
            for killed in (one, other):
                clients.wait(200)
                killed.kill()
                clients.wait(50)
                killed.start()
            clients.wait(200)
        check(listeners, clients)
        assert all(one.connections > 4 for one in listeners[:2])


@pytest.fixture
def made(database: Database) -> Database:
    """An empty record."""
    ensure_generation(database)
    return database


def open_story(database: Database, number: int) -> None:
    """Record something and make it readable."""
    with Record(database) as record:
        record.execute(enveloped(OpenStory(story=f"s{number}", title="A story")))
    project_all(database)


def test_a_listener_that_is_killed_costs_no_event(made: Database) -> None:
    with opened(made) as at:
        follower = Follower(at, EVENTS, after="0")
        follower.connect()
        for number in range(1, 4):
            assert kill_listener(made) >= 1
            open_story(made, number)  # of which nobody is told
            assert follower.take(1) == 1
        follower.drop()
        assert [one["node"]["position"] for one in follower.received] == [1, 2, 3]


def test_where_no_notification_ever_comes_the_log_is_looked_at(
    made: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "CHANNEL", "dateline_nobody")
    with opened(made) as at:
        follower = Follower(at, EVENTS, after="0")
        follower.connect()
        for number in range(1, 4):
            open_story(made, number)
            assert follower.take(1) == 1
        follower.drop()


def test_a_listener_whose_connection_says_nothing_any_more_finds_another(
    made: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "SILENCE", 0.3)

    async def follow(between: Proxy, head: statements.Head) -> None:
        following = asyncio.create_task(head.follow(lambda: None))
        assert await head.beyond(-1) == 0
        between.hush()
        await asyncio.to_thread(open_story, made, 1)
        async with asyncio.timeout(PATIENCE):
            assert await head.beyond(0) == 1
        following.cancel()

    with cuttable(made.conninfo) as (between, conninfo):
        asyncio.run(follow(between, statements.Head(conninfo)))


def test_a_read_model_that_lost_what_was_projected_last_passes_nothing_over(
    made: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a PostgreSQL that was stopped at once: the log is whole, and what was made of its
    end is not there any more."""
    monkeypatch.setattr("api.channels.RETRY", 0.01)
    with opened(made) as at:
        for number in (1, 2, 3):
            open_story(made, number)
        at.reach(3)
        follower = Follower(at, EVENTS, after="0")
        follower.connect()
        with psycopg.connect(made.owner_conninfo, autocommit=True) as owner:
            for table in ("events", "touches", "stories"):
                column = "position_from" if table == "stories" else "position"
                owner.execute(f"DELETE FROM read.{table} WHERE {column} > 1")
            owner.execute("UPDATE read.progress SET position = 1")
        assert follower.take(1, 0.3) == 0
        assert project_all(made) == 3
        assert follower.take(3) == 3
        follower.drop()
        assert [one["node"]["position"] for one in follower.received] == [1, 2, 3]
