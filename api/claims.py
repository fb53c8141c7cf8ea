"""A claim as a GraphQL type, read off `projections.views.ClaimView`."""

from __future__ import annotations

from datetime import datetime

import strawberry
from strawberry import Info, Parent, field

from api.catalogue import REF, Node, Report, Source, Story
from api.events import claim_event
from api.history import ClaimEvent
from api.ids import global_id
from api.moments import Operation
from api.parts import AttributionStep, Quantity
from api.scalars import Edtf, Moment
from api.words import (
    ClaimKind,
    LinkKind,
    Party,
    Precision,
    Rating,
    RetractionNature,
    RetractionReason,
    Scope,
    Status,
)
from domain.claim import Link
from domain.ids import Subject
from projections.views import ClaimView


def claim_id(claim: Parent[ClaimView]) -> strawberry.ID:
    """The global id of a claim."""
    return strawberry.ID(global_id(Subject.CLAIM, claim.id))


def linked_claim_id(link: Parent[Link]) -> strawberry.ID:
    """The global id of the claim that a link leads to."""
    return strawberry.ID(global_id(Subject.CLAIM, link.to))


def claim_history(claim: Parent[ClaimView], info: Info[Operation, None]) -> list[ClaimEvent]:
    """The events of a claim, in the order in which they are folded."""
    items, named = info.context.history(claim.id)
    return [claim_event(item, named) for item in items]


@strawberry.type(description="How a claim was taken back.")
class Retraction:
    scope: Scope = field(description="Whether all of it, or a part.")
    nature: RetractionNature = field(description="In what way.")
    by: Party = field(description="Who took it back.")
    because: RetractionReason = field(description="Why, as far as it was said.")
    declared: bool = field(description="Whether a notice said so; if not, it was done silently.")
    part: str | None = field(description="Which part, where it was not all.")
    with_report: bool = field(description="Whether it went together with its whole report.")
    reported_at: datetime = field(description="The reporting time of the retraction.")


@strawberry.type(description="A claim's bearing on another claim.")
class ClaimLink:
    kind: LinkKind = field(description="How it bears on the other.")
    claim_id: strawberry.ID = field(
        resolver=linked_claim_id, description="The id of the other claim."
    )


@strawberry.type(
    description="A checker's finding about a claim. It is no act of the outlet's: a claim can be"
    " found false and stand, and be retracted although it was found true."
)
class Review:
    reviewer: Source = field(description="Who checked.")
    rating: Rating = field(description="The finding, brought to one scale.")
    words: str = field(description="The finding in the checker's own words.")
    url: str | None = field(description="Where the finding is published.")
    reported_at: datetime = field(description="The reporting time of the finding.")


@strawberry.type(
    description="One checkable statement carried by one report, as it stood at the moment asked"
    " about. Two outlets that carry the same statement make two claims."
)
class Claim(Node):
    id: strawberry.ID = field(resolver=claim_id, description="Names the claim. Opaque.")
    ref: str | None = field(description=REF)
    version: int = field(description="How many events have made it what it is; 1 when first out.")
    status: Status = field(description="What the outlet or the claimant has done about it.")
    contested: bool = field(
        description="Whether some claim that is not wholly retracted contradicts it."
    )
    reviewed: bool = field(description="Whether anybody's finding about it is on the record.")
    kind: ClaimKind = field(description="What sort of statement it makes.")
    statement: str = field(description="What it says.")
    language: str | None = field(description="The language of the statement, as it was given.")
    about: Edtf | None = field(description="What time it speaks of; null where that is not known.")
    attribution: list[AttributionStep] = field(
        description="On whose word: the chain of those who said it, outermost first. The outlet"
        " stands before it and is not repeated in it."
    )
    quantities: list[Quantity] = field(description="The numbers in it.")
    topics: list[str] = field(description="The topics it is filed under.")
    report: Report = field(description="The publication that carried it.")
    outlet: Source | None = field(
        description="Who published that report; null where that is not known."
    )
    story: Story | None = field(description="The running subject it belongs to, if any.")
    published_at: Moment | None = field(
        description="When it was first public, as it was given; null where nobody knows."
    )
    observed_at: Moment | None = field(description="When somebody first saw it, as it was given.")
    reported_at: datetime = field(
        description="When it was first reported: when it was public, or else when it was seen."
    )
    precision: Precision = field(description="How exactly that time is known.")
    last_changed_at: datetime = field(
        description="The reporting time of the last event that made it what it is."
    )
    declared_changes: int = field(description="How often its content changed with a notice.")
    silent_changes: int = field(description="How often its content changed without one.")
    concern_since: datetime | None = field(
        description="Since when its outlet holds it while it checks; null while it does not."
    )
    retraction: Retraction | None = field(
        description="How it was taken back; null while it was not."
    )
    links: list[ClaimLink] = field(description="How it bears on other claims.")
    reviews: list[Review] = field(description="What checkers have found about it.")
    history: list[ClaimEvent] = field(
        resolver=claim_history,
        description="What made it what it is, each event in turn, up to the moment asked about: in"
        " the order of their reporting times, and where those are equal of recording.",
    )

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, ClaimView)
