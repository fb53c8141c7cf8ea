"""The rules for saying that we had recorded something wrongly."""

from decimal import Decimal

from domain.commands import (
    AmendClaim,
    CorrectClaim,
    QuantityInput,
    QuantityKey,
    RetractClaim,
    StepInput,
)
from domain.events import ClaimAmended
from domain.ids import Subject
from domain.refusals import InvalidInput, InvalidTime, NotFound, NothingChanged
from domain.values import (
    AboutChange,
    AttributionChange,
    KindChange,
    Quantity,
    QuantityChange,
    StatementChange,
    Step,
    StoryChange,
    TopicsChange,
)
from domain.words import ClaimKind, Status, Verb
from tests.domain.desk import claim_id, given, identity, source_id, utc

FIRST = "12 metres have to be replaced."
CORRECTED = CorrectClaim(claim="c", version=1, statement="21 metres.", published_at="2024-08-03")
RETRACTED = RetractClaim(claim="c", published_at="2024-08-04")


def amendment(amends: int = 1, **fields: object) -> AmendClaim:
    return AmendClaim(claim="c", amends=amends, **fields)  # type: ignore[arg-type]


def void(amends: int) -> AmendClaim:
    return AmendClaim(claim="c", amends=amends, void=True)


def test_an_amendment_names_what_it_changes_old_and_new() -> None:
    desk = given()
    command = amendment(
        statement="14 metres.",
        kind=ClaimKind.FIGURE,
        about="2024-07",
        attribution=(StepInput(source="checker", verb=Verb.INFERRED),),
        topics=("transport",),
        quantities=(QuantityInput(label="width", value=Decimal(3)),),
        remove_quantities=(QuantityKey(label="length", unit="m"),),
        story="bridge",
    )
    story = identity(Subject.STORY, "bridge")
    assert desk.when(command) == (
        ClaimAmended(
            amends=1,
            changes=(
                StatementChange(old=FIRST, new="14 metres."),
                KindChange(old=ClaimKind.ASSERTION, new=ClaimKind.FIGURE),
                AboutChange(old=None, new="2024-07"),
                AttributionChange(
                    old=(Step(source=source_id("mayor"), verb=Verb.SAID),),
                    new=(Step(source=source_id("checker"), verb=Verb.INFERRED),),
                ),
                TopicsChange(old=(), new=("transport",)),
                QuantityChange(old=None, new=Quantity(label="width", value=Decimal(3))),
                QuantityChange(old=Quantity(label="length", value=Decimal(12), unit="m"), new=None),
                StoryChange(old=None, new=story),
            ),
        ),
    )
    state = desk.claim()
    assert (state.statement, state.story, state.version) == ("14 metres.", story, 2)
    assert [number.label for number in state.quantities] == ["width"]


def test_an_amendment_is_no_correction() -> None:
    state = given(amendment(statement="14 metres.")).claim()
    assert state.status is Status.STANDING
    assert (state.declared_changes, state.silent_changes) == (0, 0)


def test_an_amendment_takes_effect_at_the_time_of_what_it_amends_from_its_own_position_on() -> None:
    desk = given(CORRECTED)
    known = desk.position
    desk.when(amendment(2, statement="22 metres."))
    assert desk.entries(claim_id())[-1].reported_at == utc(3)
    assert desk.claim(at="2024-08-02").statement == FIRST
    assert desk.claim(at="2024-08-03").statement == "22 metres."
    assert desk.claim(at="2024-08-03", position=known).statement == "21 metres."


def test_what_was_printed_later_stands_when_something_earlier_is_amended() -> None:
    desk = given(CORRECTED, amendment(1, statement="14 metres.", about="2024"))
    assert desk.claim(at="2024-08-02").statement == "14 metres."
    assert desk.claim().statement == "21 metres."
    assert desk.claim().about == "2024"


def test_an_amendment_changes_something() -> None:
    desk = given()
    desk.refuses(amendment(), NothingChanged, "claim")
    desk.refuses(amendment(statement=FIRST), NothingChanged, "claim")
    desk.refuses(amendment(story=None), NothingChanged, "claim")


def test_an_amendment_is_held_against_the_claim_as_it_stood_then() -> None:
    desk = given(CORRECTED)
    desk.refuses(amendment(1, statement=FIRST), NothingChanged, "claim")
    desk.refuses(amendment(2, statement="21 metres."), NothingChanged, "claim")
    desk.when(amendment(2, statement=FIRST))


