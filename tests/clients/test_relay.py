"""Dateline asked with Relay: its compiler over `schema.graphql`, and its runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.clients.node import said
from tests.clients.record import VILLAGES
from tests.clients.states import TWO_MOMENTS, named, without_types


@pytest.fixture(scope="module")
def told(compiled: Path, url: str) -> dict[str, Any]:
    """What Relay's runtime was told."""
    found: dict[str, Any] = said(compiled, "relay/run.js", url)
    return found


def test_the_compiler_makes_each_document_of_the_project(compiled: Path) -> None:
    made = {path.name.removesuffix(".graphql.js") for path in compiled.glob("relay/*/*.graphql.js")}
    assert made == {
        *("datelineStoryQuery", "datelineStory_claims", "datelineStoryClaimsQuery"),
        *("datelineRecordQuery", "datelineRecord_claims", "datelineRecordClaimsQuery"),
        *("datelineClaimQuery", "datelineClaim_state", "datelineClaimStateQuery"),
        "datelineTwoMomentsQuery",
        "datelineEventsSubscription",
    }


def test_a_connection_of_the_root_is_paged_to_its_end(told: dict[str, Any]) -> None:
    assert told["root"] == {"count": 5, "statements": VILLAGES}


def test_a_connection_of_a_story_is_paged_through_its_node_and_keeps_its_moment(
    told: dict[str, Any],
) -> None:
    assert told["story"] == {"count": 3, "statements": VILLAGES[:12][::-1]}


def test_a_claim_is_refetched_by_its_id(told: dict[str, Any]) -> None:
    claim = {
        "id": named("off"),
        "statement": "The talks are off.",
        "version": 6,
        "contradictedBy": {"nodes": [{"statement": "The talks are on."}]},
    }
    assert told["refetched"] == {"fresh": claim, "again": claim}


def test_two_moments_are_kept_apart(told: dict[str, Any]) -> None:
    assert told["twoMoments"] == without_types(TWO_MOMENTS, also=("id",))


def test_what_is_refused_comes_with_its_code(told: dict[str, Any]) -> None:
    (error,) = told["refused"]
    assert error["path"] == ["claims"]
    assert error["extensions"] == {"code": "INVALID_ID", "field": "filter.story"}
