"""Folding events into the rows of bitemporal subjects (claims, reports), batch by batch."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from uuid import UUID

from domain.events import ClaimAmended
from domain.history import Entry
from projections.timeline import Row, States, Stretch, Timeline

S = TypeVar("S")

KEPT = 4_000
"""How many subjects' last rows are kept between batches. It bounds the projector's memory: one
takes about 3 KiB."""

LoadLast = Callable[[Sequence[UUID]], Iterable[Row[S]]]
"""The rows in force that reach to the end of reporting time, of some subjects."""

LoadAll = Callable[
    [Sequence[UUID]], Iterable[tuple[UUID, Sequence[Entry], Sequence[Stretch] | None]]
]
"""Of each of some subjects: all entries before this batch, in the order of recording. Where they do
not tell all of its rows, also the bounds of those in force."""


@dataclass(slots=True)
class Bitemporal(Generic[S]):
    """The subjects of one kind: what is in force for each, and what a batch changes."""

    step: Callable[[S | None, Entry], S | None]
    states: States[S]
    load_last: LoadLast[S]
    load_all: LoadAll
    opened: list[Row[S]] = field(default_factory=list)
    changed: dict[Row[S], None] = field(default_factory=dict)
    """Rows in the table that are closed or cut short."""
    _timelines: OrderedDict[UUID, Timeline[S]] = field(default_factory=OrderedDict)
    _loaded: list[Timeline[S]] = field(default_factory=list)
    """Those that were completed for the batch at hand."""

    def prepare(
        self, subjects: Mapping[UUID, Sequence[Entry]], others: Iterable[UUID] = ()
    ) -> None:
        """Load what the entries of a batch, by subject, will need; and the last rows of others."""
        missing = {subject for subject in (*subjects, *others) if subject not in self._timelines}
        for subject in missing:
            self._timelines[subject] = Timeline(subject)
        # What begins with this batch has no rows yet.
        older = [one for one in missing if one not in subjects or subjects[one][0].sequence > 1]
        if older:
            for row in self.load_last(older):
                self._timelines[row.subject].last = row
        late = [
            subject for subject, entries in subjects.items() if self._comes_late(subject, entries)
        ]
        if late:
            for subject, entries, stretches in self.load_all(late):
                timeline = self._timelines[subject] = self._complete(subject, entries, stretches)
                self._loaded.append(timeline)

    def _complete(
        self, subject: UUID, entries: Sequence[Entry], stretches: Sequence[Stretch] | None
    ) -> Timeline[S]:
        timeline: Timeline[S] = Timeline(subject, loaded=True)
        if stretches is not None:
            timeline.load(entries, stretches, self.states)
            return timeline
        # To take all up once more is cheaper than to wait until the tables can be read, which the
        # batch before this one may still be on its way to.
        for entry in entries:
            self._taken(timeline, entry)
        for row in timeline.in_force:
            row.stored = True
        return timeline

    def _comes_late(self, subject: UUID, entries: Sequence[Entry]) -> bool:
        last = self._timelines[subject].last
        latest = last.reported_from if last is not None else None
        for entry in entries:
            if isinstance(entry.event, ClaimAmended):
                return True
            if latest is not None and entry.reported_at < latest:
                return True
            latest = entry.reported_at
        return False

    def take(self, subject: UUID, entry: Entry) -> S | None:
        """Take up one event of a prepared subject; the state after everything known of it."""
        timeline = self._timelines[subject]
        changed, opened = self._taken(timeline, entry)
        self.changed.update((row, None) for row in changed if row.stored)
        self.opened += opened
        return timeline.last.state if timeline.last else None

    def _taken(self, timeline: Timeline[S], entry: Entry) -> tuple[list[Row[S]], list[Row[S]]]:
        # Whether an amendment counts, and what it makes void, only the whole history tells.
        if isinstance(entry.event, ClaimAmended) or timeline.is_late(entry.reported_at):
            return timeline.insert(entry, self.states)
        state = self.step(timeline.last.state if timeline.last else None, entry)
        return ([], []) if state is None else timeline.append(entry, state)

    def again(self, subject: UUID, entries: Iterable[Entry]) -> list[Row[S]]:
        """Every row that all the events of a subject come to, taken up one after the other. What
        is kept of it is dropped."""
        self._timelines.pop(subject, None)
        timeline: Timeline[S] = Timeline(subject, loaded=True)
        return [row for entry in entries for row in self._taken(timeline, entry)[1]]

    def state(self, subject: UUID) -> S | None:
        """The state after everything known, of a prepared subject."""
        last = self._timelines[subject].last
        return last.state if last is not None else None

    def entries(self, subject: UUID) -> Sequence[Entry]:
        """All entries so far of a subject into whose past this batch reaches."""
        return self._timelines[subject].entries

    def written(self) -> None:
        """The batch is in the tables: forget its changes, and the subjects used least lately."""
        for row in self.opened:
            row.stored = True
        self.opened, self.changed = [], {}
        for timeline in self._loaded:
            timeline.unload()
        self._loaded = []
        while len(self._timelines) > KEPT:
            self._timelines.popitem(last=False)

    def touch(self, subjects: Iterable[UUID]) -> None:
        """Count subjects as used just now."""
        for subject in subjects:
            if subject in self._timelines:
                self._timelines.move_to_end(subject)

    def keeps(self, subject: UUID) -> bool:
        """Whether something is kept of a subject, so that nothing has to be read to prepare it."""
        return subject in self._timelines

    def drop(self, subjects: Iterable[UUID]) -> None:
        """Keep nothing of some subjects."""
        for subject in subjects:
            self._timelines.pop(subject, None)

    def forget(self) -> None:
        """Drop everything that is kept: the tables are not what they were."""
        self.opened, self.changed, self._loaded = [], {}, []
        self._timelines.clear()
