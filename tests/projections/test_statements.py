"""Readers keep to one answer a question, whatever befalls their connections."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from eventlog.database import Database
from projections import readers
from projections.generations import ensure_generation
from projections.readers import Crowded, Unreachable
from projections.statements import Statements

ECHO = b"SELECT $1::text, 7"
SLOW = b"SELECT pg_sleep($1::float)::text, 7"


@pytest.fixture
def filled(database: Database) -> Database:
    """A database with a read model in it."""
    ensure_generation(database)
    return database


def reading(
    database: Database, work: Callable[[Statements], Awaitable[None]], **settings: float
) -> None:
    """Do something with readers, in a loop of its own."""

    async def run() -> None:
        chosen = {"connections": 2, "timeout": 10.0, "waiting": 50, "patience": 5.0, **settings}
        async with Statements(database.conninfo, **chosen) as statements:  # type: ignore[arg-type]
            await work(statements)

    asyncio.run(run())


def cut_all(database: Database) -> int:
    """End every connection to the database but this one."""
    with psycopg.connect(database.owner_conninfo, autocommit=True) as connection:
        row = connection.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    return int(row[0]) if row else 0


def test_each_gets_the_answer_to_its_own_question(filled: Database) -> None:
    async def work(statements: Statements) -> None:
        asked = [f"question {number}" for number in range(40)]
        found = await asyncio.gather(*(statements.fetch(ECHO, (text,)) for text in asked))
        assert [one.body.decode() for one in found] == asked
        assert {one.position for one in found} == {7}

    reading(filled, work)


def test_null_and_text_larger_than_any_buffer_go_there_and_back(filled: Database) -> None:
    async def work(statements: Statements) -> None:
        large = "x\N{SNOWMAN}" * 4_000_000
        assert (await statements.fetch(ECHO, (large,))).body.decode() == large
        assert (await statements.fetch(ECHO, (None,))).body == b""

    reading(filled, work)


def test_what_was_not_used_for_long_is_forgotten_and_prepared_again(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "PREPARED", 3)

    async def work(statements: Statements) -> None:
        for _ in range(3):
            for number in range(6):
                found = await statements.fetch(b"SELECT 'x', %d" % number, ())
                assert found.position == number
        kept = await statements.fetch(
            b"SELECT string_agg(name, ' '), count(*) FROM pg_prepared_statements", ()
        )
        assert kept.position <= 3

    reading(filled, work, connections=1)


def test_an_error_leaves_the_connection_as_it_was(filled: Database) -> None:
    async def work(statements: Statements) -> None:
        for _ in range(3):
            with pytest.raises(psycopg.errors.InvalidTextRepresentation):
                await statements.fetch(b"SELECT ($1::int)::text, 1", ("x",))
            with pytest.raises(psycopg.errors.SyntaxError):
                await statements.fetch(b"SELEC", ())
            assert (await statements.fetch(ECHO, ("well",))).body == b"well"

    reading(filled, work, connections=1)


def test_connections_that_are_cut_while_nobody_uses_them_go_unnoticed(filled: Database) -> None:
    async def work(statements: Statements) -> None:
        for number in range(5):
            text = f"after {number} cuts"
            assert (await statements.fetch(ECHO, (text,))).body.decode() == text
            assert await asyncio.to_thread(cut_all, filled) >= 1

    reading(filled, work)


def test_a_question_whose_connection_is_cut_is_asked_again(filled: Database) -> None:
    async def work(statements: Statements) -> None:
        await statements.fetch(ECHO, ("here",))
        asked = [asyncio.create_task(statements.fetch(SLOW, ("0.5",))) for _ in range(2)]
        await asyncio.sleep(0.2)
        assert await asyncio.to_thread(cut_all, filled) >= 2
        assert {one.position for one in await asyncio.gather(*asked)} == {7}

    reading(filled, work)


def test_one_who_goes_away_takes_nobodys_answer_along(filled: Database) -> None:
    async def work(statements: Statements) -> None:
        for number in range(5):
            left = asyncio.create_task(statements.fetch(SLOW, ("5",)))
            await asyncio.sleep(0.05)
            left.cancel()
            with pytest.raises(asyncio.CancelledError):
                await left
            text = f"{number}"
            assert (await statements.fetch(ECHO, (text,))).body.decode() == text

    reading(filled, work, connections=1)


def test_one_who_goes_away_while_waiting_leaves_the_line(filled: Database) -> None:
    async def work(statements: Statements) -> None:
        running = asyncio.create_task(statements.fetch(SLOW, ("0.3",)))
        await asyncio.sleep(0.1)
        waiting = [asyncio.create_task(statements.fetch(ECHO, ("x",))) for _ in range(3)]
        await asyncio.sleep(0.05)
        waiting[0].cancel()
        await running
        assert (await waiting[1]).body == (await waiting[2]).body == b"x"
        assert (await statements.fetch(ECHO, ("y",))).body == b"y"

    reading(filled, work, connections=1)


def test_only_so_many_wait_and_only_so_long(filled: Database) -> None:
    async def work(statements: Statements) -> None:
        await statements.fetch(ECHO, ("here",))
        running = asyncio.create_task(statements.fetch(SLOW, ("1.5",)))
        await asyncio.sleep(0.1)
        first = asyncio.create_task(statements.fetch(ECHO, ("x",)))
        await asyncio.sleep(0)
        with pytest.raises(Crowded):
            await statements.fetch(ECHO, ("one too many",))
        assert not first.done()
        with pytest.raises(Crowded):
            await first
        assert not running.done()
        await running
        assert (await statements.fetch(ECHO, ("x",))).body == b"x"

    reading(filled, work, connections=1, waiting=1, patience=0.5)


def test_a_statement_that_takes_too_long_is_ended(filled: Database) -> None:
    async def work(statements: Statements) -> None:
        with pytest.raises(psycopg.errors.QueryCanceled):
            await statements.fetch(SLOW, ("5",))
        assert (await statements.fetch(ECHO, ("x",))).body == b"x"

    reading(filled, work, timeout=0.2, connections=1)


def test_a_database_that_cannot_be_reached_is_told() -> None:
    async def run() -> None:
        async with Statements(
            "host=127.0.0.1 port=1 connect_timeout=2", connections=2, timeout=1, patience=0.3
        ) as statements:
            with pytest.raises(Unreachable):
                await statements.fetch(ECHO, ("x",))

    asyncio.run(run())


def test_what_had_been_recorded_by_a_moment(filled: Database) -> None:
    async def work(statements: Statements) -> None:
        past = await statements.position_at(datetime(2000, 1, 1, tzinfo=UTC))
        assert (past.position, past.over) == (0, True)
        future = await statements.position_at(datetime.now(UTC) + timedelta(days=1))
        assert (future.over, future.settled) == (False, False)

    reading(filled, work)
