"""Which claims a filter chooses, by plain means."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from domain.claim import Claim
from domain.ids import Subject
from domain.moments import last_instant, parse_about, parse_moment
from tests.api.plain_pages import Fields, named
from tests.api.plain_record import View

Holds = Callable[[UUID, Claim], bool]


def chosen(view: View, asked: Fields | None, but: str | None = None) -> Holds:
    """Whether a claim is one of those that a filter chooses; `but` for one of its conditions."""
    conditions = [
        condition(view, name, value)
        for name, value in (asked or {}).items()
        if value is not None and name != but
    ]
    return lambda identity, claim: all(holds(identity, claim) for holds in conditions)


def condition(view: View, name: str, value: Any) -> Holds:
    """One condition of a filter. Raises KeyError for one that this model does not have."""
    match name:
        case "story":
            story = named(Subject.STORY, value)
            return lambda _, claim: claim.story == story
        case "source":
            sources = view.same(named(Subject.SOURCE, value))
            return lambda _, claim: (
                not sources.isdisjoint(
                    {view.outlet_of(claim), *(step.source for step in claim.attribution)}
                )
            )
        case "outlet":
            outlets = view.same(named(Subject.SOURCE, value))
            return lambda _, claim: view.outlet_of(claim) in outlets
        case "contested":
            return lambda identity, _: view.is_contested(identity) is value
    holds = OF_THE_CLAIM[name]
    return lambda _, claim: holds(claim, value)


def involves(view: View, claim: Claim, sources: set[UUID]) -> bool:
    """Whether some source published a claim, or has a part in the chain of it."""
    return view.outlet_of(claim) in sources or any(
        step.source in sources for step in claim.attribution
    )


def changed_in(claim: Claim, manners: list[str]) -> bool:
    """Whether the content of a claim changed in one of some manners."""
    changes = {"DECLARED": claim.declared_changes, "SILENT": claim.silent_changes}
    return any(changes[manner] > 0 for manner in manners)


def lies_in(at: datetime, asked: Fields) -> bool:
    """Whether an instant lies in a stretch of time, both ends included."""
    start, end = asked.get("from"), asked.get("to")
    return (start is None or at >= parse_moment(start).start) and (
        end is None or at <= last_instant(end)
    )


def speaks_of(about: str | None, asked: Fields) -> bool:
    """Whether a claim can speak of a time; or whether it is known what time it speaks of."""
    if (known := asked.get("known")) is not None:
        return (about is not None) is known
    if about is None:
        return False
    (first, last), (start, end) = days(about), days(asked["overlaps"])
    return first <= end and start <= last


def days(text: str) -> tuple[date, date]:
    """The first and the last day that something can speak of."""
    found = parse_about(text)
    return (
        date.fromisoformat(found.earliest) if found.earliest else date.min,
        date.fromisoformat(found.latest) if found.latest else date.max,
    )


OF_THE_CLAIM: dict[str, Callable[[Claim, Any], bool]] = {
    "topic": lambda claim, topic: topic in claim.topics,
    "status": lambda claim, statuses: claim.status.name in statuses,
    "kind": lambda claim, kinds: claim.kind.name in kinds,
    "reviewed": lambda claim, reviewed: bool(claim.reviews) is reviewed,
    "quantity": lambda claim, label: label in {one.label for one in claim.quantities},
    "about": lambda claim, about: speaks_of(claim.about, about),
    "reported": lambda claim, time: lies_in(claim.first_reported_at, time),
    "changed": lambda claim, time: lies_in(claim.last_changed_at, time),
    "change": changed_in,
}
"""The conditions that the claim alone decides."""
