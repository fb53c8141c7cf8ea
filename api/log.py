"""The state of the log and of what was made of it, as GraphQL types."""

from __future__ import annotations

from datetime import datetime

import strawberry

from api.catalogue import ClaimCounts, counted
from api.compiler import Field
from api.fields import column, one, within
from api.scalars import Position


@strawberry.type(description="How far what can be read is behind the log.")
class Lag:
    events: int = column(
        "greatest({row}.head - p.position, 0)", "Events recorded and not yet readable."
    )
    seconds: float = column(
        "coalesce((SELECT greatest(extract(epoch FROM clock_timestamp() - l.recorded_at), 0)"
        " FROM dateline.log l WHERE l.position = p.position + 1), 0)",
        "The age of the oldest of them; 0 where there is none.",
    )


@strawberry.type(description="How much is in the record.")
class RecordCounts:
    sources: int = column(
        "(SELECT count(*) FROM read.sources {row} WHERE {known})",
        "Sources, those merged into others included.",
    )
    stories: int = column("(SELECT count(*) FROM read.stories {row} WHERE {known})", "Stories.")
    reports: int = column("(SELECT count(*) FROM read.reports {row} WHERE {held})", "Reports.")
    claims: int = column(
        "(SELECT count(*) FROM read.claims {row} WHERE {held})", "Claims, whatever their status."
    )
    events: int = column("{row}.position", "Events in the log.")
    claims_by_status: ClaimCounts = one(counted("true"), "Claims by their status.")


@strawberry.type(description="The log, which only grows, and how far it can be read.")
class Log:
    position: Position = column(
        "{row}.position",
        "The last position that it held at the moment asked about; 0 while it is empty.",
    )
    recorded_at: datetime | None = column(
        "(SELECT l.recorded_at FROM dateline.log l WHERE l.position = {row}.position)",
        "When that position was recorded.",
    )
    projected_position: Position = column(
        "p.position", "How far the log can be read now: no answer holds more."
    )
    lag: Lag = within("How far that is behind the log now.")
    counts: RecordCounts = within("How much was in the record at the moment asked about.")


def log_row(field: Field) -> str:
    """The one row that the log is read off."""
    if field.moment.position is None or field.asks_for("projectedPosition", "lag"):
        field.compiling.live = True
    row = field.compiling.row()
    head = "(SELECT coalesce(max(l.position), 0) AS head FROM dateline.log l) h"
    position = field.moment.position or "h.head"
    return (
        f"(SELECT {field.inside(row)}"
        f" FROM (SELECT h.head, {position} AS position FROM {head}) {row})"
    )
