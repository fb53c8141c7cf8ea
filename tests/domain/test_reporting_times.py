"""The rules for when something was public, or was seen."""

from datetime import timedelta

import pytest

from domain.commands import (
    AnyCommand,
    CorrectClaim,
    ExpressConcern,
    LiftConcern,
    LinkClaims,
    MoveReport,
    PublishReport,
    ReinstateClaim,
    ReportClaim,
    RetractClaim,
    ReviewClaim,
    ReviseReport,
    WithdrawReport,
)
from domain.decide import decide
from domain.moments import SKEW, TICK
from domain.refusals import InvalidTime
from domain.words import LinkKind, Rating
from domain.world import World
from tests.domain.desk import NOW, OUT, claim_id, empty, given, report_id, utc


def published(at: str | None = None, seen: str | None = None) -> PublishReport:
    return PublishReport(report="x", published_at=at, observed_at=seen)


@pytest.mark.parametrize(
    ("at", "seen", "expected"),
    [
        ("2024-08-20T05:12:30Z", None, utc(20, 5, 12) + timedelta(seconds=30)),
        ("2024-08-20T05:12+03:00", None, utc(20, 2, 12)),
        ("2024-08-20", None, utc(20)),
        ("2024-08-20+03:00", None, utc(19, 21)),
        ("2024-08", None, utc(1)),
        (None, "2024-08-20", utc(20)),
        ("2024-08-20", "2024-08-25", utc(20)),
    ],
)
def test_a_time_counts_from_its_start_in_its_zone(
    at: str | None, seen: str | None, expected: object
) -> None:
    desk = empty()
    desk.when(published(at, seen))
    assert desk.entries(report_id("x"))[0].reported_at == expected
    assert desk.report("x").published_at == at
    assert desk.report("x").observed_at == seen


def test_a_time_is_needed() -> None:
    empty().refuses(published(), InvalidTime, "published_at")


@pytest.mark.parametrize("text", ["", "yesterday", "2024-02-30", "2024-08-20T25:00", "2024-8-1"])
def test_a_time_that_is_none_is_refused_with_its_field(text: str) -> None:
    empty().refuses(published(text), InvalidTime, "published_at")
    empty().refuses(published("2024-08-20", text), InvalidTime, "observed_at")


def test_the_future_is_refused_beyond_five_minutes_of_skew() -> None:
    assert timedelta(minutes=5) == SKEW
    edge, beyond = "2024-09-01T12:05:00Z", "2024-09-01T12:05:00.000001Z"
    empty().when(published(edge))
    empty().refuses(published(beyond), InvalidTime, "published_at")
    empty().refuses(published(None, beyond), InvalidTime, "observed_at")
    empty().refuses(published("2024-08-20", beyond), InvalidTime, "observed_at")


def test_today_is_not_the_future() -> None:
    desk = empty()
    desk.when(published("2024-09-01"))
    desk.refuses(PublishReport(report="y", published_at="2024-09-02"), InvalidTime, "published_at")


def test_today_in_the_west_of_the_world_has_not_begun_before_it_has() -> None:
    desk = empty()
    desk.refuses(published("2024-09-01-12:06"), InvalidTime, "published_at")
    desk.when(published("2024-09-01-12:05"))


def test_before_the_first_time_is_refused_to_the_microsecond() -> None:
    world = World(NOW)
    exact = "2024-08-01T10:00:00"
    assert world.reporting_time(exact, None, earliest=OUT) == OUT
    with pytest.raises(InvalidTime) as caught:
        world.reporting_time(exact, None, earliest=OUT + TICK)
    assert caught.value.field == "published_at"


@pytest.mark.parametrize("coarse", ["2024-08-01T10:00", "2024-08-01", "2024-08", "2024"])
def test_a_coarse_time_that_holds_the_first_one_counts_from_there(coarse: str) -> None:
    desk = given(RetractClaim(claim="c", published_at=coarse))
    assert desk.entries(claim_id())[-1].reported_at == OUT


def test_a_coarse_time_that_ends_with_the_first_one_is_before_it() -> None:
    midnight = PublishReport(report="m", published_at="2024-08-02T00:00Z")
    desk = given(midnight, ReportClaim(claim="d", report="m", statement="x"))
    day_before = RetractClaim(claim="d", observed_at="2024-08-01")
    desk.refuses(day_before, InvalidTime, "observed_at")


