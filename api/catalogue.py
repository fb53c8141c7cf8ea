"""Sources, stories and reports as GraphQL types."""

from __future__ import annotations

from datetime import datetime

import strawberry
from strawberry import field

from api.arguments import CLAIM_PAGE, PAGE
from api.erasure import Erasure, last_of
from api.fields import column, identity, one, written
from api.nested import (
    Claims,
    Reports,
    claims_of_report,
    claims_of_source,
    claims_of_story,
    reports_of_source,
    reports_of_story,
)
from api.scalars import Moment
from api.words import Precision, ReportKind, RetractionNature, RetractionReason, SourceKind
from domain.ids import Subject
from domain.words import Status

REF = (
    "The reference under which it was recorded; null where it was recorded under its id alone, or"
    " where that was erased."
)
ERASED = "When and on what ground content of it was last erased; null where none was."


@strawberry.interface(description="Something in the record that has an id.")
class Node:
    id: strawberry.ID = field(description="Names it; the same in every record. Opaque.")


@strawberry.type(
    description="A party that says or publishes: a person, an outlet, an agency, an official body,"
    " or somebody unnamed. One that was merged into another goes under that one's name."
)
class Source(Node):
    id: strawberry.ID = identity("{row}.canonical_id", Subject.SOURCE, "Names the source. Opaque.")
    ref: str | None = column("{row}.shown ->> 'ref'", REF)
    name: str | None = column(
        "nullif({row}.name, '')", "The name it goes by; null where it was erased."
    )
    kind: SourceKind = column("{row}.kind", "What it is.")
    aliases: list[str] = column("{row}.shown -> 'aliases'", "How it is also spelt.")
    url: str | None = column("{row}.shown ->> 'url'", "Where it is found on the web.")
    country: str | None = column(
        "{row}.shown ->> 'country'", "The country it belongs to, as it was given."
    )
    claims: Claims = written(
        claims_of_source,
        "The claims that it published, or that have it anywhere in their chain of attribution.",
        *CLAIM_PAGE,
    )
    reports: Reports = written(reports_of_source, "The reports that it published.", *PAGE)
    erased: Erasure | None = one(last_of(Subject.SOURCE, "canonical_id"), ERASED)


@strawberry.type(description="How a report was taken back as a whole.")
class Withdrawal:
    nature: RetractionNature = column("{row}.v ->> 'nature'", "In what way.")
    because: RetractionReason = column("{row}.v ->> 'because'", "Why, as far as it was said.")
    declared: bool = column(
        "({row}.v -> 'declared')", "Whether a notice said so; if not, it was done silently."
    )
    reported_at: datetime = column(
        "({row}.v ->> 'at')::timestamptz", "The reporting time of the withdrawal."
    )


@strawberry.type(description="One publication by an outlet. Claims are carried by reports.")
class Report(Node):
    id: strawberry.ID = identity("{row}.report_id", Subject.REPORT, "Names the report. Opaque.")
    ref: str | None = column("{row}.state ->> 'ref'", REF)
    outlet: Source | None = one(
        "read.sources {row} WHERE {row}.source_id = {parent}.outlet_id AND {known}",
        "Who published it; null where that is not known.",
    )
    kind: ReportKind = column("{row}.state ->> 'kind'", "What form it has.")
    headline: str | None = column("{row}.state ->> 'headline'", "Its headline.")
    byline: list[str] = column("{row}.state -> 'byline'", "Who wrote it, as printed.")
    credits: list[str] = column(
        "{row}.state -> 'credits'", "Who else is credited, such as an agency."
    )
    language: str | None = column(
        "{row}.state ->> 'language'", "The language it is in, as it was given."
    )
    caution: str | None = column(
        "{row}.state ->> 'caution'",
        "A standing warning to the reader that the report itself carries.",
    )
    urls: list[str] = column("{row}.state -> 'urls'", "Every address it has had, the newest first.")
    published_at: Moment | None = column(
        "{row}.state ->> 'published_at'",
        "When it was public, as it was given; null where nobody knows.",
    )
    observed_at: Moment | None = column(
        "{row}.state ->> 'observed_at'", "When somebody saw it, as it was given."
    )
    reported_at: datetime = column(
        "{row}.first_reported_at",
        "Its reporting time: when it was public, or else when it was seen.",
    )
    precision: Precision = column("{row}.precision", "How exactly its reporting time is known.")
    withdrawal: Withdrawal | None = one(
        "(SELECT {parent}.state -> 'withdrawal' AS v) {row} WHERE jsonb_typeof({row}.v) = 'object'",
        "How it was taken back as a whole; null while it was not.",
    )
    claims: Claims = written(claims_of_report, "The claims that it carries.", *CLAIM_PAGE)
    erased: Erasure | None = one(last_of(Subject.REPORT, "report_id"), ERASED)


def counted(condition: str) -> str:
    """The claims that fulfil a condition, counted by status."""
    by_status = "".join(
        f", count(*) FILTER (WHERE {{row}}.status = '{one}') AS {one}" for one in Status
    )
    return (
        f"(SELECT count(*) AS total{by_status}"
        f" FROM read.claims {{row}} WHERE {condition} AND {{held}}) {{row}}"
    )


@strawberry.type(description="How many claims there are, by status.")
class ClaimCounts:
    total: int = column("{row}.total", "All of them.")
    standing: int = column("{row}.standing", "Those that stand as first reported.")
    corrected: int = column("{row}.corrected", "Those that were corrected or clarified.")
    under_concern: int = column(
        "{row}.under_concern", "Those that their outlet holds while it checks."
    )
    partially_retracted: int = column(
        "{row}.partially_retracted", "Those of which a part was taken back."
    )
    retracted: int = column("{row}.retracted", "Those that were taken back.")


@strawberry.type(description="A running subject under which claims are gathered.")
class Story(Node):
    id: strawberry.ID = identity("{row}.story_id", Subject.STORY, "Names the story. Opaque.")
    slug: str = column("{row}.slug", "Its short name, as used in addresses.")
    title: str = column("{row}.title", "Its title.")
    summary: str | None = column(
        "{row}.state ->> 'summary'", "What it is about, in a sentence or two."
    )
    topics: list[str] = column("{row}.state -> 'topics'", "The topics it is filed under.")
    counts: ClaimCounts = one(
        counted("{row}.story_id = {parent}.story_id"),
        "Its claims by status, as of the moment asked about.",
    )
    claims: Claims = written(
        claims_of_story,
        "Its claims, page by page, those first reported last before the others.",
        *CLAIM_PAGE,
    )
    reports: Reports = written(
        reports_of_story, "The reports that carry its claims, page by page.", *PAGE
    )
