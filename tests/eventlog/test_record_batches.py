"""Batches of commands: one is decided while the one before it is appended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from domain.commands import (
    AnyCommand,
    Envelope,
    OpenStory,
    PublishReport,
    RegisterSource,
    ReportClaim,
    RetractClaim,
    ReviewClaim,
    WithdrawReport,
)
from domain.refusals import (
    AlreadyExists,
    AlreadyRetracted,
    IdempotencyConflict,
    NotFound,
    Refusal,
)
from domain.words import Rating, SourceKind
from eventlog.database import Database
from eventlog.log import Log
from eventlog.plan import Recorded, Result
from eventlog.record import Record
from tests.projections.commands import commands, opening

DAY = "2024-08-18"

_numbers = count(1)


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


def test_a_key_stands_for_what_was_recorded_under_it_whatever_else_comes_with_it(
    record: Record,
) -> None:
    record.execute_many([keyed(report("r"), "k")])
    again = record.execute_many([keyed(report("other"), "k"), keyed(report("r"), "k")])
    assert told(again) == [IdempotencyConflict, 1]
    # What is refused leaves its key to who comes next with it.
    wanted = [keyed(claim("c", of), "l") for of in ("none", "r", "none", "r")]
    assert told(record.execute_many(wanted)) == [NotFound, 2, NotFound, 2]
    assert told(record.execute_many(wanted)) == [IdempotencyConflict, 2, IdempotencyConflict, 2]


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


def review(rating: Rating, at: str) -> ReviewClaim:
    return ReviewClaim(
        claim="c", reviewer="checker", rating=rating, words=str(rating), published_at=at
    )


def test_what_comes_again_does_not_stand_in_the_way_of_what_is_new(record: Record) -> None:
    checker = RegisterSource(source="checker", name="Checker", kind=SourceKind.ORGANISATION)
    opening = [keyed(checker), keyed(report("r")), keyed(claim("c", "r"))]
    false, true = review(Rating.FALSE, DAY), review(Rating.TRUE, DAY)
    first = record.execute_many([*opening, keyed(false, "1"), keyed(true, "2")])
    assert told(first) == [1, 2, 3, 4, 5]
    # By the rules the first finding would be news again, and the last one none after it.
    changed = review(Rating.FALSE, "2024-08-19")
    again = record.execute_many([keyed(false, "1"), keyed(changed, "3")])
    assert told(again) == [4, 6]
    assert [isinstance(one, Recorded) and one.replayed for one in again] == [True, False]


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(data=st.data())
def test_a_file_that_comes_again_with_more_in_it_comes_to_the_same(
    data: st.DataObject, database: Database
) -> None:
    prefix = f"again{next(_numbers)}-"
    wanted = [
        keyed(command, f"{prefix}{number}")
        for number, command in enumerate(
            [*opening(prefix), *data.draw(st.lists(commands(prefix), min_size=4, max_size=16))]
        )
    ]
    known = data.draw(st.sets(st.integers(0, len(wanted) - 1)))
    with Record(database) as once, Log(database.conninfo) as log:
        for number in sorted(known):
            once.execute_many([wanted[number]])
        # One by one, each is held against what is in the log and nothing else.
        before = {one.key for one in log.read(0, 100_000)}
        first = once.execute_many(wanted)
        logged = {one.key for one in log.read(0, 100_000)}
        second = once.execute_many(wanted)
    for envelope, one, other in zip(wanted, first, second, strict=True):
        if envelope.key in before:
            assert isinstance(one, Recorded)
            assert one.replayed
        if isinstance(one, Recorded):
            assert isinstance(other, Recorded)
            assert other.replayed
            assert (one.first_position, one.last_position) == (
                other.first_position,
                other.last_position,
            )
        assert (envelope.key in logged) == isinstance(one, Recorded)
