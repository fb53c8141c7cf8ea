"""A served Dateline, and the project of somebody who asks it with clients from npm."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from eventlog.database import Database
from tests.api.record import COMMANDS, fill
from tests.api.serving import served
from tests.clients import node
from tests.clients.record import LONG_STORY
from tests.servers import Server

SCHEMA = Path(__file__).parents[2] / "schema.graphql"


@pytest.fixture(scope="session")
def filled(server: Server) -> Iterator[Database]:
    """A database with the small record and a long story in it."""
    with server.fresh_database() as database:
        fill(database, [*COMMANDS, *LONG_STORY])
        yield database


@pytest.fixture(scope="module")
def url(filled: Database) -> Iterator[str]:
    """Where the record is served. No module finds the documents that another one sent."""
    with served(create_app(filled)) as address:
        yield address


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the npm folder with `schema.graphql` in it, for compilers to write into."""
    reason = node.absent()
    if reason and node.INSISTED:
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("clients") / "npm"
    shutil.copytree(node.NPM, folder, ignore=shutil.ignore_patterns("node_modules"))
    (folder / "node_modules").symlink_to(node.NPM / "node_modules")
    shutil.copy(SCHEMA, folder)
    return folder


@pytest.fixture(scope="session")
def compiled(project: Path) -> Path:
    """The project with what Relay's compiler made of its documents."""
    node.run(project, "node_modules/relay-compiler/cli.js")
    return project


@pytest.fixture(scope="session")
def apollo(project: Path, filled: Database) -> dict[str, Any]:
    """What Apollo Client was told by a server of its own, which knew no document."""
    return _told(project, filled, "apollo/run.js")


@pytest.fixture(scope="session")
def urql(project: Path, filled: Database) -> dict[str, Any]:
    """What urql was told, in the same way."""
    return _told(project, filled, "urql/run.js")


def _told(project: Path, filled: Database, program: str) -> dict[str, Any]:
    with served(create_app(filled)) as address:
        found: dict[str, Any] = node.said(project, program, address)
        return found
