"""The ground that every side stands on: one PostgreSQL server, a database for each trial."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from eventlog.database import Database, prepare_database
from eventlog.embedded import running_server


class Ground:
    """A running server, as `make run` starts it: durable, with its settings untouched."""

    def __init__(self, conninfo: str) -> None:
        self.conninfo = conninfo
        self._numbers = count(1)

    @contextmanager
    def empty(self) -> Iterator[str]:
        """An empty database, dropped afterwards: its connection string."""
        name = self._create()
        try:
            yield self._url(name)
        finally:
            with psycopg.connect(self.conninfo, autocommit=True) as connection:
                connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))

    @contextmanager
    def record(self) -> Iterator[Database]:
        """A database with an empty record in it."""
        with self.empty() as url:
            yield prepare_database(url)

    def lasting_record(self) -> Database:
        """A database with an empty record in it, which stays until the server goes."""
        return prepare_database(self._url(self._create()))

    def _create(self) -> str:
        name = f"trial_{next(self._numbers)}"
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            connection.execute(
                SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(
                    Identifier(name)
                )
            )
        return name

    def _url(self, name: str) -> str:
        return make_conninfo("", **{**conninfo_to_dict(self.conninfo), "dbname": name})


@contextmanager
def ground() -> Iterator[Ground]:
    """Start the server in a folder of its own; both are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="dateline-"))
    try:
        with running_server(folder) as server:
            yield Ground(server.conninfo)
    finally:
        shutil.rmtree(folder)
