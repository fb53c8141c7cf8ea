"""A backup of the record: its own tables in one file, and back again.

The file is a zip archive with a manifest and the rows of each table as COPY writes them, from one
snapshot. It does not depend on the version of the server, nor on that of its tools. What is read
(the tables of the read model) is not in it: it is made anew from the log.

A backup that is older than an erasure still has what was erased. So it is put back in one
transaction with everything that the list of erasures names, and nothing can be read before that.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final
from uuid import UUID
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile
from zlib import error as zlib_error

import psycopg
from msgspec import DecodeError, Struct
from msgspec.json import Decoder, encode
from psycopg import Connection, IsolationLevel
from psycopg.sql import SQL, Composed, Identifier

from eventlog.database import Database
from eventlog.erasing import carry_out, complete, connect, record_id
from eventlog.erasure_list import ErasureList
from eventlog.errors import (
    BackupUnreadable,
    DatabaseNewer,
    ErasureListUnusable,
    RecordInUse,
    RecordNotEmpty,
)
from eventlog.faults import named_faults
from eventlog.log import VERIFY
from eventlog.migrate import migrate, shipped_migrations

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
SCHEMAS: Final = ("dateline", "dateline_library", "read", "read_next", "read_old")
LEAVING: Final = 3.0
"""Seconds in which whoever has just closed a connection is gone."""
CHUNK: Final = 1_000_000
"""Bytes read from the archive at a time."""

# The record's own tables with their columns, in order. What migrations wrote down is no part of it.
_TABLES: Final = """
SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE n.nspname = 'dateline' AND c.relkind = 'r' AND c.relname <> 'migrations'
GROUP BY c.relname ORDER BY c.relname
"""

_OTHERS: Final = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'dateline' AND pid <> pg_backend_pid()
"""

_ERASED: Final = """
SELECT e.position, encode(l.digest, 'hex')
FROM dateline.erasures e JOIN dateline.log l ON l.position = e.position
"""


class Table(Struct, frozen=True):
    """A table of the archive."""

    name: str
    columns: tuple[str, ...]


class Manifest(Struct, frozen=True, kw_only=True):
    """What a backup is of. `made_at` is UTC; `position` is the last one in it."""

    format: int
    made_at: datetime
    record: UUID
    position: int
    migrations: tuple[int, ...]
    tables: tuple[Table, ...]


_manifest = Decoder(Manifest)


def back_up(database: Database, file: IO[bytes]) -> Manifest:
    """Write a backup of the record, as it is at this moment. Raises OSError."""
    with named_faults(), psycopg.connect(database.owner_conninfo) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        manifest = _manifest_of(connection)
        with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr(MANIFEST, encode(manifest))
            for table in manifest.tables:
                copy = _copy(table, "TO STDOUT")
                with (
                    archive.open(f"{table.name}.copy", "w", force_zip64=True) as out,
                    connection.cursor().copy(copy) as rows,
                ):
                    for chunk in rows:
                        out.write(chunk)
    return manifest


def _manifest_of(connection: Connection[Any]) -> Manifest:
    head = connection.execute("SELECT coalesce(max(position), 0) FROM dateline.log").fetchone()
    migrations = connection.execute("SELECT number FROM dateline.migrations ORDER BY 1").fetchall()
    return Manifest(
        format=FORMAT,
        made_at=datetime.now(UTC),
        record=record_id(connection),
        position=head[0] if head else 0,
        migrations=tuple(number for (number,) in migrations),
        tables=tuple(
            Table(name, tuple(columns)) for name, columns in connection.execute(_TABLES).fetchall()
        ),
    )


def _copy(table: Table, way: str) -> Composed:
    columns = SQL(", ").join(map(Identifier, table.columns))
    name = Identifier("dateline", table.name)
    return SQL("COPY {} ({}) ").format(name, columns) + SQL(way)


def restore(
    database: Database,
    path: Path,
    erasures: ErasureList | None,
    *,
    replace: bool = False,
) -> tuple[Manifest, int]:
    """Put a backup back and carry out every erasure of the list, in one transaction: what it was
    of, and how many contents were erased from it.

    The record has to be empty, unless it is to be replaced; then its own erasures are written down
    in the list first. `erasures` is None where nothing was ever erased. The read model is to be
    made anew afterwards. Raises BackupUnreadable, RecordNotEmpty, RecordInUse, DatabaseNewer, and
    ErasureListUnusable where the list is not there or lacks what the backup has.
    """
    if erasures is not None and not erasures.exists:
        raise ErasureListUnusable(
            f"There is no list of erasures at {erasures.path}. Without it content that was erased"
            " since the backup would come back."
        )
    with (
        _readable(path) as archive,
        named_faults(),
        connect(database.owner_conninfo) as connection,
    ):
        manifest = _read_manifest(archive, path)
        _wait_for_others(connection)
        with connection.transaction():
            erased = _put_back(connection, archive, manifest, path, erasures, replace)
    return manifest, erased


