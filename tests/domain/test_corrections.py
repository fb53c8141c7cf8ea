"""The rules for corrections, declared and silent."""

from decimal import Decimal
from typing import Any

import pytest

from domain.commands import (
    AmendClaim,
    CorrectClaim,
    NoticeInput,
    QuantityInput,
    QuantityKey,
    RetractClaim,
    ReviewClaim,
    StepInput,
)
from domain.events import ClaimCorrected
from domain.refusals import (
    AlreadyRetracted,
    InvalidInput,
    InvalidTime,
    NotFound,
    NothingChanged,
    StaleVersion,
)
from domain.values import (
    AboutChange,
    AttributionChange,
    KindChange,
    Notice,
    Quantity,
    QuantityChange,
    StatementChange,
    Step,
    TopicsChange,
)
from domain.words import ClaimKind, CorrectionNature, Rating, Scope, Status, Verb
from tests.domain.desk import REGRET, given, source_id, utc

FIRST = "12 metres have to be replaced."
METRES = QuantityKey(label="length", unit="m")
TWELVE = Quantity(label="length", value=Decimal(12), unit="m")
TWENTY_ONE = QuantityInput(label="length", value=Decimal(21), unit="m")


def correction(version: int = 1, at: str = "2024-08-03", **fields: object) -> CorrectClaim:
    return CorrectClaim(claim="c", version=version, published_at=at, **fields)  # type: ignore[arg-type]


def test_a_correction_names_what_it_changes_old_and_new() -> None:
    desk = given()
    command = correction(
        nature=CorrectionNature.CLARIFICATION,
        statement="21 metres.",
        kind=ClaimKind.FIGURE,
        about="2024-07",
        attribution=(StepInput(source="checker", verb=Verb.CLAIMED),),
        topics=("transport",),
        quantities=(TWENTY_ONE,),
        notice=NoticeInput(text="Wrong.", url="https://bbc.example/n", issuer="checker"),
        observed_at="2024-08-04",
    )
    assert desk.when(command) == (
        ClaimCorrected(
            nature=CorrectionNature.CLARIFICATION,
            version=1,
            changes=(
                StatementChange(old=FIRST, new="21 metres."),
                KindChange(old=ClaimKind.ASSERTION, new=ClaimKind.FIGURE),
                AboutChange(old=None, new="2024-07"),
                AttributionChange(
                    old=(Step(source=source_id("mayor"), verb=Verb.SAID),),
                    new=(Step(source=source_id("checker"), verb=Verb.CLAIMED),),
                ),
                TopicsChange(old=(), new=("transport",)),
                QuantityChange(
                    old=TWELVE, new=Quantity(label="length", value=Decimal(21), unit="m")
                ),
            ),
            notice=Notice(text="Wrong.", url="https://bbc.example/n", issuer=source_id("checker")),
            published_at="2024-08-03",
            observed_at="2024-08-04",
        ),
    )
    state = desk.claim()
    assert (state.version, state.statement, state.kind) == (2, "21 metres.", ClaimKind.FIGURE)
    assert (state.about, state.topics) == ("2024-07", ("transport",))
    assert [number.value for number in state.quantities] == [Decimal(21)]
    assert state.last_changed_at == utc(3)
    assert desk.claim(at="2024-08-02").statement == FIRST


def test_only_what_differs_is_recorded_and_the_rest_stays() -> None:
    desk = given()
    (event,) = desk.when(correction(statement=FIRST, about="2024"))
    assert isinstance(event, ClaimCorrected)
    assert event.changes == (AboutChange(old=None, new="2024"),)
    assert desk.claim().attribution[0].source == source_id("mayor")


@pytest.mark.parametrize(
    ("nature", "status"),
    [
        (CorrectionNature.CORRECTION, Status.CORRECTED),
        (CorrectionNature.CLARIFICATION, Status.CORRECTED),
        (CorrectionNature.UPDATE, Status.STANDING),
        (CorrectionNature.REFILE, Status.STANDING),
    ],
)
def test_only_what_says_that_it_was_wrong_makes_a_claim_corrected(
    nature: CorrectionNature, status: Status
) -> None:
    desk = given(correction(nature=nature, statement="x"))
    assert (desk.status(), desk.claim().version) == (status, 2)


def test_a_correction_with_a_notice_is_declared_and_one_without_is_silent() -> None:
    desk = given(
        correction(1, statement="one", notice=NoticeInput()),
        CorrectClaim(claim="c", version=2, statement="two", observed_at="2024-08-04"),
        correction(3, "2024-08-05", statement="three"),
    )
    state = desk.claim()
    assert (state.declared_changes, state.silent_changes, state.version) == (1, 2, 4)


def test_a_correction_changes_something() -> None:
    desk = given()
    desk.refuses(correction(), NothingChanged, "claim")
    desk.refuses(correction(statement=FIRST, notice=REGRET), NothingChanged, "claim")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("statement", FIRST),
        ("kind", ClaimKind.ASSERTION),
        ("about", None),
        ("attribution", (StepInput(source="mayor", verb=Verb.SAID),)),
        ("topics", ()),
        ("quantities", (QuantityInput(label="length", value=Decimal("12.00"), unit="m"),)),
    ],
)
def test_a_field_that_has_the_value_already_does_not_change(name: str, value: Any) -> None:
    given().refuses(correction(**{name: value}), NothingChanged, "claim")


