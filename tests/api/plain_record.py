"""The record in memory, folded by the specification and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

from domain import events
from domain.catalogue import Report, Source, Story, report_as_of, source_as_of, story_as_of
from domain.claim import Claim, claim_as_of
from domain.history import Entry, in_effect, voided
from domain.moments import Precision, parse_moment
from domain.words import LinkKind, Status
from eventlog.decoding import entries_of
from eventlog.log import Log

State = TypeVar("State")


class Folded(Mapping[UUID, State], Generic[State]):
    """The states of subjects at a moment, each folded when it is first looked at. Those that were
    not there yet are none of its keys."""

    def __init__(self, subjects: Iterable[UUID], fold: Callable[[UUID], State | None]) -> None:
        self._subjects = dict.fromkeys(subjects)
        self._fold = fold
        self._states: dict[UUID, State | None] = {}

    def __getitem__(self, subject: UUID) -> State:
        if subject not in self._states:
            self._states[subject] = self._fold(subject) if subject in self._subjects else None
        state = self._states[subject]
        if state is None:
            raise KeyError(subject)
        return state

    def __iter__(self) -> Iterator[UUID]:
        return (subject for subject in self._subjects if subject in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass
class PlainRecord:
    """Every entry of the log, by subject."""

    subjects: dict[UUID, list[Entry]]
    recorded_at: dict[int, datetime]
    views: dict[tuple[datetime | None, int], View] = field(default_factory=dict)
    """Those that were looked at."""
    touched: dict[int, set[UUID]] = field(default_factory=dict)
    """Whom an event touches, of those that were looked at."""

    @cached_property
    def position(self) -> int:
        """The last position."""
        return max(self.recorded_at, default=0)

    @cached_property
    def entries(self) -> list[tuple[UUID, Entry]]:
        """Every entry with its subject, in the order of recording."""
        every = [(one, entry) for one, entries in self.subjects.items() for entry in entries]
        return sorted(every, key=lambda item: item[1].position)

    @cached_property
    def _by_first(self) -> dict[type[Any], list[UUID]]:
        found: dict[type[Any], list[UUID]] = {}
        for subject, entries in self.subjects.items():
            found.setdefault(type(entries[0].event), []).append(subject)
        return found

    def of(self, first: type[Any]) -> list[UUID]:
        """The subjects that began with a kind of event."""
        return self._by_first.get(first, [])

    def position_at(self, instant: datetime) -> int:
        """The last position that was recorded by an instant."""
        return max((p for p, at in self.recorded_at.items() if at <= instant), default=0)

    def view(self, at: datetime | None = None, position: int | None = None) -> View:
        """The record as of a moment; what is left out is no limit."""
        key = (at, self.position if position is None else position)
        if key not in self.views:
            self.views[key] = View(self, *key)
        return self.views[key]


def read(log: Log) -> PlainRecord:
    """The whole log."""
    subjects: dict[UUID, list[Entry]] = {}
    times: dict[int, datetime] = {}
    after = 0
    while batch := log.read(after, 1000):
        for logged in batch:
            times[logged.position] = logged.recorded_at
            subjects.setdefault(logged.stream_id, []).extend(entries_of([logged]))
        after = batch[-1].position
    return PlainRecord(subjects, times)


def precision_of(published_at: str | None, observed_at: str | None) -> Precision | None:
    """How exactly a reporting time is known; None where none was given."""
    text = published_at or observed_at
    return parse_moment(text).precision if text else None


@dataclass
class View:
    """The record as of a moment."""

    record: PlainRecord
    at: datetime | None
    position: int

    @cached_property
    def claims(self) -> Mapping[UUID, Claim]:
        """Every claim that was reported by then."""
        return Folded(
            self.record.of(events.ClaimReported),
            lambda one: claim_as_of(self.record.subjects[one], self.at, self.position),
        )

    @cached_property
    def reports(self) -> Mapping[UUID, Report]:
        """Every report that was public by then."""
        return Folded(
            self.record.of(events.ReportPublished),
            lambda one: report_as_of(self.record.subjects[one], self.at, self.position),
        )

    @cached_property
    def sources(self) -> Mapping[UUID, Source]:
        """Every source that was known by then, by itself."""
        return Folded(
            self.record.of(events.SourceRegistered),
            lambda one: source_as_of(self.record.subjects[one], self.position),
        )

    @cached_property
    def stories(self) -> Mapping[UUID, Story]:
        """Every story that was open by then."""
        return Folded(
            self.record.of(events.StoryOpened),
            lambda one: story_as_of(self.record.subjects[one], self.position),
        )

    @cached_property
    def bearing(self) -> dict[LinkKind, dict[UUID, set[UUID]]]:
        """The claims that bear on a claim, by the kind of link."""
        found: dict[LinkKind, dict[UUID, set[UUID]]] = {kind: {} for kind in LinkKind}
        for one, claim in self.claims.items():
            for link in claim.links:
                found[link.kind].setdefault(link.to, set()).add(one)
        return found

    def is_contested(self, claim: UUID) -> bool:
        """Whether some claim that is not wholly retracted contradicts a claim."""
        contradicting = self.bearing[LinkKind.CONTRADICTS].get(claim, set())
        return any(self.claims[one].status is not Status.RETRACTED for one in contradicting)

    def canonical(self, source: UUID) -> UUID:
        """Under whose name a source goes."""
        into = self.sources[source].merged_into
        return source if into is None else self.canonical(into)

    def same(self, source: UUID) -> set[UUID]:
        """Every source that goes under the same name; a source that is not known yet by itself."""
        return self._names[self.canonical(source)] if source in self.sources else {source}

    @cached_property
    def _names(self) -> dict[UUID, set[UUID]]:
        found: dict[UUID, set[UUID]] = {}
        for source in self.sources:
            found.setdefault(self.canonical(source), set()).add(source)
        return found

    def outlet_of(self, claim: Claim) -> UUID | None:
        """Who published the report of a claim."""
        return self.reports[claim.report].outlet

    def history(self, claim: UUID) -> list[tuple[int, Entry, bool]]:
        """The events of a claim that count: version, entry, and whether it is void."""
        entries = in_effect(self.record.subjects[claim], self.at, self.position)
        void = voided(entries)
        return [
            (version, entry, entry.sequence in void) for version, entry in enumerate(entries, 1)
        ]
