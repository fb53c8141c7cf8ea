"""What remains of events: their structure, and nothing that anybody wrote."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import asdict, fields, replace

from domain.catalogue import report_as_of, source_as_of
from domain.claim import Claim, claim_as_of
from domain.codec import encode, load
from domain.events import REPORT_FIELDS, AnyEvent, Erased, StoryOpened
from domain.history import Entry, in_effect, voided
from domain.remains import remains
from domain.touch import named_by
from tests.domain.making import events
from tests.domain.stored import STORED, STORY
from tests.domain.test_laws import claims, moments, positions, reports, sources

TOLD = ("published_at", "observed_at", "schema")
"""Times of reporting are texts, and stay."""

of_subjects = events.filter(lambda event: not isinstance(event, StoryOpened))
erasable = of_subjects.filter(lambda event: not isinstance(event, Erased))


def written(value: Any) -> Iterator[object]:
    """Every text and number in a value that somebody wrote."""
    match value:
        case Struct():
            for one in fields(value):
                if one.name not in TOLD:
                    yield from written(getattr(value, one.name))
        case tuple():
            for one in value:
                yield from written(one)
        case Enum():
            pass
        case str() if value not in REPORT_FIELDS:
            yield value
        case Decimal():
            yield value


@given(erasable)
def test_nothing_that_anybody_wrote_remains(event: AnyEvent) -> None:
    assert list(written(remains(event))) == []


@given(of_subjects)
def test_what_remains_is_an_event_of_its_sort_and_remains_for_ever(event: AnyEvent) -> None:
    left = remains(event)
    assert type(left) is type(event)
    assert remains(left) == left
    assert load(encode(left)) == left


@given(of_subjects)
def test_what_remains_names_whom_the_event_named(event: AnyEvent) -> None:
    assert sorted(named_by(remains(event))) == sorted(named_by(event))


@given(st.sampled_from(sorted(STORED)))
def test_nothing_of_an_erasure_is_erased(name: str) -> None:
    if isinstance(STORED[name], Erased):
        assert remains(STORED[name]) is STORED[name]


def test_a_story_is_not_erased() -> None:
    with pytest.raises(ValueError, match="stories are not erased"):
        remains(StoryOpened(ref=str(STORY), title="x"))


def left_of(entries: list[Entry]) -> list[Entry]:
    return [replace(entry, event=remains(entry.event)) for entry in entries]


CONTENT = ("ref", "statement", "language", "about", "quantities", "topics")


def structure(state: Claim | None) -> object:
    """A claim without what it says."""
    if state is None:
        return None
    retraction = state.retraction and replace(state.retraction, part=None)
    reviews = [replace(review, words=None, url=None) for review in state.reviews]
    steps = [replace(step, role=None) for step in state.attribution]
    told = asdict(state) | {"retraction": retraction, "reviews": reviews, "attribution": steps}
    return {name: told[name] for name in told if name not in CONTENT}, state.status


@given(claims(), moments, positions)
def test_a_claim_is_what_it_was_but_for_what_it_says(
    entries: list[Entry], at: Any, position: int | None
) -> None:
    left = claim_as_of(left_of(entries), at, position)
    assert structure(left) == structure(claim_as_of(entries, at, position))
    assert left is None or list(written(left)) == []
    counted = in_effect(entries, at, position)
    assert voided(left_of(counted)) == voided(counted)


@given(reports, moments, positions)
def test_a_report_is_what_it_was_but_for_what_it_says(
    entries: list[Entry], at: Any, position: int | None
) -> None:
    was, left = report_as_of(entries, at, position), report_as_of(left_of(entries), at, position)
    assert (was is None) == (left is None)
    if was is not None and left is not None:
        assert list(written(left)) == []
        kept = ("version", "outlet", "kind", "first_reported_at", "withdrawal", "published_at")
        assert [getattr(left, name) for name in kept] == [getattr(was, name) for name in kept]


@given(sources, positions)
def test_a_source_is_what_it_was_but_for_its_names(
    entries: list[Entry], position: int | None
) -> None:
    was, left = source_as_of(entries, position), source_as_of(left_of(entries), position)
    assert (was is None) == (left is None)
    if was is not None and left is not None:
        assert list(written(left)) == []
        kept = ("version", "kind", "merged_into")
        assert [getattr(left, name) for name in kept] == [getattr(was, name) for name in kept]
