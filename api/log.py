"""The state of the log and of what was made of it, as GraphQL types."""

from __future__ import annotations

from datetime import datetime

import strawberry
from strawberry import field

from api.catalogue import ClaimCounts, claim_counts
from api.scalars import Position
from projections.basis import Basis
from projections.views import Summary


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
    position: Position = field(
        description="The last position that it held at the moment asked about; 0 while it is empty."
    )
    recorded_at: datetime | None = field(description="When that position was recorded.")
    projected_position: Position = field(
        description="How far the log can be read now: no answer holds more."
    )
    lag: Lag = field(description="How far that is behind the log now.")
    counts: RecordCounts = field(
        description="How much was in the record at the moment asked about."
    )


def log_of(summary: Summary, basis: Basis, *, limited: bool) -> Log:
    """The log as of a basis. `limited`: the question set a limit on what had been recorded."""
    return Log(
        position=Position(basis.position if limited else summary.position),
        recorded_at=basis.recorded_at if limited else summary.recorded_at,
        projected_position=Position(summary.projected_position),
        lag=Lag(events=summary.lag_events, seconds=summary.lag_seconds),
        counts=RecordCounts(
            sources=summary.sources,
            stories=summary.stories,
            reports=summary.reports,
            claims=summary.claims,
            events=summary.events,
            claims_by_status=claim_counts(summary.claims_by_status),
        ),
    )
