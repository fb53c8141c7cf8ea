"""Whether a server lives, and whether it is ready, with what can go wrong made to happen."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from api.app import ApiSettings, create_app
from eventlog.database import Database, prepare_database
from eventlog.embedded import running_server
from projections.generations import ensure_generation
from tests.api.mutations import desk
from tests.api.serving import served
from tests.api.test_metrics import scraped
from tests.api.test_writing import PAPER


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder whose path is short enough for a socket."""
    made = Path(tempfile.mkdtemp(prefix="dl-"))
    yield made
    shutil.rmtree(made)


def reasons(client: httpx.Client) -> list[str]:
    """Why a server is not ready."""
    response = client.get("/health/ready")
    answer: dict[str, Any] = response.json()
    assert response.status_code == (503 if answer["status"] == "not ready" else 200)
    return [reason["code"] for reason in answer.get("reasons", [])]


def test_with_a_database_that_has_stopped_it_lives_and_is_not_ready(folder: Path) -> None:
    with running_server(folder) as server:
        database = prepare_database(server.conninfo)
        ensure_generation(database)
        app = served(create_app(database))
        url = app.__enter__()
    try:
        with httpx.Client(base_url=url, timeout=20) as client:
            assert client.get("/health/live").json() == {"status": "live"}
            assert reasons(client) == ["DATABASE_UNREACHABLE"]
            samples = scraped(client)
            assert samples["dateline_database_up", ()] == 0
            assert ("dateline_log_position", ()) not in samples
    finally:
        app.__exit__(None, None, None)


def test_a_projection_that_is_behind_is_told_as_soon_as_it_is_over_the_bound(
    fresh: Database,
) -> None:
    for behind, told in ((0.0, ["PROJECTION_BEHIND"]), (60.0, [])):
        settings = ApiSettings(readable_within=0, behind=behind)
        with desk(fresh, projected=False, settings=settings) as writing:
            writing.record(PAPER)
            assert reasons(writing.client) == told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE read.progress SET shape = 'another'", "OTHER_READ_MODEL"),
        (
            "DELETE FROM dateline.migrations"
            " WHERE number = (SELECT max(number) FROM dateline.migrations)",
            "MIGRATION_MISSING",
        ),
    ],
)
def test_a_database_of_another_version_is_told(fresh: Database, change: str, told: str) -> None:
    ensure_generation(fresh)
    with (
        served(create_app(fresh)) as url,
        httpx.Client(base_url=url, timeout=20) as client,
        psycopg.connect(fresh.owner_conninfo, autocommit=True) as owner,
    ):
        assert reasons(client) == []
        owner.execute(change)
        assert reasons(client) == [told]
