"""What a mutation is given about claims."""

from __future__ import annotations

import strawberry
from strawberry import UNSET, field

from api.inputs import (
    STAYS,
    Asked,
    Noticed,
    QuantityInput,
    QuantityKey,
    StepInput,
    Timed,
)
from api.scalars import Edtf
from api.words import (
    ClaimKind,
    CorrectionNature,
    LinkKind,
    Party,
    Rating,
    RetractionNature,
    RetractionReason,
    Scope,
)

CLAIM = "The claim: its id, its UUID, or its reference."


@strawberry.input(
    description="Record that a report carried a statement. Without a time of its own it has the"
    " report's."
)
class ReportClaimInput(Timed):
    claim: strawberry.ID = field(
        description="The reference by which it will be found, or a UUID for it."
    )
    report: strawberry.ID = field(description="The report that carried it.")
    story: strawberry.ID | None = field(default=UNSET, description="The story it belongs to.")
    kind: ClaimKind | None = field(
        default=UNSET, description="What kind of statement it is. `ASSERTION` if left out."
    )
    statement: str = field(description="The statement.")
    language: str | None = field(default=UNSET, description="Its language (BCP 47).")
    about: Edtf | None = field(default=UNSET, description="What time it speaks of.")
    attribution: list[StepInput] | None = field(
        default=UNSET,
        description="On whose word: the chain of those who said it, outermost first, without the"
        " outlet.",
    )
    quantities: list[QuantityInput] | None = field(default=UNSET, description="Its numbers.")
    topics: list[str] | None = field(default=UNSET, description="What it is filed under.")


@strawberry.input
class Content:
    statement: str | None = field(default=UNSET, description="The new statement.")
    kind: ClaimKind | None = field(default=UNSET, description="The new kind.")
    about: Edtf | None = field(default=UNSET, description="What time it speaks of now." + STAYS)
    attribution: list[StepInput] | None = field(
        default=UNSET, description="The whole of the new chain of attribution."
    )
    quantities: list[QuantityInput] | None = field(
        default=UNSET, description="Numbers that are new or have another value."
    )
    remove_quantities: list[QuantityKey] | None = field(
        default=UNSET, description="Numbers that are gone."
    )
    topics: list[str] | None = field(default=UNSET, description="All its topics.")


@strawberry.input(
    description="Record that the content changed. Give the fields that are new; what is left out"
    " stays."
)
class CorrectClaimInput(Content, Noticed):
    claim: strawberry.ID = field(description=CLAIM)
    version: int = field(
        description="The version that is corrected: the latest when the correction was published."
    )
    nature: CorrectionNature | None = field(
        default=UNSET, description="In what way. `CORRECTION` if left out."
    )


@strawberry.input(description="Record that the outlet holds the claim while it checks.")
class ExpressConcernInput(Noticed):
    claim: strawberry.ID = field(description=CLAIM)


@strawberry.input(description="Record that the outlet checked, and lets the claim stand.")
class LiftConcernInput(Noticed):
    claim: strawberry.ID = field(description=CLAIM)


@strawberry.input(
    description="Record that the outlet or the claimant took the claim, or a part of it, back."
)
class RetractClaimInput(Noticed):
    claim: strawberry.ID = field(description=CLAIM)
    scope: Scope | None = field(default=UNSET, description="How much. `FULL` if left out.")
    nature: RetractionNature | None = field(
        default=UNSET, description="In what way. `RETRACTION` if left out."
    )
    by: Party | None = field(default=UNSET, description="Who took it back. `OUTLET` if left out.")
    because: RetractionReason | None = field(
        default=UNSET, description="Why, as far as it was said. `NOT_STATED` if left out."
    )
    part: str | None = field(default=UNSET, description="Which part, where it is one.")


@strawberry.input(
    description="Record that a retraction was undone; or, where there is none, a concern."
)
class ReinstateClaimInput(Noticed):
    claim: strawberry.ID = field(description=CLAIM)


@strawberry.input(
    description="Record how one claim bears on another. Without a time it holds as soon as both are"
    " out."
)
class LinkClaimsInput(Timed):
    claim: strawberry.ID = field(description=CLAIM)
    kind: LinkKind = field(description="How it bears on the other.")
    to: strawberry.ID = field(description="The other claim.")


@strawberry.input(description="Record a checker's finding about a claim.")
class ReviewClaimInput(Timed):
    claim: strawberry.ID = field(description=CLAIM)
    reviewer: strawberry.ID = field(description="Who checked it: a source.")
    rating: Rating = field(description="What they found.")
    words: str = field(description="Their finding in their own words.")
    url: str | None = field(default=UNSET, description="Where the review is found.")


@strawberry.input(
    description="Say that we had recorded one of a claim's events wrongly: what it should have"
    " said, or that it never happened."
)
class AmendClaimInput(Content, Asked):
    claim: strawberry.ID = field(description=CLAIM)
    amends: int = field(description="Which event of the claim, by its `sequence`.")
    void: bool | None = field(
        default=UNSET, description="`true`: it never happened. Then nothing else is given."
    )
    story: strawberry.ID | None = field(
        default=UNSET, description="The story it belongs to." + STAYS
    )
