"""Commands that are decided without a look at the database."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from domain.commands import (
    AnyCommand,
    Batch,
    CorrectClaim,
    Envelope,
    EraseReport,
    PublishReport,
    ReportClaim,
    ReviseReport,
)
from domain.words import ErasureGround
from eventlog.database import Database
from eventlog.entries import Appended, StreamGuard, VersionConflict
from eventlog.erasure_list import ErasureList
from eventlog.log import Log
from eventlog.plan import Plan
from eventlog.record import Record

REPORT = PublishReport(report="r", headline="What happened", published_at="2024-08-01")
_numbers = count(1)


def enveloped(command: AnyCommand | Batch) -> Envelope:
    return Envelope(command=command, actor="desk", key=f"key-{next(_numbers)}")


def claim(ref: str, report: str = "r") -> ReportClaim:
    return ReportClaim(claim=ref, report=report, statement=f"It is {ref}.")


@pytest.fixture
def record(database: Database, tmp_path: Path) -> Iterator[Record]:
    with Record(database, erasures=ErasureList(tmp_path / "erasures.jsonl")) as opened:
        opened.foresee([])  # from now on it keeps what may be asked for
        yield opened


def foreseen(record: Record, *commands: AnyCommand | Batch) -> Plan | None:
    return record.foresee([enveloped(one) for one in commands])


def test_what_was_not_seen_cannot_be_built_on(record: Record) -> None:
    assert foreseen(record, claim("c")) is None
    record.execute(enveloped(REPORT))
    plan = foreseen(record, claim("c"))
    assert plan is not None
    (unit,) = plan.units
    assert unit.guards == [StreamGuard(unit.events[0].parent_id, 1)]  # type: ignore[arg-type]


def test_it_is_what_would_be_decided_with_a_look(record: Record, database: Database) -> None:
    record.execute(enveloped(REPORT))
    others = PublishReport(report="s", published_at="2024-08-02")
    commands = Batch(commands=(others, claim("c", "s"))), claim("d"), claim("e")
    envelopes = [enveloped(one) for one in commands]
    plan = record.foresee(envelopes)
    assert plan is not None
    assert plan.units == record._plan(envelopes).units
    with Log(database.conninfo) as log:
        outcomes = log.append(plan.units)
    assert all(isinstance(one, Appended) for one in outcomes)


def test_only_what_is_new_can_be_foreseen(record: Record) -> None:
    record.execute_many([enveloped(REPORT), enveloped(claim("c"))])
    corrected = CorrectClaim(claim="c", version=1, statement="No.", published_at="2024-08-02")
    assert foreseen(record, corrected) is None
    assert foreseen(record, claim("d"), corrected) is None
    assert foreseen(record, Batch(commands=(claim("d"), corrected))) is None


def test_a_refusal_is_never_foreseen(record: Record) -> None:
    record.execute(enveloped(REPORT))
    early = ReportClaim(claim="c", report="r", statement="It is.", published_at="2024-07-01")
    assert foreseen(record, early) is None
    twice = [Envelope(command=claim(ref), actor="desk", key="k") for ref in "de"]
    assert record.foresee(twice) is None


def test_what_somebody_else_has_done_since_is_found_out_by_the_guards(
    record: Record, database: Database
) -> None:
    record.execute(enveloped(REPORT))
    with Record(database) as other:
        other.execute(enveloped(ReviseReport(report="r", headline="N", published_at="2024-08-02")))
    plan = foreseen(record, claim("c"))
    assert plan is not None
    with Log(database.conninfo) as log:
        assert [type(one) for one in log.append(plan.units)] == [VersionConflict]
    record.execute(enveloped(claim("c")))  # and seen then
    plan = foreseen(record, claim("d"))
    assert plan is not None
    with Log(database.conninfo) as log:
        assert [type(one) for one in log.append(plan.units)] == [Appended]


def test_what_was_erased_is_not_kept(record: Record) -> None:
    record.execute(enveloped(REPORT))
    assert foreseen(record, claim("c")) is not None
    record.execute(
        enveloped(EraseReport(report="r", ground=ErasureGround.COURT_ORDER, reference="2 O 1/24"))
    )
    assert foreseen(record, claim("c")) is None


def test_nothing_is_kept_for_who_never_asks(database: Database) -> None:
    with Record(database) as record:
        record.execute(enveloped(REPORT))
        assert foreseen(record, claim("c")) is None
