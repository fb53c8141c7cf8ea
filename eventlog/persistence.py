"""A persistence module for the ``eventsourcing`` library: PERSISTENCE_MODULE=eventlog.persistence.

The library's applications, notification log, subscriptions and projection runners work unchanged
on Dateline's log. ``StoredEvent.state`` is the content, as UTF-8; an erased event's is empty.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing import postgres
from eventsourcing.persistence import (
    BaseInfrastructureFactory,
    DataError,
    IntegrityError,
    NotSupportedError,
    OperationalError,
    ProcessRecorder,
    StoredEvent,
)
from eventsourcing.postgres import (
    PostgresApplicationRecorder,
    PostgresDatastore,
    PostgresRecorder,
    PostgresSubscription,
)
from eventsourcing.utils import Environment, EnvType
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row, tuple_row
from psycopg.sql import SQL
from psycopg_pool import PoolTimeout

from eventlog.batching import Batch, next_batch
from eventlog.entries import (
    Append,
    Appended,
    ChildConflict,
    KeyConflict,
    NewEvent,
    Outcome,
    VersionConflict,
)
from eventlog.validation import check_append
from eventlog.wire import Packed, adapters, byteas, instants, int4s, int8s, texts, uuids

CHANNEL = "dateline_log"
"""Where the database announces each append; the payload is the last position."""
CONNINFO = "DATELINE_CONNINFO"
"""The factory's environment variable: the connection string of the application's role."""
LIBRARY_SCHEMA = "dateline_library"
"""What the library sees of the log, and room for the tables it makes itself."""

APPENDING = """
    %b::uuid[], %b::int4[], %b::text[], %b::text[], %b::timestamptz[], %b::uuid[],
    %b::text[], %b::text[], %b::text[],
    %b::int4[], %b::uuid[], %b::int4[],
    %b::int4[], %b::uuid[], %b::int8[],
    %b::int4[], %b::text[], %b::bytea[], %b::int4[], %b::int4[]
"""
"""The arguments of the database's append function."""
APPEND = f"SELECT * FROM dateline.append_v3({APPENDING}, true)"  # noqa: S608 - from constants

_MICROSECOND = timedelta(microseconds=1)
_POLL = 1.0  # seconds after which a subscription looks even if nothing was announced
_RECONNECT_PAUSE = 0.2  # seconds
_TRY = 1.0  # seconds that a connection is waited for before another attempt to make one


class LogDatastore(PostgresDatastore):
    """The library's pool of connections, made from a connection string."""

    def __init__(self, conninfo: str, pool_size: int = 8, connect_timeout: float = 15) -> None:
        parts = conninfo_to_dict(conninfo)
        super().__init__(
            dbname=str(parts.get("dbname") or ""),
            host=str(parts.get("host") or ""),
            port=str(parts.get("port") or ""),
            user=str(parts.get("user") or ""),
            password=str(parts.get("password") or ""),
            connect_timeout=connect_timeout,
            pool_size=1,
            max_overflow=pool_size - 1,
            schema=LIBRARY_SCHEMA,
        )
        self._patience = connect_timeout
        # Left to itself the pool doubles the pause after each failed attempt, and would find a
        # database that was away for some minutes only minutes after it is back.
        self.pool.timeout = min(_TRY, connect_timeout)
        self.pool.reconnect_timeout = _TRY / 2
        self.conninfo = conninfo
        self.pool.conninfo = conninfo
        self.pool.kwargs = {
            "row_factory": dict_row,
            "autocommit": True,
            "context": adapters(),
        }

    @contextmanager
    def get_connection(self) -> Iterator[psycopg.Connection[DictRow]]:
        """A connection, waited for as long as was said. Asking the pool again has it try again.

        Raises the library's persistence errors.
        """
        deadline = time.monotonic() + self._patience
        with ExitStack() as stack:
            while True:
                try:
                    connection = stack.enter_context(super().get_connection())
                    break
                except OperationalError as error:
                    away = isinstance(error.__cause__, PoolTimeout)
                    if not away or time.monotonic() >= deadline:
                        raise
            yield connection


