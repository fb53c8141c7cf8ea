"""One batch of the log into the tables of one generation, in the transaction it is given.

The result does not depend on how the log is cut into batches.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection, Cursor

from domain.catalogue import Report, evolve_report
from domain.claim import Claim, evolve
from domain.events import (
    AnyEvent,
    ClaimAmended,
    ClaimLinked,
    ClaimReported,
    ReportErased,
    ReportMoved,
    ReportPublished,
    ReportRevised,
    ReportWithdrawn,
    SourceAliasAdded,
    SourceErased,
    SourceMerged,
    SourceRegistered,
    StoryOpened,
)
from domain.history import Entry, voided
from domain.ids import Subject
from domain.touch import named_by, named_in
from domain.values import AttributionChange
from eventlog.decoding import entries_of
from eventlog.entries import LoggedEvent
from eventlog.log import Log
from projections import erasing, event_rows, lookups, storage
from projections.bitemporal import Bitemporal
from projections.event_rows import Voiding
from projections.sources import StoryRow, load_sources, story_row
from projections.terms import abouts_of, statements_of, terms_of
from projections.timeline import Stretch, latest_of_each_time

SOURCE_EVENTS = (SourceRegistered, SourceAliasAdded, SourceMerged, SourceErased)
REPORT_EVENTS = (ReportPublished, ReportRevised, ReportMoved, ReportWithdrawn, ReportErased)


@dataclass(slots=True)
class Batch:
    """What a batch adds, beside the rows of claims and reports."""

    claim_sources: set[tuple[UUID, datetime, UUID]] = field(default_factory=set)
    claim_terms: set[tuple[UUID, datetime, UUID]] = field(default_factory=set)
    claim_wordings: set[tuple[UUID, datetime, str | None, str]] = field(default_factory=set)
    claim_abouts: set[tuple[UUID, str]] = field(default_factory=set)
    claim_links: set[tuple[UUID, str, UUID]] = field(default_factory=set)
    report_urls: set[tuple[UUID, str]] = field(default_factory=set)
    stories: list[StoryRow] = field(default_factory=list)
    touches: list[tuple[UUID, int]] = field(default_factory=list)
    voided: list[Voiding] = field(default_factory=list)


class Projection:
    """The fold of the log into one generation, with what it keeps between batches."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._connection: Connection[Any] | None = None
        self._before = 0
        self._latest: datetime | None = None
        """The latest reporting time of all events so far; None where that has to be looked up."""
        self.erased = False
        """Content was taken out of the tables, and its old rows still lie in their files."""
        self.indexed = False
        """The generation is known to have what readers find rows over. It never loses that, nor
        does another take its place without it."""
        self._claims: Bitemporal[Claim] = Bitemporal(
            evolve,
            claim_states,
            lambda ids: storage.last_claims(self._conn, ids),
            lambda ids: self._all(ids, storage.claims_in_force(self._conn, ids)),
        )
        self._reports: Bitemporal[Report] = Bitemporal(
            evolve_report,
            report_states,
            lambda ids: storage.last_reports(self._conn, ids),
            lambda ids: self._all(ids, storage.reports_in_force(self._conn, ids)),
        )

    @property
    def _conn(self) -> Connection[Any]:
        assert self._connection is not None
        return self._connection

    def forget(self) -> None:
        """Drop what is kept between batches, because the last one was not committed or somebody
        else has written to the tables."""
        self._claims.forget()
        self._reports.forget()
        self._latest = None

    def project(self, connection: Connection[Any], events: Sequence[LoggedEvent]) -> None:
        """Write a batch, which follows what the tables hold, within the caller's transaction."""
        for erases, run in erasing.runs(events):
            if erases:
                # Before the position is told: nobody who has heard of it gives out an old answer.
                connection.execute(erasing.FORGET)
            self._project(connection, run)
            if erases:
                self._erase(connection, run)
                self.erased = True

    def _erase(self, connection: Connection[Any], run: Sequence[LoggedEvent]) -> None:
        """Write what is in the tables of the subjects of some erasures, which follow each other,
        anew, from what remains of their events."""
        sources, reports, claims = (
            erasing.subjects(run, kind) for kind in (Subject.SOURCE, Subject.REPORT, Subject.CLAIM)
        )
        since, upto = run[0].position, run[-1].position
        self._connection = connection
        try:
            with connection.cursor() as cursor:
                if sources:
                    again = erasing.sources_again(cursor, self._log, sources, upto)
                    storage.write_sources(cursor, again)
                for _, logged, _ in erasing.histories(self._log, sources, upto):
                    erasing.rewrite_events(cursor, logged, since)
                erasing.clear(cursor, erasing.REPORT_TABLES, reports)
                for report, logged, entries in erasing.histories(self._log, reports, upto):
                    erasing.rewrite_events(cursor, logged, since)
                    rows = self._reports.again(report, entries)
                    storage.write_reports(cursor, rows, ())
                    urls = {(report, url) for row in rows for url in row.state.urls}
                    storage.write_report_urls(cursor, urls)
                erasing.clear(cursor, erasing.CLAIM_TABLES, claims)
                for claim, logged, entries in erasing.histories(self._log, claims, upto):
                    erasing.rewrite_events(cursor, logged, since)
                    self._claim_again(cursor, claim, entries)
        finally:
            self._connection = None

    def _claim_again(self, cursor: Cursor[Any], claim: UUID, entries: Sequence[Entry]) -> None:
        rows = self._claims.again(claim, entries)
        if not rows:
            return
        first = rows[0].state
        self._reports.prepare({}, [first.report])
        outlet = self._outlet(first)
        batch = Batch()
        for entry in entries:
            self._bring(batch, claim, first, entry.event, outlet)
        storage.write_claims(cursor, rows, (), {claim: outlet})
        self._write_lookups(cursor, batch)

    def _project(self, connection: Connection[Any], events: Sequence[LoggedEvent]) -> None:
        self._connection, self._before = connection, events[0].position
        try:
            shown = [one for one in events if one.content is not None]
            subjects = [one.stream_id for one in shown]
            entries = entries_of(shown)
            batch = Batch()
            self._prepare(subjects, entries)
            with connection.cursor() as cursor:
                sources = load_sources(
                    cursor,
                    [
                        (subject, entry)
                        for subject, entry in zip(subjects, entries, strict=True)
                        if isinstance(entry.event, SOURCE_EVENTS)
                    ],
                )
                for subject, entry in zip(subjects, entries, strict=True):
                    event = entry.event
                    if isinstance(event, SOURCE_EVENTS):
                        sources.take(subject, entry)
                        touched = {subject, *named_by(event)}
                    elif isinstance(event, StoryOpened):
                        row = story_row(subject, entry)
                        if row is not None:
                            batch.stories.append(row)
                        touched = {subject}
                    elif isinstance(event, REPORT_EVENTS):
                        touched = self._take_report(batch, subject, entry)
                    else:
                        touched = self._take_claim(batch, subject, entry)
                    batch.touches += ((one, entry.position) for one in touched)
                outlets = {row.subject: self._outlet(row.state) for row in self._claims.opened}
                storage.write_sources(cursor, sources)
                storage.write_stories(cursor, batch.stories)
                storage.write_reports(cursor, self._reports.opened, self._reports.changed)
                storage.write_claims(cursor, self._claims.opened, self._claims.changed, outlets)
                self._write_lookups(cursor, batch)
                storage.write_report_urls(cursor, batch.report_urls)
                event_rows.write_touches(cursor, batch.touches)
                latest = self._latest or event_rows.latest_reported(cursor)
                event_rows.write_events(cursor, shown, entries, latest)
                event_rows.write_voided(cursor, batch.voided)
                storage.write_progress(cursor, events[-1].position, events[-1].recorded_at)
            self._claims.written()
            self._reports.written()
            times = [one.reported_at for one in shown if one.reported_at is not None]
            self._latest = max([*times, latest] if latest is not None else times, default=None)
        finally:
            self._connection = None

    @staticmethod
    def _write_lookups(cursor: Cursor[Any], batch: Batch) -> None:
        storage.write_claim_sources(cursor, batch.claim_sources)
        lookups.write_claim_terms(cursor, batch.claim_terms)
        lookups.write_claim_wordings(cursor, batch.claim_wordings)
        lookups.write_claim_abouts(cursor, batch.claim_abouts)
        storage.write_claim_links(cursor, batch.claim_links)

    def _prepare(self, subjects: Sequence[UUID], entries: Sequence[Entry]) -> None:
        claims: defaultdict[UUID, list[Entry]] = defaultdict(list)
        reports: defaultdict[UUID, list[Entry]] = defaultdict(list)
        carriers: set[UUID] = set()
        for subject, entry in zip(subjects, entries, strict=True):
            event = entry.event
            if isinstance(event, REPORT_EVENTS):
                reports[subject].append(entry)
            elif not isinstance(event, (*SOURCE_EVENTS, StoryOpened)):
                claims[subject].append(entry)
                if isinstance(event, ClaimReported):
                    carriers.add(event.report)
        self._claims.prepare(claims)
        known = (self._claims.state(claim) for claim in claims)
        carriers |= {state.report for state in known if state is not None}
        self._reports.prepare(reports, carriers)
        self._claims.touch(claims)
        self._reports.touch((*reports, *carriers))

    def _take_report(self, batch: Batch, subject: UUID, entry: Entry) -> set[UUID]:
        state = self._reports.take(subject, entry)
        if state is not None:
            batch.report_urls |= {(subject, url) for url in state.urls}
        touched = {subject, *named_by(entry.event)}
        if state is not None and state.outlet is not None:
            touched.add(state.outlet)
        return touched

    def _take_claim(self, batch: Batch, subject: UUID, entry: Entry) -> set[UUID]:
        touched = {subject, *named_by(entry.event)}
        state = self._claims.take(subject, entry)
        if state is None:
            return touched
        event, outlet = entry.event, self._outlet(state)
        if isinstance(event, ClaimAmended) and event.void:
            batch.voided += voidings(subject, entry, self._claims.entries(subject))
        self._bring(batch, subject, state, event, outlet)
        touched.update(named_in(state))
        if outlet is not None:
            touched.add(outlet)
        return touched

    @staticmethod
    def _bring(
        batch: Batch, subject: UUID, state: Claim, event: AnyEvent, outlet: UUID | None
    ) -> None:
        """What an event brings a claim under, in whatever state."""
        # Whatever chain a state ever shows was brought in by one of these events.
        if isinstance(event, ClaimReported):
            brought = [step.source for step in event.attribution]
            brought += [outlet] if outlet is not None else []
        else:
            brought = [
                step.source
                for change in getattr(event, "changes", ())
                if isinstance(change, AttributionChange)
                for step in change.new
            ]
        for source in brought:
            batch.claim_sources.add((source, state.first_reported_at, subject))
        first = state.first_reported_at
        batch.claim_terms |= {(term, first, subject) for term in terms_of(event)}
        batch.claim_wordings |= {
            (subject, first, state.language, statement) for statement in statements_of(event)
        }
        batch.claim_abouts |= {(subject, days) for days in abouts_of(event)}
        if isinstance(event, ClaimLinked):
            batch.claim_links.add((event.to, event.kind.value, subject))

    def _outlet(self, claim: Claim) -> UUID | None:
        report = self._reports.state(claim.report)
        return report.outlet if report is not None else None

    def _all(
        self, ids: Sequence[UUID], stretches: Mapping[UUID, list[Stretch]]
    ) -> Iterator[tuple[UUID, Sequence[Entry], Sequence[Stretch]]]:
        """Everything before this batch of some subjects, and the bounds of their rows in force."""
        # A batch can reach into the past of all its subjects. Their rows of the log take as much
        # memory as all that is kept, so there are never those of more than a few.
        for start in range(0, len(ids), erasing.AT_ONCE):
            streams = self._log.streams(ids[start : start + erasing.AT_ONCE])
            for subject, logged in streams.items():
                before = [one for one in logged if one.position < self._before]
                yield subject, entries_of(before), stretches.get(subject, [])


def voidings(claim: UUID, entry: Entry, entries: Sequence[Entry]) -> Iterator[Voiding]:
    """Which events of a claim an amendment makes void, and which it brings back.

    All that amend one event, and each other, have that event's reporting time; so whether it is
    void does not depend on the reporting time asked about, but on the position alone.
    """
    before = voided([one for one in entries if one.position < entry.position])
    after = voided([one for one in entries if one.position <= entry.position])
    for sequence in after ^ before:
        yield Voiding(claim, sequence, entry.position, is_void=sequence in after)


def claim_states(entries: Sequence[Entry]) -> list[tuple[datetime, Claim]]:
    """The state from each reporting time on, of entries in fold order."""
    void = voided(entries)
    state: Claim | None = None
    states: list[Claim | None] = []
    for entry in entries:
        state = evolve(state, entry, counts=entry.sequence not in void)
        states.append(state)
    return latest_of_each_time(entries, states)


def report_states(entries: Sequence[Entry]) -> list[tuple[datetime, Report]]:
    """The state from each reporting time on, of entries in fold order."""
    state: Report | None = None
    states: list[Report | None] = []
    for entry in entries:
        state = evolve_report(state, entry)
        states.append(state)
    return latest_of_each_time(entries, states)
