"""Erasing content on a legal ground: what goes, what stays, and what is refused."""

from datetime import timedelta

from domain.commands import (
    AddSourceAlias,
    AmendClaim,
    Batch,
    CorrectClaim,
    EraseClaim,
    EraseReport,
    EraseSource,
    MoveReport,
    NoticeInput,
    ReportClaim,
    RetractClaim,
    ReviewClaim,
    ReviseReport,
    WithdrawReport,
)
from domain.decide import decide
from domain.events import ClaimErased, ClaimRetracted, ReportErased, SourceErased
from domain.history import ALWAYS
from domain.refusals import AlreadyErased, AlreadyExists, InvalidInput, NotFound
from domain.words import ErasureGround, Rating, Status
from tests.domain.desk import NOW, OUT, claim_id, given, report_id, source_id

LAW = ErasureGround.COURT_ORDER
CORRECTED = CorrectClaim(claim="c", version=1, statement="21 metres.", published_at="2024-08-03")
RETRACTED = RetractClaim(claim="c", published_at="2024-08-04", notice=NoticeInput(text="Sorry."))
ERASE = EraseClaim(claim="c", ground=LAW, reference="7 O 12/26")


def test_erasing_a_claim_names_each_event_that_said_something() -> None:
    desk = given(CORRECTED, RETRACTED)
    assert desk.when(ERASE) == (ClaimErased(ground=LAW, reference="7 O 12/26", events=(1, 2, 3)),)


def test_what_says_nothing_is_not_erased() -> None:
    desk = given(RetractClaim(claim="c", published_at="2024-08-04"))
    assert desk.when(ERASE) == (ClaimErased(ground=LAW, reference="7 O 12/26", events=(1,)),)


def test_an_erased_claim_keeps_its_status_its_versions_and_its_times() -> None:
    desk = given(CORRECTED, RETRACTED)
    before = [desk.claim("c", f"2024-08-0{day}") for day in (2, 3, 5)]
    desk.when(ERASE)
    after = [desk.claim("c", f"2024-08-0{day}") for day in (2, 3, 5)]
    assert [state.statement for state in after] == [None, None, None]
    for was, now in zip(before, after, strict=True):
        assert (now.version, now.status, now.last_changed_at, now.report) == (
            was.version,
            was.status,
            was.last_changed_at,
            was.report,
        )
        assert [step.source for step in now.attribution] == [
            step.source for step in was.attribution
        ]


def test_an_erasure_makes_a_version_from_when_it_was_recorded_and_changes_no_time() -> None:
    desk = given(CORRECTED)
    desk.when(ERASE)
    assert desk.entries(claim_id())[-1].reported_at == NOW
    assert (desk.claim().version, desk.claim().last_changed_at) == (
        3,
        desk.claim("c", "2024-08-03").last_changed_at,
    )
    assert desk.claim("c", "2024-08-31").version == 2


def test_an_erasure_comes_after_a_claim_that_is_a_little_ahead_of_the_clock() -> None:
    desk = given()
    desk.world.now = OUT - timedelta(minutes=3)
    desk.when(ERASE)
    assert desk.entries(claim_id())[-1].reported_at == OUT
    assert desk.claim().version == 2


def test_a_claim_is_erased_once_and_what_came_after_it_again() -> None:
    desk = given(ERASE)
    desk.refuses(ERASE, AlreadyErased, "claim")
    desk.when(CorrectClaim(claim="c", version=2, statement="new", published_at="2024-09-01T12:00"))
    assert desk.claim().statement == "new"
    assert desk.when(ERASE) == (ClaimErased(ground=LAW, reference="7 O 12/26", events=(3,)),)
    assert desk.claim().statement is None


def test_the_place_of_an_erased_claim_is_taken() -> None:
    desk = given(ERASE)
    desk.refuses(ReportClaim(claim="c", report="r", statement="x"), AlreadyExists, "claim")


def test_what_is_not_in_the_record_cannot_be_erased() -> None:
    desk = given()
    desk.refuses(EraseClaim(claim="d", ground=LAW), NotFound, "claim")
    desk.refuses(EraseReport(report="d", ground=LAW), NotFound, "report")
    desk.refuses(EraseSource(source="d", ground=LAW), NotFound, "source")


