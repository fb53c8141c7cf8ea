"""Fixtures for every suite: a real server, a fresh database for each test, and its log."""

from collections.abc import Iterator
from importlib.metadata import version

import pytest
from hypothesis import HealthCheck, settings

from eventlog.database import Database
from eventlog.log import Log
from tests.servers import Server, Servers, available_servers, describe

# How long a machine takes is never tested: a busy one makes no test fail.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

_LIBRARIES = ("eventsourcing", "psycopg", "hypothesis")


def pytest_report_header() -> list[str]:
    """Name the servers and the libraries that a result depends on."""
    servers = ", ".join(describe(name) for name in available_servers())
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return [f"servers: {servers}", f"libraries: {libraries}"]


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Every server of this run, started on first use."""
    running = Servers()
    yield running
    running.close()


@pytest.fixture(scope="session")
def server(servers: Servers) -> Server:
    """The server that a test runs on: PostgreSQL 18 of the wheel unless a suite says more."""
    return servers.get("pg18")


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    """A fresh database with all migrations applied, dropped after the test."""
    with server.fresh_database() as fresh:
        yield fresh


@pytest.fixture
def log(database: Database) -> Iterator[Log]:
    """The log of a fresh database, in the application's role."""
    with Log(database.conninfo) as opened:
        yield opened
