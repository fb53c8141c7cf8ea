"""The events of a claim as GraphQL types: what happened, when, and who recorded it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, ClassVar

import strawberry

from api.bearing import reach
from api.catalogue import Source
from api.changes import ClaimChange
from api.erasure import GROUND, REFERENCE
from api.event import Event
from api.fields import column, identity, many, one, written
from api.parts import IN_ORDER, AttributionStep, Quantity, elements, steps
from api.scalars import Edtf, Moment
from api.words import (
    ClaimKind,
    CorrectionNature,
    ErasureGround,
    LinkKind,
    Party,
    Precision,
    Rating,
    RetractionNature,
    RetractionReason,
    Scope,
)
from domain.ids import Subject

if TYPE_CHECKING:
    from api.claims import Claim

DECLARED = "Whether a notice said so; if not, it was done silently."
NOTICE = "The notice that said so; null where it was done silently."
OWN_NOTICE = "(SELECT {parent}.body -> 'notice' AS v) {row} WHERE {row}.v IS NOT NULL"
ERASES = "The `sequence` of each event whose content went."
FIRST_ERASED = "({row}.body ->> 'first_erased_at')::timestamptz"
FIRST = "When it was erased for the first time, where a restored backup had it again; else null."
CHANGES = elements("{parent}.body -> 'changes'")


@strawberry.type(description="What an outlet declared about its own earlier reporting.")
class Notice:
    text: str | None = column("{row}.v ->> 'text'", "What it said.")
    url: str | None = column("{row}.v ->> 'url'", "Where it is published.")
    issuer: Source | None = one(
        "read.sources {row} WHERE {row}.source_id = ({parent}.v ->> 'issuer')::uuid AND {known}",
        "Who issued it, where that was not the outlet.",
    )


@strawberry.interface(description="Something that happened to a claim.")
class ClaimEvent(Event):
    subject_id: strawberry.ID = identity("{row}.subject_id", Subject.CLAIM, "The id of the claim.")
    version: int = column("{row}.version", "The version of the claim that it made.")
    reported_at: datetime = column(
        "{row}.reported_at",
        "Its reporting time: when it was public, or else when it was seen. An amendment"
        " has that of the event which it amends.",
    )
    precision: Precision | None = column(
        "{row}.precision",
        "How exactly that time is known; null where none was given, and it counts from"
        " when what it rests on was out.",
    )
    published_at: Moment | None = column(
        "{row}.body ->> 'published_at'",
        "When it was public, as it was given; null where nobody knows, as with every silent edit.",
    )
    observed_at: Moment | None = column(
        "{row}.body ->> 'observed_at'", "When somebody saw it, as it was given."
    )
    voided: bool = column(
        "coalesce({row}.voided @> {head}, false)",
        "Whether an amendment had said, by the moment that the event is told at, that it never"
        " happened. Then it makes a version and changes nothing else.",
    )
    claim: Annotated[Claim, strawberry.lazy("api.claims")] | None = one(
        "read.claims {row} WHERE {row}.claim_id = {parent}.subject_id AND {held}",
        "The claim, at the moment that the event is told at; null where it was erased.",
    )


@strawberry.type(
    description="What became of the copies of a claim that were out when it was corrected. Each of"
    " them is counted in `repeats`, and in one of the other three."
)
class Reach:
    repeats: int = column(
        "{row}.repeats",
        "The claims, first reported by then, that repeat it, directly or through others.",
    )
    changed: int = column(
        "{row}.changed",
        "Those that are taken back, in part or wholly, or were corrected or clarified since.",
    )
    under_concern: int = column(
        "{row}.under_concern", "Those that their outlets hold while they check."
    )
    standing: int = column(
        "({row}.repeats - {row}.changed - {row}.under_concern)", "Those that still stand."
    )


@strawberry.interface(
    description="An event that changed what a claim says, whatever its nature, or took it back."
)
class Correction(ClaimEvent):
    declared: bool = column("({row}.body ? 'notice')", DECLARED)
    notice: Notice | None = one(OWN_NOTICE, NOTICE)
    lag: float = column(
        "extract(epoch FROM {row}.reported_at - (SELECT f.reported_at FROM read.events f"
        " WHERE f.subject_id = {row}.subject_id AND f.sequence = 1))::float8",
        "How long it took: seconds from when the claim was first reported to this, by their"
        " reporting times. It is as exact as the `precision` of the two.",
    )
    reach: Reach = written(
        reach,
        "Who had repeated the claim by then, and what became of that by the moment asked about.",
    )


@strawberry.type(description="A report carried the statement.")
class ClaimReported(ClaimEvent):
    when: ClassVar[str] = "{row}.type = 'claim.reported'"

    kind: ClaimKind = column(
        "coalesce({row}.body ->> 'kind', 'assertion')", "What sort of statement it made."
    )
    statement: str | None = column(
        "{row}.body ->> 'statement'", "What it said; null where it was erased."
    )
    about: Edtf | None = column(
        "{row}.body ->> 'about'", "What time it spoke of; null where not known."
    )
    attribution: list[AttributionStep] = many(
        steps("{parent}.body -> 'attribution'"),
        "On whose word, outermost first.",
        order=IN_ORDER,
    )
    quantities: list[Quantity] = many(
        elements("{parent}.body -> 'quantities'"),
        "The numbers in it.",
        order="{row}.n",
    )
    topics: list[str] = column(
        "coalesce({row}.body -> 'topics', '[]')", "The topics it was filed under."
    )


@strawberry.type(description="The claim's content changed. With no notice it is a silent edit.")
class ClaimCorrected(Correction):
    when: ClassVar[str] = "{row}.type = 'claim.corrected'"

    correction_nature: CorrectionNature = column(
        "coalesce({row}.body ->> 'nature', 'correction')", "Why it changed."
    )
    corrects_version: int = column("{row}.body ->> 'version'", "The version that it corrects.")
    changes: list[ClaimChange] = many(CHANGES, "What changed, field by field.", order="{row}.n")


@strawberry.type(description="The outlet holds the claim while it checks.")
class ConcernExpressed(ClaimEvent):
    when: ClassVar[str] = "{row}.type = 'claim.concern_expressed'"

    declared: bool = column("({row}.body ? 'notice')", DECLARED)
    notice: Notice | None = one(OWN_NOTICE, NOTICE)


@strawberry.type(description="The outlet checked, and lets the claim stand.")
class ConcernLifted(ClaimEvent):
    when: ClassVar[str] = "{row}.type = 'claim.concern_lifted'"

    declared: bool = column("({row}.body ? 'notice')", DECLARED)
    notice: Notice | None = one(OWN_NOTICE, NOTICE)


@strawberry.type(description="The outlet or the claimant took the claim back.")
class ClaimRetracted(Correction):
    when: ClassVar[str] = "{row}.type = 'claim.retracted'"

    scope: Scope = column(
        "coalesce({row}.body ->> 'scope', 'full')", "Whether all of it, or a part."
    )
    retraction_nature: RetractionNature = column(
        "coalesce({row}.body ->> 'nature', 'retraction')", "In what way."
    )
    by: Party = column("coalesce({row}.body ->> 'by', 'outlet')", "Who took it back.")
    because: RetractionReason = column(
        "coalesce({row}.body ->> 'because', 'not_stated')", "Why, as far as it was said."
    )
    part: str | None = column("{row}.body ->> 'part'", "Which part, where it was not all.")
    with_report: bool = column(
        "({row}.body ? 'with_report')", "Whether it went together with its whole report."
    )


@strawberry.type(description="A retraction was undone; or, where there was none, a concern.")
class ClaimReinstated(ClaimEvent):
    when: ClassVar[str] = "{row}.type = 'claim.reinstated'"

    declared: bool = column("({row}.body ? 'notice')", DECLARED)
    notice: Notice | None = one(OWN_NOTICE, NOTICE)


@strawberry.type(description="The claim was found to bear on another.")
class ClaimLinked(ClaimEvent):
    when: ClassVar[str] = "{row}.type = 'claim.linked'"

    link_kind: LinkKind = column("{row}.body ->> 'kind'", "How it bears on the other.")
    claim_id: strawberry.ID = identity(
        "({row}.body ->> 'to')::uuid", Subject.CLAIM, "The id of the other claim."
    )


@strawberry.type(description="Somebody checked the claim. A finding, not an act of the outlet.")
class ClaimReviewed(ClaimEvent):
    when: ClassVar[str] = "{row}.type = 'claim.reviewed'"

    reviewer: Source = one(
        "read.sources {row}"
        " WHERE {row}.source_id = ({parent}.body ->> 'reviewer')::uuid AND {known}",
        "Who checked.",
    )
    rating: Rating = column("{row}.body ->> 'rating'", "The finding, brought to one scale.")
    words: str | None = column(
        "{row}.body ->> 'words'",
        "The finding in the checker's own words; null where it was erased.",
    )
    url: str | None = column("{row}.body ->> 'url'", "Where the finding is published.")


@strawberry.type(
    description="The record was wrong about one of the claim's events. It changes what we know, not"
    " what was in print."
)
class ClaimAmended(ClaimEvent):
    when: ClassVar[str] = "{row}.type = 'claim.amended'"

    amends: int = column(
        "{row}.body ->> 'amends'", "The `sequence` of the event that was recorded wrongly."
    )
    voids: bool = column(
        "coalesce({row}.body -> 'void', 'false')", "Whether that event never happened."
    )
    changes: list[ClaimChange] = many(
        CHANGES, "What is set right, field by field.", order="{row}.n"
    )


@strawberry.type(
    description="Content of the claim was erased on a legal ground. It counts from when it was"
    " recorded, and changes nothing of what became of the claim."
)
class ClaimErased(ClaimEvent):
    when: ClassVar[str] = "{row}.type = 'claim.erased'"

    ground: ErasureGround = column("{row}.body ->> 'ground'", GROUND)
    reference: str | None = column("{row}.body ->> 'reference'", REFERENCE)
    erases: list[int] = column("{row}.body -> 'events'", ERASES)
    first_erased_at: datetime | None = column(FIRST_ERASED, FIRST)
    with_report: bool = column(
        "({row}.body ? 'with_report')", "Whether it went together with its report."
    )


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
    ClaimErased,
]
"""Nothing but the interface names them, so the schema is told of them."""
