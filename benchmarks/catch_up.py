"""How fast the read model catches up with a log, beside the `eventsourcing` library's runner.

Both fold the same events into the same tables with the same code. Dateline takes thousands in a
transaction; the library's runner, as it is shipped, one, together with its tracking record. The
library reads from its own table of events, where each is stored with the times that Dateline's
log keeps beside it. It is slow, so both catch up with a record of 20,000 events, of which a third
of the corrections come late; Dateline's rate on five times as many is told beside it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from threading import Event
from typing import Any, Final
from uuid import UUID

import psycopg
from eventsourcing.application import Application
from eventsourcing.persistence import Mapper, StoredEvent, Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection as LibraryProjection
from eventsourcing.projection import ProjectionRunner
from msgspec import msgpack
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row, tuple_row

from benchmarks.ground import Ground
from benchmarks.rounds import Goal, Table, in_turn
from benchmarks.workload import Shape, fill, of_events
from eventlog.database import Database
from eventlog.entries import LoggedEvent
from eventlog.log import Log
from projections.generations import connect, ensure_generation, index, shape
from projections.projection import Projection
from projections.projector import project_all
from projections.storage import write

PATIENCE: Final = 600.0
"""Seconds until the library's runner is given up."""

INSERTED: Final = 200
"""Events that the library is given to store at once. Its pipelined insert waits for ever when the
statement is larger than a socket takes."""


class Stored(Mapper[UUID]):
    """Events of the log as the library stores them: all that the log says of one, as one value."""

    _decoder = msgpack.Decoder(LoggedEvent)

    @staticmethod
    def stored(event: LoggedEvent) -> StoredEvent:
        """The event for the library's table."""
        state = msgpack.encode(event)
        return StoredEvent(event.stream_id, event.version, event.type, state)

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """The event as the log gives it."""
        return self._decoder.decode(stored_event.state)


class Recorded(Application[UUID]):
    """The library's application, whose events are projected."""

    name = "recorded"

    def construct_mapper(self) -> Mapper[UUID]:
        """Events stay as the log has them."""
        return Stored(self.construct_transcoder())


class Tables(PostgresTrackingRecorder):
    """The library's view: Dateline's tables, and its own tracking beside them."""

    projection: Projection

    def project(self, event: LoggedEvent, tracking: Tracking) -> None:
        """Write what one event changes, in one transaction with how far it came."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            connection: Connection[Any] = cursor.connection
            connection.row_factory = tuple_row
            try:
                batch = self.projection.fold(connection, [event])
                write(connection, batch, event.position - 1, event, shape=shape(), live=False)
            finally:
                connection.row_factory = dict_row


class Caught(LibraryProjection[Tables]):
    """The library's projection."""

    name = "caught"
    last: int
    reached: Event

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """Pass an event on to the tables."""
        self.view.project(domain_event, tracking)
        if tracking.notification_id == self.last:
            self.reached.set()


def measure(ground: Ground, small: bool) -> Iterator[Table]:
    """Events a second from an empty read model to the head of the log."""
    many, few = of_events(10_000 if small else 100_000), of_events(1_000 if small else 20_000)
    with ExitStack() as stack:
        large, short = (stack.enter_context(ground.record()) for _ in range(2))
        fill(large, many)
        fill(short, few)
        ours = f"Dateline, {few.events:,} events"
        theirs = f"eventsourcing's ProjectionRunner, {few.events:,} events"
        yield Table(
            "Catching up from an empty read model",
            "events/s",
            in_turn(
                {
                    f"Dateline, {many.events:,} events": partial(_dateline, large, many),
                    ours: partial(_dateline, short, few),
                    theirs: partial(_library, short, few),
                }
            ),
            (Goal(ours, theirs, least=15),),
        )


def _dateline(database: Database, shape: Shape) -> float:
    _empty(database)
    began = time.perf_counter()
    project_all(database)
    return shape.events / (time.perf_counter() - began)


def _library(database: Database, shape: Shape) -> float:
    _empty(database)
    with connect(database) as connection:
        index(connection)  # the runner has no end at which it could make them
    env = _environment(database)
    _store(database, env)
    with Log(database.conninfo) as log:
        view = type("View", (Tables,), {"projection": Projection(log)})
        reached = Event()
        caught = type(
            "Caught", (Caught,), {"name": "caught", "last": shape.events, "reached": reached}
        )
        began = time.perf_counter()
        with ProjectionRunner(
            application_class=Recorded, projection_class=caught, view_class=view, env=env
        ) as runner:
            while not reached.wait(0.05):
                if runner.is_interrupted.is_set() or time.perf_counter() - began > PATIENCE:
                    runner.run_forever(0)  # says what went wrong
                    raise RuntimeError("the library's runner did not get to the end")
            return shape.events / (time.perf_counter() - began)


def _empty(database: Database) -> None:
    """Take every trace of an earlier round away."""
    with psycopg.connect(database.owner_conninfo, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS read CASCADE")
        connection.execute("DROP TABLE IF EXISTS caught_tracking, recorded_events")
        connection.execute("CHECKPOINT")
    ensure_generation(database)


def _environment(database: Database) -> dict[str, str]:
    parts = conninfo_to_dict(database.owner_conninfo)
    name = str(parts["dbname"])
    with psycopg.connect(database.owner_conninfo, autocommit=True) as connection:
        # The library knows its own schema alone; the tables of the read model are found by this.
        connection.execute(f"ALTER DATABASE {name} SET search_path TO read, public")
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": name,
        "POSTGRES_HOST": str(parts["host"]),
        "POSTGRES_PORT": str(parts["port"]),
        "POSTGRES_USER": str(parts["user"]),
        "POSTGRES_PASSWORD": "none",
    }


def _store(database: Database, env: dict[str, str]) -> None:
    """Put the events of the log into the library's table, in the same order."""
    application = Recorded(env)
    after = 0
    with Log(database.conninfo) as log:
        while events := log.read(after, INSERTED):
            application.recorder.insert_events([Stored.stored(event) for event in events])
            after = events[-1].position
    application.close()
