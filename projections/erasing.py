"""Taking what was erased out of the tables.

Where a batch of the log has an erasure, every row of its subject is written anew from what remains
of its events, just as a rebuild from the beginning of the log would write them: so there is no
difference between tables that lived through the erasure and tables that were made after it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from psycopg import Cursor

from domain.events import Erased
from domain.history import Entry
from eventlog.decoding import entries_of
from eventlog.entries import LoggedEvent
from eventlog.log import Log
from projections.copying import identities
from projections.sources import SourceChanges

_logger = logging.getLogger(__name__)

# Whoever keeps answers drops them on this word, and has done so since before there were erasures.
FORGET: Final = "SELECT pg_notify('dateline_read', 'rebuilt')"

CLAIM_TABLES: Final = (
    ("claims", "claim_id"),
    ("claim_terms", "claim_id"),
    ("claim_wordings", "claim_id"),
    ("claim_abouts", "claim_id"),
    ("claim_sources", "claim_id"),
    ("claim_links", "from_id"),
)
REPORT_TABLES: Final = (("reports", "report_id"), ("report_urls", "report_id"))

# Sources that one of these was merged with, at any time.
MERGED: Final = """
SELECT source_id, canonical_id FROM sources
WHERE source_id = ANY(%(ids)s::uuid[]) OR canonical_id = ANY(%(ids)s::uuid[])
"""


def parts(events: Sequence[LoggedEvent]) -> list[list[LoggedEvent]]:
    """A batch in parts, cut behind each erasure."""
    found: list[list[LoggedEvent]] = [[]]
    for one in events:
        found[-1].append(one)
        if one.type.endswith(".erased"):
            found.append([])
    return [part for part in found if part]


def history(log: Log, subjects: Sequence[UUID], upto: int) -> list[tuple[UUID, Entry]]:
    """What remains of everything recorded of some subjects up to a position, in order."""
    logged = sorted(
        (
            one
            for stream in log.streams(subjects).values()
            for one in stream
            if one.position <= upto
        ),
        key=lambda one: one.position,
    )
    known = [one for one in logged if one.content is not None]
    return list(zip((one.stream_id for one in known), entries_of(known), strict=True))


def clear(cursor: Cursor[Any], tables: Sequence[tuple[str, str]], subject: UUID) -> None:
    """Delete every row of a subject."""
    for table, name in tables:
        cursor.execute(f"DELETE FROM {table} WHERE {name} = %s", (subject,))  # noqa: S608


def rewrite_events(
    cursor: Cursor[Any], logged: Sequence[LoggedEvent], erased: Erased, position: int
) -> None:
    """Put what remains into the rows of the events that an erasure names."""
    for one in logged:
        if one.version in erased.events:
            cursor.execute(
                "UPDATE events SET body = %s, erased_by = %s WHERE position = %s",
                (one.content, position, one.position),
            )


def sources_again(cursor: Cursor[Any], log: Log, subject: UUID, upto: int) -> SourceChanges:
    """The rows of a source, and of all that it was ever merged with, folded anew. Those that are
    there are deleted."""
    together = {subject}
    while True:
        cursor.execute(MERGED, {"ids": identities(together)})
        found = together.union(*cursor.fetchall())
        if found == together:
            break
        together = found
    cursor.execute("DELETE FROM sources WHERE source_id = ANY(%s::uuid[])", (identities(together),))
    again = SourceChanges({})
    for source, entry in history(log, list(together), upto):
        again.take(source, entry)
    return again
