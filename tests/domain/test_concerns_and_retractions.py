"""The rules for holding a claim, taking it back, and letting it stand again."""

import pytest

from domain.claim import Retraction
from domain.commands import (
    CorrectClaim,
    ExpressConcern,
    LiftConcern,
    NoticeInput,
    ReinstateClaim,
    RetractClaim,
)
from domain.events import ClaimReinstated, ClaimRetracted, ConcernExpressed, ConcernLifted
from domain.refusals import (
    AlreadyRetracted,
    AlreadyUnderConcern,
    InvalidInput,
    InvalidTime,
    NoConcern,
    NotFound,
    NothingToReinstate,
)
from domain.values import Notice
from domain.words import (
    CorrectionNature,
    Party,
    RetractionNature,
    RetractionReason,
    Scope,
    Status,
)
from tests.domain.desk import REGRET, given, source_id, utc


def concern(at: str = "2024-08-03") -> ExpressConcern:
    return ExpressConcern(claim="c", published_at=at)


def lift(at: str = "2024-08-04") -> LiftConcern:
    return LiftConcern(claim="c", published_at=at)


def retraction(at: str = "2024-08-03", **fields: object) -> RetractClaim:
    return RetractClaim(claim="c", published_at=at, **fields)  # type: ignore[arg-type]


def reinstatement(at: str = "2024-08-05") -> ReinstateClaim:
    return ReinstateClaim(claim="c", published_at=at)


def correction(nature: CorrectionNature, version: int, at: str) -> CorrectClaim:
    return CorrectClaim(
        claim="c", version=version, nature=nature, statement=nature, published_at=at
    )


def test_a_claim_is_put_on_hold() -> None:
    desk = given()
    notice = NoticeInput(text="We are checking.", issuer="checker")
    command = ExpressConcern(claim="c", notice=notice, published_at="2024-08-03")
    assert desk.when(command) == (
        ConcernExpressed(
            notice=Notice(text="We are checking.", issuer=source_id("checker")),
            published_at="2024-08-03",
        ),
    )
    assert desk.claim().concern_since == utc(3)
    assert desk.status() is Status.UNDER_CONCERN
    assert desk.status("c", "2024-08-02") is Status.STANDING


def test_a_claim_is_put_on_hold_once_at_a_time() -> None:
    desk = given(concern())
    desk.refuses(concern("2024-08-04"), AlreadyUnderConcern, "claim")
    desk.when(lift("2024-08-04"))
    desk.when(concern("2024-08-05"))
    assert desk.claim().concern_since == utc(5)


def test_a_retracted_claim_is_not_put_on_hold() -> None:
    given(retraction()).refuses(concern("2024-08-04"), AlreadyRetracted, "claim")


def test_what_was_not_on_hold_yet_could_be_put_on_hold_then() -> None:
    desk = given(concern("2024-08-05"))
    desk.when(concern("2024-08-03"))
    assert desk.claim().concern_since == utc(3)


def test_a_concern_is_lifted() -> None:
    desk = given(concern())
    command = LiftConcern(claim="c", notice=REGRET, published_at="2024-08-04")
    assert desk.when(command) == (
        ConcernLifted(notice=Notice(text="We regret the error."), published_at="2024-08-04"),
    )
    assert desk.status() is Status.STANDING
    assert desk.claim().concern_since is None


def test_there_has_to_be_a_concern_to_lift() -> None:
    given().refuses(lift(), NoConcern, "claim")
    given(concern(), lift()).refuses(lift("2024-08-05"), NoConcern, "claim")
    given(concern("2024-08-05")).refuses(lift("2024-08-04"), NoConcern, "claim")


