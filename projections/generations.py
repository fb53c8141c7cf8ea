"""Generations of the read model: made, rebuilt beside the live one, and swapped.

The live generation is the schema `read`. A rebuild fills `read_next` from the beginning of the log
while `read` goes on being projected and read; when it has caught up the two are renamed in one
transaction. Renaming locks no table, so no reader waits; a statement that has begun keeps the
tables it began with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache, partial
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from eventlog.bulk import in_bulk
from eventlog.database import Database
from eventlog.entries import LoggedEvent
from eventlog.later import Later
from eventlog.log import Log
from projections import erasing
from projections.ahead import ReadAhead
from projections.projection import Projection
from projections.refusals import OtherReadModel, RebuildRunning
from projections.storage import write

LIVE: Final = "read"
NEXT: Final = "read_next"
OLD: Final = "read_old"

FOLD = 3
"""Goes up by one when the fold writes other rows for the same log: then the rows are rebuilt."""

BATCH = 2_000
"""Events a transaction."""

GRACE: Final = 10.0
"""Seconds that an interrupted run waits for what it is writing."""

MANY: Final = 10 * BATCH
"""After this many events at a run the tables are tidied."""

SWAP_LOCK: Final = 7_140_001
REBUILD_LOCK: Final = 7_140_002

OnProgress = Callable[[int, int], None]
"""Told (events projected, events in the log)."""


def shape() -> str:
    """What the tables and the fold of this program look like."""
    return _shape(FOLD)


@cache
def _shape(fold: int) -> str:
    sql = (_sql(name) for name in ("tables", "writes", "indexes"))
    return sha256(f"{fold}\n{''.join(sql)}".encode()).hexdigest()


def _sql(name: str) -> str:
    return (files("projections") / f"{name}.sql").read_text("utf-8")


def connect(database: Database, schema: str = LIVE) -> Connection[Any]:
    """A connection that finds the tables of a generation by their bare names."""
    connection = psycopg.connect(database.conninfo, autocommit=True)
    connection.execute(SQL("SET search_path TO {}").format(Identifier(schema)))
    # What a crash of the server takes away is projected again: the log has it.
    connection.execute("SET synchronous_commit TO off")
    return connection


def ensure_generation(database: Database, on_progress: OnProgress | None = None) -> None:
    """Make the live generation if there is none, and rebuild it if it has another shape than this
    program writes. Safe when several processes start at once."""
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (SWAP_LOCK,))
            found = connection.execute("SELECT to_regclass('read.progress')").fetchone()
            if found is None or found[0] is None:
                _create(connection, LIVE)
                head = connection.execute("SELECT max(position) FROM dateline.log").fetchone()
                if head is None or (head[0] or 0) <= BATCH:
                    index(connection)  # else when it has caught up
                return
        row = connection.execute("SELECT shape FROM read.progress").fetchone()
    if row is None or row[0] != shape():
        rebuild(database, on_progress)


def _create(connection: Connection[Any], schema: str) -> None:
    name = Identifier(schema)
    connection.execute(SQL("CREATE SCHEMA {}").format(name))
    connection.execute(SQL("SET LOCAL search_path TO {}").format(name))
    connection.execute(SQL(_sql("tables")))
    connection.execute(SQL(_sql("writes")))
    connection.execute("INSERT INTO progress (shape) VALUES (%s)", (shape(),))


def index(connection: Connection[Any]) -> None:
    """Make what readers find rows over, unless it is there. In a transaction of the caller's, or
    one of its own."""
    with connection.transaction():
        # A swap in between would lead from one generation's progress to another one's tables.
        connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", (SWAP_LOCK,))
        found = connection.execute("SELECT indexed FROM progress FOR UPDATE").fetchone()
        if found is not None and not found[0]:
            connection.execute(SQL(_sql("indexes")))
            connection.execute("UPDATE progress SET indexed = true")


def project_batch(
    connection: Connection[Any],
    projection: Projection,
    log: Log,
    *,
    live: bool = True,
    limit: int = BATCH,
) -> int:
    """Project the next batch into the generation of the connection: how many events it held.

    `projection` must be used with this generation alone.
    """
    try:
        while True:
            events = log.read(_position(connection, projection), limit)
            if not events or _written(connection, projection, events, live=live):
                return len(events)
            projection.forget()  # somebody else has projected these
    except BaseException:
        projection.forget()
        raise


def _written(
    connection: Connection[Any],
    projection: Projection,
    events: Sequence[LoggedEvent],
    *,
    live: bool,
) -> bool:
    """Fold and write a batch; false where somebody else has projected it."""
    after = events[0].position - 1
    if not any(map(erasing.is_erasure, events)):
        batch = projection.fold(connection, events)
        return write(connection, batch, after, events[-1], shape=shape(), live=live)
    with suppress(_Overtaken), connection.transaction():
        if live:
            # Rows are looked up by name before the writing takes it.
            connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", (SWAP_LOCK,))
        for erases, run in erasing.runs(events):
            if erases:
                # Before the position is told: nobody who has heard of it gives out an old answer.
                connection.execute(erasing.FORGET)
            last, batch = run[-1], projection.fold(connection, run)
            if not write(connection, batch, run[0].position - 1, last, shape=shape(), live=False):
                raise _Overtaken
            if erases:
                for batch in projection.erase(connection, run):
                    write(connection, batch, last.position, last, shape=shape(), live=False)
        return True
    return False


def project_many(
    database: Database,
    connection: Connection[Any],
    projection: Projection,
    log: Log,
    *,
    schema: str = LIVE,
) -> Iterator[int]:
    """Project batch after batch until nothing is left: how many events each held.

    While one is being written the next is folded, with a connection of its own to read over.
    """
    writing: Later[bool] | None = None

    def settle() -> None:
        nonlocal writing
        pending, writing = writing, None
        if pending is not None and not pending.result():
            raise _Overtaken

    with in_bulk(), ReadAhead(log) as ahead, connect(database, schema) as reading:
        try:
            while True:
                try:
                    events = ahead.read(_position(reading, projection), BATCH)
                    if not events:
                        settle()
                        return
                    if any(map(erasing.is_erasure, events)):
                        settle()
                        if not _written(connection, projection, events, live=schema == LIVE):
                            raise _Overtaken
                        yield len(events)
                        continue
                    batch = projection.fold(reading, events, settle)
                    settle()
                except _Overtaken:
                    projection.forget()
                    continue
                arguments = connection, batch, events[0].position - 1, events[-1]
                writing = Later(
                    partial(write, *arguments, shape=shape(), live=schema == LIVE), "writer"
                )
                yield len(events)
        except BaseException:
            projection.forget()
            raise
        finally:
            if writing is not None:
                writing.wait(GRACE)


class _Overtaken(Exception):
    """Somebody else has projected what was to be written."""


def _position(connection: Connection[Any], projection: Projection) -> int:
    if projection.position is None:
        row = connection.execute("SELECT position, shape FROM progress").fetchone()
        if row is None:
            raise RuntimeError("the generation has lost its progress row")
        _check_shape(row[1])
        projection.position = int(row[0])
    return projection.position


def check_shape(connection: Connection[Any]) -> None:
    """Raises OtherReadModel where the generation is not of the shape that this program writes."""
    row = connection.execute("SELECT shape FROM progress").fetchone()
    _check_shape(None if row is None else row[0])


def _check_shape(found: str | None) -> None:
    # A newer Dateline puts its tables in the place of ours while we go on running. It would never
    # find out which rows of them another fold had written.
    if found != shape():
        raise OtherReadModel("another version of Dateline has rebuilt the read model")


def rebuild(database: Database, on_progress: OnProgress | None = None) -> int:
    """Fill a new generation from the beginning of the log and put it in the place of the live one.

    Returns the position that it had then. Raises RebuildRunning if another process is at it. What
    a rebuild that was killed has left behind is swept away.
    """
    with Log(database.conninfo) as log, connect(database, NEXT) as connection:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", (REBUILD_LOCK,)).fetchone()
        if row is None or not row[0]:
            raise RebuildRunning("another process is rebuilding the read model")
        _drop_left(connection)
        with connection.transaction():
            _create(connection, NEXT)
        connection.execute(SQL("SET search_path TO {}").format(Identifier(NEXT)))
        projection = Projection(log)
        done = 0
        for count in project_many(database, connection, projection, log, schema=NEXT):
            done += count
            if on_progress is not None:
                on_progress(done, max(done, log.head().position))
        tidy(connection)
        done += _swap(connection, projection, log)
        if on_progress is not None:
            on_progress(done, done)
        # Readers that began before the swap may still be in the old tables; new ones are not.
        connection.execute("SET lock_timeout TO '30s'")
        with suppress(psycopg.errors.LockNotAvailable):  # the next rebuild sweeps it away
            connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(OLD)))
        # The end of the connection would give it back too, but only when the server has noticed.
        connection.execute("SELECT pg_advisory_unlock(%s)", (REBUILD_LOCK,))
        return done


def _swap(connection: Connection[Any], projection: Projection, log: Log) -> int:
    done = 0
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (SWAP_LOCK,))
        while count := project_batch(connection, projection, log, live=False):
            done += count
        connection.execute(
            SQL("ALTER SCHEMA {} RENAME TO {}").format(*map(Identifier, (LIVE, OLD)))
        )
        connection.execute(
            SQL("ALTER SCHEMA {} RENAME TO {}").format(*map(Identifier, (NEXT, LIVE)))
        )
        connection.execute("SELECT pg_notify('dateline_read', 'rebuilt')")
    return done


TABLES: Final = (
    "claims, claim_sources, claim_terms, claim_wordings, claim_abouts, claim_links, reports,"
    " report_urls, sources, stories, events, touches"
)


def scrub(database: Database) -> None:
    """After content was erased: clear its old rows away, which nobody can read any more and which
    still lie in the files of the tables; and what the planner remembers of their values; and a
    generation that a killed rebuild has left behind."""
    with psycopg.connect(database.owner_conninfo, autocommit=True) as owner:
        owner.execute("VACUUM (ANALYZE) dateline.log_content")
    with connect(database) as connection:
        sweep(connection)
        connection.execute(f"VACUUM (ANALYZE) {TABLES}")
        for table, values in NOBODY.items():
            _forget_values(connection, table, values)


NOBODY: Final = {
    "claim_terms": "(%(nil)s, now(), %(nil)s)",
    "claim_wordings": "(%(nil)s, %(nil)s, now(), 'simple', '')",
    "claim_abouts": "(%(nil)s, 'empty')",
    "report_urls": "(%(nil)s, '')",
}
"""The tables that erasing can leave empty, with a row that says nothing."""


def _forget_values(connection: Connection[Any], table: str, values: str) -> None:
    """Have the planner forget what it remembers of a table, if that is empty: of such a table it
    would otherwise go on remembering what was in it before."""
    with connection.transaction():
        if connection.execute(f"SELECT FROM {table} LIMIT 1").fetchone() is None:
            nil = {"nil": UUID(int=0)}
            connection.execute(f"INSERT INTO {table} VALUES {values}", nil)  # noqa: S608
            connection.execute(f"ANALYZE {table}")
            name = "report_id" if table == "report_urls" else "claim_id"
            connection.execute(f"DELETE FROM {table} WHERE {name} = %(nil)s", nil)  # noqa: S608


def sweep(connection: Connection[Any]) -> None:
    """Drop what rebuilds have left behind, unless one is running."""
    found = connection.execute(
        "SELECT coalesce(to_regnamespace(%s), to_regnamespace(%s)) IS NOT NULL", (NEXT, OLD)
    ).fetchone()
    if found is None or not found[0]:
        return  # the lock is not taken for nothing: a rebuild that came just now would be refused
    # Who reads one of them is not waited for long: the next sweep comes.
    with suppress(psycopg.errors.LockNotAvailable), connection.transaction():
        row = connection.execute("SELECT pg_try_advisory_xact_lock(%s)", (REBUILD_LOCK,)).fetchone()
        if row is not None and row[0]:
            connection.execute("SET LOCAL lock_timeout TO '2s'")
            _drop_left(connection)


def _drop_left(connection: Connection[Any]) -> None:
    for left in (NEXT, OLD):
        connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(left)))


def tidy(connection: Connection[Any]) -> None:
    """After many rows were written: mark their pages as visible to all, which index-only reads of
    the past depend on, make what indexes are missing, and count the rows for the planner."""
    connection.execute(f"VACUUM {TABLES}")
    index(connection)  # after what is not needed was cleared away, which no index has to follow
    connection.execute(f"ANALYZE {TABLES}")