def test_only_an_event_of_the_claim_is_amended() -> None:
    desk = given(CORRECTED)
    for number in (-1, 0, 3):
        desk.refuses(amendment(number, statement="x"), NotFound, "amends")
        desk.refuses(void(number), NotFound, "amends")
    desk.refuses(AmendClaim(claim="x", amends=1, statement="x"), NotFound, "claim")


def test_what_an_amendment_names_has_to_be_in_the_record() -> None:
    desk = given()
    nobody = (StepInput(source="nobody"),)
    desk.refuses(amendment(attribution=nobody), NotFound, "attribution[0].source")
    desk.refuses(amendment(story="nothing"), NotFound, "story")
    desk.refuses(amendment(about="last week"), InvalidTime, "about")


def test_a_story_can_be_taken_away_from_a_claim() -> None:
    desk = given(amendment(story="bridge"))
    desk.when(amendment(story=None))
    assert desk.claim().story is None


def test_an_event_that_never_happened_is_voided() -> None:
    desk = given(CORRECTED, RETRACTED)
    known = desk.position
    assert desk.when(void(3)) == (ClaimAmended(amends=3, void=True),)
    assert desk.status() is Status.CORRECTED
    assert desk.claim(position=known).status is Status.RETRACTED
    desk.when(void(2))
    state = desk.claim()
    assert (state.status, state.statement, state.silent_changes) == (Status.STANDING, FIRST, 0)


def test_what_is_void_is_still_a_version() -> None:
    assert given(CORRECTED, void(2)).claim().version == 3


def test_the_first_event_of_a_claim_cannot_be_voided() -> None:
    given().refuses(void(1), InvalidInput, "void")


def test_an_event_is_either_voided_or_changed() -> None:
    command = amendment(2, void=True, statement="x")
    given(CORRECTED).refuses(command, InvalidInput, "void")


def test_an_event_is_voided_once() -> None:
    given(CORRECTED, void(2)).refuses(void(2), NothingChanged, "amends")


def test_an_amendment_can_be_amended() -> None:
    desk = given(CORRECTED, amendment(2, statement="22 metres."))
    desk.when(amendment(3, statement="23 metres."))
    assert desk.entries(claim_id())[-1].reported_at == utc(3)
    assert desk.claim().statement == "23 metres."


def test_an_amendment_can_be_voided() -> None:
    desk = given(CORRECTED, amendment(2, statement="22 metres."), void(3))
    assert desk.claim().statement == "21 metres."


def test_voiding_what_made_an_event_void_brings_it_back() -> None:
    desk = given(RETRACTED, void(2))
    assert desk.status() is Status.STANDING
    desk.when(void(3))
    assert desk.status() is Status.RETRACTED
    desk.when(void(2))
    assert desk.status() is Status.STANDING


def test_what_we_said_about_an_event_goes_with_it_and_comes_back_with_it() -> None:
    desk = given(CORRECTED, amendment(2, statement="22 metres."), amendment(3, about="2024"))
    desk.when(void(2))
    assert (desk.claim().statement, desk.claim().about) == (FIRST, None)
    desk.when(void(5))
    assert (desk.claim().statement, desk.claim().about) == ("22 metres.", "2024")


def test_there_is_nothing_to_say_about_an_event_that_does_not_count() -> None:
    desk = given(CORRECTED, amendment(2, statement="22 metres."), void(2))
    desk.refuses(amendment(2, statement="x"), NothingChanged, "amends")
    desk.refuses(amendment(3, statement="x"), NothingChanged, "amends")
    desk.refuses(void(3), NothingChanged, "amends")


def test_a_correction_is_judged_by_what_we_now_know_stood_then() -> None:
    desk = given(RETRACTED, void(2))
    desk.when(CorrectClaim(claim="c", version=3, statement="x", published_at="2024-08-05"))
    assert desk.claim().statement == "x"


def test_voiding_is_judged_at_the_time_of_what_is_voided() -> None:
    late = CorrectClaim(claim="c", version=1, statement="20 metres.", published_at="2024-08-02")
    desk = given(CORRECTED, late, void(3))
    assert desk.entries(claim_id())[-1].reported_at == utc(2)
    assert desk.claim(at="2024-08-02").statement == FIRST
    assert desk.claim().statement == "21 metres."