class LogSubscription(PostgresSubscription):
    """The library's subscription, which here neither dies with its connection nor misses an event.

    The library looks for events once and then listens; what is stored in between is announced to
    nobody. So every (re)connection and every second count as an announcement.
    """

    _recorder: "LogRecorder"

    def _listen(self) -> None:
        conninfo = self._recorder.log_datastore.conninfo
        while not self._has_been_stopped and not self._thread_error:
            try:
                with psycopg.connect(conninfo, autocommit=True) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self._pass_on(connection)
            except psycopg.Error:
                time.sleep(_RECONNECT_PAUSE)

    def _pass_on(self, connection: psycopg.Connection) -> None:
        announced = 0.0
        while not self._has_been_stopped and not self._thread_error:
            if time.monotonic() - announced > _POLL:
                self._has_been_notified.set()
                announced = time.monotonic()
            for _ in connection.notifies(timeout=0.1, stop_after=1):
                self._has_been_notified.set()


class LogRecorder(PostgresApplicationRecorder):
    """The library's recorder of application events, on Dateline's log.

    Reading is the library's own, through a view. Appending goes through one function of the
    database: one round trip, one transaction, positions without gaps in the order of commit.
    """

    def __init__(
        self, datastore: PostgresDatastore, *, events_table_name: str = "stored_events"
    ) -> None:
        # Not PostgresApplicationRecorder's: that one asks the database for types it would make.
        PostgresRecorder.__init__(self, datastore)
        if not isinstance(datastore, LogDatastore):
            raise TypeError("the log's recorder needs a LogDatastore")
        self.log_datastore = datastore
        self.events_table_name = "stored_events"
        self.channel_name = CHANNEL
        self.select_events_statement = SQL(
            "SELECT * FROM dateline_library.stored_events WHERE originator_id = %s"
        ).format()
        self.max_notification_id_statement = SQL(
            "SELECT max(notification_id) FROM dateline_library.stored_events"
        ).format()

    def create_table(self) -> None:
        """Do nothing: the migrations made the log."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Store the events as one unit and return their positions.

        Keyword arguments, as given to ``Application.save``: ``actor`` (default "application"),
        ``reason``, ``key``, ``request_digest``. A key seen before with the same digest returns
        the first positions. Raises IntegrityError where a version or key is taken, DataError
        where a state is not text.
        """
        if not stored_events:
            return None
        unit = Append(
            events=[_new_event(stored_event) for stored_event in stored_events],
            actor=kwargs.get("actor", "application"),
            reason=kwargs.get("reason"),
            key=kwargs.get("key"),
            request_digest=kwargs.get("request_digest", b""),
        )
        check_append(unit)
        batch, _ = next_batch([(0, unit)])
        outcome = self.append_batch(batch)[0]
        if not isinstance(outcome, Appended):
            raise IntegrityError(str(outcome))
        return list(range(outcome.first_position, outcome.last_position + 1))

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> LogSubscription:
        """Give an iterator over the events after ``gt`` that waits for more at the end."""
        return LogSubscription(recorder=self, gt=gt, topics=topics)

    def append_batch(self, batch: Batch) -> dict[int, Outcome]:
        """Store the batch, or store nothing and tell which of its units stand in the way.

        The units that the answer leaves out were kept back by those, and can be sent again.
        Raises the library's persistence errors; after an OperationalError the batch may have
        been stored.
        """
        with (
            self.datastore.get_connection() as connection,
            connection.cursor(row_factory=tuple_row) as cursor,
        ):
            rows = cursor.execute(APPEND, parameters_of(batch), prepare=True).fetchall()
        return outcomes_of(batch, rows)


def outcomes_of(batch: Batch, rows: Sequence[tuple[Any, ...]]) -> dict[int, Outcome]:
    """What the append function's answer means for the units of a batch."""
    if rows[0][0] == "stored":
        return {**appended_of(batch, rows[0][2], rows[0][4])}
    return _refusals(batch, rows)


