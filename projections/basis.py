"""The moment that a question is about, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection

from domain.moments import last_instant
from domain.refusals import InvalidInput, InvalidTime


@dataclass(frozen=True, slots=True)
class AsOf:
    """A moment as it is asked for. What is left out is no limit."""

    reported_at: str | None = None
    """What was public by then. What is coarser than a second means its end; no zone means UTC."""
    recorded_at: str | None = None
    """What the record held by then: up to the last position recorded at or before."""
    position: int | None = None
    """What the record held up to this position."""


@dataclass(frozen=True, slots=True)
class Basis:
    """The moment that an answer belongs to. At a given basis it never changes."""

    position: int
    """The answer holds the log up to and including this position; 0 while it is empty."""
    recorded_at: datetime | None
    """When that position was recorded, UTC."""
    reported_at: datetime | None
    """What was public by then, UTC; None: no limit."""
    now: bool = False
    """No limit of any sort was asked for."""


def extent(basis: Basis, table: str) -> str:
    """The condition that chooses the one row of each subject that held at a basis.

    Where `now`, it is the condition of the partial indexes. It uses the parameters of
    `parameters`.
    """
    if basis.now:
        return f"{table}.reported_to = 'infinity' AND {table}.position_to = 9223372036854775807"
    recorded = f"{table}.position_from <= %(position)s AND {table}.position_to > %(position)s"
    uncapped = f"{table}.capped_from > %(position)s"
    if basis.reported_at is None:
        return f"({table}.reported_to = 'infinity' OR {uncapped}) AND {recorded}"
    return (
        f"{table}.reported_from <= %(reported_at)s"
        f" AND ({table}.reported_to > %(reported_at)s OR {uncapped}) AND {recorded}"
    )


def parameters(basis: Basis) -> dict[str, Any]:
    """What `extent` refers to."""
    return {"position": basis.position, "reported_at": basis.reported_at}


def resolve(connection: Connection[Any], as_of: AsOf) -> Basis:
    """What a question about a moment comes to, in the snapshot of the connection's transaction.

    Raises InvalidTime for a text that is no time, and for a `recorded_at` in the future, since
    what will be recorded until then would change the answer; InvalidInput for a position that is
    not there, or given together with `recorded_at`.
    """
    row = connection.execute(
        # Nothing is ever recorded at or before the last of what was, even where the clock has
        # stepped back behind it.
        "SELECT position, recorded_at, greatest(clock_timestamp(), recorded_at) FROM read.progress"
    ).fetchone()
    head, head_recorded_at, over = row or (0, None, datetime.now(UTC))
    reported_at = _instant(as_of.reported_at, "reportedAt")
    if as_of.position is not None and as_of.recorded_at is not None:
        raise InvalidInput("give recordedAt or position, not both", field="position")
    if as_of.position is None and as_of.recorded_at is None:
        return Basis(head, head_recorded_at, reported_at, now=reported_at is None)
    if as_of.position is not None:
        if not 0 <= as_of.position <= head:
            raise InvalidInput(f"there is no position {as_of.position} yet", field="position")
        return at_position(connection, as_of.position, reported_at)
    recorded_at = _instant(as_of.recorded_at, "recordedAt")
    if recorded_at is None or recorded_at > over:
        raise InvalidTime(
            f"{as_of.recorded_at!r} is not over yet: what is recorded until then would change"
            " the answer",
            field="recordedAt",
        )
    found = connection.execute("SELECT dateline.position_at(%s)", (recorded_at,)).fetchone()
    return at_position(connection, min(found[0] if found else 0, head), reported_at)


def at_position(connection: Connection[Any], position: int, reported_at: datetime | None) -> Basis:
    """The basis of a position that is in the log."""
    row = connection.execute(
        "SELECT recorded_at FROM dateline.log WHERE position = %s", (position,)
    ).fetchone()
    return Basis(position, row[0] if row else None, reported_at)


def _instant(text: str | None, field: str) -> datetime | None:
    if text is None:
        return None
    try:
        return last_instant(text)
    except InvalidTime as error:
        raise InvalidTime(str(error), field=field) from None
