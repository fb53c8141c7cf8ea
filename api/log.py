"""The state of the log and of what was made of it, as GraphQL types."""

from __future__ import annotations

from datetime import datetime

import strawberry
from strawberry import field

from api.catalogue import ClaimCounts
from api.scalars import Position


@strawberry.type(description="How far what can be read is behind the log.")
class Lag:
    events: int = field(description="Events recorded and not yet readable.")
    seconds: float = field(description="The age of the oldest of them; 0 where there is none.")


@strawberry.type(description="How much is in the record.")
class RecordCounts:
    sources: int = field(description="Sources, those merged into others included.")
    stories: int = field(description="Stories.")
    reports: int = field(description="Reports.")
    claims: int = field(description="Claims, whatever their status.")
    events: int = field(description="Events in the log.")
    claims_by_status: ClaimCounts = field(description="Claims by their status.")


@strawberry.type(description="The log, which only grows, and how far it can be read.")
class Log:
    position: Position = field(description="The last position; 0 while the log is empty.")
    recorded_at: datetime | None = field(description="When that position was recorded.")
    projected_position: Position = field(
        description="How far the log can be read: answers hold everything up to here."
    )
    lag: Lag = field(description="How far that is behind the log.")
    counts: RecordCounts = field(description="How much is in the record.")