def test_another_law_is_named() -> None:
    other = ErasureGround.OTHER_LAW
    desk = given()
    desk.refuses(EraseClaim(claim="c", ground=other), InvalidInput, "reference")
    desk.when(EraseClaim(claim="c", ground=other, reference="Press Act, section 9"))


def test_an_erasure_cannot_be_amended_and_an_erased_event_can() -> None:
    desk = given(CORRECTED, ERASE)
    desk.refuses(AmendClaim(claim="c", amends=3, void=True), InvalidInput, "amends")
    desk.when(AmendClaim(claim="c", amends=2, void=True))
    assert desk.claim().status is Status.STANDING


def test_an_erasure_is_not_recorded_within_a_batch() -> None:
    desk = given()
    desk.refuses(Batch((CORRECTED, ERASE)), InvalidInput, "commands[1]")  # type: ignore[arg-type]


def test_erasing_a_report_leaves_its_claims() -> None:
    desk = given(
        ReviseReport(report="r", headline="Bridge open", published_at="2024-08-02"),
        MoveReport(report="r", url="https://bbc.example/2", published_at="2024-08-03"),
    )
    erase = EraseReport(report="r", ground=LAW)
    assert desk.when(erase) == (ReportErased(ground=LAW, events=(1, 2, 3)),)
    report = desk.report()
    assert (report.ref, report.headline, report.urls) == (None, None, ())
    assert (report.version, report.outlet) == (4, source_id("bbc"))
    assert desk.claim().statement is not None
    desk.refuses(erase, AlreadyErased, "report")


def test_a_report_is_erased_with_its_claims_where_that_is_asked_for() -> None:
    desk = given(
        ReportClaim(claim="d", report="r", statement="x"), EraseClaim(claim="d", ground=LAW)
    )
    erase = EraseReport(report="r", ground=LAW, with_claims=True)
    decision = decide(desk.world, erase)
    assert [draft.subject for draft in decision.drafts] == [report_id(), claim_id("c")]
    assert decision.relies_on == ((claim_id("d"), 2),)
    assert decision.childless_since == ((report_id(), desk.children[report_id()].position),)
    desk.record(decision)
    desk.refuses(erase, AlreadyErased, "report")


def test_the_claims_of_an_erased_report_can_go_after_it() -> None:
    desk = given(EraseReport(report="r", ground=LAW))
    erase = EraseReport(report="r", ground=LAW, with_claims=True)
    assert desk.when(erase) == (
        ReportErased(ground=LAW, events=(), with_claims=True),
        ClaimErased(ground=LAW, events=(1,), with_report=report_id()),
    )


def test_the_notice_of_a_withdrawal_goes_from_the_claims_too() -> None:
    desk = given(
        WithdrawReport(
            report="r", published_at="2024-08-05", notice=NoticeInput(text="About the mayor.")
        )
    )
    events = desk.when(EraseReport(report="r", ground=LAW))
    assert events == (
        ReportErased(ground=LAW, events=(1, 2)),
        ClaimErased(ground=LAW, events=(2,), with_report=report_id()),
    )
    gone = desk.entries(claim_id())[1].event
    assert isinstance(gone, ClaimRetracted)
    assert gone.notice is not None
    assert gone.notice.text is None
    assert desk.claim().statement is not None


def test_erasing_a_source_takes_its_names_and_holds_at_every_reporting_time() -> None:
    desk = given(AddSourceAlias(source="mayor", alias="Hizzoner"))
    assert desk.when(EraseSource(source="mayor", ground=LAW)) == (
        SourceErased(ground=LAW, events=(1, 2)),
    )
    assert desk.entries(source_id("mayor"))[-1].reported_at == ALWAYS
    source = desk.source("mayor")
    assert (source.ref, source.name, source.aliases, source.version) == (None, None, (), 3)
    desk.refuses(EraseSource(source="mayor", ground=LAW), AlreadyErased, "source")


def test_a_review_keeps_its_rating() -> None:
    desk = given(
        ReviewClaim(
            claim="c",
            reviewer="checker",
            rating=Rating.FALSE,
            words="Invented",
            url="https://x.example",
            published_at="2024-08-05",
        ),
        ERASE,
    )
    (review,) = desk.claim().reviews
    assert (review.rating, review.words, review.url) == (Rating.FALSE, None, None)
