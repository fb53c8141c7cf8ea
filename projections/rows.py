"""What a batch adds to the tables of a generation, as rows that PostgreSQL reads from JSON.

Each row has the columns of its table (tables.sql). All of a batch goes to one function of the
database (writes.sql): at the head of the log, where a batch is one event or a few, a statement for
each table would take longer than all that the database does for them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Raw, Struct
from msgspec.json import Encoder

from domain.catalogue import Report, Source, Story
from domain.claim import Claim
from domain.history import Entry
from domain.moments import Precision
from domain.words import ClaimKind, LinkKind, SourceKind, Status
from eventlog.entries import LoggedEvent
from projections.dictionaries import dictionary_of
from projections.hydrate import precision_of
from projections.sources import SourceChanges, SourceRow, StoryRow
from projections.terms import days_of, wording
from projections.timeline import FOREVER, OPEN, Row

_encode: Final = Encoder(decimal_format="string").encode

Until = datetime | str
"""An instant, or 'infinity'."""


class ClaimRow(Struct, gc=False):
    """A row of `claims`."""

    claim_id: UUID
    reported_from: datetime
    reported_to: Until
    position_from: int
    position_to: int
    capped_from: int
    story_id: UUID | None
    report_id: UUID
    outlet_id: UUID | None
    first_reported_at: datetime
    status: Status
    kind: ClaimKind
    version: int
    contradicts: list[UUID]
    repeats: list[UUID]
    sources: list[UUID]
    statement: str | None
    precision: Precision
    last_changed_at: datetime
    declared_changes: int
    silent_changes: int
    reviewed: bool
    about: str | None
    state: Claim
    wording: UUID | None


class ReportRow(Struct, gc=False):
    """A row of `reports`."""

    report_id: UUID
    reported_from: datetime
    reported_to: Until
    position_from: int
    position_to: int
    capped_from: int
    outlet_id: UUID | None
    withdrawn: bool
    first_reported_at: datetime
    precision: Precision
    state: Report


class Bounds(Struct, gc=False):
    """Where a row that is in its table already ends now."""

    subject: UUID
    reported_from: datetime
    position_from: int
    reported_to: Until
    position_to: int
    capped_from: int


class SourceState(Struct, gc=False):
    """A row of `sources`."""

    source_id: UUID
    position_from: int
    position_to: int
    canonical_id: UUID
    own_name: str
    name: str
    kind: SourceKind
    state: Source
    shown: Source


class SourceEnd(Struct, gc=False):
    """Where a row of `sources` that is in the table already ends now."""

    source_id: UUID
    position_from: int
    position_to: int


class StoryState(Struct, gc=False):
    """A row of `stories`."""

    story_id: UUID
    position_from: int
    position_to: int
    slug: str
    title: str
    state: Story


class ClaimSource(Struct, frozen=True, gc=False):
    """A row of `claim_sources`: who was ever in a claim's chain."""

    source_id: UUID
    first_reported_at: datetime
    claim_id: UUID


class ClaimTerm(Struct, frozen=True, gc=False):
    """A row of `claim_terms`: what a claim ever came under."""

    term: UUID
    first_reported_at: datetime
    claim_id: UUID


class ClaimWording(Struct, frozen=True, gc=False):
    """A row of `claim_wordings`, whose words the database takes from the statement."""

    claim_id: UUID
    wording: UUID
    first_reported_at: datetime
    dictionary: str
    statement: str

    @classmethod
    def of(cls, claim: UUID, state: Claim, statement: str) -> ClaimWording:
        """A statement that a claim ever made."""
        return cls(
            claim,
            wording(state.language, statement),
            state.first_reported_at,
            dictionary_of(state.language),
            statement,
        )


class ClaimAbout(Struct, frozen=True, gc=False):
    """A row of `claim_abouts`: a time that a claim ever spoke of."""

    claim_id: UUID
    about: str


class ClaimLink(Struct, frozen=True, gc=False):
    """A row of `claim_links`: what a claim ever bore on."""

    to_id: UUID
    kind: LinkKind
    from_id: UUID


class ReportUrl(Struct, frozen=True, gc=False):
    """A row of `report_urls`: where a report was ever found."""

    report_id: UUID
    url: str


class Touch(Struct, frozen=True, gc=False):
    """A row of `touches`: a subject that an event is about or names."""

    subject_id: UUID
    position: int


class EventRow(Struct, gc=False):
    """A row of `events`: an event as it is shown."""

    position: int
    recorded_at: datetime | None
    """None where it is only being recorded."""
    reported_at: datetime | None
    subject_id: UUID
    sequence: int
    type: str
    precision: Precision | None
    actor: str
    reason: str | None
    latest_reported_at: datetime | None
    body: Raw


