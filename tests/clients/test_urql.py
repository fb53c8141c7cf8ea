"""Dateline asked with urql."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.clients.node import said
from tests.clients.record import VILLAGES
from tests.clients.states import EARLY, LATE, TWO_MOMENTS, without_types


@pytest.fixture(scope="module")
def told(project: Path, url: str) -> dict[str, Any]:
    """What urql was told."""
    found: dict[str, Any] = said(project, "urql/run.js", url)
    return found


def test_a_claim_is_asked_for_at_two_moments(told: dict[str, Any]) -> None:
    assert without_types(told["early"]) == EARLY
    assert without_types(told["late"]) == LATE


def test_a_document_is_sent_once_and_then_named_by_its_hash(told: dict[str, Any]) -> None:
    asked = [(one["method"], one["query"], one["code"]) for one in told["requests"]]
    assert asked == [
        ("GET", False, "PERSISTED_QUERY_NOT_FOUND"),
        ("GET", True, None),
        ("GET", False, None),
    ]
    (digest,) = {one["hash"] for one in told["requests"]}
    assert len(bytes.fromhex(digest)) == 32


def test_the_normalised_cache_keeps_two_moments_apart(told: dict[str, Any]) -> None:
    assert without_types(told["earlyAgain"]) == EARLY
    assert without_types(told["lateAgain"]) == LATE
    for answer in (told["twoMoments"], told["twoMomentsAgain"]):
        assert without_types(answer) == TWO_MOMENTS


def test_the_document_cache_keeps_two_moments_apart(told: dict[str, Any]) -> None:
    early, late = EARLY["claim"]["statement"], LATE["claim"]["statement"]
    assert told["documents"] == [
        {"statement": early, "sent": 1},
        {"statement": late, "sent": 2},
        {"statement": early, "sent": 2},
    ]


def test_what_is_refused_comes_with_its_code(told: dict[str, Any]) -> None:
    assert told["refused"] == [{"path": ["claims"], "code": "INVALID_CURSOR", "field": "after"}]


def test_the_cache_joins_pages_of_claims(told: dict[str, Any]) -> None:
    villages = told["villages"]
    assert [claim["statement"] for claim in villages["nodes"]] == VILLAGES
    assert villages["count"] == 5
