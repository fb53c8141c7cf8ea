"""The eventsourcing library's own recorder on PostgreSQL, as it comes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from eventsourcing.persistence import ApplicationRecorder, InfrastructureFactory, TrackingRecorder
from eventsourcing.utils import Environment
from psycopg.conninfo import conninfo_to_dict


@contextmanager
def recorder(conninfo: str, connections: int) -> Iterator[ApplicationRecorder]:
    """The default recorder: each transaction locks the table, so that readers pass no event over.

    `connections` are open from the start. `POSTGRES_ENABLE_DB_FUNCTIONS` stays off: it is faster
    but takes no lock, and followers then lose events.
    """
    parts = conninfo_to_dict(conninfo)
    environment = Environment(
        env={
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": str(parts["dbname"]),
            "POSTGRES_HOST": str(parts["host"]),
            "POSTGRES_PORT": str(parts["port"]),
            "POSTGRES_USER": str(parts["user"]),
            "POSTGRES_PASSWORD": "unused",
            "POSTGRES_POOL_SIZE": str(connections),
        }
    )
    factory: InfrastructureFactory[TrackingRecorder] = InfrastructureFactory.construct(environment)
    try:
        yield factory.application_recorder()
    finally:
        factory.close()
