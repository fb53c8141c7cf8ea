"""A claim as a GraphQL type."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from api.arguments import CLAIM_PAGE
from api.bearing import counts_still, last_corrected, origins, taken_back
from api.catalogue import ERASED, REF, Node, Report, Source, Story
from api.claim_filter import contradicted
from api.compiler import Field
from api.erasure import Erasure, last_of
from api.fields import argument, column, identity, many, one, within, written
from api.history import ClaimEvent, Correction
from api.json_sql import leaf_sql, list_sql
from api.nested import Claims, bearing, repeated_by
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
    return f"({contradicted(field.row, field.moment)})::text"


HISTORY = (
    "(SELECT {row}.*, row_number() OVER (ORDER BY {row}.reported_at, {row}.position) AS version"
    " FROM read.events {row} WHERE {row}.subject_id = {parent}.claim_id AND {happened}) {row}"
)
"""The events of a claim that count, numbered in the order of the fold."""


def corrections(field: Field) -> str:
    """Those of a claim's events that changed what it says, or took it back."""
    row = field.compiling.row()
    return list_sql(
        f"SELECT {field.element(row)} FROM {field.rows(HISTORY, row)}"
        f" WHERE {row}.type IN ('claim.corrected', 'claim.retracted')"
        f" AND {counts_still(row, field.moment)} ORDER BY {row}.reported_at, {row}.position"
    )


def warnings(field: Field) -> str:
    """The origins of a claim that no longer stand as they were first reported."""
    row = field.compiling.row()
    return list_sql(
        f"SELECT {field.element(row)} FROM read.claims {row}"
        f" WHERE {row}.claim_id = ANY ({origins(f'{field.row}.claim_id', field.moment)})"
        f" AND {row}.status <> '{Status.STANDING.value}' AND {field.moment.held(row)}"
        f" ORDER BY {row}.first_reported_at, {row}.claim_id"
    )


def warned_since(field: Field) -> str:
    """Since when a claim has the status that it has."""
    row = field.row
    return leaf_sql(
        field.definition.type,
        f"(CASE {row}.status WHEN '{Status.CORRECTED.value}'"
        f" THEN {last_corrected(row, field.moment)}"
        f" WHEN '{Status.UNDER_CONCERN.value}' THEN ({row}.state ->> 'concern_since')::timestamptz"
        f" ELSE {taken_back(row)} END)",
    )


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
    claim: Annotated[Claim, strawberry.lazy("api.claims")] | None = one(
        "read.claims {row} WHERE {row}.claim_id = ({parent}.v ->> 'to')::uuid AND {held}",
        "The other claim; null where it cannot be read any more.",
    )


@strawberry.type(
    description="What a claim rests on no longer stands as it was first reported: it repeats,"
    " directly or through others, a claim that was corrected or taken back, or is under concern."
)
class OriginWarning:
    origin: Annotated[Claim, strawberry.lazy("api.claims")] = within("The claim that it repeats.")
    status: Status = column("{row}.status", "What became of that claim.")
    since: datetime = written(
        warned_since,
        "The reporting time of what made it so: of the retraction, of the concern, or of the last"
        " correction or clarification. Compare it with what has been done about this claim.",
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
    words: str | None = column(
        "{row}.v ->> 'words'", "The finding in the checker's own words; null where it was erased."
    )
    url: str | None = column("{row}.v ->> 'url'", "Where the finding is published.")
    reported_at: datetime = column(
        "({row}.v ->> 'at')::timestamptz", "The reporting time of the finding."
    )


STANDING = argument(
    "standing",
    bool | None,
    "`true`: only copies that still stand although this claim was corrected or taken back, which"
    " is to say that they are not taken back themselves, nor under concern, nor corrected or"
    " clarified since this claim last was. `false`: only the others.",
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
    statement: str | None = column(
        "{row}.statement", "What it says; null where that was erased, see `erased`."
    )
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
    contradicted_by: Claims = written(
        bearing(LinkKind.CONTRADICTS),
        "The claims that contradict it, those that were taken back included.",
        *CLAIM_PAGE,
    )
    supported_by: Claims = written(
        bearing(LinkKind.SUPPORTS),
        "The claims that support it, those that were taken back included.",
        *CLAIM_PAGE,
    )
    superseded_by: Claims = written(
        bearing(LinkKind.SUPERSEDES), "The claims that take its place.", *CLAIM_PAGE
    )
    repeated_by: Claims = written(
        repeated_by,
        "Its copies: the claims that repeat it, directly or through others. Each comes once, and"
        " never the claim itself.",
        STANDING,
        *CLAIM_PAGE,
    )
    warnings: list[OriginWarning] = written(
        warnings,
        "What has become of its origins, the claims that it repeats directly or through others:"
        " those that were corrected or taken back, or are under concern, the first reported"
        " before the others. What merely supports it is not among them: see `supportedBy`.",
    )
    reviews: list[Review] = many(
        elements("{parent}.state -> 'reviews'"),
        "What checkers have found about it.",
        order="{row}.n",
    )
    erased: Erasure | None = one(last_of(Subject.CLAIM, "claim_id"), ERASED)
    history: list[ClaimEvent] = many(
        HISTORY,
        "What made it what it is, each event in turn, up to the moment asked about: in"
        " the order of their reporting times, and where those are equal of recording.",
        order="{row}.reported_at, {row}.position",
    )
    corrections: list[Correction] = written(
        corrections,
        "Those events of its history that changed what it says, or took it back, each with how long"
        " it took and how far it has reached. One that was amended away is not among them, one"
        " that was undone later is.",
    )
