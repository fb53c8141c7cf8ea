"""Reporting and numbers through time by plain means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.claim import Claim, claim_as_of
from domain.moments import last_instant, parse_about, parse_moment
from domain.values import Quantity
from tests.api import plain_objects
from tests.api.plain_lists import beginning, following, narrowed
from tests.api.plain_pages import BY_TIME, Fields, Keys, Obj, connection
from tests.api.plain_record import View


def intervals(view: View, asked: Fields) -> list[Obj]:
    """How many claims were first reported in each stretch of the calendar."""
    interval = asked["interval"]
    start = beginning(parse_moment(asked["from"]).start, interval)
    reported = [view.claims[one] for one in narrowed(view, view.claims, asked)[1]]
    if (until := asked.get("to")) is not None:
        last = last_instant(until)
    else:
        times = [one.first_reported_at for one in reported if one.first_reported_at >= start]
        if not times:
            return []
        last = max(times)
    found = []
    while start <= last:
        end = following(start, interval)
        counts = plain_objects.counts_obj(
            one for one in reported if start <= one.first_reported_at < end
        )
        found.append(Obj("ReportingInterval", {"start": start, "end": end, "counts": counts}))
        start = end
    return found


@dataclass(frozen=True, slots=True)
class Point:
    """One value that a claim gave for a number, or gives."""

    time: datetime
    claim: UUID
    quantity: Quantity
    since: datetime
    until: datetime | None

    @property
    def keys(self) -> Keys:
        """Its place in a list by time."""
        return (self.time, self.claim, self.quantity.unit or "", self.since)


def points(view: View, label: str, unit: str | None, claim: UUID) -> Iterator[Point]:
    """Every value that a claim has given for a number, as far as is known at the moment."""
    shown = view.claims[claim]
    moments = sorted({entry.reported_at for _, entry, _ in view.history(claim)})
    states = [(at, claim_as_of(view.record.subjects[claim], at, view.position)) for at in moments]
    units = {
        one.unit
        for _, state in states
        for one in (state.quantities if state else ())
        if one.label == label and unit in (None, one.unit)
    }
    for each in units:
        given: list[tuple[datetime, Quantity | None]] = []
        for at, state in states:
            value = next(
                (
                    one
                    for one in (state.quantities if state else ())
                    if (one.label, one.unit) == (label, each)
                ),
                None,
            )
            if not given or given[-1][1] != value:
                given.append((at, value))
        ends = [at for at, _ in given[1:]]
        for (since, value), until in zip(given, [*ends, None], strict=True):
            if value is not None:
                yield Point(time_of(shown), claim, value, since, until)


def time_of(claim: Claim) -> datetime:
    """What time a claim's numbers are for."""
    about = parse_about(claim.about) if claim.about else None
    day = about and (about.latest or about.earliest)
    return datetime.fromisoformat(f"{day}T00:00:00Z") if day else claim.first_reported_at


def points_page(view: View, asked: Fields) -> Obj:
    """A page of the values of a number."""
    found = [
        point
        for claim in narrowed(view, view.claims, asked)[1]
        for point in points(view, asked["label"], asked.get("unit"), claim)
        if asked["revisions"] or point.until is None
    ]
    rows = [(point.keys, point) for point in found]
    return connection("QuantityPoint", view, BY_TIME, rows, lambda one: point_obj(view, one), asked)


def source_of(view: View, claim: Claim) -> UUID | None:
    """On whose word a claim stands."""
    return claim.attribution[-1].source if claim.attribution else view.outlet_of(claim)


def point_obj(view: View, point: Point) -> Obj:
    """A value of a number."""
    claim = view.claims[point.claim]
    number = plain_objects.quantity_obj(point.quantity)
    assert number is not None
    return Obj(
        "QuantityPoint",
        {
            **{name: number.fields[name] for name in ("value", "low", "high", "unit", "hedge")},
            "time": point.time,
            "since": point.since,
            "until": point.until,
            "status": claim.status,
            "source": lambda: plain_objects.optional_source(view, source_of(view, claim)),
            "claim": lambda: plain_objects.claim_obj(view, point.claim),
        },
    )
