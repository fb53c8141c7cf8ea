"""After an erasure nothing in the database, at any date, gives the content back."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import Struct, UnsetType
from msgspec.structs import fields, replace

from domain.commands import (
    AnyCommand,
    EraseClaim,
    EraseReport,
    EraseSource,
    MergeSources,
    RegisterSource,
    WithdrawReport,
)
from domain.words import ErasureGround, SourceKind
from eventlog.database import Database
from eventlog.erasure_list import ErasureList
from eventlog.log import Log
from eventlog.record import Record
from projections.basis import AsOf
from projections.generations import (
    connect,
    ensure_generation,
    project_batch,
    rebuild,
    scrub,
)
from projections.projection import Projection
from projections.projector import project_all
from projections.reads import Reads
from tests.projections.commands import CLAIMS, REPORTS, SOURCES, commands, enveloped, opening
from tests.projections.erasures import erasures
from tests.projections.test_projector import TABLES, rows

LAW = ErasureGround.COURT_ORDER
TEXTS = ("statement", "headline", "text", "url", "alias", "name", "words", "label", "topics")
SECRET = re.compile(r"SECRET\d+(?!\d|-story)")
"""Whatever a test has written, but for the slug of its story, which is not erased."""

_numbers = count(1)


@pytest.fixture
def generation(database: Database) -> Database:
    """A fresh database with an empty live generation."""
    ensure_generation(database)
    return database


def marked(value: Any, mark: str) -> Any:
    """A command with a mark in all that it says."""
    if isinstance(value, tuple):
        return tuple(marked(one, mark) for one in value)
    if not isinstance(value, Struct):
        return value
    told = {}
    for one in fields(value):
        known = getattr(value, one.name)
        if one.name in TEXTS and not isinstance(known, UnsetType | None):
            with_mark = f"{mark} {known}" if isinstance(known, str) else None
            told[one.name] = with_mark or tuple(f"{mark} {text}" for text in known)
        else:
            told[one.name] = marked(known, mark)
    return replace(value, **told)


def everything(database: Database) -> str:
    """Every row of every table of the database, and what the planner remembers of them."""
    with psycopg.connect(database.owner_conninfo) as owner:
        tables = owner.execute(
            "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname !~ '^(pg_|information_schema)'"
        ).fetchall()
        assert len(tables) > 15
        found = [
            f"{table}: {row}"
            for (table,) in [*tables, ("pg_stats",)]
            for (row,) in owner.execute(f"SELECT t::text FROM {table} t").fetchall()
        ]
    return "\n".join(found)


def left_in(database: Database) -> list[str]:
    """The rows that still hold something that a test has written."""
    return [row for row in everything(database).split("\n") if SECRET.search(row)]


def of_all(prefix: str) -> list[AnyCommand]:
    """Erasures of everything that random commands are about."""
    return [
        *(
            EraseReport(report=f"{prefix}r{number}", ground=LAW, with_claims=True)
            for number in range(REPORTS)
        ),
        *(EraseSource(source=f"{prefix}s{number}", ground=LAW) for number in range(SOURCES)),
    ]


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(data=st.data())
def test_nothing_that_was_erased_is_anywhere_in_the_database(
    data: st.DataObject, generation: Database, tmp_path: Path
) -> None:
    prefix = f"SECRET{next(_numbers)}-"
    acts: list[AnyCommand] = data.draw(
        st.lists(commands(prefix) | erasures(prefix), min_size=3, max_size=20)
    )
    # Nothing is drawn once something is recorded: an example that is given up leaves nothing.
    rhythm = Random(data.draw(st.integers(0, 2**32)))
    with (
        Record(generation, erasures=ErasureList(tmp_path / "erasures.jsonl")) as record,
        Log(generation.conninfo) as log,
        connect(generation) as connection,
    ):
        projection = Projection(log)
        for command in (*opening(prefix), *acts, *of_all(prefix)):
            record.execute_many([enveloped(marked(command, prefix.rstrip("-")))])
            if rhythm.random() < 0.5:
                project_batch(connection, projection, log, limit=rhythm.randint(1, 9))
        while project_batch(connection, projection, log):
            pass
        scrub(generation)
        lived = rows(connection)
    assert left_in(generation) == []
    assert f"{prefix}story" in everything(generation)
    if rhythm.random() < 0.5:
        rebuild(generation)
        with connect(generation) as connection:
            rebuilt = rows(connection)
        for table in TABLES:
            assert rebuilt[table] == lived[table], table


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(data=st.data())
def test_no_answer_at_any_date_gives_back_what_was_erased(
    data: st.DataObject, generation: Database, tmp_path: Path
) -> None:
    prefix = f"SECRET{next(_numbers)}-"
    acts: list[AnyCommand] = data.draw(st.lists(commands(prefix), min_size=3, max_size=15))
    back = data.draw(st.integers(0, 40))
    day = data.draw(st.none() | st.integers(1, 9))
    wanted = [marked(command, prefix.rstrip("-")) for command in (*opening(prefix), *acts)]
    with Record(generation, erasures=ErasureList(tmp_path / "erasures.jsonl")) as record:
        record.execute_many([enveloped(command) for command in wanted])
        project_all(generation)
        with Log(generation.conninfo) as log:
            head = log.head().position
        record.execute_many([enveloped(command) for command in of_all(prefix)])
    project_all(generation)
    position = max(head - back, 1)
    at = None if day is None else datetime(2024, 8, day, 12, tzinfo=UTC)
    with Reads(generation.conninfo, pool_size=1) as reads:
        as_of = AsOf(reported_at=None if at is None else at.isoformat(), position=position)
        with reads.at(as_of) as view:
            shown = [view.claim(f"{prefix}c{number}") for number in range(CLAIMS)]
            found = [one for one in shown if one is not None]
            answer = repr(
                [
                    found,
                    view.histories([one.id for one in found]),
                    [view.report(f"{prefix}r{number}") for number in range(REPORTS)],
                    view.sources(),
                    view.claims(first=50).items,
                ]
            )
    assert SECRET.findall(answer) == []


def test_an_erasure_reaches_a_generation_that_is_being_built(
    generation: Database, tmp_path: Path
) -> None:
    """The rebuild has read the content already when it is erased."""
    erased = ErasureList(tmp_path / "erasures.jsonl")
    with Record(generation, erasures=erased) as record:
        record.execute_many([enveloped(marked(one, "SECRET0")) for one in opening("a")])
        project_all(generation)

        def erase_meanwhile(done: int, _: int) -> None:
            if not erased.exists:
                assert done > 10
                record.execute_many([enveloped(one) for one in of_all("a")])

        rebuild(generation, erase_meanwhile)
    scrub(generation)
    assert left_in(generation) == []
    assert erased.exists


def test_what_a_killed_rebuild_has_left_behind_goes_too(
    generation: Database, tmp_path: Path
) -> None:
    with Record(generation, erasures=ErasureList(tmp_path / "erasures.jsonl")) as record:
        record.execute_many([enveloped(marked(one, "SECRET0")) for one in opening("a")])
        project_all(generation)

        def die(*_: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            rebuild(generation, die)
        assert "read_next" in schemas(generation)
        record.execute_many([enveloped(one) for one in of_all("a")])
    project_all(generation)
    assert "read_next" not in schemas(generation)
    assert left_in(generation) == []


def schemas(database: Database) -> set[str]:
    with psycopg.connect(database.owner_conninfo) as owner:
        return {row[0] for row in owner.execute("SELECT nspname FROM pg_namespace")}


def test_a_source_that_others_go_under_loses_its_name_everywhere(
    generation: Database, tmp_path: Path
) -> None:
    acts: list[AnyCommand] = [
        *(
            RegisterSource(source=name, name=f"SECRET0 {name}", kind=SourceKind.PERSON)
            for name in ("first", "second", "third")
        ),
        MergeSources(source="first", into="second"),
        MergeSources(source="second", into="third"),
        EraseSource(source="third", ground=LAW),
    ]
    with Record(generation, erasures=ErasureList(tmp_path / "erasures.jsonl")) as record:
        for command in acts[:-1]:
            record.execute(enveloped(command))
        project_all(generation)
        record.execute(enveloped(acts[-1]))
    project_all(generation)
    with Reads(generation.conninfo, pool_size=1) as reads, reads.at() as view:
        names = {name: view.source(name) for name in ("first", "second", "third")}
        assert [one.name for one in names.values() if one is not None] == [None, None, None]
    assert left_in(generation)  # their own names stay: they were not erased
    assert "SECRET0 third" not in everything(generation)


def test_a_claim_that_was_taken_back_with_its_report_keeps_what_it_says(
    generation: Database, tmp_path: Path
) -> None:
    with Record(generation, erasures=ErasureList(tmp_path / "erasures.jsonl")) as record:
        record.execute_many([enveloped(one) for one in opening("a")])
        record.execute(enveloped(WithdrawReport(report="ar0", published_at="2024-08-09")))
        project_all(generation)
        record.execute(enveloped(EraseReport(report="ar0", ground=LAW)))
        record.execute(enveloped(EraseClaim(claim="ac1", ground=LAW)))
    project_all(generation)
    with Reads(generation.conninfo, pool_size=1) as reads, reads.at() as view:
        kept, gone = view.claim("ac0"), view.claim("ac1")
        assert kept is not None
        assert gone is not None
        assert (kept.statement, kept.report.urls) == ("Statement 0", ())
        assert (gone.statement, gone.status.value) == (None, "standing")


def test_the_planner_forgets_what_was_in_a_table_that_is_empty_now(
    generation: Database, tmp_path: Path
) -> None:
    with Record(generation, erasures=ErasureList(tmp_path / "erasures.jsonl")) as record:
        record.execute_many([enveloped(marked(one, "SECRET0")) for one in opening("a")])
        project_all(generation)
        with connect(generation) as connection:
            connection.execute("ANALYZE")
            assert SECRET.search(everything(generation))
        record.execute_many([enveloped(one) for one in of_all("a")])
    project_all(generation)
    with connect(generation) as connection:
        assert connection.execute("TABLE report_urls").fetchall() == []
        remembered = connection.execute(
            "SELECT attname FROM pg_stats WHERE tablename = 'report_urls'"
        ).fetchall()
        assert remembered != []
    assert re.findall("secret0", everything(generation), re.IGNORECASE) == []
