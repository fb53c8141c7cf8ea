"""Reaching and preparing a database: migrations, roles, and clear refusals."""

import socket
import struct
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from eventlog.database import (
    Database,
    DatabaseSettings,
    open_database,
    prepare_database,
    settings_from_environment,
)
from eventlog.embedded import default_data_folder
from eventlog.entries import Appended
from eventlog.errors import (
    DatabaseEncoding,
    DatabaseNewer,
    DatabaseRefused,
    DatabaseUnreachable,
    DatabaseUrlInvalid,
    MigrationChanged,
    ServerTooOld,
)
from eventlog.log import Log
from eventlog.migrate import migrate, shipped_migrations
from tests.eventlog.units import unit
from tests.servers import Server

_SCHEMA = """
SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
WHERE table_schema LIKE 'dateline%' ORDER BY 1, 2
"""


def test_processes_that_start_at_once_migrate_once(server: Server) -> None:
    with server.fresh_url(migrated=False) as url, ThreadPoolExecutor(6) as pool:
        databases = list(pool.map(prepare_database, [url] * 6))
        assert all(database.role_separated for database in databases)
        with psycopg.connect(url) as connection:
            rows = connection.execute("SELECT number FROM dateline.migrations").fetchall()
        assert sorted(rows) == [(m.number,) for m in shipped_migrations()]


