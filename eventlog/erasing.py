"""Carrying out erasures: the content, the event that says so and the list outside the database.

The order is what makes it safe. In one transaction the event is appended and the content deleted;
then the list is written, to the disk; then the transaction is committed. A crash in between leaves
a line of the list that the database knows nothing of, and `reconcile` carries it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import psycopg
from msgspec import Raw, Struct
from msgspec.structs import replace
from psycopg import Connection

from domain import codec
from domain.events import Erased, SourceErased
from domain.remains import remains
from eventlog.batching import next_batch
from eventlog.entries import Append, Appended, LoggedEvent, NewEvent, Outcome, VersionConflict
from eventlog.erasure_list import ErasureList, ListedErasure, ListedEvent, ListedSubject
from eventlog.errors import EventLogError, OutcomeUnknown
from eventlog.faults import named_faults
from eventlog.log import STREAMS
from eventlog.persistence import APPENDING, outcomes_of, parameters_of
from eventlog.validation import check_append
from eventlog.wire import adapters, int4s, int8s, texts, uuids

AGAIN: Final = "erased again: a copy of the record still had it"
"""The reason that stands in the log where the list was carried out a second time."""

ATTEMPTS: Final = 20

_ERASE: Final = (
    "SELECT * FROM dateline.erase_v1("  # noqa: S608 - built from constants
    f"{APPENDING}, %b::int4[], %b::int8[], %b::text[])"
)

_RECORD: Final = "SELECT id FROM dateline.record"

# Whose content was erased, with what the list has to tell of it.
_ERASED: Final = """
SELECT e.event, l.recorded_at, e.actor, c.content, x.position, x.stream_id, x.digest, e.remains
FROM dateline.erasures e
JOIN dateline.log x ON x.position = e.position
JOIN dateline.log l ON l.position = e.event
JOIN dateline.log_content c ON c.position = e.event
ORDER BY e.event, x.stream_id, x.position
"""


class Gone(Struct, frozen=True, gc=False):
    """Content that goes: for the sake of which event of the unit (from 0), and what remains."""

    event: int
    logged: LoggedEvent
    remains: str


def connect(conninfo: str) -> Connection[Any]:
    """A connection that can erase, each statement its own transaction."""
    return psycopg.connect(conninfo, autocommit=True, context=adapters())


def record_id(connection: Connection[Any]) -> UUID:
    """Which record this is."""
    row = connection.execute(_RECORD).fetchone()
    if row is None:
        raise EventLogError("The database has lost the row that says which record it is.")
    found: UUID = row[0]
    return found


def erase(conninfo: str, unit: Append, erasures: ErasureList) -> Outcome:
    """Append a unit of erasures, erase what its events name, and write the list.

    Raises ErasureListUnusable where the list cannot be written: then nothing was erased; and
    OutcomeUnknown where the connection was lost when it was: it will be erased at the next start.
    """
    check_append(unit)
    listed = False
    try:
        with named_faults(), connect(conninfo) as connection:
            record = record_id(connection)
            with connection.transaction():
                gone = _named_by(connection, unit)
                if isinstance(gone, VersionConflict):
                    return gone
                outcome = store(connection, unit, gone)
                if isinstance(outcome, Appended) and not outcome.replayed:
                    erasures.add([_listed(record, unit, outcome.recorded_at, gone)])
                    listed = True
            return outcome
    except EventLogError as error:
        if listed:
            raise OutcomeUnknown(
                f"The connection was lost while content was being erased ({error}). What is not"
                " erased yet will be at the next start; ask again with the same key to know."
            ) from None
        raise


def store(connection: Connection[Any], unit: Append, gone: Sequence[Gone]) -> Outcome:
    """Append a unit and erase content for its sake, in the transaction of the caller."""
    batch, _ = next_batch([(0, unit)])
    rows = connection.execute(
        _ERASE,
        (
            *parameters_of(batch),
            int4s([one.event + 1 for one in gone]),
            int8s([one.logged.position for one in gone]),
            texts([one.remains for one in gone]),
        ),
    ).fetchall()
    return outcomes_of(batch, rows)[0]


def _named_by(connection: Connection[Any], unit: Append) -> list[Gone] | VersionConflict:
    """The content that the events of a unit name; or that somebody has written there since."""
    streams = _streams(connection, [event.stream_id for event in unit.events])
    gone: list[Gone] = []
    for place, event in enumerate(unit.events):
        logged = streams.get(event.stream_id, [])
        if len(logged) != event.version - 1:
            return VersionConflict(event.stream_id, event.version - 1, len(logged))
        erased = codec.load(event.content)
        assert isinstance(erased, Erased)
        for sequence in erased.events:
            one = logged[sequence - 1]
            left = remains(codec.load(one.content or ""))
            gone.append(Gone(place, one, codec.encode(left)))
    return gone


def _streams(connection: Connection[Any], ids: Iterable[UUID]) -> dict[UUID, list[LoggedEvent]]:
    found: dict[UUID, list[LoggedEvent]] = {}
    with connection.cursor(binary=True) as cursor:
        for row in cursor.execute(STREAMS, (uuids(list(ids)),)):
            event = LoggedEvent(*row)
            found.setdefault(event.stream_id, []).append(event)
    return found


def _listed(record: UUID, unit: Append, at: datetime, gone: Iterable[Gone]) -> ListedErasure:
    by_event: dict[int, list[ListedEvent]] = {place: [] for place in range(len(unit.events))}
    for one in gone:
        by_event[one.event].append(
            _listed_event(one.logged.position, one.logged.digest, one.remains)
        )
    return ListedErasure(
        record=record,
        at=at,
        actor=unit.actor,
        subjects=tuple(
            ListedSubject(id=event.stream_id, erasure=_raw(event.content), events=tuple(events))
            for event, events in zip(unit.events, by_event.values(), strict=True)
        ),
    )


def _listed_event(position: int, digest: bytes, left: str) -> ListedEvent:
    return ListedEvent(position=position, digest=digest.hex(), remains=_raw(left))


def _raw(text: str) -> Raw:
    return Raw(text.encode())


def _text(raw: Raw) -> str:
    return bytes(raw).decode()


def reconcile(conninfo: str, erasures: ErasureList) -> int:
    """Bring a record and the list of its erasures to agree: what the list has and the record still
    holds is erased from it, and what the list lacks is written down there. Returns how many
    contents were erased."""
    with named_faults(), connect(conninfo) as connection:
        done = carry_out(connection, erasures)
        complete(connection, erasures)
    return done


def carry_out(connection: Connection[Any], erasures: ErasureList) -> int:
    """Erase what the list names and the record still holds. What stands at a position with another
    digest is something else, and stays. Returns how many contents were erased."""
    return sum(_carry_out(connection, one) for one in erasures.read(record_id(connection)))


def _carry_out(connection: Connection[Any], listed: ListedErasure) -> int:
    for _ in range(ATTEMPTS):
        streams = _streams(connection, [subject.id for subject in listed.subjects])
        events: list[NewEvent] = []
        gone: list[Gone] = []
        for subject in listed.subjects:
            logged = streams.get(subject.id, [])
            held = {(one.position, one.digest.hex()): one for one in logged if not one.erased}
            due = [
                Gone(len(events), held[one.position, one.digest], _text(one.remains))
                for one in subject.events
                if (one.position, one.digest) in held
            ]
            # What a report's claims lose with it is told by the report, whatever it loses itself.
            if due or (logged and len(listed.subjects) > 1 and subject is listed.subjects[0]):
                gone += due
                events.append(_again(listed, subject, logged, due))
        if not gone:
            return 0
        unit = Append(events, listed.actor, AGAIN)
        with connection.transaction():
            if isinstance(store(connection, unit, gone), Appended):
                return len(gone)
    raise EventLogError("Others kept writing to what is to be erased; start again.")


def _again(
    listed: ListedErasure, subject: ListedSubject, logged: list[LoggedEvent], due: list[Gone]
) -> NewEvent:
    event = codec.load(bytes(subject.erasure))
    assert isinstance(event, Erased)
    event = replace(
        event,
        events=tuple(one.logged.version for one in due),
        first_erased_at=event.first_erased_at or listed.at,
    )
    at = None
    if not isinstance(event, SourceErased):
        now = datetime.now(UTC)
        at = max(now, logged[0].reported_at or now)
    return NewEvent(subject.id, len(logged) + 1, codec.type_of(event), codec.encode(event), at)


def complete(connection: Connection[Any], erasures: ErasureList) -> None:
    """Write down in the list those erasures of the record that it lacks."""
    record = record_id(connection)
    erasures.begin()
    known = {
        (event.position, event.digest)
        for one in erasures.read(record)
        for subject in one.subjects
        for event in subject.events
    }
    lacking: dict[int, ListedErasure] = {}
    for event, at, actor, content, position, stream, digest, left in connection.execute(_ERASED):
        if (position, digest.hex()) in known:
            continue
        before = lacking[event].subjects[0].events if event in lacking else ()
        one = _listed_event(position, digest, left)
        lacking[event] = ListedErasure(
            record=record,
            at=at,
            actor=actor,
            subjects=(ListedSubject(id=stream, erasure=_raw(content), events=(*before, one)),),
        )
    if lacking:
        erasures.add(list(lacking.values()))