@pytest.mark.parametrize("nature", [CorrectionNature.CORRECTION, CorrectionNature.CLARIFICATION])
def test_a_correction_ends_a_concern(nature: CorrectionNature) -> None:
    desk = given(concern(), correction(nature, 2, "2024-08-04"))
    assert desk.status("c", "2024-08-03") is Status.UNDER_CONCERN
    assert desk.status() is Status.CORRECTED
    desk.refuses(lift("2024-08-05"), NoConcern, "claim")


@pytest.mark.parametrize("nature", [CorrectionNature.UPDATE, CorrectionNature.REFILE])
def test_a_claim_stays_on_hold_when_it_is_updated_or_refiled(nature: CorrectionNature) -> None:
    desk = given(concern(), correction(nature, 2, "2024-08-04"))
    assert desk.status() is Status.UNDER_CONCERN


def test_a_retraction_ends_a_concern_for_good() -> None:
    desk = given(concern(), retraction("2024-08-04"))
    assert (desk.status(), desk.claim().concern_since) == (Status.RETRACTED, None)
    desk.when(reinstatement())
    assert desk.status() is Status.STANDING


def test_a_corrected_claim_under_concern_is_shown_as_under_concern() -> None:
    desk = given(correction(CorrectionNature.CORRECTION, 1, "2024-08-02"), concern())
    assert desk.status() is Status.UNDER_CONCERN
    desk.when(lift())
    assert desk.status() is Status.CORRECTED


def test_a_retraction_says_how_and_why() -> None:
    desk = given()
    command = retraction(
        scope=Scope.PARTIAL,
        nature=RetractionNature.REMOVAL,
        by=Party.CLAIMANT,
        because=RetractionReason.FABRICATION,
        part="The length.",
        notice=REGRET,
        observed_at="2024-08-04",
    )
    assert desk.when(command) == (
        ClaimRetracted(
            scope=Scope.PARTIAL,
            nature=RetractionNature.REMOVAL,
            by=Party.CLAIMANT,
            because=RetractionReason.FABRICATION,
            part="The length.",
            notice=Notice(text="We regret the error."),
            published_at="2024-08-03",
            observed_at="2024-08-04",
        ),
    )
    assert desk.claim().retraction == Retraction(
        scope=Scope.PARTIAL,
        nature=RetractionNature.REMOVAL,
        by=Party.CLAIMANT,
        because=RetractionReason.FABRICATION,
        declared=True,
        part="The length.",
        with_report=None,
        at=utc(3),
    )


def test_a_retracted_claim_stays_readable() -> None:
    desk = given(retraction())
    assert desk.status() is Status.RETRACTED
    assert desk.claim().statement == "12 metres have to be replaced."


def test_a_retraction_without_a_notice_is_silent_and_by_the_outlet() -> None:
    found = given(RetractClaim(claim="c", observed_at="2024-08-03")).claim().retraction
    assert found is not None
    assert (found.declared, found.by, found.scope) == (False, Party.OUTLET, Scope.FULL)
    assert found.because is RetractionReason.NOT_STATED


def test_the_claimant_can_take_a_claim_back() -> None:
    desk = given(retraction(by=Party.CLAIMANT))
    found = desk.claim().retraction
    assert found is not None
    assert (found.by, desk.status()) == (Party.CLAIMANT, Status.RETRACTED)


def test_a_retracted_claim_cannot_be_retracted_again() -> None:
    desk = given(retraction())
    desk.refuses(retraction("2024-08-04"), AlreadyRetracted, "claim")
    desk.refuses(retraction("2024-08-04", scope=Scope.PARTIAL), AlreadyRetracted, "claim")


def test_what_is_partly_taken_back_can_be_wholly_taken_back() -> None:
    desk = given(retraction(scope=Scope.PARTIAL, part="The length."))
    assert desk.status() is Status.PARTIALLY_RETRACTED
    desk.when(retraction("2024-08-04"))
    found = desk.claim().retraction
    assert found is not None
    assert (desk.status(), found.part, found.at) == (Status.RETRACTED, None, utc(4))


