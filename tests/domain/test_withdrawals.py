"""The rules for reports that are taken back as a whole."""

from domain.claim import claim_as_of
from domain.commands import (
    AmendClaim,
    MoveReport,
    NoticeInput,
    PublishReport,
    ReinstateClaim,
    ReportClaim,
    RetractClaim,
    ReviseReport,
    WithdrawReport,
)
from domain.decide import decide
from domain.events import ClaimReported, ClaimRetracted, ReportWithdrawn
from domain.refusals import AlreadyRetracted, InvalidTime, NotFound
from domain.values import Notice
from domain.words import RetractionNature, RetractionReason, Scope, Status
from tests.domain.desk import REGRET, Desk, claim_id, given, report_id, source_id, utc

SECOND = ReportClaim(claim="d", report="r", statement="The bridge is closed.")
SEEN_LATER = ReportClaim(
    claim="d", report="r", statement="The bridge is closed.", observed_at="2024-08-05T12:00Z"
)
GONE = WithdrawReport(report="r", notice=REGRET, published_at="2024-08-03")


def times(desk: Desk, ref: str) -> list[object]:
    return [entry.reported_at for entry in desk.entries(claim_id(ref))]


def test_a_withdrawn_report_takes_each_standing_claim_with_it() -> None:
    desk = given(SECOND)
    command = WithdrawReport(
        report="r",
        nature=RetractionNature.REMOVAL,
        because=RetractionReason.LEGAL,
        notice=NoticeInput(text="Removed.", url="https://bbc.example/n", issuer="checker"),
        published_at="2024-08-03",
        observed_at="2024-08-04",
    )
    notice = Notice(text="Removed.", url="https://bbc.example/n", issuer=source_id("checker"))
    withdrawn, first, second = desk.when(command)
    assert withdrawn == ReportWithdrawn(
        nature=RetractionNature.REMOVAL,
        because=RetractionReason.LEGAL,
        notice=notice,
        published_at="2024-08-03",
        observed_at="2024-08-04",
    )
    assert (
        first
        == second
        == ClaimRetracted(
            scope=Scope.FULL,
            nature=RetractionNature.REMOVAL,
            because=RetractionReason.LEGAL,
            with_report=report_id(),
            notice=notice,
            published_at="2024-08-03",
            observed_at="2024-08-04",
        )
    )
    assert desk.status("c") is desk.status("d") is Status.RETRACTED
    assert desk.status("c", "2024-08-02") is Status.STANDING


def test_a_withdrawal_says_whether_it_was_declared() -> None:
    declared, silent = given(GONE), given(WithdrawReport(report="r", observed_at="2024-08-03"))
    for desk, expected in ((declared, True), (silent, False)):
        withdrawal = desk.report().withdrawal
        retraction = desk.claim().retraction
        assert withdrawal is not None
        assert retraction is not None
        assert withdrawal.declared is retraction.declared is expected
        assert withdrawal.at == retraction.at == utc(3)
        assert withdrawal.nature is RetractionNature.WITHDRAWAL


def test_a_report_is_withdrawn_once() -> None:
    again = WithdrawReport(report="r", published_at="2024-08-02")
    given(GONE).refuses(again, AlreadyRetracted, "report")


def test_only_a_report_in_the_record_is_withdrawn() -> None:
    given().refuses(WithdrawReport(report="x", published_at="2024-08-03"), NotFound, "report")


def test_a_report_cannot_be_withdrawn_before_it_was_published() -> None:
    early = WithdrawReport(report="r", published_at="2024-07-31")
    given().refuses(early, InvalidTime, "published_at")


def test_a_claim_that_was_retracted_before_is_left_as_it_is() -> None:
    desk = given(SECOND, RetractClaim(claim="c", published_at="2024-08-02"))
    assert len(desk.when(GONE)) == 2
    retraction = desk.claim("c").retraction
    assert retraction is not None
    assert (retraction.at, retraction.with_report) == (utc(2), None)


def test_a_claim_that_was_partly_retracted_is_taken_along() -> None:
    desk = given(RetractClaim(claim="c", scope=Scope.PARTIAL, published_at="2024-08-02"))
    desk.when(GONE)
    assert desk.status("c", "2024-08-02") is Status.PARTIALLY_RETRACTED
    assert desk.status("c") is Status.RETRACTED


def test_a_withdrawal_that_is_learnt_late_takes_along_what_stood_then() -> None:
    desk = given(RetractClaim(claim="c", published_at="2024-08-05"))
    desk.when(GONE)
    retraction = desk.claim().retraction
    assert retraction is not None
    assert (retraction.at, retraction.with_report) == (utc(3), report_id())


