"""Sources, stories and reports as GraphQL types. Each is read off the view of the same name."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

import strawberry
from strawberry import Info, Parent, field

from api.ids import global_id
from api.scalars import Moment
from api.words import Precision, ReportKind, RetractionNature, RetractionReason, SourceKind, Status
from domain.ids import Subject
from projections.views import ReportView, SourceView, StoryView

REF = "The reference under which it was recorded; null where it was recorded under its id alone."


class Counting(Protocol):
    """What a story needs of the operation: its claims counted."""

    def counts(self, story: UUID) -> dict[Status, int]:
        """The claims of a story by status."""


@strawberry.interface(description="Something in the record that has an id.")
class Node:
    id: strawberry.ID = field(description="Names it; the same in every record. Opaque.")


def source_id(source: Parent[SourceView]) -> strawberry.ID:
    """The global id of a source."""
    return strawberry.ID(global_id(Subject.SOURCE, source.id))


def report_id(report: Parent[ReportView]) -> strawberry.ID:
    """The global id of a report."""
    return strawberry.ID(global_id(Subject.REPORT, report.id))


def story_id(story: Parent[StoryView]) -> strawberry.ID:
    """The global id of a story."""
    return strawberry.ID(global_id(Subject.STORY, story.id))


@strawberry.type(
    description="A party that says or publishes: a person, an outlet, an agency, an official body,"
    " or somebody unnamed. One that was merged into another goes under that one's name."
)
class Source(Node):
    id: strawberry.ID = field(resolver=source_id, description="Names the source. Opaque.")
    ref: str | None = field(description=REF)
    name: str = field(description="The name it goes by.")
    kind: SourceKind = field(description="What it is.")
    aliases: list[str] = field(description="How it is also spelt.")
    url: str | None = field(description="Where it is found on the web.")
    country: str | None = field(description="The country it belongs to, as it was given.")

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, SourceView)


@strawberry.type(description="How a report was taken back as a whole.")
class Withdrawal:
    nature: RetractionNature = field(description="In what way.")
    because: RetractionReason = field(description="Why, as far as it was said.")
    declared: bool = field(description="Whether a notice said so; if not, it was done silently.")
    reported_at: datetime = field(description="The reporting time of the withdrawal.")


@strawberry.type(description="One publication by an outlet. Claims are carried by reports.")
class Report(Node):
    id: strawberry.ID = field(resolver=report_id, description="Names the report. Opaque.")
    ref: str | None = field(description=REF)
    outlet: Source | None = field(description="Who published it; null where that is not known.")
    kind: ReportKind = field(description="What form it has.")
    headline: str | None = field(description="Its headline.")
    byline: list[str] = field(description="Who wrote it, as printed.")
    credits: list[str] = field(description="Who else is credited, such as an agency.")
    language: str | None = field(description="The language it is in, as it was given.")
    caution: str | None = field(
        description="A standing warning to the reader that the report itself carries."
    )
    urls: list[str] = field(description="Every address it has had, the newest first.")
    published_at: Moment | None = field(
        description="When it was public, as it was given; null where nobody knows."
    )
    observed_at: Moment | None = field(description="When somebody saw it, as it was given.")
    reported_at: datetime = field(
        description="Its reporting time: when it was public, or else when it was seen."
    )
    precision: Precision = field(description="How exactly its reporting time is known.")
    withdrawal: Withdrawal | None = field(
        description="How it was taken back as a whole; null while it was not."
    )

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, ReportView)


@strawberry.type(description="How many claims there are, by status.")
class ClaimCounts:
    total: int = field(description="All of them.")
    standing: int = field(description="Those that stand as first reported.")
    corrected: int = field(description="Those that were corrected or clarified.")
    under_concern: int = field(description="Those that their outlet holds while it checks.")
    partially_retracted: int = field(description="Those of which a part was taken back.")
    retracted: int = field(description="Those that were taken back.")


def claim_counts(counts: dict[Status, int]) -> ClaimCounts:
    """The counts with a zero for each status that no claim has."""
    return ClaimCounts(
        total=sum(counts.values()),
        standing=counts.get(Status.STANDING, 0),
        corrected=counts.get(Status.CORRECTED, 0),
        under_concern=counts.get(Status.UNDER_CONCERN, 0),
        partially_retracted=counts.get(Status.PARTIALLY_RETRACTED, 0),
        retracted=counts.get(Status.RETRACTED, 0),
    )


def story_counts(story: Parent[StoryView], info: Info[Counting, None]) -> ClaimCounts:
    """A story's claims by status. A story that comes with a claim comes uncounted."""
    return claim_counts(story.counts or info.context.counts(story.id))


@strawberry.type(description="A running subject under which claims are gathered.")
class Story(Node):
    id: strawberry.ID = field(resolver=story_id, description="Names the story. Opaque.")
    slug: str = field(description="Its short name, as used in addresses.")
    title: str = field(description="Its title.")
    summary: str | None = field(description="What it is about, in a sentence or two.")
    topics: list[str] = field(description="The topics it is filed under.")
    counts: ClaimCounts = field(
        resolver=story_counts, description="Its claims by status, as of the moment asked about."
    )

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, StoryView)
