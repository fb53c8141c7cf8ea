"""Dateline asked with Apollo Client."""

from __future__ import annotations

from typing import Any

from eventlog.database import Database
from eventlog.log import Log
from tests.clients.record import VILLAGES
from tests.clients.states import named


def test_the_cache_knows_a_claim_by_its_id(apollo: dict[str, Any]) -> None:
    found = {one["cached"]["statement"]: one["key"] for one in apollo["normalised"]}
    assert found == {
        "They met at night.": f"Claim:{named('killed')}",
        "The talks are off.": f"Claim:{named('off')}",
        "The talks are on.": f"Claim:{named('on')}",
    }
    assert [one["cached"] for one in apollo["normalised"]] == [
        one["node"] for one in apollo["normalised"]
    ]


def test_the_cache_joins_pages_of_events_of_every_sort(
    apollo: dict[str, Any], filled: Database
) -> None:
    with Log(filled.conninfo) as log:
        last = log.head().position
    events = apollo["events"]["nodes"]
    assert [event["position"] for event in events] == list(range(1, last + 1))
    assert apollo["events"]["count"] == -(-last // 7)
    # Fragments on an interface take hold: the cache was told which types it stands for.
    of_claims = [event for event in events if "version" in event]
    assert {event["claim"]["ref"] for event in of_claims} == {
        "apc",
        "off",
        "on",
        "killed",
        *(f"village-{day}" for day in range(1, len(VILLAGES) + 1)),
    }
