"""The rules for reporting a claim, and for the fields that it has."""

from decimal import Decimal

import pytest

from domain.commands import CorrectClaim, PublishReport, QuantityInput, ReportClaim, StepInput
from domain.events import ClaimReported
from domain.refusals import AlreadyExists, InvalidInput, InvalidTime, NotFound
from domain.values import Quantity, Step
from domain.words import ClaimKind, Hedge, Status, Verb
from tests.domain.desk import claim_id, empty, given, report_id, source_id, utc


def claim(**fields: object) -> ReportClaim:
    return ReportClaim(claim="d", report="r", statement="x", **fields)  # type: ignore[arg-type]


def with_number(**fields: object) -> ReportClaim:
    number = {"label": "length", "value": Decimal(12), **fields}
    return claim(quantities=(QuantityInput(**number),))  # type: ignore[arg-type]


def test_a_claim_is_reported_with_all_that_it_says() -> None:
    desk = given()
    command = ReportClaim(
        claim="d",
        report="r",
        story="bridge",
        kind=ClaimKind.FIGURE,
        statement="About 12 metres have to be replaced.",
        language="en",
        about="2024-07-31",
        attribution=(
            StepInput(source="bbc", verb=Verb.REPORTED),
            StepInput(source="mayor", verb=Verb.ESTIMATED, role="Mayor of the town"),
        ),
        quantities=(
            QuantityInput(
                label="length",
                value=Decimal("12.0"),
                unit="m",
                hedge=Hedge.ABOUT,
                low=Decimal(11),
                high=Decimal(13),
            ),
        ),
        topics=("transport",),
        published_at="2024-08-01T11:00Z",
        observed_at="2024-08-02",
    )
    (event,) = desk.when(command)
    assert event == ClaimReported(
        ref="d",
        report=report_id(),
        story=desk.claim("d").story,
        kind=ClaimKind.FIGURE,
        statement="About 12 metres have to be replaced.",
        language="en",
        about="2024-07-31",
        attribution=(
            Step(source=source_id("bbc"), verb=Verb.REPORTED),
            Step(source=source_id("mayor"), verb=Verb.ESTIMATED, role="Mayor of the town"),
        ),
        quantities=(
            Quantity(
                label="length",
                value=Decimal("12.0"),
                unit="m",
                hedge=Hedge.ABOUT,
                low=Decimal(11),
                high=Decimal(13),
            ),
        ),
        topics=("transport",),
        published_at="2024-08-01T11:00Z",
        observed_at="2024-08-02",
    )
    state = desk.claim("d")
    assert (state.version, state.status) == (1, Status.STANDING)
    assert state.first_reported_at == state.last_changed_at == utc(1, 11)


def test_a_claim_without_a_time_of_its_own_has_that_of_its_report() -> None:
    desk = given(PublishReport(report="seen", observed_at="2024-08-04T09:00Z"))
    desk.when(ReportClaim(claim="d", report="seen", statement="x"))
    state = desk.claim("d")
    assert (state.published_at, state.observed_at) == (None, "2024-08-04T09:00Z")
    assert state.first_reported_at == utc(4, 9)


def test_a_claim_can_come_later_than_its_report_and_not_earlier() -> None:
    given().when(claim(observed_at="2024-08-02"))
    given().refuses(claim(published_at="2024-08-01T09:59:59Z"), InvalidTime, "published_at")
    given().refuses(claim(observed_at="2024-07-31"), InvalidTime, "observed_at")


def test_a_claim_is_reported_once() -> None:
    again = ReportClaim(claim="c", report="r", statement="x")
    given().refuses(again, AlreadyExists, "claim")


def test_a_claim_can_be_named_by_an_id() -> None:
    desk = given()
    own = str(claim_id("d"))
    (event,) = desk.when(ReportClaim(claim=own, report=str(report_id()), statement="x"))
    assert isinstance(event, ClaimReported)
    assert (event.ref, event.report) == (None, report_id())
    assert desk.claim("d").statement == "x"


