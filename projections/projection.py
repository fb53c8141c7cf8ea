"""One batch of the log into the tables of one generation, in the transaction it is given.

The result does not depend on how the log is cut into batches.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection

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
from projections import erasing, storage
from projections.bitemporal import Bitemporal
from projections.rows import (
    Batch,
    ClaimAbout,
    ClaimLink,
    ClaimSource,
    ClaimTerm,
    ClaimWording,
    ReportUrl,
    Touch,
    Voiding,
    bounds,
    claim_row,
    event_row,
    report_row,
    source_ends,
    source_rows,
    story_state,
)
from projections.sources import SourceChanges, load_sources, story_row
from projections.terms import abouts_of, statements_of, terms_of
from projections.timeline import Stretch, latest_of_each_time

SOURCE_EVENTS = (SourceRegistered, SourceAliasAdded, SourceMerged, SourceErased)
REPORT_EVENTS = (ReportPublished, ReportRevised, ReportMoved, ReportWithdrawn, ReportErased)

FORESEEABLE = {one.__struct_config__.tag for one in (ClaimReported, ReportPublished)}
"""Types of events that can come first of their subject, and change nothing else."""


class Projection:
    """The fold of the log into one generation, with what it keeps between batches."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._connection: Connection[Any] | None = None
        self._settle: Callable[[], None] = lambda: None
        self._before = 0
        self.position: int | None = None
        """The last position that is in the tables; None where that has to be looked up."""
        self._latest: datetime | None = None
        """The latest reporting time of all events so far; None where that has to be looked up."""
        self._foreseen_after: tuple[int | None, datetime | None] = None, None
        self.erased = False
        """Content was taken out of the tables, and its old rows still lie in their files."""
        self.indexed = False
        """The generation is known to have what readers find rows over. It never loses that, nor
        does another take its place without it."""
        self._claims: Bitemporal[Claim] = Bitemporal(
            evolve,
            claim_states,
            lambda ids: storage.last_claims(self._conn, ids),
            lambda ids: self._all(ids, storage.claims_in_force),
        )
        self._reports: Bitemporal[Report] = Bitemporal(
            evolve_report,
            report_states,
            lambda ids: storage.last_reports(self._conn, ids),
            lambda ids: self._all(ids, storage.reports_in_force),
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
        self._latest = self.position = None

    def fold(
        self,
        connection: Connection[Any],
        events: Sequence[LoggedEvent],
        settle: Callable[[], None] = lambda: None,
    ) -> Batch:
        """What a batch comes to, which follows all that was folded before. It counts as written.

        `settle` is called before anything is read of the tables that the batch before this one may
        have changed.
        """
        self._connection, self._before, self._settle = connection, events[0].position, settle
        return self._folded(events)

    def foresee(self, events: Sequence[LoggedEvent]) -> Batch | None:
        """The same, where nothing has to be read for it: new reports, and new claims of reports
        that are kept. Else None, and nothing has changed. They do not stand in the log yet: see
        `take_back`."""
        if self._latest is None or self.position is None:
            return None
        new: set[UUID] = set()
        for one in events:
            if one.type not in FORESEEABLE or one.version != 1:
                return None
            if self._claims.keeps(one.stream_id) or self._reports.keeps(one.stream_id):
                return None
            report = one.parent_id
            if report is not None and report not in new and not self._reports.keeps(report):
                return None
            new.add(one.stream_id)
        self._connection, self._foreseen_after = None, (self.position, self._latest)
        return self._folded(events)

    def take_back(self, events: Sequence[LoggedEvent]) -> None:
        """What was just foreseen has not come."""
        self.position, self._latest = self._foreseen_after
        for kept in (self._claims, self._reports):
            kept.drop(one.stream_id for one in events)

    def _folded(self, events: Sequence[LoggedEvent]) -> Batch:
        shown = [one for one in events if one.content is not None]
        entries = entries_of(shown)
        batch = self._batch(shown, entries)
        self._add_events(batch, shown, entries)
        self._claims.written()
        self._reports.written()
        self.position = events[-1].position
        return batch

    def erase(self, connection: Connection[Any], run: Sequence[LoggedEvent]) -> Iterator[Batch]:
        """What is in the tables of the subjects of some erasures, which follow each other and were
        written, anew, from what remains of their events. What is there of them is deleted. Each
        batch is to be written before the next is asked for."""
        sources, reports, claims = (
            erasing.subjects(run, kind) for kind in (Subject.SOURCE, Subject.REPORT, Subject.CLAIM)
        )
        since, upto = run[0].position, run[-1].position
        self._connection, self.erased = connection, True
        batch = Batch()
        with connection.cursor() as cursor:
            if sources:
                again = erasing.sources_again(cursor, self._log, sources, upto)
                batch.sources = source_rows(again)
            for _, logged, _ in erasing.histories(self._log, sources, upto):
                erasing.rewrite_events(cursor, logged, since)
            erasing.clear(cursor, erasing.REPORT_TABLES, reports)
            for report, logged, entries in erasing.histories(self._log, reports, upto):
                erasing.rewrite_events(cursor, logged, since)
                rows = self._reports.again(report, entries)
                batch.reports += map(report_row, rows)
                batch.report_urls.update(
                    ReportUrl(report, url) for row in rows for url in row.state.urls
                )
            yield batch  # whose claim it is, is read off the report
            batch = Batch()
            erasing.clear(cursor, erasing.CLAIM_TABLES, claims)
            for claim, logged, entries in erasing.histories(self._log, claims, upto):
                erasing.rewrite_events(cursor, logged, since)
                self._claim_again(batch, claim, entries)
            yield batch

    def _claim_again(self, batch: Batch, claim: UUID, entries: Sequence[Entry]) -> None:
        rows = self._claims.again(claim, entries)
        if not rows:
            return
        first = rows[0].state
        self._reports.prepare({}, [first.report])
        outlet = self._outlet(first)
        for entry in entries:
            self._bring(batch, claim, first, entry.event, outlet)
        batch.claims += (claim_row(row, outlet) for row in rows)

    def _batch(self, shown: Sequence[LoggedEvent], entries: Sequence[Entry]) -> Batch:
        """What the events come to, but for their own rows."""
        batch = Batch()
        subjects = [one.stream_id for one in shown]
        self._prepare(subjects, entries)
        about_sources = [
            (subject, entry)
            for subject, entry in zip(subjects, entries, strict=True)
            if isinstance(entry.event, SOURCE_EVENTS)
        ]
        sources = self._sources(about_sources)
        for subject, entry in zip(subjects, entries, strict=True):
            event = entry.event
            if isinstance(event, SOURCE_EVENTS):
                sources.take(subject, entry)
                touched = {subject, *named_by(event)}
            elif isinstance(event, StoryOpened):
                row = story_row(subject, entry)
                if row is not None:
                    batch.stories.append(story_state(row))
                touched = {subject}
            elif isinstance(event, REPORT_EVENTS):
                touched = self._take_report(batch, subject, entry)
            else:
                touched = self._take_claim(batch, subject, entry)
            batch.touches += (Touch(one, entry.position) for one in touched)
        batch.sources, batch.source_ends = source_rows(sources), source_ends(sources)
        batch.reports = [report_row(row) for row in self._reports.opened]
        batch.report_bounds = [bounds(row) for row in self._reports.changed]
        batch.claims = [claim_row(row, self._outlet(row.state)) for row in self._claims.opened]
        batch.claim_bounds = [bounds(row) for row in self._claims.changed]
        return batch

    def _sources(self, entries: Sequence[tuple[UUID, Entry]]) -> SourceChanges:
        if not entries:
            return SourceChanges({})
        self._settle()
        return load_sources(self._conn, entries)

    def _add_events(
        self, batch: Batch, shown: Sequence[LoggedEvent], entries: Sequence[Entry]
    ) -> None:
        if self._latest is None:
            self._settle()
            self._latest = storage.latest(self._conn)
        latest = self._latest
        for one, entry in zip(shown, entries, strict=True):
            if one.reported_at is not None:
                latest = one.reported_at if latest is None else max(latest, one.reported_at)
            batch.events.append(event_row(one, entry, latest))
        self._latest = latest

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
            batch.report_urls.update(ReportUrl(subject, url) for url in state.urls)
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
            batch.claim_sources.add(ClaimSource(source, state.first_reported_at, subject))
        first = state.first_reported_at
        batch.claim_terms.update(ClaimTerm(term, first, subject) for term in terms_of(event))
        batch.claim_wordings.update(
            ClaimWording.of(subject, state, statement) for statement in statements_of(event)
        )
        batch.claim_abouts.update(ClaimAbout(subject, days) for days in abouts_of(event))
        if isinstance(event, ClaimLinked):
            batch.claim_links.add(ClaimLink(event.to, event.kind, subject))

    def _outlet(self, claim: Claim) -> UUID | None:
        report = self._reports.state(claim.report)
        return report.outlet if report is not None else None

    def _all(
        self,
        ids: Sequence[UUID],
        in_force: Callable[[Connection[Any], Sequence[UUID]], Mapping[UUID, list[Stretch]]],
    ) -> Iterator[tuple[UUID, Sequence[Entry], Sequence[Stretch] | None]]:
        """Everything before this batch of some subjects. Where something of one was erased without
        a trace, as it once could be, with the bounds of its rows in force."""
        # A batch can reach into the past of all its subjects. Their rows of the log take as much
        # memory as all that is kept, so there are never those of more than a few.
        for start in range(0, len(ids), erasing.AT_ONCE):
            streams = self._log.streams(ids[start : start + erasing.AT_ONCE])
            before = {
                subject: [one for one in logged if one.position < self._before]
                for subject, logged in streams.items()
            }
            traceless = [
                subject
                for subject, logged in before.items()
                if any(one.content is None for one in logged)
            ]
            stretches: Mapping[UUID, list[Stretch]] = {}
            if traceless:
                self._settle()
                stretches = in_force(self._conn, traceless)
            for subject, logged in before.items():
                bounds = stretches.get(subject, []) if subject in traceless else None
                yield subject, entries_of(logged), bounds


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
