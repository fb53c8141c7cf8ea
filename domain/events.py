"""Events: facts about reporting, in the trade's words, that never change once recorded.

Each one belongs to one subject's stream (a source, a report, a story or a claim). `published_at`
and `observed_at` hold a time as it was given; the instant they count from, the recording moment,
the actor and the reason stand beside the event in the log (see `domain.history.Entry`).

A text that every event of a sort has, such as a statement, is None where it was erased
(`domain.remains`), and nowhere else.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, get_args
from uuid import UUID

from msgspec import Struct

from domain.values import Change, Line, Notice, Quantity, Step, Text, Url
from domain.words import (
    ClaimKind,
    CorrectionNature,
    ErasureGround,
    LinkKind,
    Party,
    Rating,
    ReportKind,
    RetractionNature,
    RetractionReason,
    Scope,
    SourceKind,
)


class Event(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="type",
    gc=False,
):
    """A fact. `type` in its JSON says which; `schema` is the version of its shape."""

    schema: int = 1


class SourceRegistered(Event, tag="source.registered", frozen=True, kw_only=True):
    """A party that says or publishes things became known to the record."""

    ref: Line | None = None
    name: Line | None
    kind: SourceKind
    url: Url | None = None
    country: Line | None = None


class SourceAliasAdded(Event, tag="source.alias_added", frozen=True, kw_only=True):
    """The source is also spelt this way."""

    alias: Line | None


class SourceMerged(Event, tag="source.merged", frozen=True, kw_only=True):
    """The source turned out to be the same party as another, under whose name it now goes."""

    into: UUID


class StoryOpened(Event, tag="story.opened", frozen=True, kw_only=True):
    """A running subject was opened, under which claims are gathered."""

    ref: Line
    title: Line
    summary: Text | None = None
    topics: tuple[Line, ...] = ()


class ReportPublished(Event, tag="report.published", frozen=True, kw_only=True):
    """An outlet, or nobody knows who, published something."""

    ref: Line | None = None
    outlet: UUID | None = None
    kind: ReportKind = ReportKind.ARTICLE
    headline: Line | None = None
    byline: tuple[Line, ...] = ()
    credits: tuple[Line, ...] = ()
    language: Line | None = None
    url: Url | None = None
    caution: Text | None = None
    """A standing warning to the reader that the report itself carries."""
    published_at: str | None = None
    observed_at: str | None = None


ReportField = Literal["headline", "byline", "credits", "language", "caution"]

REPORT_FIELDS: Final[tuple[ReportField, ...]] = get_args(ReportField)


class ReportRevised(Event, tag="report.revised", frozen=True, kw_only=True):
    """What surrounds the claims changed: headline, byline, credits, language, caution."""

    fields: tuple[ReportField, ...] = ()
    """Which of them; the others stay. Where none is named, all five are as they are given here."""
    headline: Line | None = None
    byline: tuple[Line, ...] = ()
    credits: tuple[Line, ...] = ()
    language: Line | None = None
    caution: Text | None = None
    notice: Notice | None = None
    published_at: str | None = None
    observed_at: str | None = None


class ReportMoved(Event, tag="report.moved", frozen=True, kw_only=True):
    """The same publication is now found at another address."""

    url: Url | None
    published_at: str | None = None
    observed_at: str | None = None


class ReportWithdrawn(Event, tag="report.withdrawn", frozen=True, kw_only=True):
    """The whole publication was taken back, and with it every claim still standing in it."""

    nature: RetractionNature = RetractionNature.WITHDRAWAL
    because: RetractionReason = RetractionReason.NOT_STATED
    notice: Notice | None = None
    published_at: str | None = None
    observed_at: str | None = None


class ClaimReported(Event, tag="claim.reported", frozen=True, kw_only=True):
    """A report carried a checkable statement."""

    ref: Line | None = None
    report: UUID
    story: UUID | None = None
    kind: ClaimKind = ClaimKind.ASSERTION
    statement: Text | None
    language: Line | None = None
    about: Line | None = None
    attribution: tuple[Step, ...] = ()
    quantities: tuple[Quantity, ...] = ()
    topics: tuple[Line, ...] = ()
    published_at: str | None = None
    observed_at: str | None = None


class ClaimCorrected(Event, tag="claim.corrected", frozen=True, kw_only=True):
    """The claim's content changed. With no notice it is a silent edit."""

    nature: CorrectionNature = CorrectionNature.CORRECTION
    version: int
    """The version that it corrects."""
    changes: tuple[Change, ...]
    notice: Notice | None = None
    published_at: str | None = None
    observed_at: str | None = None


