"""The projector: keeps the live generation at the head of the log.

It runs once, however many processes there are: whoever holds the advisory lock projects, the
others stand by. If a connection is cut it starts again from what was committed. What its own
process records need not wait for it (`inline`).
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any, Final

import psycopg
from psycopg import Connection

from eventlog.database import Database
from eventlog.errors import DatabaseUnreachable
from eventlog.log import Log
from projections.generations import (
    BATCH,
    MANY,
    check_shape,
    connect,
    index,
    project_batch,
    project_many,
    scrub,
    sweep,
    tidy,
)
from projections.inline import Shared
from projections.projection import Projection
from projections.refusals import NotYetProjected, OtherReadModel

PROJECTOR_LOCK: Final = 7_140_003

POLL = 1.0
"""Seconds. A lost notification costs at most this long."""

PATIENCE = 5.0
"""Seconds that tables which are being vacuumed are waited for when it is stopped."""

RETRY = 0.5
"""Seconds between attempts to reach a database that has gone away."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the tables are behind the log."""

    events: int
    seconds: float
    """Age of the oldest event that is not yet projected; 0 when there is none."""


def lag(connection: Connection[Any]) -> Lag:
    """How far the live generation is behind the log, now."""
    row = connection.execute(
        "SELECT coalesce((SELECT max(position) FROM dateline.log), 0) - p.position,"
        " coalesce(extract(epoch FROM clock_timestamp() - (SELECT l.recorded_at"
        " FROM dateline.log l WHERE l.position = p.position + 1)), 0)::float"
        " FROM read.progress p"
    ).fetchone()
    if row is None:
        raise RuntimeError("the generation has lost its progress row")
    return Lag(max(row[0], 0), max(row[1], 0.0))


def project_all(database: Database) -> int:
    """Bring the live generation up to where the log's head is now, or wait while another process
    does. Returns the position reached."""
    with Log(database.conninfo) as log, connect(database) as connection:
        head = log.head().position
        pause = 0.005
        while (position := _position(connection)) < head:
            if _hold(connection):
                projection = Projection(log)
                catch_up(database, connection, projection, log)
                connection.execute("SELECT pg_advisory_unlock(%s)", (PROJECTOR_LOCK,))
                if projection.erased:
                    scrub(database)
            else:
                time.sleep(pause)
                pause = min(pause * 2, 0.2)
        return position


def wait_until_projected(connection: Connection[Any], position: int, timeout: float) -> None:
    """Wait until what was written can be read. Raises NotYetProjected after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    pause = 0.001
    while _position(connection) < position:
        if time.monotonic() > deadline:
            raise NotYetProjected(f"position {position} is durable and not yet readable")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.02)


def catch_up(
    database: Database,
    connection: Connection[Any],
    projection: Projection,
    log: Log,
    stop: Event | None = None,
) -> None:
    """Project batch after batch until nothing is left."""
    done = project_batch(connection, projection, log)
    if done == BATCH:
        for count in project_many(database, connection, projection, log):
            done += count
            if stop is not None and stop.is_set():
                return
    if done >= MANY:
        tidy(connection)
    elif not projection.indexed:
        index(connection)
    projection.indexed = True


def _position(connection: Connection[Any]) -> int:
    row = connection.execute("SELECT position FROM read.progress").fetchone()
    return int(row[0]) if row else 0


def _hold(connection: Connection[Any]) -> bool:
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", (PROJECTOR_LOCK,)).fetchone()
    return bool(row and row[0])


class Projector:
    """Follows the log in a thread of its own, from `start` to `stop`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.shared = Shared()
        """Its projection, for what is recorded in this process."""
        self._stop = Event()
        self._thread = Thread(target=self._run, name="projector", daemon=True)
        self._scrubbing = Thread()

    def start(self) -> None:
        """Begin to follow the log."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch at hand and return when the thread has ended."""
        self._stop.set()
        self._thread.join()
        if self._scrubbing.is_alive():
            self._scrubbing.join(PATIENCE)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with Log(self._database.conninfo) as log, connect(self._database) as connection:
                    self._follow(connection, log)
            except (psycopg.OperationalError, DatabaseUnreachable) as error:
                _logger.warning("the projector lost the database and starts again: %s", error)
                self._stop.wait(RETRY)
            except OtherReadModel as error:
                # Whoever made it projects now, as the lock went with the connection. It may be
                # rebuilt once more, by this version.
                _logger.warning("the projector stands by: %s", error)
                self._stop.wait(POLL)

    def _scrub(self) -> None:
        try:
            scrub(self._database)
        except psycopg.Error as error:
            _logger.warning(
                "what was erased is gone, but its old rows were not cleared from the files: %s",
                error,
            )

    def _follow(self, connection: Connection[Any], log: Log) -> None:
        check_shape(connection)  # not while it holds the lock, which is another version's to take
        while not _hold(connection):
            if self._stop.wait(POLL):
                return
        sweep(connection)
        connection.execute("LISTEN dateline_log")
        projection = Projection(log)
        with self.shared.sharing(projection):
            while not self._stop.is_set():
                with self.shared.turn():
                    catch_up(self._database, connection, projection, log, self._stop)
                if projection.erased and not self._scrubbing.is_alive():
                    projection.erased = False
                    # Beside it: what is written meanwhile is not to wait until tables are vacuumed.
                    self._scrubbing = Thread(target=self._scrub, name="scrub", daemon=True)
                    self._scrubbing.start()
                for heard in connection.notifies(timeout=POLL / 4):
                    if int(heard.payload) > (projection.position or 0):
                        break