def test_what_a_claim_hangs_on_has_to_be_in_the_record() -> None:
    desk = given()
    nobody = (StepInput(source="mayor"), StepInput(source="nobody"))
    elsewhere = ReportClaim(claim="d", report="nowhere", statement="x")
    desk.refuses(elsewhere, NotFound, "report")
    desk.refuses(claim(story="nothing"), NotFound, "story")
    desk.refuses(claim(attribution=nobody), NotFound, "attribution[1].source")
    empty().refuses(claim(), NotFound, "report")


def test_a_story_can_be_named_by_its_slug_or_its_id() -> None:
    desk = given(claim(story="bridge"))
    story = desk.claim("d").story
    assert story is not None
    desk.when(ReportClaim(claim="e", report="r", story=str(story), statement="x"))
    assert desk.claim("e").story == story


@pytest.mark.parametrize("about", ["2024-08-19", "2024-08~", "2024", "2024-08-06/..", "../2024"])
def test_what_a_claim_is_about_is_edtf(about: str) -> None:
    desk = given(claim(about=about))
    assert desk.claim("d").about == about


@pytest.mark.parametrize("about", ["last week", "2024-02-30", "2024-08-20/2024-08-06", "/"])
def test_what_a_claim_is_about_is_a_time_of_the_calendar(about: str) -> None:
    given().refuses(claim(about=about), InvalidTime, "about")


def test_the_numbers_of_a_claim_are_named_once_each() -> None:
    metres = QuantityInput(label="length", value=Decimal(12), unit="m")
    feet = QuantityInput(label="length", value=Decimal(39), unit="ft")
    plain = QuantityInput(label="length", value=Decimal(12))
    desk = given(claim(quantities=(metres, feet, plain)))
    assert len(desk.claim("d").quantities) == 3
    given().refuses(claim(quantities=(metres, feet, metres)), InvalidInput, "quantities[2]")


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("name", ["value", "low", "high"])
def test_a_number_is_finite(number: str, name: str) -> None:
    command = with_number(**{name: Decimal(number)})
    given().refuses(command, InvalidInput, f"quantities[0].{name}")


@pytest.mark.parametrize("number", ["9" * 30, "-" + "9" * 30, "0." + "9" * 30, "1e-30", "-0", "0"])
def test_a_number_keeps_up_to_thirty_digits_before_and_after_the_point(number: str) -> None:
    desk = given(with_number(value=Decimal(number)))
    assert str(desk.claim("d").quantities[0].value) == str(Decimal(number))


@pytest.mark.parametrize("number", ["1" + "0" * 30, "1e30", "1e999999", "1e-31", "0." + "1" * 31])
def test_a_number_of_more_digits_is_refused(number: str) -> None:
    command = with_number(value=Decimal(number))
    given().refuses(command, InvalidInput, "quantities[0].value")


@pytest.mark.parametrize(
    ("low", "high"), [(12, 12), (11, 13), (11, None), (None, 13), (None, None)]
)
def test_a_number_lies_within_its_range(low: int | None, high: int | None) -> None:
    bounds = {
        "low": None if low is None else Decimal(low),
        "high": None if high is None else Decimal(high),
    }
    desk = given(with_number(**bounds))
    assert desk.claim("d").quantities[0].high == bounds["high"]


@pytest.mark.parametrize(("low", "high"), [("12.1", None), (None, "11.9"), ("13", "11")])
def test_a_number_outside_its_range_is_refused(low: str | None, high: str | None) -> None:
    bounds = {"low": low and Decimal(low), "high": high and Decimal(high)}
    given().refuses(with_number(**bounds), InvalidInput, "quantities[0]")


def test_the_fields_of_a_correction_are_held_to_the_same() -> None:
    def correction(**fields: object) -> CorrectClaim:
        return CorrectClaim(claim="c", version=1, published_at="2024-08-02", **fields)  # type: ignore[arg-type]

    desk = given()
    nan = QuantityInput(label="length", value=Decimal("NaN"), unit="m")
    desk.refuses(correction(about="last week"), InvalidTime, "about")
    desk.refuses(correction(quantities=(nan,)), InvalidInput, "quantities[0].value")
    nobody = (StepInput(source="nobody"),)
    desk.refuses(correction(attribution=nobody), NotFound, "attribution[0].source")


def test_two_claims_of_one_statement_are_two() -> None:
    desk = given(claim())
    assert claim_id("c") != claim_id("d")
    assert desk.claim("c").report == desk.claim("d").report
