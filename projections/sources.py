"""Folding events into the rows of what changes with the position alone: sources and stories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from msgspec.json import Decoder
from psycopg import Connection

from domain.catalogue import Source, Story, evolve_source, evolve_story
from domain.events import SourceMerged
from domain.history import Entry
from projections.timeline import OPEN

_source = Decoder(Source)


@dataclass(slots=True, eq=False)
class SourceRow:
    """A source over a stretch of positions."""

    source_id: UUID
    position_from: int
    canonical_id: UUID
    state: Source
    shown: Source
    """The source under whose name it goes."""
    position_to: int = OPEN
    stored: bool = False


@dataclass(slots=True, eq=False)
class StoryRow:
    """A story from the position at which it was opened."""

    story_id: UUID
    position_from: int
    state: Story


@dataclass(slots=True)
class SourceChanges:
    """What a batch does to sources."""

    in_force: dict[UUID, SourceRow]
    opened: list[SourceRow] = field(default_factory=list)
    closed: list[SourceRow] = field(default_factory=list)

    def take(self, subject: UUID, entry: Entry) -> None:
        """Take up one event of a source."""
        before = self.in_force.get(subject)
        state = evolve_source(before.state if before else None, entry)
        if state is None:
            return
        canonical = before.canonical_id if before else subject
        shown = state
        if isinstance(entry.event, SourceMerged):
            canonical, shown = self._canonical(entry.event.into, state)
        elif before is not None and canonical != subject:
            shown = before.shown
        self._replace(before, subject, canonical, state, shown, entry.position)
        followers = [
            row
            for row in self.in_force.values()
            if row.canonical_id == subject and row.source_id != subject
        ]
        for row in followers:
            self._replace(row, row.source_id, canonical, row.state, shown, entry.position)

    def _canonical(self, source: UUID, otherwise: Source) -> tuple[UUID, Source]:
        row = self.in_force.get(source)
        return (row.canonical_id, row.shown) if row else (source, otherwise)

    def _replace(
        self,
        before: SourceRow | None,
        subject: UUID,
        canonical: UUID,
        state: Source,
        shown: Source,
        position: int,
    ) -> None:
        if before is not None:
            before.position_to = position
            if before.stored:
                self.closed.append(before)
        row = SourceRow(subject, position, canonical, state, shown)
        self.in_force[subject] = row
        self.opened.append(row)


def load_sources(
    connection: Connection[Any], entries: Sequence[tuple[UUID, Entry]]
) -> SourceChanges:
    """The rows in force that a batch's events of sources touch: their own, those that they are
    merged into, and those that go under the name of one that is merged."""
    touched = {subject for subject, _ in entries}
    touched |= {entry.event.into for _, entry in entries if isinstance(entry.event, SourceMerged)}
    if not touched:
        return SourceChanges({})
    found = connection.execute(
        "SELECT source_id, position_from, canonical_id, state::text, shown::text FROM sources"
        " WHERE (source_id = ANY(%(ids)s) OR canonical_id = ANY(%(ids)s))"
        " AND position_to = %(open)s",
        {"ids": list(touched), "open": OPEN},
    )
    return SourceChanges(
        {
            source_id: SourceRow(
                source_id,
                position_from,
                canonical,
                _source.decode(state),
                _source.decode(shown),
                stored=True,
            )
            for source_id, position_from, canonical, state, shown in found
        }
    )


def story_row(subject: UUID, entry: Entry) -> StoryRow | None:
    """The row that opening a story makes."""
    state = evolve_story(None, entry)
    return None if state is None else StoryRow(subject, entry.position, state)
