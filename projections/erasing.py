"""Taking what was erased out of the tables.

Where a batch of the log has an erasure, every row of its subject is written anew from what remains
of its events, just as a rebuild from the beginning of the log would write them: so there is no
difference between tables that lived through the erasure and tables that were made after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from psycopg import Cursor

from domain import codec
from domain.events import Erased
from domain.history import Entry
from domain.ids import Subject
from eventlog.decoding import entries_of
from eventlog.entries import LoggedEvent
from eventlog.log import Log
from projections.sources import SourceChanges
from projections.storage import identities

AT_ONCE: Final = 250
"""Subjects whose whole history is read from the log in one go."""

# Whoever keeps answers drops them on this word, and has done so since before there were erasures.
FORGET: Final = "SELECT pg_notify('dateline_read', 'rebuilt')"

CLAIM_TABLES: Final = (
    ("claims", "claim_id"),
    ("claim_terms", "claim_id"),
    ("claim_wordings", "claim_id"),
    ("claim_abouts", "claim_id"),
)
"""Those that hold something of what a claim says. Whom it names and links to stays as it was."""

REPORT_TABLES: Final = (("reports", "report_id"), ("report_urls", "report_id"))

# Sources that one of these was merged with, at any time.
MERGED: Final = """
SELECT source_id, canonical_id FROM sources
WHERE source_id = ANY(%(ids)s::uuid[]) OR canonical_id = ANY(%(ids)s::uuid[])
"""


def runs(events: Sequence[LoggedEvent]) -> list[tuple[bool, list[LoggedEvent]]]:
    """A batch as stretches of erasures and of other events, in turn."""
    return [(erases, list(run)) for erases, run in groupby(events, is_erasure)]


def is_erasure(event: LoggedEvent) -> bool:
    """Whether an event says that content was erased."""
    return event.type.endswith(".erased")


def subjects(run: Sequence[LoggedEvent], kind: Subject) -> list[UUID]:
    """The subjects of one kind that a stretch of erasures is about."""
    return list(dict.fromkeys(one.stream_id for one in run if one.type == f"{kind.value}.erased"))


def histories(
    log: Log, ids: Sequence[UUID], upto: int
) -> Iterator[tuple[UUID, list[LoggedEvent], list[Entry]]]:
    """What remains of everything recorded of some subjects up to a position, in order."""
    for start in range(0, len(ids), AT_ONCE):
        for subject, stream in log.streams(ids[start : start + AT_ONCE]).items():
            logged = [one for one in stream if one.position <= upto and one.content is not None]
            yield subject, logged, entries_of(logged)


def clear(cursor: Cursor[Any], tables: Sequence[tuple[str, str]], ids: Sequence[UUID]) -> None:
    """Delete every row of some subjects. One statement for all: some of the tables have no index
    over them."""
    if ids:
        for table, name in tables:
            cursor.execute(
                f"DELETE FROM {table} WHERE {name} = ANY(%s::uuid[])",  # noqa: S608 - constants
                (identities(ids),),
            )


def rewrite_events(cursor: Cursor[Any], logged: Sequence[LoggedEvent], since: int) -> None:
    """Put what remains into the rows of the events of a subject that erasures from a position on
    name."""
    by_sequence = {one.version: one for one in logged}
    told = [
        (by_sequence[sequence].content, one.position, by_sequence[sequence].position)
        for one in logged
        if one.position >= since and is_erasure(one)
        for sequence in erased_by(one)
    ]
    if told:
        cursor.executemany("UPDATE events SET body = %s, erased_by = %s WHERE position = %s", told)


def erased_by(one: LoggedEvent) -> tuple[int, ...]:
    """Which of its subject's events an erasure names."""
    event = codec.load(one.content or "")
    assert isinstance(event, Erased)
    return event.events


def sources_again(cursor: Cursor[Any], log: Log, ids: Sequence[UUID], upto: int) -> SourceChanges:
    """The rows of some sources, and of all that they were ever merged with, folded anew. Those that
    are there are deleted."""
    together = set(ids)
    while True:
        cursor.execute(MERGED, {"ids": identities(together)})
        found = together.union(*cursor.fetchall())
        if found == together:
            break
        together = found
    clear(cursor, [("sources", "source_id")], list(together))
    entries = [
        (source, entry)
        for source, _, known in histories(log, list(together), upto)
        for entry in known
    ]
    again = SourceChanges({})
    for source, entry in sorted(entries, key=lambda item: item[1].position):
        again.take(source, entry)
    return again