def test_another_part_can_be_taken_back() -> None:
    desk = given(retraction(scope=Scope.PARTIAL, part="The length."))
    desk.when(retraction("2024-08-04", scope=Scope.PARTIAL, part="The width."))
    found = desk.claim().retraction
    assert found is not None
    assert (found.scope, found.part) == (Scope.PARTIAL, "The width.")


def test_a_part_is_named_only_where_the_scope_is_partial() -> None:
    given().refuses(retraction(part="The length."), InvalidInput, "part")


def test_a_retraction_that_is_learnt_late_is_the_one_that_counts() -> None:
    desk = given(retraction("2024-08-05", because=RetractionReason.ERROR))
    desk.when(retraction("2024-08-03", because=RetractionReason.UNVERIFIED))
    found = desk.claim().retraction
    assert found is not None
    assert (found.at, found.because) == (utc(3), RetractionReason.UNVERIFIED)


def test_a_retraction_is_undone() -> None:
    desk = given(retraction())
    command = ReinstateClaim(claim="c", notice=REGRET, published_at="2024-08-05")
    assert desk.when(command) == (
        ClaimReinstated(notice=Notice(text="We regret the error."), published_at="2024-08-05"),
    )
    assert desk.status("c", "2024-08-04") is Status.RETRACTED
    assert desk.status() is Status.STANDING


def test_a_reinstated_claim_that_was_corrected_is_corrected() -> None:
    desk = given(correction(CorrectionNature.CORRECTION, 1, "2024-08-02"), retraction())
    desk.when(reinstatement())
    assert desk.status() is Status.CORRECTED


def test_a_partial_retraction_is_undone() -> None:
    desk = given(retraction(scope=Scope.PARTIAL), reinstatement())
    assert desk.claim().retraction is None


def test_reinstating_undoes_a_concern_where_there_is_no_retraction() -> None:
    desk = given(concern(), reinstatement())
    assert desk.status() is Status.STANDING


def test_a_claim_put_on_hold_after_a_partial_retraction_loses_the_retraction_first() -> None:
    desk = given(retraction("2024-08-02", scope=Scope.PARTIAL), concern())
    assert desk.status() is Status.PARTIALLY_RETRACTED
    desk.when(reinstatement("2024-08-04"))
    assert desk.status() is Status.UNDER_CONCERN
    desk.when(reinstatement("2024-08-05"))
    assert desk.status() is Status.STANDING


def test_there_has_to_be_something_to_undo() -> None:
    given().refuses(reinstatement(), NothingToReinstate, "claim")
    given(retraction(), reinstatement()).refuses(
        reinstatement("2024-08-06"), NothingToReinstate, "claim"
    )
    given(retraction("2024-08-06")).refuses(
        reinstatement("2024-08-05"), NothingToReinstate, "claim"
    )


def test_a_reinstated_claim_can_be_retracted_again() -> None:
    desk = given(retraction(), reinstatement(), retraction("2024-08-06"))
    found = desk.claim().retraction
    assert found is not None
    assert found.at == utc(6)


@pytest.mark.parametrize("act", [ExpressConcern, LiftConcern, RetractClaim, ReinstateClaim])
def test_every_act_is_about_a_claim_in_the_record_at_a_time_when_it_was_out(
    act: type[ExpressConcern | LiftConcern | RetractClaim | ReinstateClaim],
) -> None:
    desk = given()
    desk.refuses(act(claim="x", published_at="2024-08-03"), NotFound, "claim")
    desk.refuses(act(claim="c", published_at="2024-07-31"), InvalidTime, "published_at")
    desk.refuses(act(claim="c"), InvalidTime, "published_at")
    unknown = NoticeInput(issuer="nobody")
    before = [concern("2024-08-02")] if act in (LiftConcern, ReinstateClaim) else []
    given(*before).refuses(
        act(claim="c", notice=unknown, published_at="2024-08-03"), NotFound, "notice.issuer"
    )
