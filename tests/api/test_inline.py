"""New claims that are projected in the transaction that appends them, whatever else happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from api.recording import Recording
from domain.commands import (
    AnyCommand,
    Batch,
    CorrectClaim,
    Envelope,
    OpenStory,
    PublishReport,
    RegisterSource,
    ReportClaim,
    ReviseReport,
    StepInput,
    WithdrawReport,
)
from domain.refusals import AlreadyExists, IdempotencyConflict, Refusal
from domain.words import SourceKind
from eventlog.database import Database
from eventlog.log import Log
from eventlog.plan import Recorded, Result
from eventlog.record import Record
from projections.generations import connect, ensure_generation, rebuild
from projections.inline import Inline
from projections.projector import Projector
from projections.statements import Head
from tests.projections.commands import REPORTS, commands, opening
from tests.projections.test_projector import rows

APPEND_LOCK = 6819283746120457
AROUND: Sequence[AnyCommand] = (
    RegisterSource(source="paper", name="The Paper", kind=SourceKind.OUTLET),
    OpenStory(story="story", title="A story"),
    PublishReport(report="r", outlet="paper", published_at="2024-08-01"),
)

_numbers = count(1)


def enveloped(command: AnyCommand | Batch, key: str | None = None) -> Envelope:
    return Envelope(command=command, actor="desk", key=key or f"key-{next(_numbers)}")


def claim(ref: str, report: str = "r") -> ReportClaim:
    steps = (StepInput(source="paper"),)
    return ReportClaim(
        claim=ref, report=report, story="story", statement=f"It is {ref}.", attribution=steps
    )


class Desk:
    """Who records in a process that serves."""

    def __init__(self, database: Database, recording: Recording, head: Head) -> None:
        self.database = database
        self.recording = recording
        self.head = head

    @property
    def inline(self) -> int:
        """Batches that were projected in the transaction that appended them."""
        assert self.recording.inline is not None
        return self.recording.inline.batches

    async def record(self, *given: AnyCommand | Batch | Envelope) -> list[Result]:
        """What comes of commands that are given at the same time."""
        envelopes = [one if isinstance(one, Envelope) else enveloped(one) for one in given]
        return await asyncio.gather(*map(self.recording.record, envelopes))

    async def begin(self) -> None:
        """Have what claims are reported in known, and the projector at the head of the log."""
        for command in (*AROUND, claim("first")):
            await self.record(command)
        await self.caught_up()

    async def caught_up(self) -> None:
        """Wait until the projector has done all that there is."""
        with Log(self.database.conninfo) as log:
            assert await self.head.reached(log.head().position, 20)

    async def elsewhere(self, *given: AnyCommand) -> None:
        """Another process records."""

        def record() -> None:
            with Record(self.database) as other:
                other.execute_many([enveloped(one) for one in given])

        await asyncio.to_thread(record)


@asynccontextmanager
async def desk(database: Database, projector: Projector) -> AsyncIterator[Desk]:
    head = Head(database.conninfo)
    following = asyncio.create_task(head.follow(lambda: None))
    inline = Inline(database, projector.shared, head, patience=20)
    try:
        async with inline, Recording(Record(database), inline) as recording:
            yield Desk(database, recording, head)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


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


def same_as_rebuilt(database: Database) -> None:
    """The tables are what the log comes to."""
    with connect(database) as connection:
        lived = rows(connection)
        rebuild(database)
        assert lived == rows(connection)


def in_tables(database: Database) -> set[str]:
    """The references of the claims that can be read."""
    with connect(database) as connection:
        found = connection.execute("SELECT state->>'ref' FROM claims").fetchall()
    return {ref for (ref,) in found}


def recorded(result: Result) -> Recorded:
    assert isinstance(result, Recorded), result
    return result


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
        for _ in range(200):  # until there is another connection
            await at.record(claim(f"later-{next(_numbers)}"))
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
            (one,) = await at.record(claim("c"))
            assert at.inline == before + 1
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


def happenings(prefix: str) -> st.SearchStrategy[list[tuple[str, Any]]]:
    """What may happen one after the other while claims are recorded."""
    refs = st.integers(0, 40).map(lambda number: f"{prefix}new{number}")
    reports = st.integers(0, REPORTS + 2).map(lambda number: f"{prefix}r{number}")
    days = st.integers(1, 9).map(lambda day: f"2024-08-0{day}")
    claims: st.SearchStrategy[AnyCommand] = st.builds(
        ReportClaim,
        claim=refs,
        report=reports,
        statement=st.sampled_from(["one", "another"]),
        published_at=st.none() | days,
    )
    published: st.SearchStrategy[AnyCommand] = st.builds(
        PublishReport,
        report=reports | refs,
        outlet=st.none() | st.just(f"{prefix}s1"),
        published_at=days,
    )
    few = st.lists(claims | published, min_size=1, max_size=4)
    others = st.lists(commands(prefix), min_size=1, max_size=2)
    return st.lists(
        st.one_of(
            st.tuples(st.just("together"), few),
            st.tuples(st.just("together"), few),
            st.tuples(st.just("batch"), few),
            st.tuples(st.just("together"), others),
            st.tuples(
                st.just("together"), st.tuples(few, others).map(lambda two: [*two[0], *two[1]])
            ),
            st.tuples(st.just("elsewhere"), few | others),
            st.tuples(st.just("wait"), st.none()),
        ),
        min_size=3,
        max_size=14,
    )


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(data=st.data())
def test_whatever_happens_the_tables_are_what_the_log_comes_to(
    data: st.DataObject, database: Database, law: Projector
) -> None:
    prefix = f"p{next(_numbers)}-"
    happened = data.draw(happenings(prefix))

    async def lived() -> None:
        async with desk(database, law) as at:
            await at.record(Batch(commands=tuple(opening(prefix))))
            await at.caught_up()
            answered: list[tuple[str, Result]] = []
            for what, given in happened:
                if what == "wait":
                    await at.caught_up()
                elif what == "elsewhere":
                    await at.elsewhere(*given)
                else:
                    together = [Batch(commands=tuple(given))] if what == "batch" else given
                    envelopes = [enveloped(one) for one in together]
                    results = await at.record(*envelopes)
                    keys = [one.key or "" for one in envelopes]
                    answered += zip(keys, results, strict=True)
            await at.caught_up()
        with Log(database.conninfo) as log:
            stored = {one.position: one.key for one in log.read(0, 1_000_000)}
        for key, result in answered:
            where = [position for position, by in stored.items() if by == key]
            if isinstance(result, Refusal):
                assert where == []
            else:
                assert where == list(range(result.first_position, result.last_position + 1))

    asyncio.run(lived())
    with connect(database) as connection:
        kept = rows(connection)
        rebuild(database)
        assert kept == rows(connection)


@pytest.fixture
def law(database: Database) -> Iterator[Projector]:
    """A projector that goes on through all examples."""
    ensure_generation(database)
    projector = Projector(database)
    projector.start()
    yield projector
    projector.stop()
