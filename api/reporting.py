"""How much was reported, interval by interval."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

import strawberry

from api.catalogue import ClaimCounts
from api.claim_list import NARROWING, claims_listing
from api.compiler import Field
from api.fields import column, within
from api.interval import Interval
from api.json_sql import list_sql
from api.paging import moment_of_root
from api.parameters import Parameter, Variables
from domain.moments import SKEW, last_instant, parse_moment
from domain.refusals import InvalidInput, InvalidTime
from domain.words import Status

MOST: Final = 1_000
"""Intervals at once."""


@strawberry.type(description="The claims that were first reported in an interval.")
class ReportingInterval:
    start: datetime = column("{row}.start", "Its first instant.")
    end: datetime = column('{row}."end"', "The first instant after it.")
    counts: ClaimCounts = within(
        "The claims that were first reported in it, by the status that they have at the moment"
        " asked about."
    )


def reporting(field: Field) -> str:
    """The claims that a filter chooses, counted by interval. Raises Refused."""
    at = field.at(field.row, moment_of_root(field))
    chosen = claims_listing(at)
    row, interval = field.compiling.row(), field.given("interval").value
    start, until = _bounds(field, interval)
    claim = f"{chosen.row}.first_reported_at"
    columns = ("total", *Status)
    counted = ", ".join(
        ["count(*) AS total"]
        + [f"count(*) FILTER (WHERE {chosen.row}.status = '{one}') AS {one}" for one in Status]
    )
    span = f"{claim} >= {start}" + (f" AND {claim} < {until}" if until else "")
    given = field.given("filter")
    if given.there and any(given[name].there for name in NARROWING):
        # Few claims are left, and the planner is kept from looking for them through all that was
        # reported in that time.
        names = f"{chosen.row}.first_reported_at, {chosen.row}.status"
        claims = (
            f"(SELECT {names} FROM {chosen.table} {chosen.row} WHERE {chosen.where()} OFFSET 0)"
        )
    else:
        claims, span = chosen.table, f"{chosen.where()} AND {span}"
    # Counted once; the empty intervals are laid beneath.
    query = (
        f"WITH counted AS MATERIALIZED (SELECT date_trunc('{interval}', {claim} AT TIME ZONE 'UTC')"
        f" AS start, {counted} FROM {claims} {chosen.row} WHERE {span}"
        f" GROUP BY 1), last AS (SELECT max(start) AS start FROM counted)"
        f" SELECT a.start AT TIME ZONE 'UTC' AS start,"
        f" (a.start + interval '1 {interval}') AT TIME ZONE 'UTC' AS \"end\","
        f" {', '.join(f'sum(a.{name}) AS {name}' for name in columns)} FROM (SELECT * FROM counted"
        f" UNION ALL SELECT g, {', '.join('0' for _ in columns)} FROM last, generate_series("
        f"{start} AT TIME ZONE 'UTC', {_last(until)}, interval '1 {interval}') g) a GROUP BY 1, 2"
    )
    return list_sql(f"SELECT {at.element(row)} FROM ({query}) {row} ORDER BY {row}.start")


def _last(until: str | None) -> str:
    if until is None:
        return "last.start"
    return f"{until} AT TIME ZONE 'UTC' - interval '1 microsecond'"


def _bounds(field: Field, interval: Interval) -> tuple[str, str | None]:
    """The first instant of the first interval, and the first after the last, where one is set."""
    since, until = field.given("from"), field.given("to")

    def both(variables: Variables) -> tuple[Any, Any]:
        return since.take(variables), until.take(variables)

    start = Parameter(both, encode_start(interval), since.name, since.path)
    made = since.parameters.add(start, (since.key, until.key, interval), "timestamptz")
    if not until.there:
        return made, None
    return made, until.parameter(encode_end(interval), "timestamptz")


@cache
def encode_start(interval: Interval) -> Callable[[Any], str]:
    """Where the first of the intervals between two times begins. Raises InvalidTime; InvalidInput
    where the second is before the first, or they are too far apart."""

    def encode(asked: tuple[Any, Any]) -> str:
        since, until = asked
        start = beginning(parse_moment(since).start, interval)
        last = _end_of(until) if until is not None else datetime.now(UTC) + SKEW
        if last < start:
            raise InvalidInput("it is before `from`", field="to" if until is not None else "from")
        found = between(start, last, interval)
        if found > MOST:
            raise InvalidInput(
                f"that makes {found} intervals, at most {MOST} at once: take longer ones, or less"
                " time",
                field="interval",
            )
        return start.isoformat()

    return encode


@cache
def encode_end(interval: Interval) -> Callable[[Any], str]:
    """The first instant after the interval that holds a time. Raises InvalidTime."""

    def encode(text: Any) -> str:
        return following(beginning(_end_of(text), interval), interval).isoformat()

    return encode


def _end_of(text: str) -> datetime:
    try:
        return last_instant(text)
    except InvalidTime as error:
        raise InvalidTime(str(error), field="to") from None


def beginning(instant: datetime, interval: Interval) -> datetime:
    """The first instant of the interval that holds an instant, UTC."""
    day = instant.replace(hour=0, minute=0, second=0, microsecond=0)
    match interval:
        case Interval.HOUR:
            return instant.replace(minute=0, second=0, microsecond=0)
        case Interval.DAY:
            return day
        case Interval.WEEK:
            return day - timedelta(days=day.weekday())
        case Interval.MONTH:
            return day.replace(day=1)
    return day.replace(month=1, day=1)


def following(start: datetime, interval: Interval) -> datetime:
    """The first instant of the interval after the one that starts then. Raises InvalidTime where
    the calendar ends before."""
    try:
        match interval:
            case Interval.HOUR:
                return start + timedelta(hours=1)
            case Interval.DAY:
                return start + timedelta(days=1)
            case Interval.WEEK:
                return start + timedelta(days=7)
            case Interval.MONTH:
                years, month = divmod(start.month, 12)
                return start.replace(year=start.year + years, month=month + 1)
        return start.replace(year=start.year + 1)
    except (OverflowError, ValueError):
        raise InvalidTime("no calendar goes so far", field="to") from None


def between(start: datetime, last: datetime, interval: Interval) -> int:
    """How many intervals there are from the one that starts then to the one that holds `last`."""
    end = beginning(last, interval)
    match interval:
        case Interval.HOUR:
            return (end - start) // timedelta(hours=1) + 1
        case Interval.DAY:
            return (end - start).days + 1
        case Interval.WEEK:
            return (end - start).days // 7 + 1
        case Interval.MONTH:
            return (end.year - start.year) * 12 + end.month - start.month + 1
    return end.year - start.year + 1
