"""What an answer consists of: subjects as they stood at the moment asked about.

Every instant is in UTC, to the microsecond. `published_at` and `observed_at` are texts as given;
`precision` says how exactly the reporting time is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from uuid import UUID

from domain.claim import Link
from domain.events import ClaimEvent
from domain.moments import Precision
from domain.values import Quantity
from domain.words import (
    ClaimKind,
    ErasureGround,
    Party,
    Rating,
    ReportKind,
    RetractionNature,
    RetractionReason,
    Scope,
    SourceKind,
    Status,
    Verb,
)
from projections.basis import Basis


@dataclass(frozen=True, slots=True)
class ErasureView:
    """That content was erased, when, and on what ground: a fact about today, at every date."""

    at: datetime
    ground: ErasureGround
    reference: str | None


@dataclass(frozen=True, slots=True)
class SourceView:
    """A party that says or publishes. One that was merged into another is shown as that one."""

    id: UUID
    ref: str | None
    name: str | None
    """None: it was erased."""
    kind: SourceKind
    aliases: tuple[str, ...]
    url: str | None
    country: str | None
    merged_into: UUID | None
    erased: ErasureView | None


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of an attribution chain."""

    source: SourceView
    verb: Verb
    role: str | None
    named_as: str | None
    """The name under which the step was recorded, where its source has been merged since."""


@dataclass(frozen=True, slots=True)
class WithdrawalView:
    """How a report was taken back as a whole."""

    nature: RetractionNature
    because: RetractionReason
    declared: bool
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class ReportView:
    """A publication."""

    id: UUID
    ref: str | None
    outlet: SourceView | None
    """None: not known."""
    kind: ReportKind
    headline: str | None
    byline: tuple[str, ...]
    credits: tuple[str, ...]
    language: str | None
    caution: str | None
    urls: tuple[str, ...]
    published_at: str | None
    observed_at: str | None
    reported_at: datetime
    precision: Precision
    withdrawal: WithdrawalView | None
    erased: ErasureView | None


@dataclass(frozen=True, slots=True)
class StoryView:
    """A running subject, with how many of its claims have which status."""

    id: UUID
    slug: str
    title: str
    summary: str | None
    topics: tuple[str, ...]
    counts: dict[Status, int]


@dataclass(frozen=True, slots=True)
class RetractionView:
    """How a claim was taken back."""

    scope: Scope
    nature: RetractionNature
    by: Party
    because: RetractionReason
    declared: bool
    part: str | None
    with_report: bool
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A checker's finding."""

    reviewer: SourceView
    rating: Rating
    words: str | None
    url: str | None
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class ClaimView:
    """A claim."""

    id: UUID
    ref: str | None
    version: int
    status: Status
    contested: bool
    reviewed: bool
    kind: ClaimKind
    statement: str | None
    language: str | None
    about: str | None
    attribution: tuple[StepView, ...]
    quantities: tuple[Quantity, ...]
    topics: tuple[str, ...]
    report: ReportView
    outlet: SourceView | None
    story: StoryView | None
    published_at: str | None
    observed_at: str | None
    reported_at: datetime
    """When it was first reported."""
    precision: Precision
    last_changed_at: datetime
    declared_changes: int
    silent_changes: int
    concern_since: datetime | None
    retraction: RetractionView | None
    links: tuple[Link, ...]
    reviews: tuple[ReviewView, ...]
    erased: ErasureView | None


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One event of a claim, in the order in which events are folded."""

    sequence: int
    """Which of the claim's events, in the order of recording."""
    version: int
    """Which version it made, as of the moment asked about."""
    position: int
    recorded_at: datetime
    reported_at: datetime
    precision: Precision | None
    """None: no time was given; it holds from when what it needs was out."""
    event: ClaimEvent
    declared: bool | None
    """Whether a notice said so; None where the question makes no sense."""
    voided: bool
    actor: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class ClaimPage:
    """Some of the claims that were asked for, and where they stand among all of them."""

    items: list[ClaimView]
    cursors: list[str]
    has_next_page: bool
    has_previous_page: bool
    total: int
    left_out: int
    """Claims that match all but the status filter."""
    basis: Basis
    """The moment that the page belongs to: that of the cursor, where one was given."""


@unique
class ChangeKind(StrEnum):
    """What became of a claim between two moments."""

    NEW = "new"
    CORRECTED = "corrected"
    SILENTLY_EDITED = "silently_edited"
    RETRACTED = "retracted"
    PARTIALLY_RETRACTED = "partially_retracted"
    REINSTATED = "reinstated"
    UNDER_CONCERN = "under_concern"
    CONCERN_LIFTED = "concern_lifted"
    NEWLY_CONTESTED = "newly_contested"
    NO_LONGER_CONTESTED = "no_longer_contested"
    REVIEWED = "reviewed"
    LINKED = "linked"
    AMENDED = "amended"


@dataclass(frozen=True, slots=True)
class ClaimChange:
    """One thing that became of a claim. A claim to which several things happened has several."""

    kind: ChangeKind
    before: ClaimView | None
    """None: it was not yet reported, or not yet recorded."""
    after: ClaimView


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between two moments, in the order of the later state's last change."""

    earlier: Basis
    later: Basis
    items: list[ClaimChange]


@dataclass(frozen=True, slots=True)
class Summary:
    """Where the record stands."""

    position: int
    recorded_at: datetime | None
    projected_position: int
    lag_events: int
    lag_seconds: float
    events: int
    sources: int
    stories: int
    reports: int
    claims: int
    claims_by_status: dict[Status, int]
