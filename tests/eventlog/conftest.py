"""The log's promises are held to every server at hand."""

from collections.abc import Iterator

import psycopg
import pytest

from eventlog.database import Database
from tests.servers import Server, Servers, available_servers


@pytest.fixture(scope="session", params=available_servers())
def server(servers: Servers, request: pytest.FixtureRequest) -> Server:
    """Each server at hand in turn."""
    return servers.get(request.param)


@pytest.fixture
def owner(database: Database) -> Iterator[psycopg.Connection]:
    """A connection as the owner, each statement its own transaction."""
    with psycopg.connect(database.owner_conninfo, autocommit=True) as connection:
        yield connection


@pytest.fixture
def application(database: Database) -> Iterator[psycopg.Connection]:
    """A connection in the application's role, each statement its own transaction."""
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        yield connection
