"""The record in memory, folded by the specification and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from domain import events
from domain.catalogue import Report, Source, Story, report_as_of, source_as_of, story_as_of
from domain.claim import Claim, claim_as_of
from domain.history import Entry, in_effect, voided
from domain.moments import Precision, parse_moment
from domain.words import LinkKind, Status
from eventlog.decoding import entries_of
from eventlog.log import Log


@dataclass
class PlainRecord:
    """Every entry of the log, by subject."""

    subjects: dict[UUID, list[Entry]]
    recorded_at: dict[int, datetime]

    @property
    def position(self) -> int:
        """The last position."""
        return max(self.recorded_at, default=0)

    def of(self, first: type[Any]) -> list[UUID]:
        """The subjects that began with a kind of event."""
        return [
            subject
            for subject, entries in self.subjects.items()
            if isinstance(entries[0].event, first)
        ]


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
    now: bool
    """No limit on the position was asked for."""

    @cached_property
    def claims(self) -> dict[UUID, Claim]:
        """Every claim that was reported by then."""
        found = {
            subject: claim_as_of(self.record.subjects[subject], self.at, self.position)
            for subject in self.record.of(events.ClaimReported)
        }
        return {subject: claim for subject, claim in found.items() if claim is not None}

    @cached_property
    def reports(self) -> dict[UUID, Report]:
        """Every report that was public by then."""
        found = {
            subject: report_as_of(self.record.subjects[subject], self.at, self.position)
            for subject in self.record.of(events.ReportPublished)
        }
        return {subject: report for subject, report in found.items() if report is not None}

    @cached_property
    def sources(self) -> dict[UUID, Source]:
        """Every source that was known by then, by itself."""
        found = {
            subject: source_as_of(self.record.subjects[subject], self.position)
            for subject in self.record.of(events.SourceRegistered)
        }
        return {subject: source for subject, source in found.items() if source is not None}

    @cached_property
    def stories(self) -> dict[UUID, Story]:
        """Every story that was open by then."""
        found = {
            subject: story_as_of(self.record.subjects[subject], self.position)
            for subject in self.record.of(events.StoryOpened)
        }
        return {subject: story for subject, story in found.items() if story is not None}

    @cached_property
    def contested(self) -> set[UUID]:
        """The claims that one which is not wholly retracted contradicts."""
        return {
            link.to
            for claim in self.claims.values()
            if claim.status is not Status.RETRACTED
            for link in claim.links
            if link.kind is LinkKind.CONTRADICTS
        }

    def canonical(self, source: UUID) -> UUID:
        """Under whose name a source goes."""
        into = self.sources[source].merged_into
        return source if into is None else self.canonical(into)

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
