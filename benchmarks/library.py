"""The eventsourcing library on PostgreSQL, as it comes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import ApplicationRecorder
from psycopg.conninfo import conninfo_to_dict


def _environment(conninfo: str, connections: int) -> dict[str, str]:
    parts = conninfo_to_dict(conninfo)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(parts["dbname"]),
        "POSTGRES_HOST": str(parts["host"]),
        "POSTGRES_PORT": str(parts["port"]),
        "POSTGRES_USER": str(parts["user"]),
        "POSTGRES_PASSWORD": "unused",
        "POSTGRES_POOL_SIZE": str(connections),
    }


@contextmanager
def application(conninfo: str, connections: int = 1) -> Iterator[Application[UUID]]:
    """An application whose log is the default one: each transaction locks the table, so that
    followers pass no event over.

    `connections` are open from the start. `POSTGRES_ENABLE_DB_FUNCTIONS` stays off: it is faster
    but takes no lock, and followers then lose events.
    """
    with Application[UUID](env=_environment(conninfo, connections)) as opened:
        yield opened


@contextmanager
def recorder(conninfo: str, connections: int = 1) -> Iterator[ApplicationRecorder]:
    """The log of such an application alone, which takes events that are encoded already."""
    with application(conninfo, connections) as opened:
        yield opened.recorder
