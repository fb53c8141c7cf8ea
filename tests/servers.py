"""The PostgreSQL servers that the tests run on, each started once and on first use."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from eventlog.database import Database, prepare_database
from eventlog.embedded import running_server, wheel_programs

TEST_URL = "DATELINE_TEST_DATABASE_URL"
_DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
_TEMPLATE = f"dateline_template_{os.getpid()}"
_numbers = count(1)


def programs_of(name: str) -> Path | None:
    """Give the folder of a server's programs; None for the server given by a URL."""
    match name:
        case "pg18":
            return wheel_programs(18)
        case "pg16":
            return wheel_programs(16)
        case "pg15":
            return _DEBIAN_15
        case _:
            return None


def available_servers() -> list[str]:
    """Name the servers at hand: the wheel's two, Debian's 15, and that of the test URL."""
    names = ["pg18", "pg16"]
    if (_DEBIAN_15 / "postgres").exists():
        names.append("pg15")
    if os.environ.get(TEST_URL):
        names.append("url")
    return names


def describe(name: str) -> str:
    """Say which version a server is, without starting it."""
    programs = programs_of(name)
    if programs is None:
        return f"{name}: the server of {TEST_URL}"
    command = [str(programs / "postgres"), "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return f"{name}: {said.strip()}"


class Server:
    """A running server, and databases on it that are made from a migrated template."""

    def __init__(self, name: str, conninfo: str) -> None:
        self.name = name
        self.conninfo = conninfo
        with self._connect() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {_TEMPLATE}")
            connection.execute(f"CREATE DATABASE {_TEMPLATE} ENCODING 'UTF8' TEMPLATE template0")
        prepare_database(self.url_of(_TEMPLATE))

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(self.conninfo, autocommit=True)

    def url_of(self, database: str) -> str:
        """Give the owner's connection string for a database of this server."""
        return make_conninfo("", **{**conninfo_to_dict(self.conninfo), "dbname": database})

    @contextmanager
    def fresh_url(self, *, migrated: bool = True) -> Iterator[str]:
        """Make a database for one test and drop it afterwards."""
        name = f"dateline_test_{os.getpid()}_{next(_numbers)}"
        template = sql.Identifier(_TEMPLATE if migrated else "template0")
        with self._connect() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE {}").format(
                    sql.Identifier(name), template
                )
            )
        try:
            yield self.url_of(name)
        finally:
            with self._connect() as connection:
                connection.execute(
                    sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
                )

    @contextmanager
    def fresh_database(self) -> Iterator[Database]:
        """Make a migrated database for one test and drop it afterwards."""
        with self.fresh_url() as url:
            yield prepare_database(url)

    def close(self) -> None:
        """Drop the template."""
        with self._connect() as connection:
            connection.execute(f"DROP DATABASE {_TEMPLATE}")


class Servers:
    """Starts each server on first use and stops them all at the end."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._running: dict[str, Server] = {}

    def get(self, name: str) -> Server:
        """Give a running server by its name in ``available_servers``."""
        if name not in self._running:
            programs = programs_of(name)
            if programs is None:
                conninfo = os.environ[TEST_URL]
            else:
                folder = Path(tempfile.mkdtemp(prefix="dateline-"))
                self._stack.callback(shutil.rmtree, folder)
                conninfo = self._stack.enter_context(
                    running_server(folder, programs=programs)
                ).conninfo
            server = Server(name, conninfo)
            self._stack.callback(server.close)
            self._running[name] = server
        return self._running[name]

    def close(self) -> None:
        """Stop every server that was started."""
        self._stack.close()
