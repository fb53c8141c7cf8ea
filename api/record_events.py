"""The events of sources, stories and reports as GraphQL types."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import strawberry

from api import moments
from api.catalogue import Report, Source, Story
from api.erasure import GROUND, REFERENCE
from api.event import Event
from api.fields import column, identity, one
from api.history import DECLARED, ERASES, FIRST, FIRST_ERASED, NOTICE, OWN_NOTICE, Notice
from api.scalars import Moment
from api.words import (
    ErasureGround,
    Precision,
    ReportKind,
    RetractionNature,
    RetractionReason,
    SourceKind,
)
from domain.ids import Subject


@strawberry.interface(
    description="Something became known about a source. It has no time of reporting."
)
class SourceEvent(Event):
    subject_id: strawberry.ID = identity(
        "{row}.subject_id",
        Subject.SOURCE,
        "The id of the source under which it was recorded, even if that was merged into another.",
    )
    source: Source | None = one(
        "read.sources {row} WHERE {row}.source_id = {parent}.subject_id AND {known}",
        "The source, under the name it goes by; null where that was erased.",
    )


@strawberry.type(description="A party that says or publishes things became known to the record.")
class SourceRegistered(SourceEvent):
    when: ClassVar[str] = "{row}.type = 'source.registered'"

    name: str | None = column(
        "{row}.body ->> 'name'", "The name it goes by; null where it was erased."
    )
    source_kind: SourceKind = column("{row}.body ->> 'kind'", "What it is.")
    url: str | None = column("{row}.body ->> 'url'", "Where it is found on the web.")
    country: str | None = column(
        "{row}.body ->> 'country'", "The country it belongs to, as it was given."
    )


@strawberry.type(description="A source is also spelt in another way.")
class SourceAliasAdded(SourceEvent):
    when: ClassVar[str] = "{row}.type = 'source.alias_added'"

    alias: str | None = column(
        "{row}.body ->> 'alias'", "How it is also spelt; null where it was erased."
    )


@strawberry.type(
    description="A source turned out to be the same party as another, under whose name it now goes."
)
class SourceMerged(SourceEvent):
    when: ClassVar[str] = "{row}.type = 'source.merged'"

    name: str | None = column(
        "(SELECT nullif(s.own_name, '') FROM read.sources s"
        " WHERE s.source_id = {row}.subject_id LIMIT 1)",
        "The name that it went by; null where it was erased.",
    )
    into: Source | None = one(
        "read.sources {row} WHERE {row}.source_id = ({parent}.body ->> 'into')::uuid AND {known}",
        "The source that it was merged into; null where that was erased.",
    )


@strawberry.type(
    description="The names of a source were erased on a legal ground. Claims that name it go on"
    " doing so."
)
class SourceErased(SourceEvent):
    when: ClassVar[str] = "{row}.type = 'source.erased'"

    ground: ErasureGround = column("{row}.body ->> 'ground'", GROUND)
    reference: str | None = column("{row}.body ->> 'reference'", REFERENCE)
    erases: list[int] = column("{row}.body -> 'events'", ERASES)
    first_erased_at: datetime | None = column(FIRST_ERASED, FIRST)


@strawberry.interface(
    description="Something became known about a story. It has no time of reporting."
)
class StoryEvent(Event):
    subject_id: strawberry.ID = identity("{row}.subject_id", Subject.STORY, "The id of the story.")
    story: Story | None = one(
        "read.stories {row} WHERE {row}.story_id = {parent}.subject_id AND {known}",
        "The story; null where it was erased.",
    )


@strawberry.type(description="A running subject was opened, under which claims are gathered.")
class StoryOpened(StoryEvent):
    when: ClassVar[str] = "{row}.type = 'story.opened'"

    slug: str = column("{row}.body ->> 'ref'", "Its short name, as used in addresses.")
    title: str = column("{row}.body ->> 'title'", "Its title.")
    summary: str | None = column(
        "{row}.body ->> 'summary'", "What it is about, in a sentence or two."
    )
    topics: list[str] = column(
        "coalesce({row}.body -> 'topics', '[]')", "The topics it was filed under."
    )


@strawberry.interface(description="Something that happened to a report.")
class ReportEvent(Event):
    subject_id: strawberry.ID = identity(
        "{row}.subject_id", Subject.REPORT, "The id of the report."
    )
    reported_at: datetime = column(
        "{row}.reported_at", "Its reporting time: when it was public, or else when it was seen."
    )
    precision: Precision | None = column(
        "{row}.precision",
        "How exactly that time is known; null where none was given, and it counts from"
        " when what it rests on was out.",
    )
    published_at: Moment | None = column(
        "{row}.body ->> 'published_at'",
        "When it was public, as it was given; null where nobody knows.",
    )
    observed_at: Moment | None = column(
        "{row}.body ->> 'observed_at'", "When somebody saw it, as it was given."
    )
    report: Report | None = one(
        "read.reports {row} WHERE {row}.report_id = {parent}.subject_id AND {held}",
        "The report; null where it was erased.",
    )


@strawberry.type(description="An outlet, or nobody knows who, published something.")
class ReportPublished(ReportEvent):
    when: ClassVar[str] = "{row}.type = 'report.published'"

    report_kind: ReportKind = column(
        "coalesce({row}.body ->> 'kind', 'article')", "What form it has."
    )
    outlet: Source | None = one(
        "read.sources {row} WHERE {row}.source_id = ({parent}.body ->> 'outlet')::uuid AND {known}",
        "Who published it; null where that is not known.",
    )
    headline: str | None = column("{row}.body ->> 'headline'", "Its headline.")
    byline: list[str] = column(
        "coalesce({row}.body -> 'byline', '[]')", "Who wrote it, as printed."
    )
    credits: list[str] = column(
        "coalesce({row}.body -> 'credits', '[]')", "Who else is credited, such as an agency."
    )
    language: str | None = column(
        "{row}.body ->> 'language'", "The language it is in, as it was given."
    )
    caution: str | None = column(
        "{row}.body ->> 'caution'",
        "A standing warning to the reader that the report itself carries.",
    )
    url: str | None = column("{row}.body ->> 'url'", "Where it was found.")


def from_then_on(what: str, otherwise: str = "NULL") -> str:
    """Something of the report of an event's row, as it was once that had happened. The event itself
    holds only what it changed."""
    then = moments.Moment("{row}.position", "{row}.reported_at").held("r")
    return (
        f"coalesce((SELECT r.state {what} FROM read.reports r"
        f" WHERE r.report_id = {{row}}.subject_id AND {then}), {otherwise})"
    )


@strawberry.type(
    description="What surrounds the claims of a report changed. All of it is told, with what stayed"
    " as it was."
)
class ReportRevised(ReportEvent):
    when: ClassVar[str] = "{row}.type = 'report.revised'"

    headline: str | None = column(from_then_on("->> 'headline'"), "Its headline from then on.")
    byline: list[str] = column(
        from_then_on("-> 'byline'", "'[]'"), "Who wrote it, as printed from then on."
    )
    credits: list[str] = column(
        from_then_on("-> 'credits'", "'[]'"), "Who else is credited from then on."
    )
    language: str | None = column(
        from_then_on("->> 'language'"), "The language it is in, as it was given."
    )
    caution: str | None = column(
        from_then_on("->> 'caution'"), "The warning that it carries from then on."
    )
    declared: bool = column("({row}.body ? 'notice')", DECLARED)
    notice: Notice | None = one(OWN_NOTICE, NOTICE)


@strawberry.type(description="The same publication was found at another address.")
class ReportMoved(ReportEvent):
    when: ClassVar[str] = "{row}.type = 'report.moved'"

    moved_to: str | None = column(
        "{row}.body ->> 'url'", "Where it is now found; null where it was erased."
    )


@strawberry.type(
    description="A whole publication was taken back, and with it every claim still standing in it."
)
class ReportWithdrawn(ReportEvent):
    when: ClassVar[str] = "{row}.type = 'report.withdrawn'"

    retraction_nature: RetractionNature = column(
        "coalesce({row}.body ->> 'nature', 'withdrawal')", "In what way."
    )
    because: RetractionReason = column(
        "coalesce({row}.body ->> 'because', 'not_stated')", "Why, as far as it was said."
    )
    declared: bool = column("({row}.body ? 'notice')", DECLARED)
    notice: Notice | None = one(OWN_NOTICE, NOTICE)


@strawberry.type(
    description="What surrounds the claims of a report was erased on a legal ground. It counts from"
    " when it was recorded."
)
class ReportErased(ReportEvent):
    when: ClassVar[str] = "{row}.type = 'report.erased'"

    ground: ErasureGround = column("{row}.body ->> 'ground'", GROUND)
    reference: str | None = column("{row}.body ->> 'reference'", REFERENCE)
    erases: list[int] = column("{row}.body -> 'events'", ERASES)
    first_erased_at: datetime | None = column(FIRST_ERASED, FIRST)
    with_claims: bool = column(
        "coalesce({row}.body -> 'with_claims', 'false')",
        "Whether what its claims say was erased with it.",
    )


RECORD_EVENT_TYPES: list[type] = [
    SourceRegistered,
    SourceAliasAdded,
    SourceMerged,
    SourceErased,
    StoryOpened,
    ReportPublished,
    ReportRevised,
    ReportMoved,
    ReportWithdrawn,
    ReportErased,
]
"""Nothing but the interfaces name them, so the schema is told of them."""
