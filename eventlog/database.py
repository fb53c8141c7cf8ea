"""The database that holds the record: reached, checked, migrated, and entered in the right role."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from eventlog.embedded import default_data_folder, running_server
from eventlog.errors import DatabaseEncoding, DatabaseUrlInvalid, ServerTooOld
from eventlog.faults import named_faults
from eventlog.migrate import migrate, shipped_migrations

APPLICATION_ROLE = "dateline_app"
OLDEST_SERVER = 15

# Positions are worked out under a lock; a stale snapshot would give one out twice.
_SESSION = "-c timezone=UTC -c default_transaction_isolation=read\\ committed"


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """Where the record is kept: at ``url``, or else in an embedded server's ``data_folder``."""

    url: str | None = None
    data_folder: Path | None = None


def settings_from_environment(environ: Mapping[str, str] = os.environ) -> DatabaseSettings:
    """Read DATABASE_URL and DATELINE_DATA; an empty value counts as not given."""
    return DatabaseSettings(
        url=environ.get("DATABASE_URL") or None, data_folder=default_data_folder(environ)
    )


@dataclass(frozen=True, slots=True)
class Database:
    """A database that is ready for the log.

    ``conninfo`` connects in the application's role, ``owner_conninfo`` as the owner.
    ``version`` is the server's, such as "18.4". Where ``role_separated`` is false the user may
    not make roles: both are the same user, and only the triggers refuse rewriting.
    """

    conninfo: str
    owner_conninfo: str
    description: str
    version: str
    role_separated: bool


def _say_nothing(_: str) -> None:
    pass


@contextmanager
def open_database(
    settings: DatabaseSettings, notice: Callable[[str], None] = _say_nothing
) -> Iterator[Database]:
    """Reach the database, starting the embedded server where no URL is given, and migrate it.

    ``notice`` is told, in one line each, what takes long or weakens a promise. Raises the errors
    of ``eventlog.errors``; a server that was started here is stopped on leaving, unless other
    processes still use it.
    """
    with ExitStack() as stack:
        if settings.url is None:
            folder = settings.data_folder or default_data_folder()
            server = stack.enter_context(running_server(folder, notice=notice))
            database = prepare_database(server.conninfo, f"embedded, in {folder}")
        else:
            database = prepare_database(settings.url)
        if not database.role_separated:
            notice(
                f"This database user may not make or take the role {APPLICATION_ROLE}: the record"
                " is kept append-only by triggers alone."
            )
        yield database


def prepare_database(url: str, place: str | None = None) -> Database:
    """Check and migrate the database at ``url`` and say how to connect to it.

    ``place`` is put into the description; without it the host and name of the database are.
    """
    owner_conninfo = _with_options(url, f"{_SESSION}")
    with named_faults(), psycopg.connect(owner_conninfo, autocommit=True) as connection:
        version = _check_server(connection)
        applied = migrate(connection, shipped_migrations())
        role_separated = _separate_roles(connection, bool(applied))
        info = connection.info
        where = place or f"{info.dbname} on {info.host or 'the local socket'}:{info.port}"
    conninfo = (
        _with_options(url, f"-c role={APPLICATION_ROLE} {_SESSION}")
        if role_separated
        else owner_conninfo
    )
    return Database(
        conninfo=conninfo,
        owner_conninfo=owner_conninfo,
        description=f"PostgreSQL {version}, {where}",
        version=version,
        role_separated=role_separated,
    )


def _with_options(url: str, options: str) -> str:
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        # What is quoted may be a part of a password.
        reason = re.sub(r'"(?!=")[^"]*"?', '"…"', str(error).replace('"="', "="))
        raise DatabaseUrlInvalid(f"The database URL cannot be read: {reason}") from None
    if "@" in str(parts.get("host") or ""):
        # Without this the end of the password would be told as the name of a host.
        raise DatabaseUrlInvalid("In the database URL an @ within the password is written as %40.")
    given = parts.pop("options", None)
    parts.setdefault("connect_timeout", 10)
    return make_conninfo(
        "",
        **{
            **parts,
            "application_name": "dateline",
            "client_encoding": "utf8",
            "options": f"{given} {options}" if given else options,
        },
    )


def _check_server(connection: psycopg.Connection) -> str:
    number = connection.info.server_version
    version = f"{number // 10000}.{number % 10000}"
    if number < OLDEST_SERVER * 10000:
        raise ServerTooOld(
            f"The server is PostgreSQL {version}; Dateline needs {OLDEST_SERVER} or later."
        )
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise DatabaseEncoding(
            f"The database {connection.info.dbname} is encoded in {encoding}; Dateline needs UTF8."
        )
    return version


def _separate_roles(connection: psycopg.Connection, migrated: bool) -> bool:
    """Make the application's role, its rights and our membership; false where we may not."""
    role = sql.Identifier(APPLICATION_ROLE)
    try:
        with connection.transaction():
            # Processes that start at once would make the role, or grant, at the same moment.
            connection.execute("SELECT pg_advisory_xact_lock(6819283746120459)")
            found = connection.execute(
                "SELECT FROM pg_roles WHERE rolname = %s", (APPLICATION_ROLE,)
            ).fetchone()
            if found is None:
                try:
                    with connection.transaction():
                        connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(role))
                except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
                    pass  # made meanwhile through another database of this server
            if not _may_take_role(connection):
                connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))
            if migrated or not _has_rights(connection):
                grants = (files("eventlog") / "roles.sql").read_text("utf-8")
                connection.execute(grants)
                connection.execute(
                    sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(
                        sql.Identifier(connection.info.dbname), role
                    )
                )
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidGrantOperation):
        return False
    return _may_take_role(connection) and _has_rights(connection)


def _may_take_role(connection: psycopg.Connection) -> bool:
    # Up to 15 a member may always take the role; from 16 on that is a right of its own.
    right = "SET" if connection.info.server_version >= 160000 else "MEMBER"
    row = connection.execute(
        "SELECT pg_has_role(current_user, %s, %s)", (APPLICATION_ROLE, right)
    ).fetchone()
    return row is not None and bool(row[0])


def _has_rights(connection: psycopg.Connection) -> bool:
    row = connection.execute(
        """
        SELECT has_database_privilege(%(role)s, current_database(), 'CREATE')
           AND has_schema_privilege(%(role)s, 'dateline', 'USAGE')
           AND has_table_privilege(%(role)s, 'dateline.log', 'SELECT')
           AND has_table_privilege(%(role)s, 'dateline.webhook_deliveries', 'DELETE')
           AND has_function_privilege(%(role)s, 'dateline.append_v3'::regproc, 'EXECUTE')
           AND has_function_privilege(%(role)s, 'dateline.erase_v1'::regproc, 'EXECUTE')
        """,
        {"role": APPLICATION_ROLE},
    ).fetchone()
    return row is not None and bool(row[0])
