"""New claims that are projected in the transaction that appends them, whatever else happens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from itertools import count

import psycopg
import pytest
from msgspec.structs import replace

from domain.commands import (
    Batch,
    CorrectClaim,
    OpenStory,
    PublishReport,
    ReviseReport,
    WithdrawReport,
)
from domain.refusals import AlreadyExists, IdempotencyConflict
from eventlog.database import Database
from eventlog.log import Log
from eventlog.plan import Recorded, Result
from projections.generations import connect, ensure_generation, rebuild
from projections.projector import Projector
from tests.api.inlining import AROUND, Desk, claim, desk, enveloped, recorded, same_as_rebuilt

APPEND_LOCK = 6819283746120457
Scene = Callable[[Desk], Awaitable[None]]
Play = Callable[[Scene], None]


@pytest.fixture
def play(database: Database) -> Iterator[Play]:
    """Does something at a desk that has begun, and looks at what is left."""
    ensure_generation(database)
    projector = Projector(database)
    projector.start()

    async def played(scene: Scene) -> None:
        async with desk(database, projector) as at:
            await at.begin()
            await scene(at)
            await at.caught_up()

    def whole(scene: Scene) -> None:
        asyncio.run(played(scene))
        same_as_rebuilt(database)

    yield whole
    projector.stop()


def in_tables(database: Database) -> set[str]:
    """The references of the claims that can be read."""
    with connect(database) as connection:
        found = connection.execute("SELECT state->>'ref' FROM claims").fetchall()
    return {ref for (ref,) in found}


def test_new_claims_can_be_read_as_soon_as_they_are_recorded(play: Play) -> None:
    async def scene(at: Desk) -> None:
        before = at.inline
        results = await at.record(*(claim(f"c{n}") for n in range(7)))
        last = max(recorded(one).last_position for one in results)
        assert at.head.position == last
        assert at.inline == before + 1
        assert in_tables(at.database) == {"first", *(f"c{n}" for n in range(7))}
        with Log(at.database.conninfo) as log:
            stored = {one.position: one for one in log.read(0, 100)}
        for one in map(recorded, results):
            assert stored[one.last_position].recorded_at == one.recorded_at
            assert stored[one.last_position].stream_id == one.subject

    play(scene)


def test_a_batch_of_claims_is_read_at_once_and_a_large_one_later(play: Play) -> None:
    async def scene(at: Desk) -> None:
        before = at.inline
        (small,) = await at.record(Batch(commands=tuple(claim(f"s{n}") for n in range(9))))
        assert at.head.position == recorded(small).last_position
        assert at.inline == before + 1
        (large,) = await at.record(Batch(commands=tuple(claim(f"l{n}") for n in range(90))))
        assert at.inline == before + 1
        await at.record(claim("after"))
        assert recorded(large).last_position - recorded(small).last_position == 90
        assert at.inline == before + 2, "it does not come back to it"

    play(scene)


def test_a_report_and_its_claims_are_read_at_once(play: Play) -> None:
    async def scene(at: Desk) -> None:
        before = at.inline
        report = PublishReport(report="new", outlet="paper", published_at="2024-08-02")
        await at.record(report)
        await at.record(claim("c", "new"))
        third = PublishReport(report="third", outlet="paper", published_at="2024-08-03")
        await at.record(Batch(commands=(third, claim("d", "third"), claim("e", "third"))))
        assert at.inline == before + 3
        (other,) = await at.record(PublishReport(report="new", published_at="2024-08-04"))
        assert isinstance(other, AlreadyExists)
        opened = OpenStory(story="another", title="Another")
        about = replace(claim("f"), story="another")
        await at.record(opened)
        await at.record(about)
        assert at.inline == before + 4, "what was recorded here need not be read"

    play(scene)


def test_what_is_there_already_is_refused_beside_what_is_new(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.bitemporal.KEPT", 2)  # nothing is known of the first any more

    async def scene(at: Desk) -> None:
        await at.record(claim("a"), claim("b"))
        results = await at.record(claim("first"), claim("c"))
        assert [type(one) for one in results] == [AlreadyExists, Recorded]
        corrected = CorrectClaim(
            claim="first", version=1, statement="It is not.", published_at="2024-08-02"
        )
        await at.record(corrected)
        before = at.inline
        await at.record(claim("d"))
        assert at.inline == before + 1, "a refusal leaves it as it was"

    play(scene)


def test_a_key_gives_the_first_result_again(play: Play) -> None:
    async def scene(at: Desk) -> None:
        first, other, again = await at.record(
            enveloped(claim("c"), "k"), enveloped(claim("d"), "k"), enveloped(claim("c"), "k")
        )
        assert isinstance(other, IdempotencyConflict)
        (later,) = await at.record(enveloped(claim("c"), "k"))
        for one in map(recorded, (again, later)):
            assert one.replayed
            assert one.last_position == recorded(first).last_position

    play(scene)


def test_what_became_of_a_report_elsewhere_is_found_out(play: Play) -> None:
    async def scene(at: Desk) -> None:
        await at.elsewhere(ReviseReport(report="r", headline="New", published_at="2024-08-02"))
        (revised,) = await at.record(claim("revised"))
        recorded(revised)
        await at.elsewhere(WithdrawReport(report="r", published_at="2024-08-03"))
        (withdrawn,) = await at.record(claim("withdrawn"))
        both = recorded(withdrawn)
        assert both.last_position == both.first_position + 1, "it is not retracted with its report"

    play(scene)


def test_what_others_append_in_between_is_not_passed_over(play: Play) -> None:
    async def scene(at: Desk) -> None:
        # Nobody has told yet of what is appended without an announcement.
        with psycopg.connect(at.database.owner_conninfo, autocommit=True) as owner:
            owner.execute("CREATE SCHEMA quiet")
            owner.execute("GRANT USAGE ON SCHEMA quiet TO PUBLIC")
            owner.execute(
                "CREATE FUNCTION quiet.pg_notify(text, text) RETURNS void LANGUAGE sql AS ''"
            )
            for path in ("quiet, pg_catalog, pg_temp", "pg_catalog, pg_temp"):
                owner.execute(f"ALTER FUNCTION dateline.append_v3 SET search_path = {path}")
                if path.startswith("quiet"):
                    await at.elsewhere(claim("theirs"))
        before = at.inline
        (mine,) = await at.record(claim("mine"))
        assert at.inline == before
        assert await at.head.reached(recorded(mine).last_position, 20)
        assert {"theirs", "mine"} <= in_tables(at.database)
        await at.record(claim("next"))
        assert at.inline == before + 1

    play(scene)


def test_what_cannot_be_written_to_the_tables_stands_in_the_log(play: Play) -> None:
    async def scene(at: Desk) -> None:
        with connect(at.database) as connection:
            (function,) = connection.execute(
                "SELECT pg_get_functiondef('read.write_batch'::regproc)"
            ).fetchone() or ("",)
            broken = function.replace(
                "BEGIN\n", "BEGIN\nIF appended IS NOT NULL THEN PERFORM 1 / 0; END IF;\n", 1
            )
            assert broken != function
            connection.execute(broken)
            before = at.inline
            with psycopg.connect(at.database.conninfo, autocommit=True) as ears:
                ears.execute("LISTEN dateline_log")
                results = await at.record(claim("c"), claim("d"))
                (note,) = ears.notifies(timeout=20, stop_after=1)
            assert [recorded(one).replayed for one in results] == [False, False]
            assert note.payload == str(max(recorded(one).last_position for one in results))
            assert at.inline == before
            connection.execute(function)
        await at.record(claim("e"))
        assert at.inline == before + 1

    play(scene)


def test_a_connection_that_is_lost_on_the_way_records_once(play: Play) -> None:
    async def scene(at: Desk) -> None:
        with psycopg.connect(at.database.owner_conninfo, autocommit=True) as owner:
            owner.execute("SELECT pg_advisory_lock(%s)", (APPEND_LOCK,))
            recording = asyncio.create_task(at.record(claim("c"), claim("d")))
            for _ in range(2_000):
                await asyncio.sleep(0.01)
                cut = owner.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND wait_event = 'advisory'"
                ).fetchall()
                if cut:
                    break
            owner.execute("SELECT pg_advisory_unlock(%s)", (APPEND_LOCK,))
            results = await recording
        positions = sorted(recorded(one).last_position for one in results)
        with Log(at.database.conninfo) as log:
            assert log.head().position == positions[1] == positions[0] + 1
        before = at.inline
        for number in range(200):  # until there is another connection
            await at.record(claim(f"later-{number}"))
            if at.inline > before:
                return
            await asyncio.sleep(0.05)
        raise AssertionError("it never comes back to it")

    play(scene)


def test_the_tables_may_be_swapped_for_others(play: Play) -> None:
    async def scene(at: Desk) -> None:
        rebuilding = asyncio.create_task(asyncio.to_thread(rebuild, at.database))
        numbers = count()
        while not rebuilding.done():
            (one,) = await at.record(claim(f"meanwhile-{next(numbers)}"))
            recorded(one)
        await rebuilding
        before = at.inline
        await at.record(claim("after"))
        await at.caught_up()
        await at.record(claim("at-last"))
        assert at.inline > before

    play(scene)


def test_all_who_listen_are_told(play: Play) -> None:
    async def scene(at: Desk) -> None:
        with psycopg.connect(at.database.conninfo, autocommit=True) as ears:
            ears.execute("LISTEN dateline_log")
            ears.execute("LISTEN dateline_read")
            before = at.inline
            for number in range(30):
                (one,) = await at.record(claim(f"c{number}"))
            assert at.inline == before + 30
            last = str(recorded(one).last_position)
            heard: set[str] = set()
            for _ in range(100):
                told = await asyncio.to_thread(lambda: list(ears.notifies(timeout=0.2)))
                heard |= {note.channel for note in told if note.payload == last}
                if heard == {"dateline_log", "dateline_read"}:
                    return
        raise AssertionError(f"only {heard} was told")

    play(scene)


def test_what_is_being_recorded_is_recorded_when_the_server_stops(database: Database) -> None:
    ensure_generation(database)
    projector = Projector(database)
    projector.start()

    async def stopped() -> Result:
        with psycopg.connect(database.owner_conninfo, autocommit=True) as owner:
            async with desk(database, projector) as at:
                await at.begin()
                owner.execute("SELECT pg_advisory_lock(%s)", (APPEND_LOCK,))
                recording = asyncio.create_task(at.record(claim("c")))
                await asyncio.sleep(0.1)
                release = asyncio.get_running_loop().call_later
                release(0.2, lambda: owner.execute("SELECT pg_advisory_unlock_all()"))
        (result,) = await recording
        return result

    try:
        assert recorded(asyncio.run(stopped())).last_position == len(AROUND) + 2
    finally:
        projector.stop()