def test_a_correction_names_the_version_that_stood() -> None:
    desk = given(correction(statement="x"))
    refusal = desk.refuses(correction(1, "2024-08-04", statement="y"), StaleVersion, "version")
    assert isinstance(refusal, StaleVersion)
    assert refusal.current == 2
    desk.refuses(correction(3, "2024-08-04", statement="y"), StaleVersion, "version")
    desk.when(correction(2, "2024-08-04", statement="y"))


def test_a_correction_that_is_learnt_late_names_the_version_of_then() -> None:
    desk = given(correction(1, "2024-08-05", statement="five"))
    late = desk.refuses(correction(2, "2024-08-03", statement="three"), StaleVersion, "version")
    assert isinstance(late, StaleVersion)
    assert late.current == 1
    (event,) = desk.when(correction(1, "2024-08-03", statement="three"))
    assert isinstance(event, ClaimCorrected)
    assert event.changes == (StatementChange(old=FIRST, new="three"),)
    assert desk.claim(at="2024-08-04").statement == "three"
    assert (desk.claim().statement, desk.claim().version) == ("five", 3)


def test_every_event_makes_a_version_not_only_corrections() -> None:
    review = ReviewClaim(
        claim="c",
        reviewer="checker",
        rating=Rating.FALSE,
        words="False",
        published_at="2024-08-02",
    )
    desk = given(review, AmendClaim(claim="c", amends=1, about="2024"))
    desk.refuses(correction(1, statement="x"), StaleVersion, "version")
    desk.when(correction(3, statement="x"))


def test_a_retracted_claim_is_not_corrected() -> None:
    desk = given(RetractClaim(claim="c", published_at="2024-08-03"))
    desk.refuses(correction(2, "2024-08-04", statement="x"), AlreadyRetracted, "claim")


def test_what_was_retracted_later_could_still_be_corrected_then() -> None:
    desk = given(RetractClaim(claim="c", published_at="2024-08-05"))
    desk.when(correction(1, "2024-08-03", statement="x"))
    assert desk.status("c", "2024-08-04") is Status.CORRECTED
    assert desk.status("c") is Status.RETRACTED
    assert desk.claim().statement == "x"


def test_a_claim_that_is_partly_retracted_can_be_corrected() -> None:
    desk = given(RetractClaim(claim="c", scope=Scope.PARTIAL, published_at="2024-08-02"))
    desk.when(correction(2, statement="x"))
    assert desk.status() is Status.PARTIALLY_RETRACTED


def test_only_a_claim_in_the_record_is_corrected() -> None:
    command = CorrectClaim(claim="x", version=1, statement="x", published_at="2024-08-03")
    given().refuses(command, NotFound, "claim")


def test_a_number_is_added_in_its_place_changed_and_removed() -> None:
    width = QuantityInput(label="width", value=Decimal(3), unit="m")
    desk = given(correction(1, quantities=(width,)))
    desk.when(correction(2, "2024-08-04", quantities=(TWENTY_ONE,)))
    assert [(q.label, q.value) for q in desk.claim().quantities] == [
        ("length", Decimal(21)),
        ("width", Decimal(3)),
    ]
    (event,) = desk.when(correction(3, "2024-08-05", remove_quantities=(METRES,)))
    assert isinstance(event, ClaimCorrected)
    assert event.changes[0] == QuantityChange(
        old=Quantity(label="length", value=Decimal(21), unit="m"), new=None
    )
    assert [q.label for q in desk.claim().quantities] == ["width"]


def test_only_a_number_of_the_claim_is_removed() -> None:
    feet = QuantityKey(label="length", unit="ft")
    command = correction(remove_quantities=(METRES, feet))
    given().refuses(command, NotFound, "remove_quantities[1]")


def test_a_number_is_not_both_changed_and_removed_nor_removed_twice() -> None:
    desk = given()
    both = correction(quantities=(TWENTY_ONE,), remove_quantities=(METRES,))
    desk.refuses(both, InvalidInput, "remove_quantities[0]")
    twice = correction(remove_quantities=(METRES, METRES))
    desk.refuses(twice, InvalidInput, "remove_quantities[1]")


def test_a_field_can_be_set_to_nothing() -> None:
    desk = given(correction(1, about="2024", topics=("transport",)))
    desk.when(correction(2, "2024-08-04", about=None, topics=(), attribution=()))
    state = desk.claim()
    assert (state.about, state.topics, state.attribution) == (None, (), ())


def test_a_correction_comes_after_the_claim() -> None:
    early = correction(1, "2024-08-01T09:00Z", statement="x")
    given().refuses(early, InvalidTime, "published_at")


def test_who_issued_the_notice_of_a_correction_has_to_be_in_the_record() -> None:
    command = correction(statement="x", notice=NoticeInput(issuer="nobody"))
    given().refuses(command, NotFound, "notice.issuer")
