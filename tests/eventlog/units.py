"""Short ways to write units in tests."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from eventlog.entries import Append, Appended, ChildGuard, NewEvent, Outcome, StreamGuard
from eventlog.erasing import Gone, connect, store
from eventlog.log import Log

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


def erase(
    conninfo: str, *positions: int, actor: str = "counsel", ground: str = "court_order"
) -> Outcome:
    """Erase the content of these positions, each of a stream of its own."""
    with Log(conninfo) as log:
        wanted = [one for one in log.read(0, 1_000) if one.position in positions]
        events = [
            NewEvent(
                one.stream_id,
                log.streams([one.stream_id])[one.stream_id][-1].version + 1,
                "claim.erased",
                f'{{"type":"claim.erased","ground":"{ground}","events":[{one.version}]}}',
                NOON,
            )
            for one in wanted
        ]
    gone = [Gone(place, one, '{"left":true}') for place, one in enumerate(wanted)]
    with connect(conninfo) as connection, connection.transaction():
        return store(connection, Append(events, actor), gone)


def appended(outcome: Outcome) -> Appended:
    """The outcome, which must be a success."""
    assert isinstance(outcome, Appended), outcome
    return outcome
