"""Dateline asked with clients that keep what they were told: what holds of each of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.record import VILLAGES
from tests.clients.states import EARLY, LATE, TWO_MOMENTS, without_types

Told = dict[str, Any]

WHOLE = {"apollo": "POST", "urql": "GET"}
"""How each sends a document that the server does not know yet."""


@pytest.fixture(params=WHOLE)
def client(request: pytest.FixtureRequest) -> str:
    """The name of one of them."""
    name: str = request.param
    return name


@pytest.fixture
def told(client: str, request: pytest.FixtureRequest) -> Told:
    """What it was told."""
    found: Told = request.getfixturevalue(client)
    return found


def test_a_claim_is_asked_for_at_two_moments(told: Told) -> None:
    assert without_types(told["early"]) == EARLY
    assert without_types(told["late"]) == LATE


def test_a_document_is_sent_once_and_then_named_by_its_hash(client: str, told: Told) -> None:
    asked = [(one["method"], one["query"], one["code"]) for one in told["requests"]]
    assert asked == [
        ("GET", False, "PERSISTED_QUERY_NOT_FOUND"),
        (WHOLE[client], True, None),
        ("GET", False, None),
    ]
    (digest,) = {one["hash"] for one in told["requests"]}
    assert len(bytes.fromhex(digest)) == 32


def test_the_normalised_cache_keeps_two_moments_apart(told: Told) -> None:
    assert without_types(told["earlyAgain"]) == EARLY
    assert without_types(told["lateAgain"]) == LATE
    for answer in (told["twoMoments"], told["twoMomentsAgain"]):
        assert without_types(answer) == TWO_MOMENTS


def test_what_is_refused_comes_with_its_code(told: Told) -> None:
    assert told["refused"] == [{"path": ["claims"], "code": "INVALID_CURSOR", "field": "after"}]


def test_the_cache_joins_pages_of_claims(told: Told) -> None:
    villages = told["villages"]
    assert [claim["statement"] for claim in villages["nodes"]] == VILLAGES
    assert villages["count"] == 5
