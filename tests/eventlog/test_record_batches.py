"""Batches of commands: one is decided while the one before it is appended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import count

import pytest

from domain.commands import (
    AnyCommand,
    Envelope,
    OpenStory,
    PublishReport,
    ReportClaim,
    RetractClaim,
    WithdrawReport,
)
from domain.refusals import AlreadyExists, AlreadyRetracted, IdempotencyConflict, Refusal
from eventlog.database import Database
from eventlog.log import Log
from eventlog.record import Record, Recorded, Result

DAY = "2024-08-18"


def keyed(command: AnyCommand, key: str | None = None) -> Envelope:
    return Envelope(command=command, actor="the desk", key=key)


def report(ref: str) -> PublishReport:
    return PublishReport(report=ref, published_at=DAY)


def claim(ref: str, of: str) -> ReportClaim:
    return ReportClaim(claim=ref, report=of, statement="It rained.")


def retraction(ref: str) -> RetractClaim:
    return RetractClaim(claim=ref, published_at=DAY)


@pytest.fixture
def record(database: Database) -> Iterator[Record]:
    with Record(database) as opened:
        yield opened


def told(results: Sequence[Result]) -> list[object]:
    return [type(one) if isinstance(one, Refusal) else one.last_position for one in results]


def test_a_batch_builds_on_the_one_before_it(record: Record, database: Database) -> None:
    batches = [[keyed(report("r"))], [keyed(claim("c", "r"))], [], [keyed(retraction("c"))] * 2]
    results = list(record.execute_batches(batches))
    assert [told(one) for one in results] == [[1], [2], [], [3, AlreadyRetracted]]
    with Log(database.conninfo) as log:
        assert [event.version for event in log.read(0, 9)] == [1, 1, 2]


def test_what_was_decided_on_a_batch_that_came_to_nothing_is_decided_anew(
    database: Database,
) -> None:
    looks = count()

    def now() -> datetime:
        # Read already, and not yet decided: here somebody else can be first.
        if next(looks) == 0:
            other.execute(keyed(OpenStory(story="s", title="S")))
            other.execute(keyed(report("r")))
            other.execute(keyed(claim("c", "r")))
        return datetime.now(UTC)

    with Record(database) as other, Record(database, now) as record:
        batches = [[keyed(report("r")), keyed(claim("c", "r"))], [keyed(retraction("c"))]]
        first, second = record.execute_batches(batches)
    assert told(first) == [AlreadyExists, AlreadyExists]
    assert told(second) == [4]


def test_a_key_that_comes_again_in_the_next_batch_is_a_repeat(record: Record) -> None:
    batches = [
        [keyed(report("r"), "k")],
        [keyed(report("r"), "k"), keyed(report("other"), "k"), keyed(report("new"), "l")],
    ]
    first, second = record.execute_batches(batches)
    assert told(first) == [1]
    assert told(second) == [1, IdempotencyConflict, 2]
    assert isinstance(second[0], Recorded)
    assert second[0].replayed


def test_a_withdrawal_takes_the_claims_of_the_batch_before(record: Record) -> None:
    withdrawal = WithdrawReport(report="r", published_at=DAY)
    batches = [[keyed(report("r")), keyed(claim("c", "r"))], [keyed(withdrawal)]]
    (_, (withdrawn,)) = record.execute_batches(batches)
    assert isinstance(withdrawn, Recorded)
    assert withdrawn.last_position - withdrawn.first_position == 1


def test_what_was_taken_before_a_source_failed_is_recorded(record: Record) -> None:
    def broken() -> Iterator[list[Envelope]]:
        yield [keyed(report("r"))]
        raise OSError("gone")

    results = record.execute_batches(broken())
    assert told(next(results)) == [1]
    with pytest.raises(OSError, match="gone"):
        next(results)