class Voiding(Struct, frozen=True, gc=False):
    """An event of a claim becomes void at a position, or is so no longer."""

    claim_id: UUID
    sequence: int
    position: int
    is_void: bool


@dataclass(slots=True)
class Batch:
    """All that a batch of events comes to."""

    claims: list[ClaimRow] = field(default_factory=list)
    claim_bounds: list[Bounds] = field(default_factory=list)
    claim_sources: set[ClaimSource] = field(default_factory=set)
    claim_terms: set[ClaimTerm] = field(default_factory=set)
    claim_wordings: set[ClaimWording] = field(default_factory=set)
    claim_abouts: set[ClaimAbout] = field(default_factory=set)
    claim_links: set[ClaimLink] = field(default_factory=set)
    reports: list[ReportRow] = field(default_factory=list)
    report_bounds: list[Bounds] = field(default_factory=list)
    report_urls: set[ReportUrl] = field(default_factory=set)
    sources: list[SourceState] = field(default_factory=list)
    source_ends: list[SourceEnd] = field(default_factory=list)
    stories: list[StoryState] = field(default_factory=list)
    events: list[EventRow] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)
    voided: list[Voiding] = field(default_factory=list)

    def as_json(self) -> list[str | None]:
        """What there is for each table, in the order of the fields; None where there is nothing."""
        return [_encode(rows).decode() if rows else None for rows in self._tables()]

    def _tables(self) -> Iterable[Collection[Any]]:
        return (getattr(self, name) for name in self.__slots__)


def claim_row(row: Row[Claim], outlet: UUID | None) -> ClaimRow:
    """A claim over a stretch of reporting time and positions."""
    state = row.state
    named = [step.source for step in state.attribution]
    links = state.links
    return ClaimRow(
        row.subject,
        row.reported_from,
        _until(row.reported_to),
        row.position_from,
        row.position_to,
        row.capped_from,
        state.story,
        state.report,
        outlet,
        state.first_reported_at,
        state.status,
        state.kind,
        state.version,
        [link.to for link in links if link.kind is LinkKind.CONTRADICTS],
        [link.to for link in links if link.kind is LinkKind.REPEATS],
        list(dict.fromkeys([outlet, *named] if outlet is not None else named)),
        state.statement,
        precision_of(state.published_at, state.observed_at),
        state.last_changed_at,
        state.declared_changes,
        state.silent_changes,
        bool(state.reviews),
        days_of(state.about),
        state,
        None if state.statement is None else wording(state.language, state.statement),
    )


def report_row(row: Row[Report]) -> ReportRow:
    """A report over a stretch of reporting time and positions."""
    state = row.state
    return ReportRow(
        row.subject,
        row.reported_from,
        _until(row.reported_to),
        row.position_from,
        row.position_to,
        row.capped_from,
        state.outlet,
        state.withdrawal is not None,
        state.first_reported_at,
        precision_of(state.published_at, state.observed_at),
        state,
    )


def bounds(row: Row[Any]) -> Bounds:
    """Where a row ends now."""
    return Bounds(
        row.subject,
        row.reported_from,
        row.position_from,
        _until(row.reported_to),
        row.position_to,
        row.capped_from,
    )


def source_rows(changes: SourceChanges) -> list[SourceState]:
    """The rows of sources that a batch opens."""
    return [_source(row) for row in changes.opened]


def source_ends(changes: SourceChanges) -> list[SourceEnd]:
    """The rows of sources that a batch ends."""
    return [SourceEnd(row.source_id, row.position_from, row.position_to) for row in changes.closed]


def _source(row: SourceRow) -> SourceState:
    return SourceState(
        row.source_id,
        row.position_from,
        row.position_to,
        row.canonical_id,
        row.state.name or "",
        row.shown.name or "",
        row.shown.kind,
        row.state,
        row.shown,
    )


def story_state(row: StoryRow) -> StoryState:
    """A story from the position at which it was opened."""
    return StoryState(
        row.story_id, row.position_from, OPEN, row.state.ref, row.state.title, row.state
    )


def event_row(one: LoggedEvent, entry: Entry, latest: datetime | None) -> EventRow:
    """An event beside what it was read as. `latest`: the latest reporting time up to it."""
    published_at = getattr(entry.event, "published_at", None)
    observed_at = getattr(entry.event, "observed_at", None)
    dated = published_at is not None or observed_at is not None
    return EventRow(
        one.position,
        one.recorded_at,
        one.reported_at,
        one.stream_id,
        one.version,
        one.type,
        precision_of(published_at, observed_at) if dated else None,
        one.actor,
        one.reason,
        latest,
        Raw((one.content or "null").encode()),
    )


def _until(moment: datetime) -> Until:
    return "infinity" if moment is FOREVER else moment
