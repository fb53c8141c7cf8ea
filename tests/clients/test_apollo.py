"""Dateline asked with Apollo Client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eventlog.database import Database
from eventlog.log import Log
from tests.clients.node import said
from tests.clients.record import VILLAGES
from tests.clients.states import EARLY, LATE, TWO_MOMENTS, named, without_types


@pytest.fixture(scope="module")
def told(project: Path, url: str) -> dict[str, Any]:
    """What Apollo Client was told."""
    found: dict[str, Any] = said(project, "apollo/run.js", url)
    return found


def test_a_claim_is_asked_for_at_two_moments(told: dict[str, Any]) -> None:
    assert without_types(told["early"]) == EARLY
    assert without_types(told["late"]) == LATE


def test_a_document_is_sent_once_and_then_named_by_its_hash(told: dict[str, Any]) -> None:
    asked = [(one["method"], one["query"], one["code"]) for one in told["requests"]]
    assert asked == [
        ("GET", False, "PERSISTED_QUERY_NOT_FOUND"),
        ("POST", True, None),
        ("GET", False, None),
    ]
    (digest,) = {one["hash"] for one in told["requests"]}
    assert len(bytes.fromhex(digest)) == 32


def test_the_cache_keeps_two_moments_apart(told: dict[str, Any]) -> None:
    assert without_types(told["earlyAgain"]) == EARLY
    assert without_types(told["lateAgain"]) == LATE
    for answer in (told["twoMoments"], told["twoMomentsAgain"]):
        assert without_types(answer) == TWO_MOMENTS


def test_the_cache_knows_a_claim_by_its_id(told: dict[str, Any]) -> None:
    found = {one["cached"]["statement"]: one["key"] for one in told["normalised"]}
    assert found == {
        "They met at night.": f"Claim:{named('killed')}",
        "The talks are off.": f"Claim:{named('off')}",
        "The talks are on.": f"Claim:{named('on')}",
    }
    assert [one["cached"] for one in told["normalised"]] == [
        one["node"] for one in told["normalised"]
    ]


def test_what_is_refused_comes_with_its_code(told: dict[str, Any]) -> None:
    assert told["refused"] == [{"path": ["claims"], "code": "INVALID_CURSOR", "field": "after"}]


def test_the_cache_joins_pages_of_claims(told: dict[str, Any]) -> None:
    villages = told["villages"]
    assert [claim["statement"] for claim in villages["nodes"]] == VILLAGES
    assert villages["count"] == 5


def test_the_cache_joins_pages_of_events_of_every_sort(
    told: dict[str, Any], filled: Database
) -> None:
    with Log(filled.conninfo) as log:
        last = log.head().position
    events = told["events"]["nodes"]
    assert [event["position"] for event in events] == list(range(1, last + 1))
    assert told["events"]["count"] == -(-last // 7)
    # Fragments on an interface take hold: the cache was told which types it stands for.
    of_claims = [event for event in events if "version" in event]
    assert {event["claim"]["ref"] for event in of_claims} == {
        "apc",
        "off",
        "on",
        "killed",
        *(f"village-{day}" for day in range(1, len(VILLAGES) + 1)),
    }
