"""A clock that steps back an hour: the database's, which says when something was recorded, and that
of the process that serves, which says whether a reporting time is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import psycopg
import pytest

from domain.commands import (
    AnyCommand,
    CorrectClaim,
    Envelope,
    PublishReport,
    RegisterSource,
    ReportClaim,
)
from domain.refusals import InvalidTime
from domain.words import SourceKind
from eventlog.database import Database
from eventlog.log import Log
from eventlog.record import Record
from projections.basis import AsOf
from projections.reads import Reads
from tests.api.mutations import Desk, desk

HOUR = timedelta(hours=1)


@pytest.fixture
def writing(database: Database) -> Iterator[Desk]:
    """Somebody who may record."""
    with desk(database) as opened:
        yield opened


def turn(database: Database, by: str) -> None:
    """Have the database's clock go wrong by an interval."""
    with psycopg.connect(database.owner_conninfo, autocommit=True) as owner:
        owner.execute(
            "CREATE OR REPLACE FUNCTION dateline.clock() RETURNS timestamptz LANGUAGE sql VOLATILE"
            f" AS $$SELECT clock_timestamp() + interval '{by}'$$"
        )


def correction(version: int) -> CorrectClaim:
    return CorrectClaim(
        claim="c", version=version, statement=f"Version {version + 1}.", published_at="2024-08-02"
    )


CLAIM = ReportClaim(claim="c", report="r", statement="Version 1.")
OPENING: tuple[AnyCommand, ...] = (
    RegisterSource(source="paper", name="The Paper", kind=SourceKind.OUTLET),
    PublishReport(report="r", outlet="paper", published_at="2024-08-01"),
)


@pytest.mark.parametrize(("first", "then"), [("0", "-1 hour"), ("1 hour", "0")])
def test_what_is_recorded_stays_in_order_and_can_be_asked_for_when_the_log_s_clock_steps_back(
    database: Database, writing: Desk, first: str, then: str
) -> None:
    """Where it was ahead of ours before, what it wrote lies in our future."""
    turn(database, first)
    for command in OPENING:
        writing.record(command)
    came = [writing.record(CLAIM), writing.record(correction(1))]
    turn(database, then)
    came += [writing.record(correction(version)) for version in (2, 3)]
    assert [one["position"] for one in came] == [3, 4, 5, 6]
    with Log(database.conninfo) as log:
        events = log.read(0, 10)
        assert log.verify() == []
    assert all(one.recorded_at < other.recorded_at for one, other in pairwise(events))
    told = [datetime.fromisoformat(one["recordedAt"]) for one in came]
    assert told == [one.recorded_at for one in events[2:]]
    asked = """
        query As($at: Moment, $position: Position) {
          at: claim(id: "c", asOf: { recordedAt: $at }) { version statement }
          position: claim(id: "c", asOf: { position: $position }) { version statement }
        }
    """
    with Reads(database.conninfo) as reads:
        for version, one in enumerate(came, start=1):
            known = {"version": version, "statement": f"Version {version}."}
            assert one["claim"]["version"] == version
            seen = writing.do(asked, at=one["recordedAt"], position=one["position"])
            assert seen == {"at": known, "position": known}
            with reads.at(AsOf(recorded_at=one["recordedAt"])) as view:
                assert view.basis.position == one["position"]
    assert writing.do('{ claim(id: "c") { version } }') == {"claim": {"version": 4}}


def test_a_server_whose_clock_steps_back_says_what_it_takes_for_the_future_and_forgets_nothing(
    database: Database,
) -> None:
    wrong = timedelta()

    def now() -> datetime:
        return datetime.now(UTC) + wrong

    def keyed(command: AnyCommand, key: str) -> Envelope:
        return Envelope(command=command, actor="the desk", key=key)

    just_now = datetime.now(UTC).isoformat(timespec="seconds")
    seen = CorrectClaim(claim="c", version=1, statement="Version 2.", observed_at=just_now)
    news = CorrectClaim(claim="c", version=2, statement="Version 3.", observed_at=just_now)
    with Record(database, now) as record:
        for number, command in enumerate((*OPENING, CLAIM)):
            record.execute(keyed(command, f"opening {number}"))
        first = record.execute(keyed(seen, "seen"))
        wrong = -HOUR
        # What was recorded comes again, although it would be refused now.
        again = record.execute(keyed(seen, "seen"))
        assert (again.last_position, again.replayed) == (first.last_position, True)
        with pytest.raises(InvalidTime) as refused:
            record.execute(keyed(news, "news"))
        assert refused.value.field == "observed_at"
        # What is long over is recorded, in order.
        late = record.execute(keyed(PublishReport(report="s", published_at="2024-08-05"), "late"))
        assert late.recorded_at > first.recorded_at
        # A refusal leaves the key free: the same is recorded when the clock is right again.
        wrong = timedelta()
        assert not record.execute(keyed(news, "news")).replayed
    with Log(database.conninfo) as log:
        assert len(log.read(0, 10)) == 6
