"""The write door and the log beneath it, where what is stored is not what was written today."""

from pathlib import Path

import pytest

from domain.claim import claim_as_of
from domain.commands import (
    AnyCommand,
    CorrectClaim,
    Envelope,
    EraseClaim,
    PublishReport,
    ReportClaim,
    RetractClaim,
)
from domain.ids import Subject, resolve
from domain.words import ErasureGround, Status
from eventlog.database import Database
from eventlog.decoding import entries_of
from eventlog.erasure_list import ErasureList
from eventlog.log import Log
from eventlog.record import Record
from tests.eventlog.units import event, unit

CLAIM = resolve(Subject.CLAIM, "c")


def envelopes(*commands: AnyCommand) -> list[Envelope]:
    return [Envelope(command=command, actor="the desk") for command in commands]


def test_a_claim_goes_on_after_what_it_said_was_erased(
    database: Database, log: Log, tmp_path: Path
) -> None:
    with Record(database, erasures=ErasureList(tmp_path / "erasures.jsonl")) as record:
        record.execute_many(
            envelopes(
                PublishReport(report="r", published_at="2024-08-01"),
                ReportClaim(claim="c", report="r", statement="one"),
                CorrectClaim(claim="c", version=1, statement="two", published_at="2024-08-02"),
            )
        )
        for command in (
            EraseClaim(claim="c", ground=ErasureGround.COURT_ORDER),
            CorrectClaim(claim="c", version=2, statement="three", published_at="2024-08-03"),
            RetractClaim(claim="c", published_at="2024-08-04"),
        ):
            record.execute(*envelopes(command))
    (stream,) = log.streams([CLAIM]).values()
    assert [one.version for one in stream] == [1, 2, 3, 4, 5]
    assert [one.erased for one in stream] == [True, True, False, False, False]
    state = claim_as_of(entries_of(stream))
    assert state is not None
    assert (state.statement, state.status) == ("three", Status.RETRACTED)


def test_a_row_of_the_first_schema_reads_with_its_number_and_without(log: Log) -> None:
    with_number = event(content='{"type":"claim.retracted","schema":1}')
    log.append([unit(with_number, event(content='{"type":"claim.retracted"}'))])
    one, other = entries_of(log.read(0, 10))
    assert one.event == other.event


def test_a_row_of_a_later_schema_asks_for_a_newer_program(log: Log) -> None:
    log.append([unit(event(content='{"type":"claim.retracted","schema":99}'))])
    with pytest.raises(ValueError, match="has schema 99; this program knows 1: upgrade it"):
        entries_of(log.read(0, 10))
