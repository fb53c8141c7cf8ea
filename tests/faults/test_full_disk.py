"""A full disk: nothing is acknowledged that is not durable, and recording goes on once there is
room again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import psycopg
from psycopg import sql

from eventlog.database import Database, DatabaseSettings, open_database, prepare_database
from tests.cli.conftest import ended, process
from tests.faults.disk import resized, small_disk
from tests.faults.load import Load, check, load
from tests.faults.process import Serving
from tests.servers import Server

PATIENCE = 60.0
"""Seconds in which the disk is to be full."""


def wait_until_told(clients: Load, *codes: str) -> None:
    """Wait until clients have met one of some codes again and again."""
    deadline = monotonic() + PATIENCE
    while sum(clients.told[code] for code in codes) < 50:
        assert monotonic() < deadline, clients.told
        sleep(0.01)


@contextmanager
def stored_at(server: Server, folder: Path) -> Iterator[Database]:
    """A database whose tables lie in a folder, and the server's log elsewhere."""
    name = sql.Identifier(f"dateline_small_{os.getpid()}")
    with psycopg.connect(server.conninfo, autocommit=True) as connection:
        home = connection.execute("SHOW data_directory").fetchone()
        assert home is not None
        os.chown(folder, Path(home[0]).stat().st_uid, -1)
        connection.execute(
            sql.SQL("CREATE TABLESPACE {} LOCATION {}").format(name, sql.Literal(str(folder)))
        )
        try:
            connection.execute(
                sql.SQL(
                    "CREATE DATABASE {0} ENCODING 'UTF8' TEMPLATE template0 TABLESPACE {0}"
                ).format(name)
            )
            yield prepare_database(server.url_of(name.as_string().strip('"')))
        finally:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            connection.execute(sql.SQL("DROP TABLESPACE {}").format(name))


def test_where_the_tables_have_no_room_this_is_told_until_there_is_some(
    server: Server, folder: Path
) -> None:
    disk = folder / "disk"
    with small_disk(disk, 14), stored_at(server, disk) as database:
        with (
            Serving(database.owner_conninfo, folder / "said") as serving,
            load(serving.address) as clients,
        ):
            wait_until_told(clients, "DATABASE_FULL")
            resized(disk, 400)
            clients.wait(200)
        check(database, clients.acknowledged)


def test_where_nothing_at_all_has_room_what_was_acknowledged_is_found_again(folder: Path) -> None:
    """Dateline's own server, which cannot even write its log then, and goes. The next command
    brings it back."""
    disk = folder / "disk"
    data = disk / "data"
    environ = {"DATELINE_DATA": str(data)}
    with (
        small_disk(disk, 56),
        open_database(DatabaseSettings(data_folder=data)) as database,
    ):
        with (
            Serving(None, folder / "said", **environ) as serving,
            load(serving.address) as clients,
        ):
            deadline = monotonic() + PATIENCE
            while (data / "postgres" / "postmaster.pid").exists():
                assert monotonic() < deadline
                sleep(0.01)
            resized(disk, 400)
            assert ended(process("status", **environ)).code == 0
            clients.wait(200)
        check(database, clients.acknowledged)
