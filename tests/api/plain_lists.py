"""Lists of claims and of reports by plain means, and how the claims of a list are spread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from html import escape
from typing import Any, TypeVar
from uuid import UUID

from tests.api import plain_objects
from tests.api.plain_filter import chosen
from tests.api.plain_pages import CLAIM_ORDERS, REPORTED_LAST, Fields, Obj, connection
from tests.api.plain_record import View

One = TypeVar("One")


def claims_page(view: View, among: Iterable[UUID], asked: Fields) -> Obj:
    """A page of those claims, among some, that a list asks for."""
    every, wanted = narrowed(view, among, asked)
    order, column = CLAIM_ORDERS[asked.get("orderBy") or "REPORTED_LATEST_FIRST"]
    rows = [((getattr(view.claims[one], column), one), one) for one in wanted]
    words = asked.get("search")

    def edge(claim: UUID) -> Fields:
        if words is None:
            return {"rank": None, "snippet": None}
        return {"snippet": marked(view.claims[claim].statement or "", words)}

    page = connection(
        "Claim", view, order, rows, lambda one: plain_objects.claim_obj(view, one), asked, edge
    )
    page.fields["leftOut"] = len(every) - len(wanted)
    page.fields["facets"] = lambda: facets_obj(view, every, wanted)
    return page


def narrowed(view: View, among: Iterable[UUID], asked: Fields) -> tuple[list[UUID], list[UUID]]:
    """The claims, among some, that fit but for their status; and those that fit."""
    given, word = asked.get("filter") or {}, asked.get("search")
    holds = chosen(view, given, but="status")
    every = [
        one
        for one in among
        if holds(one, view.claims[one]) and (word is None or says(view, one, word))
    ]
    has_status = chosen(view, {"status": given.get("status")})
    return every, [one for one in every if has_status(one, view.claims[one])]


def says(view: View, claim: UUID, word: str) -> bool:
    """Whether a claim has a word, which has one form and is no common one."""
    return word in (view.claims[claim].statement or "").lower().split()


def marked(statement: str, word: str) -> str:
    """A short statement, safe to show as HTML, with a word marked."""
    return " ".join(
        f"<mark>{one}</mark>" if one.lower() == word else escape(one)
        for one in statement.split(" ")
    )


def reports_page(view: View, among: Iterable[UUID], asked: Fields) -> Obj:
    """A page of reports."""
    rows = [((view.reports[one].first_reported_at, one), one) for one in among]
    return connection(
        "Report",
        view,
        REPORTED_LAST,
        rows,
        lambda one: plain_objects.report_obj(view, one),
        asked,
    )


def by_outlet(view: View, claims: Iterable[UUID]) -> list[tuple[UUID | None, int]]:
    """The outlets of claims, under their names, with how many each carried."""
    outlets = [view.outlet_of(view.claims[one]) for one in claims]
    return most(
        [outlet and view.canonical(outlet) for outlet in outlets],
        lambda one: (one is None, one.bytes if one else b""),
    )


def by_topic(view: View, claims: Iterable[UUID]) -> list[tuple[str, int]]:
    """The topics of claims, with how many are filed under each."""
    return most([topic for one in claims for topic in set(view.claims[one].topics)], str.encode)


def by_interval(view: View, claims: Iterable[UUID], interval: str) -> list[tuple[datetime, int]]:
    """The stretches of the calendar in which claims were first reported, the latest first."""
    starts = Counter(beginning(view.claims[one].first_reported_at, interval) for one in claims)
    return sorted(starts.items(), reverse=True)


def facets_obj(view: View, every: list[UUID], wanted: list[UUID]) -> Obj:
    """How claims are spread: those of every status, and those that are wanted."""

    def outlets(first: int | None = None) -> list[Obj]:
        return [
            Obj(
                "OutletCount",
                {
                    "outlet": lambda outlet=outlet: plain_objects.optional_source(view, outlet),
                    "count": found,
                },
            )
            for outlet, found in by_outlet(view, wanted)[: first or 10]
        ]

    def topics(first: int | None = None) -> list[Obj]:
        return [
            Obj("TopicCount", {"topic": topic, "count": found})
            for topic, found in by_topic(view, wanted)[: first or 10]
        ]

    def intervals(interval: str | None = None, first: int | None = None) -> list[Obj]:
        return [
            Obj("IntervalCount", {"start": start, "count": found})
            for start, found in by_interval(view, wanted, interval or "DAY")[: first or 100]
        ]

    return Obj(
        "ClaimFacets",
        {
            "byStatus": lambda: plain_objects.counts_obj(view.claims[one] for one in every),
            "byOutlet": outlets,
            "byTopic": topics,
            "byInterval": intervals,
        },
    )


def most(found: Iterable[One], key: Callable[[One], Any]) -> list[tuple[One, int]]:
    """How often each comes, the most frequent first; where that is equal, `key` decides."""
    return sorted(Counter(found).items(), key=lambda item: (-item[1], key(item[0])))


def beginning(instant: datetime, interval: str) -> datetime:
    """The first instant of the stretch of the calendar that holds an instant, UTC."""
    hour = instant.replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    return {
        "HOUR": hour,
        "DAY": day,
        "WEEK": day - timedelta(days=day.weekday()),
        "MONTH": day.replace(day=1),
        "YEAR": day.replace(month=1, day=1),
    }[interval]


def following(start: datetime, interval: str) -> datetime:
    """The first instant of the next stretch of the calendar."""
    # So much later than its first instant lies within the next, which is not skipped either.
    longest = {"HOUR": 60, "DAY": 24 * 60, "WEEK": 7 * 24 * 60, "MONTH": 31 * 24 * 60}
    return beginning(start + timedelta(minutes=longest.get(interval, 366 * 24 * 60)), interval)
