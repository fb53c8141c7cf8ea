"""One small record, served once for all tests that only ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from api.app import create_app
from eventlog.database import Database
from tests.api.record import fill
from tests.api.serving import served
from tests.servers import Server

Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def filled(server: Server) -> Iterator[Database]:
    """A database with the small record in it."""
    with server.fresh_database() as database:
        fill(database)
        yield database


@pytest.fixture
def fresh(server: Server) -> Iterator[Database]:
    """A database with an empty record in it."""
    with server.fresh_database() as made:
        yield made


@pytest.fixture(scope="session")
def url(filled: Database) -> Iterator[str]:
    """Where the small record is served."""
    with served(create_app(filled)) as address:
        yield address


@pytest.fixture(scope="session")
def client(url: str) -> Iterator[httpx.Client]:
    """A client of the server."""
    with httpx.Client(base_url=url, timeout=20) as opened:
        yield opened


@pytest.fixture(scope="session")
def ask(client: httpx.Client) -> Ask:
    """Ask a query and take the whole answer."""
    return asking(client)


def asking(client: httpx.Client) -> Ask:
    """How a client asks a query and takes the whole answer."""

    def ask(query: str, **variables: object) -> dict[str, Any]:
        response = client.post("/graphql", json={"query": query, "variables": variables})
        answer: dict[str, Any] = response.json()
        return answer

    return ask
