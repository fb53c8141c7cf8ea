"""The tables against the specification: random commands, batches, restarts and questions."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec.json import decode
from msgspec.structs import replace
from psycopg import Connection

from domain import codec
from domain.catalogue import Report, Source, report_as_of, source_as_of
from domain.claim import Claim, claim_as_of
from domain.commands import AddSourceAlias, AnyCommand, CorrectClaim, ReviewClaim
from domain.events import AnyEvent, SourceMerged, SourceRegistered
from domain.history import Entry, in_effect, voided
from domain.ids import Subject, resolve
from domain.moments import parse_moment
from domain.words import Rating, SourceKind
from eventlog.database import Database
from eventlog.decoding import entries_of
from eventlog.entries import Append, NewEvent
from eventlog.erasure_list import ErasureList
from eventlog.log import Log
from eventlog.record import Record
from projections import generations
from projections.generations import (
    connect,
    ensure_generation,
    project_batch,
    project_many,
    rebuild,
)
from projections.projection import Projection
from tests.projections.commands import CLAIMS, REPORTS, SOURCES, commands, enveloped, opening
from tests.projections.erasures import erasures

TABLES = (
    "claims",
    "claim_sources",
    "claim_terms",
    "claim_wordings",
    "claim_abouts",
    "claim_links",
    "reports",
    "report_urls",
    "sources",
    "stories",
    "events",
    "touches",
)

_numbers = count(1)


def rows(connection: Connection[Any], schema: str = "read") -> dict[str, list[tuple[Any, ...]]]:
    """Everything in the tables of a generation, in an order that does not depend on how it came
    to be there."""
    return {
        table: connection.execute(f"SELECT t::text FROM {schema}.{table} t ORDER BY 1").fetchall()
        for table in TABLES
    }


class Lived(RuleBasedStateMachine):
    """A record that is written to and projected in any rhythm, and asked at any time."""

    database: Database
    erasures: ErasureList

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.record = self.stack.enter_context(Record(self.database, erasures=self.erasures))
        self.log = self.stack.enter_context(Log(self.database.conninfo))
        self.connection = self.stack.enter_context(connect(self.database))
        self.projection = Projection(self.log)
        self.prefix = f"e{next(_numbers)}-"

    def teardown(self) -> None:
        self.stack.close()

    @initialize()
    def open(self) -> None:
        results = self.record.execute_many([enveloped(one) for one in opening(self.prefix)])
        assert not [result for result in results if isinstance(result, Exception)]

    @rule(data=st.data(), number=st.integers(1, 6))
    def write(self, data: st.DataObject, number: int) -> None:
        wanted = [data.draw(commands(self.prefix)) for _ in range(number)]
        self.record.execute_many([enveloped(self.up_to_date(command)) for command in wanted])

    @rule(data=st.data())
    def erase(self, data: st.DataObject) -> None:
        self.record.execute_many([enveloped(data.draw(erasures(self.prefix)))])

    @rule(limit=st.integers(1, 9))
    def project(self, limit: int) -> None:
        project_batch(self.connection, self.projection, self.log, limit=limit)

    @rule()
    def restart(self) -> None:
        self.projection = Projection(self.log)

    @precondition(lambda self: hasattr(self, "prefix"))
    @rule(
        day=st.none() | st.integers(0, 10),
        back=st.integers(0, 30),
        number=st.integers(0, max(CLAIMS, REPORTS, SOURCES) - 1),
    )
    def ask(self, day: int | None, back: int, number: int) -> None:
        if self.erased_ahead():
            # What was erased and is not yet projected is still in the tables, and not in the log.
            while project_batch(self.connection, self.projection, self.log, limit=9):
                pass
        position = max(self.position() - back, 0)
        at = None if day is None else datetime(2024, 8, 1, tzinfo=UTC) + timedelta(days=day)
        claim = resolve(Subject.CLAIM, f"{self.prefix}c{number % CLAIMS}")
        report = resolve(Subject.REPORT, f"{self.prefix}r{number % REPORTS}")
        source = resolve(Subject.SOURCE, f"{self.prefix}s{number % SOURCES}")
        assert self.found(Claim, "claims", "claim_id", claim, at, position) == claim_as_of(
            self.entries(claim), at, position
        )
        assert self.found(Report, "reports", "report_id", report, at, position) == report_as_of(
            self.entries(report), at, position
        )
        assert self.source(source, position) == source_as_of(self.entries(source), position)
        assert self.shown(source, position) == self.canonical(source, position)
        assert self.voided(claim, at, position) == voided(
            in_effect(self.entries(claim), at, position)
        )

    @invariant()
    def nothing_is_projected_that_is_not_in_the_log(self) -> None:
        assert self.position() <= self.log.head().position

    def up_to_date(self, command: AnyCommand) -> AnyCommand:
        """A correction of the version that stood then: few of the random ones would be."""
        if not isinstance(command, CorrectClaim):
            return command
        at = parse_moment(command.published_at or command.observed_at or "").start
        claim = claim_as_of(self.entries(resolve(Subject.CLAIM, command.claim)), at)
        return replace(command, version=claim.version) if claim else command

    def erased_ahead(self) -> bool:
        """Whether an erasure is in the log that the tables do not have yet."""
        events = self.log.read(self.position(), 1_000)
        return any(one.type.endswith(".erased") for one in events)

    def position(self) -> int:
        row = self.connection.execute("SELECT position FROM progress").fetchone()
        assert row is not None
        return int(row[0])

    def entries(self, subject: UUID) -> list[Entry]:
        return entries_of(self.log.streams([subject])[subject])

    def found(
        self,
        state: type[Any],
        table: str,
        identity: str,
        subject: UUID,
        at: datetime | None,
        position: int,
    ) -> Any:
        found = self.connection.execute(
            f"SELECT state::text FROM {table} WHERE {identity} = %(subject)s"
            " AND position_from <= %(position)s AND position_to > %(position)s AND CASE"
            " WHEN capped_from > %(position)s THEN coalesce(reported_from <= %(at)s, true)"
            " WHEN %(at)s::timestamptz IS NULL THEN reported_to = 'infinity'"
            " ELSE reported_from <= %(at)s AND reported_to > %(at)s END",
            {"subject": subject, "position": position, "at": at},
        ).fetchall()
        assert len(found) <= 1
        return decode(found[0][0], type=state) if found else None

    def source(self, subject: UUID, position: int) -> Source | None:
        return self.source_column("state", subject, position)

    def shown(self, subject: UUID, position: int) -> Source | None:
        return self.source_column("shown", subject, position)

    def source_column(self, column: str, subject: UUID, position: int) -> Source | None:
        found = self.connection.execute(
            f"SELECT {column}::text FROM sources WHERE source_id = %s"
            " AND position_from <= %s AND position_to > %s",
            (subject, position, position),
        ).fetchall()
        assert len(found) <= 1
        return decode(found[0][0], type=Source) if found else None

    def canonical(self, subject: UUID, position: int) -> Source | None:
        source = source_as_of(self.entries(subject), position)
        if source is None or source.merged_into is None:
            return source
        return self.canonical(source.merged_into, position)

    def voided(self, claim: UUID, at: datetime | None, position: int) -> frozenset[int]:
        found = self.connection.execute(
            "SELECT sequence FROM events WHERE subject_id = %(claim)s AND position <= %(position)s"
            " AND (%(at)s::timestamptz IS NULL OR reported_at <= %(at)s)"
            " AND voided @> %(position)s::bigint",
            {"claim": claim, "position": position, "at": at},
        )
        return frozenset(row[0] for row in found)


@pytest.fixture
def generation(database: Database) -> Database:
    """A fresh database with an empty live generation."""
    ensure_generation(database)
    return database


def test_the_tables_answer_as_the_specification_does_and_rebuilt_equals_lived(
    generation: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that a rebuild folds many a batch while the one before is being written.
    monkeypatch.setattr(generations, "BATCH", 7)
    erased = ErasureList(tmp_path / "erasures.jsonl")
    machine = type("LivedHere", (Lived,), {"database": generation, "erasures": erased})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    with Log(generation.conninfo) as log, connect(generation) as connection:
        projection = Projection(log)
        while project_batch(connection, projection, log):
            pass
        assert len(erased.path.read_text().splitlines()) > 10
        lived = rows(connection)
        seen: list[tuple[int, int]] = []
        head = rebuild(generation, lambda done, total: seen.append((done, total)))
        assert head == log.head().position
        assert seen[-1] == (head, head)
        rebuilt = rows(connection)
    for table in TABLES:
        assert rebuilt[table] == lived[table], table


def test_two_that_project_at_once_write_each_event_once(
    generation: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is overtaken folds anew from where the tables are."""
    monkeypatch.setattr(generations, "BATCH", 5)
    random = Random(7)
    wanted = opening("both-")
    for number in range(400):
        late = f"2024-08-0{random.randint(1, 9)}"
        wanted += (
            AddSourceAlias(source=f"both-s{number % SOURCES}", alias=f"Name {number}"),
            ReviewClaim(
                claim=f"both-c{random.randrange(CLAIMS)}",
                reviewer="both-s0",
                words="Mostly true",
                rating=Rating.MOSTLY_TRUE,
                published_at=late,
            ),
        )
    with Record(generation) as record:
        record.execute_many([enveloped(one) for one in wanted])

    def project(_: int) -> int:
        with Log(generation.conninfo) as log, connect(generation) as connection:
            return sum(project_many(generation, connection, Projection(log), log))

    with ThreadPoolExecutor(2) as both:
        done = list(both.map(project, range(2)))
    with Log(generation.conninfo) as log, connect(generation) as connection:
        assert sum(done) >= log.head().position
        lived = rows(connection)
        rebuild(generation)
        assert rows(connection) == lived


@pytest.mark.parametrize("limit", [1, 100])
def test_a_source_merged_into_one_that_was_merged_goes_under_the_last_name(
    generation: Database, limit: int
) -> None:
    """The rules let nobody write this, but a fold takes whatever stands in the log."""
    first, second, third = (resolve(Subject.SOURCE, name) for name in ("first", "second", "third"))
    events: list[tuple[UUID, int, AnyEvent]] = [
        *(
            (one, 1, SourceRegistered(name="A name", kind=SourceKind.OUTLET))
            for one in (first, second, third)
        ),
        (second, 2, SourceMerged(into=third)),
        (first, 2, SourceMerged(into=second)),
    ]
    unit = [
        NewEvent(one, version, codec.type_of(event), codec.encode(event), None)
        for one, version, event in events
    ]
    with Log(generation.conninfo) as log, connect(generation) as connection:
        log.append([Append([event], actor="tester") for event in unit])
        projection = Projection(log)
        while project_batch(connection, projection, log, limit=limit):
            pass
        found = connection.execute(
            "SELECT DISTINCT canonical_id FROM sources WHERE position_to = 9223372036854775807"
        ).fetchall()
    assert found == [(third,)]
