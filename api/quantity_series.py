"""What was said of a number, through time and by everybody who said it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import strawberry

from api.catalogue import Source
from api.claim_list import claims_listing
from api.claims import Claim
from api.compiler import Field
from api.connection import CURSOR, EDGES, NODES, PAGE_INFO, TOTAL, PageInfo
from api.fields import column, one, paged, within
from api.listing import Key, Listing, Order
from api.paging import connection, moment_of_root
from api.words import Hedge, Status
from domain.refusals import InvalidInput

LARGEST: Final = 1_000
"""The most points of a page."""


@strawberry.type(description="One value that a claim gave for a number, or gives.")
class QuantityPoint:
    time: datetime = column(
        "{row}.time",
        "What time it is for: the last day that the claim speaks of, or the first where the last is"
        " open or not known, at its start in UTC. Where the claim says none, when it was first"
        " reported.",
    )
    value: Decimal = column("({row}.q ->> 'value')", "The number.")
    low: Decimal | None = column(
        "({row}.q ->> 'low')", "The least it can be, where a range was given."
    )
    high: Decimal | None = column(
        "({row}.q ->> 'high')", "The most it can be, where a range was given."
    )
    unit: str | None = column("{row}.q ->> 'unit'", "What it is counted in.")
    hedge: Hedge = column("coalesce({row}.q ->> 'hedge', 'exactly')", "How firmly it was put.")
    since: datetime = column(
        "{row}.since", "Since when the claim has given it so: the reporting time of that event."
    )
    until: datetime | None = column(
        "nullif({row}.until, 'infinity')",
        "When the claim ceased to give it so, by reporting time; null while it does.",
    )
    source: Source | None = one(
        "read.sources {row} WHERE {row}.source_id = coalesce("
        "({parent}.state #>> '{{attribution,-1,source}}')::uuid, {parent}.outlet_id) AND {known}",
        "On whose word: the last in the claim's chain of attribution, or its outlet where it has no"
        " chain; null where neither is known.",
    )
    status: Status = column("{row}.status", "The status of the claim.")
    claim: Claim = within("The claim.")


@strawberry.type(description="A point on a page, and its place.")
class QuantityPointEdge:
    cursor: str = paged(CURSOR)
    node: QuantityPoint = paged("The point.")


@strawberry.type(description="A page of the values that claims give for a number.")
class QuantityPointConnection:
    edges: list[QuantityPointEdge] = paged(EDGES)
    nodes: list[QuantityPoint] = paged(NODES)
    page_info: PageInfo = paged(PAGE_INFO)
    total_count: int = paged(TOTAL)


BY_TIME: Final = Order(
    "q",
    (
        Key("{row}.time", "timestamptz"),
        Key("{row}.claim_id", "uuid"),
        Key("{row}.unit", "text"),
        Key("{row}.since", "timestamptz"),
    ),
)


def encode_label(text: Any) -> str:
    """A label or a unit. Raises InvalidInput for one that no number has."""
    if not 1 <= len(text) <= 1_000 or "\0" in text:
        raise InvalidInput("it has 1 to 1000 characters, none of them NUL")
    return str(text)


def quantity_series(field: Field) -> str:
    """A page of the values of a number. Raises Refused."""
    at = field.at(field.row, moment_of_root(field))
    return connection(at, points_listing(at))


def points_listing(field: Field) -> Listing:
    """The values that claims, among those that a field's filter chooses, give for a number."""
    chosen = claims_listing(field)
    row, point = chosen.row, field.compiling.row()
    label, unit = field.given("label"), field.given("unit")
    wanted = [f"v ->> 'label' = {label.parameter(encode_label, 'text')}"]
    if unit.there:
        wanted.append(f"v ->> 'unit' = {unit.parameter(encode_label, 'text')}")
    values = (
        "(SELECT v AS q, coalesce(v ->> 'unit', '') AS unit"
        f" FROM jsonb_array_elements({{row}}.state -> 'quantities') v WHERE {' AND '.join(wanted)})"
    )
    if field.given("revisions").value:
        stretches = (
            "SELECT s.q, s.unit, min(s.reported_from) AS since, max(s.reported_to) AS until"
            " FROM (SELECT b.*, count(*) FILTER (WHERE b.begins)"
            " OVER (PARTITION BY b.unit ORDER BY b.reported_from) AS number"
            f" FROM ({_beginnings(field, row, values)}) b) s GROUP BY s.q, s.unit, s.number"
        )
    else:
        stretches = (
            "SELECT o.q, o.unit, 'infinity'::timestamptz AS until, (SELECT max(b.reported_from)"
            f" FROM ({_beginnings(field, row, values)}) b WHERE b.begins AND b.unit = o.unit)"
            f" AS since FROM {values.format(row=row)} o"
        )
    table = (
        f"(SELECT {row}.*, {_time(row)} AS time, z.q, z.unit, z.since, {_until(field)} AS until"
        f" FROM {chosen.table} {row} CROSS JOIN LATERAL ({stretches}) z WHERE {chosen.where()})"
    )
    return Listing(point, table, ("true",), BY_TIME, largest=LARGEST)


def _beginnings(field: Field, row: str, values: str) -> str:
    """The rows of a claim through reporting time that hold the number, as far as they are known at
    the moment asked about; and whether each begins to give it so."""
    one = field.compiling.row()
    limit = field.moment.reported_at
    counts = f" AND {one}.reported_from <= {limit}" if limit else ""
    until = field.moment.until(one)
    return (
        f"SELECT {one}.reported_from, {until} AS reported_to, w.q, w.unit, NOT coalesce("
        f"lag(w.q) OVER o = w.q AND lag({until}) OVER o = {one}.reported_from, false)"
        f" AS begins FROM read.claims {one} CROSS JOIN LATERAL {values.format(row=one)} w"
        f" WHERE {one}.claim_id = {row}.claim_id AND {field.moment.known(one)}{counts}"
        f" WINDOW o AS (PARTITION BY w.unit ORDER BY {one}.reported_from)"
    )


def _until(field: Field) -> str:
    limit = field.moment.reported_at
    if limit is None:
        return "z.until"
    return f"CASE WHEN z.until > {limit} THEN 'infinity' ELSE z.until END"


def _time(row: str) -> str:
    """What time a claim speaks of, from its EDTF: its last day, or its first."""
    about = f"rtrim(split_part({row}.state ->> 'about', '/', {{part}}), '~?%')"
    first, second = about.format(part=1), about.format(part=2)
    day = (
        f"CASE WHEN strpos({row}.state ->> 'about', '/') = 0 THEN {_day(first, last=True)}"
        f" WHEN {second} IN ('', '..') THEN {_day(first, last=False)}"
        f" ELSE {_day(second, last=True)} END"
    )
    return f"coalesce(({day})::timestamp AT TIME ZONE 'UTC', {row}.first_reported_at)"


def _day(text: str, *, last: bool) -> str:
    """The first or the last day of a date that may lack its month or its day."""
    year = f"({text} || '-{'12-31' if last else '01-01'}')::date"
    month = f"({text} || '-01')::date{' + interval ' + repr('1 month - 1 day') if last else ''}"
    return (
        f"(CASE length({text}) WHEN 4 THEN {year} WHEN 7 THEN ({month})::date"
        f" WHEN 10 THEN {text}::date END)"
    )