class ConcernExpressed(Event, tag="claim.concern_expressed", frozen=True, kw_only=True):
    """The outlet holds the claim while it checks."""

    notice: Notice | None = None
    published_at: str | None = None
    observed_at: str | None = None


class ConcernLifted(Event, tag="claim.concern_lifted", frozen=True, kw_only=True):
    """The outlet checked, and lets the claim stand."""

    notice: Notice | None = None
    published_at: str | None = None
    observed_at: str | None = None


class ClaimRetracted(Event, tag="claim.retracted", frozen=True, kw_only=True):
    """The outlet or the claimant took the claim back. It stays readable, marked as retracted."""

    scope: Scope = Scope.FULL
    nature: RetractionNature = RetractionNature.RETRACTION
    by: Party = Party.OUTLET
    because: RetractionReason = RetractionReason.NOT_STATED
    part: Text | None = None
    """Which part, where the scope is partial."""
    with_report: UUID | None = None
    """The report whose withdrawal took the claim with it."""
    notice: Notice | None = None
    published_at: str | None = None
    observed_at: str | None = None


class ClaimReinstated(Event, tag="claim.reinstated", frozen=True, kw_only=True):
    """A retraction was undone; or, where there was none, a concern."""

    notice: Notice | None = None
    published_at: str | None = None
    observed_at: str | None = None


class ClaimLinked(Event, tag="claim.linked", frozen=True, kw_only=True):
    """This claim repeats, supports, contradicts or supersedes another."""

    kind: LinkKind
    to: UUID
    published_at: str | None = None
    observed_at: str | None = None


class ClaimReviewed(Event, tag="claim.reviewed", frozen=True, kw_only=True):
    """Somebody else checked the claim. A finding, not an act of the outlet."""

    reviewer: UUID
    rating: Rating
    words: Line | None
    """The rating in the checker's own words."""
    url: Url | None = None
    published_at: str | None = None
    observed_at: str | None = None


class ClaimAmended(Event, tag="claim.amended", frozen=True, kw_only=True):
    """We had recorded it wrongly. It changes what we know, not what was in print.

    It takes effect at the reporting time of the event that it amends.
    """

    amends: int
    """Which of the claim's events, counted from 1 in the order of recording."""
    void: bool = False
    """The event never happened; the claim is folded without it."""
    changes: tuple[Change, ...] = ()


class Erased(Event, frozen=True, kw_only=True):
    """What some events of this subject said was erased, on a legal ground. That they stand in the
    log, when, and what became of the subject stay. Nothing of this event can be erased."""

    ground: ErasureGround
    reference: Line | None = None
    """The file or the order that it rests on. It stays, so it is not to tell what was erased."""
    events: tuple[int, ...]
    """Which of the subject's events, counted from 1 in the order of recording."""
    first_erased_at: datetime | None = None
    """When it was erased for the first time (UTC), where a restored backup had it again."""


class SourceErased(Erased, tag="source.erased", frozen=True, kw_only=True):
    """Content of a source was erased."""


class ReportErased(Erased, tag="report.erased", frozen=True, kw_only=True):
    """Content of a report was erased. It counts from when it was recorded."""

    with_claims: bool = False
    """What its claims said was erased with it."""


class ClaimErased(Erased, tag="claim.erased", frozen=True, kw_only=True):
    """Content of a claim was erased. It counts from when it was recorded."""

    with_report: UUID | None = None
    """The report with which it was erased. If only the report's own content was to go, that is the
    notice of its withdrawal, which the retraction of the claim repeats."""


SourceEvent = SourceRegistered | SourceAliasAdded | SourceMerged | SourceErased
StoryEvent = StoryOpened
ReportEvent = ReportPublished | ReportRevised | ReportMoved | ReportWithdrawn | ReportErased
ClaimEvent = (
    ClaimReported
    | ClaimCorrected
    | ConcernExpressed
    | ConcernLifted
    | ClaimRetracted
    | ClaimReinstated
    | ClaimLinked
    | ClaimReviewed
    | ClaimAmended
    | ClaimErased
)
AnyEvent = SourceEvent | StoryEvent | ReportEvent | ClaimEvent