def _put_back(
    connection: Connection[Any],
    archive: ZipFile,
    manifest: Manifest,
    path: Path,
    erasures: ErasureList | None,
    replace: bool,
) -> int:
    _make_room(connection, erasures, replace)
    _load(connection, archive, manifest)
    erased = 0
    if erasures is not None:
        _check_list(connection, erasures)
        erased = carry_out(connection, erasures)
    _verify(connection, path)
    return erased


def _wait_for_others(connection: Connection[Any]) -> None:
    """See to it that nobody else uses the record. One who has just left is still seen a moment."""
    deadline = time.monotonic() + LEAVING
    while True:
        others = connection.execute(_OTHERS).fetchone()
        if others is None or not others[0]:
            return
        if time.monotonic() > deadline:
            raise RecordInUse(
                "The record is being used: stop the servers and commands on it first."
            )
        time.sleep(0.05)


@contextmanager
def _readable(path: Path) -> Iterator[ZipFile]:
    try:
        with ZipFile(path) as archive:
            yield archive
    except (BadZipFile, zlib_error, EOFError, DecodeError) as error:
        raise BackupUnreadable(f"{path} is no backup, or is damaged: {error}") from None


def _read_manifest(archive: ZipFile, path: Path) -> Manifest:
    if MANIFEST not in archive.namelist():
        raise BackupUnreadable(f"{path} is no backup of a record.")
    manifest = _manifest.decode(archive.read(MANIFEST))
    if not {f"{table.name}.copy" for table in manifest.tables} <= set(archive.namelist()):
        raise BackupUnreadable(f"{path} is damaged: a table is missing.")
    known = {migration.number for migration in shipped_migrations()}
    if manifest.format > FORMAT or not known.issuperset(manifest.migrations):
        raise DatabaseNewer(f"{path} was made by a newer version of Dateline; use that one.")
    return manifest


def _make_room(connection: Connection[Any], erasures: ErasureList | None, replace: bool) -> None:
    if replace:
        if erasures is not None:
            complete(connection, erasures)
        for schema in SCHEMAS:
            connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(schema)))
        migrate(connection, shipped_migrations())
    elif connection.execute("SELECT FROM dateline.log LIMIT 1").fetchone() is not None:
        raise RecordNotEmpty("There is a record in this database; --replace puts the backup there.")


def _load(connection: Connection[Any], archive: ZipFile, manifest: Manifest) -> None:
    here = {name for name, _ in connection.execute(_TABLES).fetchall()}
    for table in manifest.tables:
        if table.name not in here:
            raise BackupUnreadable(f"The backup has a table {table.name} that no record has.")
        name = Identifier("dateline", table.name)
        if connection.execute(SQL("SELECT FROM {} LIMIT 1").format(name)).fetchone() is not None:
            connection.execute(SQL("DELETE FROM {}").format(name))
        with (
            archive.open(f"{table.name}.copy") as rows,
            connection.cursor().copy(_copy(table, "FROM STDIN")) as copy,
        ):
            while chunk := rows.read(CHUNK):
                copy.write(chunk)


def _check_list(connection: Connection[Any], erasures: ErasureList) -> None:
    """A list that lacks what the backup has is not that of this record, or is older still."""
    listed = {
        (event.position, event.digest)
        for one in erasures.read(record_id(connection))
        for subject in one.subjects
        for event in subject.events
    }
    if not listed.issuperset(connection.execute(_ERASED).fetchall()):
        raise ErasureListUnusable(
            f"The list of erasures {erasures.path} lacks some that the backup has: it is not the"
            " list of this record, or an old one."
        )


def _verify(connection: Connection[Any], path: Path) -> None:
    head = connection.execute("SELECT coalesce(max(position), 0) FROM dateline.log").fetchone()
    stretch = {"after": 0, "upto": head[0] if head else 0}
    found = connection.execute(VERIFY, stretch).fetchone()
    if found is not None:
        raise BackupUnreadable(f"{path} is damaged: position {found[0]}: {found[1]}")
