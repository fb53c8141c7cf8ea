"""The events of a claim as GraphQL types: what happened, when, and who recorded it."""

from __future__ import annotations

from datetime import datetime

import strawberry
from strawberry import field

from api.catalogue import Source
from api.changes import ClaimChange
from api.parts import AttributionStep, Quantity
from api.scalars import Edtf, Moment, Position
from api.words import (
    ClaimKind,
    CorrectionNature,
    LinkKind,
    Party,
    Precision,
    Rating,
    RetractionNature,
    RetractionReason,
    Scope,
)

DECLARED = "Whether a notice said so; if not, it was done silently."
NOTICE = "The notice that said so; null where it was done silently."


@strawberry.type(description="What an outlet declared about its own earlier reporting.")
class Notice:
    text: str | None = field(description="What it said.")
    url: str | None = field(description="Where it is published.")
    issuer: Source | None = field(description="Who issued it, where that was not the outlet.")


@strawberry.interface(description="Something that happened to a claim.")
class ClaimEvent:
    sequence: int = field(
        description="Its place among the claim's events, from 1, in the order of recording."
    )
    version: int = field(description="The version of the claim that it made.")
    position: Position = field(description="Its place in the log.")
    recorded_at: datetime = field(description="When the log took it.")
    reported_at: datetime = field(
        description="Its reporting time: when it was public, or else when it was seen. An amendment"
        " has that of the event which it amends."
    )
    precision: Precision | None = field(
        description="How exactly that time is known; null where none was given, and it counts from"
        " when what it rests on was out."
    )
    published_at: Moment | None = field(
        description="When it was public, as it was given; null where nobody knows, as with every"
        " silent edit."
    )
    observed_at: Moment | None = field(description="When somebody saw it, as it was given.")
    actor: str = field(description="Who recorded it.")
    reason: str | None = field(description="Why it was recorded, in the actor's words.")
    voided: bool = field(
        description="Whether an amendment said later that it never happened. Then it makes a"
        " version and changes nothing else."
    )


@strawberry.type(description="A report carried the statement.")
class ClaimReported(ClaimEvent):
    kind: ClaimKind = field(description="What sort of statement it made.")
    statement: str = field(description="What it said.")
    about: Edtf | None = field(description="What time it spoke of; null where not known.")
    attribution: list[AttributionStep] = field(description="On whose word, outermost first.")
    quantities: list[Quantity] = field(description="The numbers in it.")
    topics: list[str] = field(description="The topics it was filed under.")


@strawberry.type(description="The claim's content changed. With no notice it is a silent edit.")
class ClaimCorrected(ClaimEvent):
    correction_nature: CorrectionNature = field(description="Why it changed.")
    corrects_version: int = field(description="The version that it corrects.")
    changes: list[ClaimChange] = field(description="What changed, field by field.")
    declared: bool = field(description=DECLARED)
    notice: Notice | None = field(description=NOTICE)


@strawberry.type(description="The outlet holds the claim while it checks.")
class ConcernExpressed(ClaimEvent):
    declared: bool = field(description=DECLARED)
    notice: Notice | None = field(description=NOTICE)


@strawberry.type(description="The outlet checked, and lets the claim stand.")
class ConcernLifted(ClaimEvent):
    declared: bool = field(description=DECLARED)
    notice: Notice | None = field(description=NOTICE)


@strawberry.type(description="The outlet or the claimant took the claim back.")
class ClaimRetracted(ClaimEvent):
    scope: Scope = field(description="Whether all of it, or a part.")
    retraction_nature: RetractionNature = field(description="In what way.")
    by: Party = field(description="Who took it back.")
    because: RetractionReason = field(description="Why, as far as it was said.")
    part: str | None = field(description="Which part, where it was not all.")
    with_report: bool = field(description="Whether it went together with its whole report.")
    declared: bool = field(description=DECLARED)
    notice: Notice | None = field(description=NOTICE)


@strawberry.type(description="A retraction was undone; or, where there was none, a concern.")
class ClaimReinstated(ClaimEvent):
    declared: bool = field(description=DECLARED)
    notice: Notice | None = field(description=NOTICE)


@strawberry.type(description="The claim was found to bear on another.")
class ClaimLinked(ClaimEvent):
    link_kind: LinkKind = field(description="How it bears on the other.")
    claim_id: strawberry.ID = field(description="The id of the other claim.")


@strawberry.type(description="Somebody checked the claim. A finding, not an act of the outlet.")
class ClaimReviewed(ClaimEvent):
    reviewer: Source = field(description="Who checked.")
    rating: Rating = field(description="The finding, brought to one scale.")
    words: str = field(description="The finding in the checker's own words.")
    url: str | None = field(description="Where the finding is published.")


@strawberry.type(
    description="The record was wrong about one of the claim's events. It changes what we know, not"
    " what was in print."
)
class ClaimAmended(ClaimEvent):
    amends: int = field(description="The `sequence` of the event that was recorded wrongly.")
    voids: bool = field(description="Whether that event never happened.")
    changes: list[ClaimChange] = field(description="What is set right, field by field.")


EVENT_TYPES: list[type] = [
    ClaimReported,
    ClaimCorrected,
    ConcernExpressed,
    ConcernLifted,
    ClaimRetracted,
    ClaimReinstated,
    ClaimLinked,
    ClaimReviewed,
    ClaimAmended,
]
"""Nothing but the interface names them, so the schema is told of them."""
