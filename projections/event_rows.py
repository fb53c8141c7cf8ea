"""Writing the tables of events: as they are shown, what each touches, and which are void."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor

from domain.history import Entry
from eventlog.entries import LoggedEvent
from projections.copying import NULL, copy_lines, identity, instant, text
from projections.hydrate import precision_of


@dataclass(frozen=True, slots=True)
class Voiding:
    """An event of a claim becomes void at a position, or is so no longer."""

    claim: UUID
    sequence: int
    position: int
    is_void: bool


def write_touches(cursor: Cursor[Any], rows: Sequence[tuple[UUID, int]]) -> None:
    """Index who and what each event touches."""
    lines = (f"{identity(subject)}\t{position}" for subject, position in rows)
    copy_lines(cursor, "touches", ("subject_id", "position"), lines)


_EVENTS = (
    "position",
    "recorded_at",
    "reported_at",
    "subject_id",
    "sequence",
    "type",
    "precision",
    "actor",
    "reason",
    "latest_reported_at",
    "body",
)


def latest_reported(cursor: Cursor[Any]) -> datetime | None:
    """The latest reporting time of all events so far."""
    found = cursor.execute(
        "SELECT latest_reported_at FROM events ORDER BY position DESC LIMIT 1"
    ).fetchone()
    return found[0] if found else None


def write_events(
    cursor: Cursor[Any],
    events: Sequence[LoggedEvent],
    entries: Sequence[Entry],
    latest: datetime | None,
) -> None:
    """Lay events open, as they are shown, beside what they were read as. `latest`: the latest
    reporting time of those before them."""
    copy_lines(cursor, "events", _EVENTS, _event_lines(events, entries, latest))


def _event_lines(
    events: Sequence[LoggedEvent], entries: Sequence[Entry], latest: datetime | None
) -> Iterator[str]:
    for one, entry in zip(events, entries, strict=True):
        published_at = getattr(entry.event, "published_at", None)
        observed_at = getattr(entry.event, "observed_at", None)
        precision = NULL
        if published_at is not None or observed_at is not None:
            precision = precision_of(published_at, observed_at).value
        if one.reported_at is not None:
            latest = one.reported_at if latest is None else max(latest, one.reported_at)
        yield "\t".join(
            (
                f"{one.position}\t{instant(one.recorded_at)}",
                NULL if one.reported_at is None else instant(one.reported_at),
                f"{identity(one.stream_id)}\t{one.version}\t{one.type}\t{precision}",
                text(one.actor),
                text(one.reason),
                NULL if latest is None else instant(latest),
                text(one.content),
            )
        )


def write_voided(cursor: Cursor[Any], rows: Sequence[Voiding]) -> None:
    """Say from which position on events are void, or no longer are."""
    for row in rows:
        cursor.execute(
            "UPDATE events SET voided = CASE WHEN %(is_void)s"
            " THEN coalesce(voided, '{}') + int8multirange(int8range(%(position)s, NULL))"
            " ELSE coalesce(voided, '{}') - int8multirange(int8range(%(position)s, NULL)) END"
            " WHERE subject_id = %(claim)s AND sequence = %(sequence)s",
            {
                "is_void": row.is_void,
                "position": row.position,
                "claim": row.claim,
                "sequence": row.sequence,
            },
        )