PUBLISHED, OBSERVED = "2024-08-03T10:00+02:00", "2024-08-04"
HELD = ExpressConcern(claim="c", published_at="2024-08-02")
TIMED: list[AnyCommand] = [
    PublishReport(report="x", published_at=PUBLISHED, observed_at=OBSERVED),
    ReviseReport(report="r", language="en", published_at=PUBLISHED, observed_at=OBSERVED),
    MoveReport(report="r", url="x", published_at=PUBLISHED, observed_at=OBSERVED),
    WithdrawReport(report="r", published_at=PUBLISHED, observed_at=OBSERVED),
    ReportClaim(claim="d", report="r", statement="x", published_at=PUBLISHED, observed_at=OBSERVED),
    CorrectClaim(claim="c", version=2, statement="x", published_at=PUBLISHED, observed_at=OBSERVED),
    ExpressConcern(claim="d2", published_at=PUBLISHED, observed_at=OBSERVED),
    LiftConcern(claim="c", published_at=PUBLISHED, observed_at=OBSERVED),
    RetractClaim(claim="c", published_at=PUBLISHED, observed_at=OBSERVED),
    ReinstateClaim(claim="c", published_at=PUBLISHED, observed_at=OBSERVED),
    LinkClaims(
        claim="c",
        kind=LinkKind.REPEATS,
        to="d2",
        published_at=PUBLISHED,
        observed_at=OBSERVED,
    ),
    ReviewClaim(
        claim="c",
        reviewer="checker",
        rating=Rating.TRUE,
        words="x",
        published_at=PUBLISHED,
        observed_at=OBSERVED,
    ),
]


@pytest.mark.parametrize("command", TIMED, ids=lambda command: type(command).__name__)
def test_both_times_are_kept_as_they_were_given(command: AnyCommand) -> None:
    other = ReportClaim(claim="d2", report="r", statement="x")
    for event in given(other, HELD).when(command):
        assert getattr(event, "published_at", None) == PUBLISHED
        assert getattr(event, "observed_at", None) == OBSERVED


def test_a_day_keeps_its_precision_beside_the_instant_that_it_counts_from() -> None:
    desk = given(RetractClaim(claim="c", published_at="2024-08-03"))
    entry = desk.entries(claim_id())[-1]
    assert entry.reported_at == utc(3)
    assert getattr(entry.event, "published_at", None) == "2024-08-03"


def test_a_late_arrival_is_judged_by_what_stood_at_its_own_time() -> None:
    desk = given(
        CorrectClaim(claim="c", version=1, statement="five", published_at="2024-08-05"),
        RetractClaim(claim="c", published_at="2024-08-07"),
    )
    known = desk.position
    desk.when(CorrectClaim(claim="c", version=2, statement="six", published_at="2024-08-06"))
    desk.when(CorrectClaim(claim="c", version=1, statement="two", published_at="2024-08-02"))
    told = [desk.claim(at=f"2024-08-0{day}").statement for day in (2, 4, 5, 6, 8)]
    assert told == ["two", "two", "five", "six", "six"]
    assert desk.claim(at="2024-08-06", position=known).statement == "five"


def test_the_next_command_of_a_batch_sees_what_was_decided_before_it() -> None:
    desk = given()
    before = desk.entries(claim_id())[-1]
    for version, statement in enumerate(("one", "two", "three"), start=1):
        command = CorrectClaim(
            claim="c", version=version, statement=statement, published_at="2024-08-05"
        )
        desk.world.take(decide(desk.world, command).drafts)
    entries = desk.entries(claim_id())[1:]
    assert [entry.position - before.position for entry in entries] == [1, 2, 3]
    assert [entry.sequence for entry in entries] == [2, 3, 4]
    assert {entry.recorded_at for entry in entries} == {NOW}
    assert desk.claim().statement == "three"
    desk.world.take(decide(desk.world, PublishReport(report="n", published_at="2024")).drafts)
    assert [entry.position for entry in desk.entries(report_id("n"))] == [1]


def test_events_of_one_time_are_taken_in_the_order_of_recording() -> None:
    desk = given(
        CorrectClaim(claim="c", version=1, statement="one", published_at="2024-08-05"),
        CorrectClaim(claim="c", version=2, statement="two", published_at="2024-08-05"),
    )
    assert desk.claim().statement == "two"
