"""What the rules do where a part of the history can no longer be read."""

from domain.commands import (
    AmendClaim,
    CorrectClaim,
    MergeSources,
    ReportClaim,
    RetractClaim,
    WithdrawReport,
)
from domain.decide import decide
from domain.refusals import AlreadyExists, NotFound
from tests.domain.desk import Desk, claim_id, given, report_id, source_id

CORRECTED = CorrectClaim(claim="c", version=1, statement="x", published_at="2024-08-03")
RETRACTED = RetractClaim(claim="c", published_at="2024-08-04")


def without(desk: Desk, *sequences: int) -> Desk:
    """The desk after these events of the claim were erased."""
    entries = desk.world.subjects[claim_id()]
    desk.world.lengths[claim_id()] = len(entries)
    desk.world.subjects[claim_id()] = [e for e in entries if e.sequence not in sequences]
    return desk


def test_erased_events_keep_their_numbers() -> None:
    for erased in (2, 3):
        desk = without(given(CORRECTED, RETRACTED), erased)
        command = AmendClaim(claim="c", amends=1, about="2024")
        (draft,) = decide(desk.world, command).drafts
        assert draft.sequence == 4


def test_an_amendment_finds_its_event_by_its_number() -> None:
    desk = without(given(CORRECTED, RETRACTED), 2)
    desk.refuses(AmendClaim(claim="c", amends=2, void=True), NotFound, "amends")
    (draft,) = decide(desk.world, AmendClaim(claim="c", amends=3, void=True)).drafts
    assert draft.reported_at == desk.entries(claim_id())[-1].reported_at


def test_a_claim_whose_first_event_is_erased_is_gone_but_its_place_is_taken() -> None:
    desk = without(given(CORRECTED), 1, 2)
    desk.refuses(RETRACTED, NotFound, "claim")
    again = ReportClaim(claim="c", report="r", statement="x")
    desk.refuses(again, AlreadyExists, "claim")


def test_a_withdrawal_passes_over_a_claim_that_is_gone() -> None:
    desk = without(given(), 1)
    decision = decide(desk.world, WithdrawReport(report="r", published_at="2024-08-03"))
    assert [draft.subject for draft in decision.drafts] == [report_id()]
    assert decision.relies_on == ((claim_id(), 1),)


def test_what_a_decision_relies_on_counts_erased_events_too() -> None:
    desk = given()
    desk.world.lengths |= {report_id(): 5, source_id("bbc"): 6}
    claim = ReportClaim(claim="d", report="r", statement="x")
    assert decide(desk.world, claim).relies_on == ((report_id(), 5),)
    merger = MergeSources(source="mayor", into="bbc")
    assert decide(desk.world, merger).relies_on == ((source_id("bbc"), 6),)
