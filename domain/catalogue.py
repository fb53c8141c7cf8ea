"""Sources, stories and reports: what claims hang on, each the fold of its events."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.events import (
    REPORT_FIELDS,
    ReportMoved,
    ReportPublished,
    ReportRevised,
    ReportWithdrawn,
    SourceAliasAdded,
    SourceMerged,
    SourceRegistered,
    StoryOpened,
)
from domain.history import Entry, in_effect
from domain.words import ReportKind, RetractionNature, RetractionReason, SourceKind


class Source(Struct, frozen=True, kw_only=True, gc=False):
    """A party that says or publishes, as of some position."""

    version: int
    ref: str | None
    name: str | None
    """None: it was erased."""
    kind: SourceKind
    url: str | None
    country: str | None
    aliases: tuple[str, ...] = ()
    merged_into: UUID | None = None


class Story(Struct, frozen=True, kw_only=True, gc=False):
    """A running subject."""

    version: int
    ref: str
    title: str
    summary: str | None
    topics: tuple[str, ...]


class Withdrawal(Struct, frozen=True, kw_only=True, gc=False):
    """How a report was taken back as a whole. `at` is its reporting time, UTC."""

    nature: RetractionNature
    because: RetractionReason
    declared: bool
    at: datetime


class Report(Struct, frozen=True, kw_only=True, gc=False):
    """A publication as of some (reporting time, position)."""

    version: int
    ref: str | None
    outlet: UUID | None
    """None: not known, which the record says openly."""
    kind: ReportKind
    headline: str | None
    byline: tuple[str, ...]
    credits: tuple[str, ...]
    language: str | None
    caution: str | None
    urls: tuple[str, ...]
    """Every address it has had, the newest first."""
    published_at: str | None
    observed_at: str | None
    first_reported_at: datetime
    withdrawal: Withdrawal | None = None


def source_as_of(entries: Iterable[Entry], position: int | None = None) -> Source | None:
    """A source as of a position; None if it was not yet known. Sources have no reporting time:
    what we learn of a party holds for everything it ever said."""
    state: Source | None = None
    for entry in in_effect(entries, None, position):
        state = evolve_source(state, entry)
    return state


def evolve_source(state: Source | None, entry: Entry) -> Source | None:
    """The source after one more event."""
    event = entry.event
    if isinstance(event, SourceRegistered):
        return Source(
            version=1,
            ref=event.ref,
            name=event.name,
            kind=event.kind,
            url=event.url,
            country=event.country,
        )
    if state is None:
        return None
    state = replace(state, version=state.version + 1)
    match event:
        case SourceAliasAdded() if event.alias is not None:
            return replace(state, aliases=(*state.aliases, event.alias))
        case SourceMerged():
            return replace(state, merged_into=event.into)
    return state


def story_as_of(entries: Iterable[Entry], position: int | None = None) -> Story | None:
    """A story as of a position; None if it was not yet opened."""
    state: Story | None = None
    for entry in in_effect(entries, None, position):
        state = evolve_story(state, entry)
    return state


def evolve_story(state: Story | None, entry: Entry) -> Story | None:
    """The story after one more event."""
    event = entry.event
    if isinstance(event, StoryOpened):
        return Story(
            version=1, ref=event.ref, title=event.title, summary=event.summary, topics=event.topics
        )
    return state


def report_as_of(
    entries: Iterable[Entry],
    reported_at: datetime | None = None,
    position: int | None = None,
) -> Report | None:
    """A report as of (reported_at, position); None if it was not yet public."""
    state: Report | None = None
    for entry in in_effect(entries, reported_at, position):
        state = evolve_report(state, entry)
    return state


def evolve_report(state: Report | None, entry: Entry) -> Report | None:
    """The report after one more event. Total, as the fold of claims is."""
    event = entry.event
    if isinstance(event, ReportPublished):
        return Report(
            version=1,
            ref=event.ref,
            outlet=event.outlet,
            kind=event.kind,
            headline=event.headline,
            byline=event.byline,
            credits=event.credits,
            language=event.language,
            caution=event.caution,
            urls=(event.url,) if event.url else (),
            published_at=event.published_at,
            observed_at=event.observed_at,
            first_reported_at=entry.reported_at,
        )
    if state is None:
        return None
    state = replace(state, version=state.version + 1)
    match event:
        case ReportRevised():
            named = event.fields or REPORT_FIELDS
            return replace(state, **{name: getattr(event, name) for name in named})
        case ReportMoved() if event.url is not None:
            others = tuple(url for url in state.urls if url != event.url)
            return replace(state, urls=(event.url, *others))
        case ReportWithdrawn() if state.withdrawal is None:
            withdrawal = Withdrawal(
                nature=event.nature,
                because=event.because,
                declared=event.notice is not None,
                at=entry.reported_at,
            )
            return replace(state, withdrawal=withdrawal)
    return state
