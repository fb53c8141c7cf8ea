"""How the rows of one bitemporal subject change when one more event becomes known.

A row says: between these log positions, the state over this stretch of reporting time was this.
A row that is in force has no last position. When something becomes known at position p, the rows
whose state it changes are closed at p and others are opened. A row that had no end in reporting
time, and whose state holds on up to some time, is only cut short: from p on it ends there.
Nothing else of a row ever changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Generic, NamedTuple, TypeVar, cast
from uuid import UUID

from domain.history import Entry

S = TypeVar("S")

FOREVER = datetime.max.replace(tzinfo=UTC)
"""The open end of reporting time. It is written as 'infinity'."""

OPEN = 9_223_372_036_854_775_807
"""The open end of positions, PostgreSQL's largest bigint."""


@dataclass(slots=True, eq=False)
class Row(Generic[S]):
    """A stretch of reporting time and positions over which a subject's state is the same."""

    subject: UUID
    reported_from: datetime
    reported_to: datetime
    position_from: int
    position_to: int
    state: S
    capped_from: int = 0
    """The position from which on it ends at `reported_to`: until then it had no end in reporting
    time. 0: it always had this end, or has none."""
    stored: bool = False
    """It is in the table already; changing it means an update."""

    def close(self, position: int) -> None:
        """From a position on it says nothing any more."""
        self.position_to = position

    def cap(self, reported_at: datetime, position: int) -> None:
        """From a position on it ends there, which had no end before."""
        self.reported_to, self.capped_from = reported_at, position


class Stretch(NamedTuple):
    """The bounds of a row that is in force."""

    reported_from: datetime
    reported_to: datetime
    position_from: int
    capped_from: int


States = Callable[[Sequence[Entry]], list[tuple[datetime, S]]]
"""From entries in fold order to the state from each reporting time on."""


@dataclass(slots=True)
class Timeline(Generic[S]):
    """What is in force for one subject.

    For events that come in the order of their reporting times the last row is enough. For one
    that comes late, all the entries and rows are needed: see `loaded`.
    """

    subject: UUID
    last: Row[S] | None = None
    """The row in force that reaches to the end of reporting time."""
    entries: list[Entry] = field(default_factory=list)
    in_force: list[Row[S]] = field(default_factory=list)
    loaded: bool = False
    """`entries` and `in_force` are complete."""

    def is_late(self, reported_at: datetime) -> bool:
        """Whether something at that reporting time changes what lies before the last row."""
        return self.last is not None and reported_at < self.last.reported_from

    def append(self, entry: Entry, state: S) -> tuple[list[Row[S]], list[Row[S]]]:
        """Take up an event that is not late and leads to `state`: (rows changed, rows opened)."""
        before = self.last
        self.last = Row(self.subject, entry.reported_at, FOREVER, entry.position, OPEN, state)
        if self.loaded:
            self.entries.append(entry)
            self.in_force.append(self.last)
        if before is None:
            return [], [self.last]
        if before.reported_from < entry.reported_at:
            before.cap(entry.reported_at, entry.position)
        else:
            before.close(entry.position)
            if self.loaded:
                self.in_force.remove(before)
        return [before], [self.last]

    def insert(self, entry: Entry, states: States[S]) -> tuple[list[Row[S]], list[Row[S]]]:
        """Take up any event, late or not, by folding anew: (rows changed, rows opened). The
        timeline must be `loaded`."""
        self.entries.append(entry)
        self.entries.sort(key=lambda one: (one.reported_at, one.position))
        wanted = states(self.entries)
        changed: list[Row[S]] = []
        opened: list[Row[S]] = []
        present = {row.reported_from: row for row in self.in_force}
        self.in_force = []
        for index, (start, state) in enumerate(wanted):
            end = wanted[index + 1][0] if index + 1 < len(wanted) else FOREVER
            row = present.get(start)
            if row is not None and row.state == state and row.reported_to in (end, FOREVER):
                if row.reported_to != end:
                    row.cap(end, entry.position)
                    changed.append(row)
                self.in_force.append(present.pop(start))
            else:
                opened.append(Row(self.subject, start, end, entry.position, OPEN, state))
                self.in_force.append(opened[-1])
        for row in present.values():
            row.close(entry.position)
            changed.append(row)
        self.last = self.in_force[-1] if self.in_force else None
        return changed, opened

    def load(
        self, entries: Sequence[Entry], stretches: Iterable[Stretch], states: States[S]
    ) -> None:
        """Complete it with every entry before now and the bounds of every row in force.

        The rows' states are folded from the entries, which is cheaper than reading them.
        """
        self.entries = sorted(entries, key=lambda one: (one.reported_at, one.position))
        known = dict(states(self.entries))
        self.in_force = [
            Row(
                self.subject,
                one.reported_from,
                one.reported_to,
                one.position_from,
                OPEN,
                # None, where its event was erased without a trace, as it once could be: it
                # equals no state, and will be closed.
                cast(S, known.get(one.reported_from)),
                one.capped_from,
                stored=True,
            )
            for one in sorted(stretches)
        ]
        self.last = self.in_force[-1] if self.in_force else None
        self.loaded = True

    def unload(self) -> None:
        """Keep only what the next event in order needs."""
        self.entries, self.in_force, self.loaded = [], [], False


def latest_of_each_time(
    entries: Sequence[Entry], states: Sequence[S | None]
) -> list[tuple[datetime, S]]:
    """The state after the last of the entries that share a reporting time, for each such time."""
    result: list[tuple[datetime, S]] = []
    for index, (entry, state) in enumerate(zip(entries, states, strict=True)):
        same = index + 1 < len(entries) and entries[index + 1].reported_at == entry.reported_at
        if state is not None and not same:
            result.append((entry.reported_at, state))
    return result
