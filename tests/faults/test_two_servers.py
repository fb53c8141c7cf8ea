"""Two servers over one database: whoever is not answered by one goes on with the other."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from time import monotonic
from typing import Any

import httpx
import psycopg
import pytest

from domain.commands import OpenStory
from eventlog.database import Database
from eventlog.log import Log
from projections.projector import PROJECTOR_LOCK
from tests.api.mutations import document, input_of
from tests.faults.load import check, load
from tests.faults.process import Serving

Two = tuple[Serving, Serving]

RACING = 200
"""Clients that race with one key."""

TAKEN_OVER = 15.0
"""Seconds in which another server projects where the one that did was killed. Two would do on a
machine that has nothing else to do."""


@pytest.fixture
def two(database: Database, folder: Path) -> Iterator[Two]:
    """Two servers. The first one projects."""
    with Serving(database.owner_conninfo, folder / "one") as one:
        wait_for_projector(database)
        with Serving(database.owner_conninfo, folder / "other") as other:
            yield one, other


def wait_for_projector(database: Database) -> None:
    """Wait until somebody projects."""
    deadline = monotonic() + TAKEN_OVER
    with psycopg.connect(database.owner_conninfo, autocommit=True) as owner:
        asked = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND granted"
        while owner.execute(asked, (PROJECTOR_LOCK,)).fetchone() is None:
            assert monotonic() < deadline


def wait_until_readable(server: Serving, position: int) -> None:
    """Wait until a server can answer about a position."""
    deadline = monotonic() + TAKEN_OVER
    asked = {"query": "{ log { position } }"}
    least = {"dateline-at-least": str(position)}
    at = f"{server.address}/graphql"
    while httpx.get(at, params=asked, headers=least, timeout=20).status_code != 200:
        assert monotonic() < deadline


def test_clients_that_move_between_servers_as_these_are_killed_record_everything_once(
    database: Database, two: Two
) -> None:
    with load(*(one.address for one in two), at_least=True) as clients:
        for killed, other in (two, two[::-1]):  # first the one that projects, then who took over
            clients.wait(150)
            killed.kill()
            clients.wait(20)
            wait_until_readable(other, clients.acknowledged[-1].position)
            killed.start()
        clients.wait(100)
    assert clients.told["ConnectError"] > 0
    check(database, clients.acknowledged)


def test_many_who_race_with_one_key_on_two_servers_record_one_event(
    database: Database, two: Two
) -> None:
    """Every tenth says something else under the key."""
    stories = [OpenStory(story="s", title=title) for title in ("The bridge", "The tunnel")]
    begin = Barrier(RACING)

    def race(number: int) -> dict[str, Any]:
        story = stories[number % 10 == 0]
        with httpx.Client(base_url=two[number % 2].address, timeout=60, verify=False) as client:
            begin.wait(60)
            response = client.post(
                "/graphql",
                json={"query": document(story), "variables": {"input": input_of(story)}},
                headers={"idempotency-key": "race"},
            )
        came: dict[str, Any] = response.json()["data"]["did"]
        return came

    with ThreadPoolExecutor(RACING) as pool:
        came = list(pool.map(race, range(RACING)))
    won = [one for one in came if one["refusal"] is None]
    assert len(won) in (RACING // 10, RACING - RACING // 10)
    assert sorted(one["replayed"] for one in won) == [False] + [True] * (len(won) - 1)
    first = won[0] | {"replayed": None}
    assert first["position"] == 1
    assert first["story"] is not None
    assert all(one | {"replayed": None} == first for one in won)
    lost = [one["refusal"] for one in came if one["refusal"] is not None]
    assert {(one["__typename"], one["field"]) for one in lost} == {
        ("IdempotencyConflict", "idempotencyKey")
    }
    with Log(database.conninfo) as log:
        assert len(log.read(0, 10)) == 1