def parameters_of(batch: Batch) -> tuple[Packed, ...]:
    """A batch as the arguments of the append function."""
    units = list(zip(batch.units, batch.appends, batch.first, batch.last, strict=True))
    events = [(event, unit) for unit in batch.appends for event in unit.events]
    guards = [(number, guard) for number, unit, _, _ in units for guard in unit.child_guards]
    keyed = [one for one in units if one[1].key is not None]
    return (
        uuids([event.stream_id for event, _ in events]),
        int4s([event.version for event, _ in events]),
        texts([event.type for event, _ in events]),
        texts([event.content for event, _ in events]),
        instants([event.reported_at for event, _ in events]),
        uuids([event.parent_id for event, _ in events]),
        texts([unit.actor for _, unit in events]),
        texts([unit.reason for _, unit in events]),
        texts([unit.key for _, unit in events]),
        int4s([number for number, _, _ in batch.taken]),
        uuids([stream for _, stream, _ in batch.taken]),
        int4s([version for _, _, version in batch.taken]),
        int4s([number for number, _ in guards]),
        uuids([guard.parent_id for _, guard in guards]),
        int8s([guard.position for _, guard in guards]),
        int4s([number for number, _, _, _ in keyed]),
        texts([unit.key for _, unit, _, _ in keyed]),
        byteas([unit.request_digest for _, unit, _, _ in keyed]),
        int4s([first for _, _, first, _ in keyed]),
        int4s([last for _, _, _, last in keyed]),
    )


def appended_of(batch: Batch, before: int, time: datetime) -> dict[int, Appended]:
    """Where the units of a batch stand that was stored after a position and the time of that."""
    return {
        unit: Appended(before + first, before + last, time + last * _MICROSECOND)
        for unit, first, last in zip(batch.units, batch.first, batch.last, strict=True)
    }


def _refusals(batch: Batch, rows: Sequence[tuple[Any, ...]]) -> dict[int, Outcome]:
    """Read the reasons; the key speaks first, as a unit seen before is not checked again.

    A version that follows from a unit which is refused was not checked. It speaks before a child
    does, so that a child counts only for the first unit refused.
    """
    keys = {number: unit.key for number, unit in zip(batch.units, batch.appends, strict=True)}
    earliest = min(row[1] for row in rows)
    outcomes: dict[int, Outcome] = {}
    for reason, unit, first, last, recorded_at, subject, expected, actual in rows:
        match reason:
            case "replayed":
                outcomes[unit] = Appended(first, last, recorded_at, replayed=True)
            case "key":
                outcomes[unit] = KeyConflict(keys[unit] or "")
            case "version":
                outcomes.setdefault(unit, VersionConflict(subject, expected, actual))
            case _ if unit == earliest:
                outcomes.setdefault(unit, ChildConflict(subject))
    return outcomes


def _new_event(stored_event: StoredEvent) -> NewEvent:
    stream_id = stored_event.originator_id
    try:
        content = stored_event.state.decode()
    except UnicodeDecodeError:
        raise DataError("The log stores text: the state is not UTF-8") from None
    return NewEvent(
        stream_id=stream_id if isinstance(stream_id, UUID) else UUID(stream_id),
        version=stored_event.originator_version,
        type=stored_event.topic,
        content=content,
        reported_at=None,
    )


class Factory(postgres.PostgresFactory):
    """Builds the library's recorders on the database named by DATELINE_CONNINFO.

    Tracking tables and snapshots are the library's own, in the schema ``dateline_library``.
    """

    application_recorder_class = LogRecorder

    def __init__(self, env: Environment | EnvType | None) -> None:
        # Not the library's: that one wants the connection in five variables, without options.
        BaseInfrastructureFactory.__init__(self, env)
        conninfo = self.env.get(CONNINFO)
        if not conninfo:
            raise OSError(f"The log's connection string is not in the environment as {CONNINFO}")
        self.datastore = LogDatastore(conninfo)

    def process_recorder(self) -> ProcessRecorder:
        """Refuse: positions of other logs do not belong in a transaction of this one."""
        raise NotSupportedError("Dateline's log keeps no tracking of other logs")


def environment(conninfo: str) -> dict[str, str]:
    """Give the environment that puts a library application on the log at ``conninfo``."""
    return {"PERSISTENCE_MODULE": "eventlog.persistence", CONNINFO: conninfo}
