"""Short ways to write units in tests."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from eventlog.entries import Append, Appended, ChildGuard, NewEvent, Outcome, StreamGuard

NOON = datetime(2024, 8, 18, 12, tzinfo=UTC)


def event(
    stream_id: UUID | None = None,
    version: int = 1,
    content: str = '{"text": "seventeen"}',
    parent_id: UUID | None = None,
) -> NewEvent:
    """One event; a new stream unless one is named."""
    return NewEvent(stream_id or uuid4(), version, "claim.reported", content, NOON, parent_id)


def unit(
    *events: NewEvent,
    key: str | None = None,
    digest: bytes = b"",
    guards: tuple[StreamGuard, ...] = (),
    child_guards: tuple[ChildGuard, ...] = (),
) -> Append:
    """One unit by "the desk"; of one new stream unless events are given."""
    return Append(
        events or (event(),),
        "the desk",
        reason="first load",
        key=key,
        request_digest=digest,
        guards=guards,
        child_guards=child_guards,
    )


def appended(outcome: Outcome) -> Appended:
    """The outcome, which must be a success."""
    assert isinstance(outcome, Appended), outcome
    return outcome