def test_migrations_are_numbered_without_gaps() -> None:
    numbers = [migration.number for migration in shipped_migrations()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_upgrading_step_by_step_gives_the_same_schema(server: Server, database: Database) -> None:
    with server.fresh_url(migrated=False) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            for count in range(1, len(shipped_migrations()) + 1):
                assert len(migrate(connection, shipped_migrations()[:count])) == 1
            stepped = connection.execute(_SCHEMA).fetchall()
        with psycopg.connect(database.owner_conninfo) as connection:
            assert connection.execute(_SCHEMA).fetchall() == stepped


def test_a_migration_that_changed_after_it_was_applied_is_refused(
    owner: psycopg.Connection,
) -> None:
    first, *rest = shipped_migrations()
    with pytest.raises(MigrationChanged, match=first.name):
        migrate(owner, [replace(first, sql=first.sql + "-- changed"), *rest])


def test_a_database_of_a_newer_version_is_refused(owner: psycopg.Connection) -> None:
    with pytest.raises(DatabaseNewer):
        migrate(owner, shipped_migrations()[:-1])


def test_a_failing_migration_leaves_nothing_behind(server: Server) -> None:
    first = shipped_migrations()[0]
    broken = replace(first, number=2, name="0002_broken", sql="SELECT 1/0")
    with (
        server.fresh_url(migrated=False) as url,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        with pytest.raises(psycopg.errors.DivisionByZero):
            migrate(connection, [first, broken])
        assert connection.execute("SELECT to_regnamespace('dateline')").fetchone() == (None,)


def test_sessions_are_in_utc_and_named(database: Database) -> None:
    for conninfo, role in (
        (database.conninfo, "dateline_app"),
        (database.owner_conninfo, psycopg.conninfo.conninfo_to_dict(database.conninfo)["user"]),
    ):
        with psycopg.connect(conninfo) as connection:
            row = connection.execute(
                "SELECT current_setting('timezone'), current_setting('application_name'),"
                " current_setting('default_transaction_isolation'), current_user"
            ).fetchone()
        assert row == ("UTC", "dateline", "read committed", role)


def test_options_of_the_url_are_kept(database: Database) -> None:
    given = make_conninfo(database.owner_conninfo, options="-c work_mem=7MB", connect_timeout=3)
    again = prepare_database(given)
    with psycopg.connect(again.conninfo) as connection:
        assert connection.execute("SHOW work_mem").fetchone() == ("7MB",)
        assert connection.execute("SELECT current_user").fetchone() == ("dateline_app",)


def test_a_database_is_opened_by_its_url(database: Database) -> None:
    with open_database(DatabaseSettings(url=database.owner_conninfo)) as opened:
        assert opened.version == database.version
        assert opened.version in opened.description


@contextmanager
def _login(server: Server, url: str, *, owns: bool) -> Iterator[str]:
    """A user without any special right, which may own the database."""
    name = f"dateline_user_{psycopg.conninfo.conninfo_to_dict(url)['dbname']}"
    database = str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])
    with psycopg.connect(server.conninfo, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'p'").format(sql.Identifier(name))
        )
        if owns:
            connection.execute(
                sql.SQL("ALTER DATABASE {} OWNER TO {}").format(
                    sql.Identifier(database), sql.Identifier(name)
                )
            )
    try:
        yield make_conninfo(url, user=name, password="p")
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("REASSIGN OWNED BY {0} TO CURRENT_USER; DROP OWNED BY {0}").format(
                    sql.Identifier(name)
                )
            )
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def test_a_user_who_may_not_make_roles_is_told_and_still_cannot_rewrite(server: Server) -> None:
    notices: list[str] = []
    with (
        server.fresh_url(migrated=False) as url,
        _login(server, url, owns=True) as plain,
        open_database(DatabaseSettings(url=plain), notices.append) as opened,
        Log(opened.conninfo) as log,
    ):
        assert opened.role_separated is False
        assert "triggers alone" in notices[0]
        assert isinstance(log.append([unit()])[0], Appended)
        with (
            psycopg.connect(opened.conninfo) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute("DELETE FROM dateline.log")


def test_a_user_who_may_not_make_tables_is_refused_in_one_line(server: Server) -> None:
    with (
        server.fresh_url(migrated=False) as url,
        _login(server, url, owns=False) as plain,
        pytest.raises(DatabaseRefused) as refused,
    ):
        prepare_database(plain)
    assert "\n" not in str(refused.value)


def test_another_encoding_is_refused(server: Server) -> None:
    with psycopg.connect(server.conninfo, autocommit=True) as connection:
        connection.execute(
            "CREATE DATABASE dateline_latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"
            + (" LOCALE_PROVIDER libc" if connection.info.server_version >= 150000 else "")
        )
        try:
            with pytest.raises(DatabaseEncoding, match="LATIN1"):
                prepare_database(server.url_of("dateline_latin"))
        finally:
            connection.execute("DROP DATABASE dateline_latin")


def test_a_server_that_does_not_answer_is_named() -> None:
    with pytest.raises(DatabaseUnreachable) as refused:
        prepare_database("postgresql://nobody@127.0.0.1:1/none")
    assert refused.value.code == "database_unreachable"
    assert "\n" not in str(refused.value)


def test_a_database_that_is_not_there_is_named(server: Server) -> None:
    with pytest.raises(DatabaseUnreachable, match="no_such_database"):
        prepare_database(server.url_of("no_such_database"))


@pytest.mark.parametrize("url", ["mysql://localhost/x", "what is this", "postgresql://[::1/x"])
def test_a_url_that_is_none_is_named(url: str) -> None:
    with pytest.raises(DatabaseUrlInvalid):
        prepare_database(url)


def test_a_server_that_is_too_old_is_refused() -> None:
    """No such server is at hand, so a socket says what PostgreSQL 14 would say at first."""

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("!I", len(body) + 4) + body

    def greet() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(
                message(b"R", struct.pack("!I", 0))
                + message(b"S", b"server_version\x0014.11\x00")
                + message(b"S", b"server_encoding\x00UTF8\x00")
                + message(b"S", b"client_encoding\x00UTF8\x00")
                + message(b"Z", b"I")
            )
            connection.recv(4096)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=greet)
        thread.start()
        port = listener.getsockname()[1]
        with pytest.raises(ServerTooOld, match=r"14\.11"):
            prepare_database(f"host=127.0.0.1 port={port} sslmode=disable gssencmode=disable")
        thread.join()


def test_the_environment_says_where_the_record_is(tmp_path: Path) -> None:
    settings = settings_from_environment({"DATABASE_URL": "", "DATELINE_DATA": str(tmp_path)})
    assert settings == DatabaseSettings(None, tmp_path)
    assert settings_from_environment({"DATABASE_URL": "postgresql:///x"}).url == "postgresql:///x"
    assert default_data_folder({}).is_absolute()
