"""Numbered migrations, applied once each and in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

import psycopg

from eventlog.errors import DatabaseNewer, MigrationChanged

# Any constant will do, as long as no other part of Dateline takes it.
_LOCK = 6819283746120458

_TABLE = """
    CREATE SCHEMA IF NOT EXISTS dateline;
    CREATE TABLE IF NOT EXISTS dateline.migrations (
        number     integer PRIMARY KEY,
        name       text NOT NULL,
        sha256     text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered SQL file of the package."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """The hex digest that is written down when the file is applied."""
        return sha256(self.sql.encode()).hexdigest()


def shipped_migrations() -> list[Migration]:
    """Give the migrations of this version of Dateline, in order."""
    folder = files("eventlog") / "migrations"
    names = sorted(path.name for path in folder.iterdir() if path.name.endswith(".sql"))
    return [
        Migration(int(name[:4]), name.removesuffix(".sql"), (folder / name).read_text("utf-8"))
        for name in names
    ]


def migrate(connection: psycopg.Connection, migrations: Sequence[Migration]) -> list[Migration]:
    """Apply what is missing, in one transaction, and return it.

    Several processes may call this at once: one works, the others wait and find nothing to do.
    Raises MigrationChanged where an applied file is not the file of that number, and
    DatabaseNewer where the database knows a number that is not among ``migrations``.
    """
    with connection.transaction():
        if not _pending(connection, migrations):
            return []
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        connection.execute(_TABLE)
        pending = _pending(connection, migrations)
        for migration in pending:
            # The text comes from a file of this package, never from a user.
            connection.execute(migration.sql)
            connection.execute(
                "INSERT INTO dateline.migrations (number, name, sha256) VALUES (%s, %s, %s)",
                (migration.number, migration.name, migration.sha256),
            )
        return pending


def _pending(connection: psycopg.Connection, migrations: Sequence[Migration]) -> list[Migration]:
    exists = connection.execute("SELECT to_regclass('dateline.migrations')").fetchone()
    if exists is None or exists[0] is None:
        return list(migrations)
    rows = connection.execute("SELECT number, name, sha256 FROM dateline.migrations").fetchall()
    applied = {number: (name, digest) for number, name, digest in rows}
    known = {migration.number for migration in migrations}
    for number, (name, _) in sorted(applied.items()):
        if number not in known:
            raise DatabaseNewer(
                f"The database has migration {name}, which this version of Dateline does not"
                " know. Use the version that applied it, or a newer one."
            )
    for migration in migrations:
        name, digest = applied.get(migration.number, (migration.name, migration.sha256))
        if digest != migration.sha256:
            raise MigrationChanged(
                f"Migration {name} was applied with other content than this version ships."
                " Install the version of Dateline that made this database."
            )
    return [migration for migration in migrations if migration.number not in applied]
