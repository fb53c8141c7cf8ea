"""Connections cut in the middle of a request or of an answer, by a real proxy: between the clients
and the server, and between the server and its database."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import sleep

import uvloop
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from eventlog.database import Database
from eventlog.log import Log
from projections.statements import Statements
from tests.eventlog.units import appended, unit
from tests.faults.load import Load, check, load
from tests.faults.process import Serving
from tests.faults.proxy import Proxy, proxy

CUTS = 40
"""Connections to be cut in a test, at least."""

AWAY = 8.0
"""Seconds that a database is away. A pause that is doubled after each attempt would last as long
again."""

PATIENCE = 10.0
"""Seconds in which something is to be answered whatever is cut."""


def cut(between: Proxy, clients: Load, every: float) -> None:
    """Cut connections again and again while clients record."""
    clients.wait(100)
    between.every = every
    while between.cuts < CUTS:
        clients.wait(20)
    between.every = None
    clients.wait(100)


def test_clients_whose_connections_are_cut_lose_nothing(database: Database, folder: Path) -> None:
    with Serving(database.owner_conninfo, folder / "said") as server:

        async def connect() -> tuple[StreamReader, StreamWriter]:
            return await asyncio.open_connection("127.0.0.1", server.port)

        with (
            proxy(connect) as between,
            load(f"http://127.0.0.1:{between.port}") as clients,
        ):
            cut(between, clients, every=0.02)
    # Some had been recorded when their answer was cut.
    assert any(one.replayed for one in clients.acknowledged)
    check(database, clients.acknowledged)


@contextmanager
def cuttable(conninfo: str) -> Iterator[tuple[Proxy, str]]:
    """A way to the database that can be cut, and how to connect by it."""
    at = conninfo_to_dict(conninfo)

    async def connect() -> tuple[StreamReader, StreamWriter]:
        return await asyncio.open_unix_connection(f"{at['host']}/.s.PGSQL.{at['port']}")

    with proxy(connect) as between:
        yield between, make_conninfo("", **{**at, "host": "127.0.0.1", "port": between.port})


def test_a_server_whose_connections_to_the_database_are_cut_loses_nothing(
    database: Database, folder: Path
) -> None:
    with (
        cuttable(database.owner_conninfo) as (between, conninfo),
        Serving(conninfo, folder / "said") as server,
        load(server.address) as clients,
    ):
        cut(between, clients, every=0.1)
        assert server.ready()
    check(database, clients.acknowledged)


def test_an_answer_of_the_database_that_is_cut_by_a_reset_is_asked_for_again_at_once(
    database: Database,
) -> None:
    """On the loop that a server runs on: it tells once of a part of an answer and the reset."""

    def be_busy() -> None:
        sleep(0.05)

    asked = b"SELECT repeat('x', 1000), 1 FROM generate_series(1, 20)"

    async def ask(between: Proxy, conninfo: str) -> None:
        async with Statements(conninfo, connections=1, timeout=PATIENCE) as statements:
            await statements.fetch(asked, ())
            for _ in range(20):
                between.doom()
                fetched = asyncio.create_task(statements.fetch(asked, ()))
                await asyncio.sleep(0)  # it is sent
                be_busy()
                async with asyncio.timeout(PATIENCE):
                    await fetched

    with cuttable(database.conninfo) as (between, conninfo):
        between.reset, between.only_answers = 1, True
        uvloop.run(ask(between, conninfo))
        assert between.cuts == 20


def test_a_database_that_was_away_for_a_while_is_found_again_as_soon_as_it_is_back(
    database: Database,
) -> None:
    with (
        cuttable(database.conninfo) as (between, conninfo),
        Log(conninfo) as log,
        ThreadPoolExecutor(1) as pool,
    ):
        log.append([unit()])
        between.away = True
        waiting = pool.submit(log.append, [unit(key="k", digest=b"d")])
        sleep(AWAY)
        assert not waiting.done()
        between.away = False
        (outcome,) = waiting.result(AWAY / 2)
        assert appended(outcome).first_position == 2
