"""A claim as a GraphQL type."""

from __future__ import annotations

from datetime import datetime

import strawberry

from api.catalogue import REF, Node, Report, Source, Story
from api.claim_filter import contradicted
from api.compiler import Field
from api.fields import column, identity, many, one, written
from api.history import ClaimEvent
from api.parts import IN_ORDER, AttributionStep, Quantity, elements, steps
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
from domain.ids import Subject


def is_contested(field: Field) -> str:
    """Whether a claim that is not wholly retracted contradicts the claim of the row."""
    return f"({contradicted(field, field.row)})::text"


HISTORY = (
    "(SELECT {row}.*, row_number() OVER (ORDER BY {row}.reported_at, {row}.position) AS version"
    " FROM read.events {row} WHERE {row}.subject_id = {parent}.claim_id AND {happened}) {row}"
)
"""The events of a claim that count, numbered in the order of the fold."""


@strawberry.type(description="How a claim was taken back.")
class Retraction:
    scope: Scope = column("{row}.v ->> 'scope'", "Whether all of it, or a part.")
    nature: RetractionNature = column("{row}.v ->> 'nature'", "In what way.")
    by: Party = column("{row}.v ->> 'by'", "Who took it back.")
    because: RetractionReason = column("{row}.v ->> 'because'", "Why, as far as it was said.")
    declared: bool = column(
        "({row}.v -> 'declared')", "Whether a notice said so; if not, it was done silently."
    )
    part: str | None = column("{row}.v ->> 'part'", "Which part, where it was not all.")
    with_report: bool = column(
        "({row}.v ->> 'with_report' IS NOT NULL)", "Whether it went together with its whole report."
    )
    reported_at: datetime = column(
        "({row}.v ->> 'at')::timestamptz", "The reporting time of the retraction."
    )


@strawberry.type(description="A claim's bearing on another claim.")
class ClaimLink:
    kind: LinkKind = column("{row}.v ->> 'kind'", "How it bears on the other.")
    claim_id: strawberry.ID = identity(
        "({row}.v ->> 'to')::uuid", Subject.CLAIM, "The id of the other claim."
    )


@strawberry.type(
    description="A checker's finding about a claim. It is no act of the outlet's: a claim can be"
    " found false and stand, and be retracted although it was found true."
)
class Review:
    reviewer: Source = one(
        "read.sources {row} WHERE {row}.source_id = ({parent}.v ->> 'reviewer')::uuid AND {known}",
        "Who checked.",
    )
    rating: Rating = column("{row}.v ->> 'rating'", "The finding, brought to one scale.")
    words: str = column("{row}.v ->> 'words'", "The finding in the checker's own words.")
    url: str | None = column("{row}.v ->> 'url'", "Where the finding is published.")
    reported_at: datetime = column(
        "({row}.v ->> 'at')::timestamptz", "The reporting time of the finding."
    )


@strawberry.type(
    description="One checkable statement carried by one report, as it stood at the moment asked"
    " about. Two outlets that carry the same statement make two claims."
)
class Claim(Node):
    id: strawberry.ID = identity("{row}.claim_id", Subject.CLAIM, "Names the claim. Opaque.")
    ref: str | None = column("{row}.state ->> 'ref'", REF)
    version: int = column(
        "{row}.version", "How many events have made it what it is; 1 when first out."
    )
    status: Status = column("{row}.status", "What the outlet or the claimant has done about it.")
    contested: bool = written(
        is_contested, "Whether some claim that is not wholly retracted contradicts it."
    )
    reviewed: bool = column(
        "{row}.reviewed", "Whether anybody's finding about it is on the record."
    )
    kind: ClaimKind = column("{row}.kind", "What sort of statement it makes.")
    statement: str = column("{row}.statement", "What it says.")
    language: str | None = column(
        "{row}.state ->> 'language'", "The language of the statement, as it was given."
    )
    about: Edtf | None = column(
        "{row}.state ->> 'about'", "What time it speaks of; null where that is not known."
    )
    attribution: list[AttributionStep] = many(
        steps("{parent}.state -> 'attribution'"),
        "On whose word: the chain of those who said it, outermost first. The outlet"
        " stands before it and is not repeated in it.",
        order=IN_ORDER,
    )
    quantities: list[Quantity] = many(
        elements("{parent}.state -> 'quantities'"),
        "The numbers in it.",
        order="{row}.n",
    )
    topics: list[str] = column("{row}.state -> 'topics'", "The topics it is filed under.")
    report: Report = one(
        "read.reports {row} WHERE {row}.report_id = {parent}.report_id AND {held}",
        "The publication that carried it.",
    )
    outlet: Source | None = one(
        "read.sources {row} WHERE {row}.source_id = {parent}.outlet_id AND {known}",
        "Who published that report; null where that is not known.",
    )
    story: Story | None = one(
        "read.stories {row} WHERE {row}.story_id = {parent}.story_id AND {known}",
        "The running subject it belongs to, if any.",
    )
    published_at: Moment | None = column(
        "{row}.state ->> 'published_at'",
        "When it was first public, as it was given; null where nobody knows.",
    )
    observed_at: Moment | None = column(
        "{row}.state ->> 'observed_at'", "When somebody first saw it, as it was given."
    )
    reported_at: datetime = column(
        "{row}.first_reported_at",
        "When it was first reported: when it was public, or else when it was seen.",
    )
    precision: Precision = column("{row}.precision", "How exactly that time is known.")
    last_changed_at: datetime = column(
        "{row}.last_changed_at", "The reporting time of the last event that made it what it is."
    )
    declared_changes: int = column(
        "{row}.declared_changes", "How often its content changed with a notice."
    )
    silent_changes: int = column(
        "{row}.silent_changes", "How often its content changed without one."
    )
    concern_since: datetime | None = column(
        "({row}.state ->> 'concern_since')::timestamptz",
        "Since when its outlet holds it while it checks; null while it does not.",
    )
    retraction: Retraction | None = one(
        "(SELECT {parent}.state -> 'retraction' AS v) {row} WHERE jsonb_typeof({row}.v) = 'object'",
        "How it was taken back; null while it was not.",
    )
    links: list[ClaimLink] = many(
        elements("{parent}.state -> 'links'"),
        "How it bears on other claims.",
        order="{row}.n",
    )
    reviews: list[Review] = many(
        elements("{parent}.state -> 'reviews'"),
        "What checkers have found about it.",
        order="{row}.n",
    )
    history: list[ClaimEvent] = many(
        HISTORY,
        "What made it what it is, each event in turn, up to the moment asked about: in"
        " the order of their reporting times, and where those are equal of recording.",
        order="{row}.reported_at, {row}.position",
    )
