"""Dateline asked with urql."""

from __future__ import annotations

from typing import Any

from tests.clients.states import EARLY, LATE


def test_the_document_cache_keeps_two_moments_apart(urql: dict[str, Any]) -> None:
    early, late = EARLY["claim"]["statement"], LATE["claim"]["statement"]
    assert urql["documents"] == [
        {"statement": early, "sent": 1},
        {"statement": late, "sent": 2},
        {"statement": early, "sent": 2},
    ]
