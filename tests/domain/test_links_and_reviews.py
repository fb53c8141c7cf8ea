"""The rules for how claims bear on each other, and for what checkers found."""

from domain.claim import Link, Review
from domain.commands import (
    AmendClaim,
    LinkClaims,
    PublishReport,
    ReportClaim,
    RetractClaim,
    ReviewClaim,
)
from domain.events import ClaimLinked, ClaimReviewed
from domain.refusals import (
    AlreadyLinked,
    InvalidTime,
    NotFound,
    NothingChanged,
    SelfReference,
)
from domain.words import ClaimKind, LinkKind, Rating, Status
from tests.domain.desk import Desk, claim_id, given, source_id, utc

DENIAL = (
    PublishReport(report="r2", outlet="mayor", published_at="2024-08-04T08:00Z"),
    ReportClaim(claim="d", report="r2", kind=ClaimKind.DENIAL, statement="Nothing is broken."),
)


def link(at: str | None = None, kind: LinkKind = LinkKind.CONTRADICTS) -> LinkClaims:
    return LinkClaims(claim="d", kind=kind, to="c", published_at=at)


def review(
    rating: Rating = Rating.FALSE, words: str = "Wrong", at: str = "2024-08-05"
) -> ReviewClaim:
    return ReviewClaim(claim="c", reviewer="checker", rating=rating, words=words, published_at=at)


def linked_at(desk: Desk) -> object:
    return desk.entries(claim_id("d"))[-1].reported_at


def test_a_denial_is_a_claim_that_contradicts_another() -> None:
    desk = given(*DENIAL)
    assert desk.when(link()) == (ClaimLinked(kind=LinkKind.CONTRADICTS, to=claim_id()),)
    assert desk.claim("d").links == (Link(kind=LinkKind.CONTRADICTS, to=claim_id()),)
    assert (desk.status("c"), desk.claim("c").links) == (Status.STANDING, ())


def test_a_link_without_a_time_holds_from_when_both_are_out() -> None:
    desk = given(*DENIAL, link())
    assert linked_at(desk) == utc(4, 8)
    desk.when(LinkClaims(claim="c", kind=LinkKind.SUPERSEDES, to="d"))
    assert desk.claim("c", "2024-08-03").links == ()
    assert desk.claim("c").links == (Link(kind=LinkKind.SUPERSEDES, to=claim_id("d")),)


def test_a_link_with_a_time_holds_from_then() -> None:
    desk = given(*DENIAL, link("2024-08-06"))
    assert linked_at(desk) == utc(6)
    seen = LinkClaims(claim="d", kind=LinkKind.REPEATS, to="c", observed_at="2024-08-07")
    desk.when(seen)
    assert linked_at(desk) == utc(7)


def test_a_link_cannot_hold_before_both_are_out() -> None:
    given(*DENIAL).refuses(link("2024-08-03"), InvalidTime, "published_at")


def test_a_claim_cannot_be_linked_to_itself() -> None:
    command = LinkClaims(claim="c", kind=LinkKind.REPEATS, to=str(claim_id()))
    given().refuses(command, SelfReference, "to")


def test_two_claims_are_linked_once_in_each_way() -> None:
    desk = given(*DENIAL, link())
    desk.refuses(link(), AlreadyLinked, "to")
    desk.refuses(link("2024-08-06"), AlreadyLinked, "to")
    desk.when(link(kind=LinkKind.SUPPORTS))
    assert len(desk.claim("d").links) == 2


def test_a_link_that_held_from_earlier_is_one_link() -> None:
    desk = given(*DENIAL, link("2024-08-06"), link())
    assert len(desk.claim("d", "2024-08-05").links) == len(desk.claim("d").links) == 1


def test_only_claims_in_the_record_are_linked() -> None:
    desk = given(*DENIAL)
    desk.refuses(LinkClaims(claim="x", kind=LinkKind.REPEATS, to="c"), NotFound, "claim")
    desk.refuses(LinkClaims(claim="c", kind=LinkKind.REPEATS, to="x"), NotFound, "to")


def test_a_link_that_we_recorded_wrongly_is_voided() -> None:
    desk = given(*DENIAL, link(), AmendClaim(claim="d", amends=2, void=True))
    assert desk.claim("d").links == ()
    desk.when(link())


def test_a_retracted_claim_can_be_linked() -> None:
    desk = given(*DENIAL, RetractClaim(claim="d", published_at="2024-08-05"))
    desk.when(link("2024-08-06"))
    assert len(desk.claim("d").links) == 1


def test_a_finding_is_kept_in_the_checkers_words_and_on_one_scale() -> None:
    desk = given()
    command = ReviewClaim(
        claim="c",
        reviewer="checker",
        rating=Rating.MOSTLY_FALSE,
        words="Half a bridge",
        url="https://checker.example/1",
        published_at="2024-08-05",
        observed_at="2024-08-06",
    )
    assert desk.when(command) == (
        ClaimReviewed(
            reviewer=source_id("checker"),
            rating=Rating.MOSTLY_FALSE,
            words="Half a bridge",
            url="https://checker.example/1",
            published_at="2024-08-05",
            observed_at="2024-08-06",
        ),
    )
    assert desk.claim().reviews == (
        Review(
            reviewer=source_id("checker"),
            rating=Rating.MOSTLY_FALSE,
            words="Half a bridge",
            url="https://checker.example/1",
            at=utc(5),
        ),
    )


def test_a_finding_is_not_an_act_of_the_outlet() -> None:
    desk = given(review())
    assert desk.status() is Status.STANDING
    desk.when(RetractClaim(claim="c", published_at="2024-08-06"))
    desk.when(review(Rating.TRUE, "Right after all", "2024-08-07"))
    assert desk.status() is Status.RETRACTED
    assert len(desk.claim().reviews) == 2


def test_a_checker_can_come_to_another_finding_and_back() -> None:
    desk = given(review())
    desk.refuses(review(at="2024-08-06"), NothingChanged, "rating")
    desk.when(review(words="Wrong, we still say", at="2024-08-06"))
    desk.when(review(Rating.TRUE, at="2024-08-07"))
    desk.when(review(at="2024-08-08"))
    assert len(desk.claim().reviews) == 4


def test_two_checkers_can_come_to_the_same_finding() -> None:
    desk = given(review())
    desk.when(
        ReviewClaim(
            claim="c",
            reviewer="bbc",
            rating=Rating.FALSE,
            words="Wrong",
            published_at="2024-08-05",
        )
    )
    assert len(desk.claim().reviews) == 2


def test_a_finding_that_is_learnt_late_is_held_against_those_of_then() -> None:
    desk = given(review(at="2024-08-06"))
    desk.when(review(at="2024-08-05"))
    assert [found.at for found in desk.claim().reviews] == [utc(5), utc(6)]


def test_who_checked_what_has_to_be_in_the_record() -> None:
    nobody = ReviewClaim(
        claim="c", reviewer="nobody", rating=Rating.TRUE, words="x", published_at="2024-08-05"
    )
    nothing = ReviewClaim(
        claim="x", reviewer="checker", rating=Rating.TRUE, words="x", published_at="2024-08-05"
    )
    given().refuses(nobody, NotFound, "reviewer")
    given().refuses(nothing, NotFound, "claim")


def test_a_claim_is_not_checked_before_it_was_out() -> None:
    given().refuses(review(at="2024-07-31"), InvalidTime, "published_at")