def test_a_withdrawal_takes_along_a_claim_that_had_been_reinstated() -> None:
    desk = given(
        RetractClaim(claim="c", published_at="2024-08-02"),
        ReinstateClaim(claim="c", published_at="2024-08-02"),
    )
    desk.when(GONE)
    assert desk.status() is Status.RETRACTED


def test_a_claim_first_seen_after_the_withdrawal_goes_as_soon_as_it_was_there() -> None:
    desk = given(SEEN_LATER)
    desk.when(GONE)
    assert desk.status("d") is Status.RETRACTED
    assert times(desk, "d") == [utc(5, 12), utc(5, 12)]
    assert times(desk, "c") == [utc(1, 10), utc(3)]


def test_a_claim_can_stand_again_in_a_withdrawn_report() -> None:
    desk = given(GONE, ReinstateClaim(claim="c", published_at="2024-08-04"))
    assert desk.status("c", "2024-08-03") is Status.RETRACTED
    assert desk.status("c") is Status.STANDING


def test_a_claim_added_to_a_withdrawn_report_is_retracted_with_it() -> None:
    desk = given(GONE)
    reported, retracted = desk.when(SECOND)
    assert isinstance(reported, ClaimReported)
    assert retracted == ClaimRetracted(
        nature=RetractionNature.WITHDRAWAL,
        with_report=report_id(),
        notice=Notice(text="We regret the error."),
        published_at="2024-08-03",
    )
    assert desk.status("d", "2024-08-02") is Status.STANDING
    assert desk.status("d") is Status.RETRACTED


def test_a_withdrawn_report_carries_no_new_claim() -> None:
    given(GONE).refuses(SEEN_LATER, AlreadyRetracted, "report")


def test_a_withdrawal_known_to_the_day_may_have_come_at_its_end() -> None:
    same_day = ReportClaim(claim="d", report="r", statement="x", observed_at="2024-08-03T12:00Z")
    late, early = given(GONE, same_day), given(same_day, GONE)
    for desk in (late, early):
        assert times(desk, "d") == [utc(3, 12), utc(3, 12)]
        assert desk.status("d") is Status.RETRACTED
    next_day = ReportClaim(claim="d", report="r", statement="x", observed_at="2024-08-04")
    given(GONE).refuses(next_day, AlreadyRetracted, "report")


def test_a_withdrawal_known_to_the_second_came_in_it() -> None:
    exactly = WithdrawReport(report="r", published_at="2024-08-03T12:00:00Z")
    desk = given(exactly)
    then = ReportClaim(claim="d", report="r", statement="x", observed_at="2024-08-03T12:00:00Z")
    after = ReportClaim(claim="e", report="r", statement="x", observed_at="2024-08-03T12:00:01Z")
    desk.when(then)
    desk.refuses(after, AlreadyRetracted, "report")


def test_a_withdrawn_report_can_still_be_revised_and_move() -> None:
    desk = given(GONE)
    desk.when(ReviseReport(report="r", caution="Withdrawn.", published_at="2024-08-03"))
    desk.when(MoveReport(report="r", url="https://bbc.example/old", observed_at="2024-08-04"))
    assert desk.report().caution == "Withdrawn."
    assert desk.report().withdrawal is not None


def test_claims_of_other_reports_stay() -> None:
    desk = given(
        PublishReport(report="other", published_at="2024-08-01"),
        ReportClaim(claim="o", report="other", statement="x"),
    )
    desk.when(GONE)
    assert desk.status("o") is Status.STANDING


def test_a_decision_to_withdraw_holds_only_while_no_claim_is_added_or_comes_back() -> None:
    desk = given(SECOND, RetractClaim(claim="c", published_at="2024-08-02"))
    decision = decide(desk.world, GONE)
    assert decision.childless_since == ((report_id(), desk.children[report_id()].position),)
    assert decision.relies_on == ((claim_id("c"), 2),)
    assert [draft.subject for draft in decision.drafts] == [report_id(), claim_id("d")]


def test_a_retraction_that_went_with_the_report_can_be_voided_for_one_claim() -> None:
    desk = given(SECOND, GONE)
    desk.when(AmendClaim(claim="d", amends=2, void=True))
    assert desk.status("d") is Status.STANDING
    assert desk.status("c") is Status.RETRACTED


def test_a_claim_relies_on_its_report_as_it_was_seen() -> None:
    desk = given(ReviseReport(report="r", caution="x", published_at="2024-08-02"))
    assert decide(desk.world, SECOND).relies_on == ((report_id(), 2),)
    assert claim_as_of(desk.entries(claim_id("d"))) is None
