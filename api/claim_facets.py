"""How the claims of a list are spread: counts by status, outlet, topic and time."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import strawberry

from api.catalogue import ClaimCounts, Source
from api.compiler import Field, definition_of
from api.fields import Paged, argument, column, one, paged
from api.interval import Interval
from api.json_sql import list_sql
from api.listing import Listing
from domain.refusals import InvalidInput
from domain.words import Status

CHOSEN: Final = "chosen"
"""The claims of the list, whatever their status, as the counts are taken from them."""

MOST: Final = 100
MOST_TIMES: Final = 1_000
MOST_AT_FIRST: Final = 10
TIMES_AT_FIRST: Final = 100


@strawberry.type(description="How many claims of a list an outlet carried.")
class OutletCount:
    outlet: Source | None = one(
        "read.sources {row} WHERE {row}.source_id = {parent}.outlet_id AND {known}",
        "The outlet; null for the claims whose outlet is not known.",
    )
    count: int = column("{row}.found", "How many claims.")


@strawberry.type(description="How many claims of a list are filed under a topic.")
class TopicCount:
    topic: str = column("{row}.topic", "The topic.")
    count: int = column("{row}.found", "How many claims.")


@strawberry.type(description="How many claims of a list were first reported in a stretch of time.")
class IntervalCount:
    start: datetime = column("{row}.start", "When it begins.")
    count: int = column("{row}.found", "How many claims.")


def by_status(field: Field, _listing: Listing) -> str:
    """Counts by status, of claims of every status."""
    row = field.compiling.row()
    counts = "".join(f", count(*) FILTER (WHERE status = '{word}') AS {word}" for word in Status)
    counted = f"(SELECT count(*) AS total{counts} FROM {CHOSEN}) {row}"
    return f"(SELECT {field.inside(row)} FROM {counted})"


def by_outlet(field: Field, listing: Listing) -> str:
    """The outlets that carried most of the claims."""
    row = field.compiling.row()
    groups = (
        f"(SELECT coalesce(s.canonical_id, g.outlet_id) AS outlet_id, sum(g.found) AS found"
        f" FROM (SELECT c.outlet_id, count(*) AS found FROM {CHOSEN} c{_fitting(listing)}"
        f" GROUP BY c.outlet_id) g LEFT JOIN read.sources s"
        f" ON s.source_id = g.outlet_id AND {field.moment.known('s')} GROUP BY 1) {row}"
    )
    limit = _limit(field, MOST_AT_FIRST, MOST)
    order = f"{row}.found DESC, {row}.outlet_id LIMIT {limit}"
    return list_sql(f"SELECT {field.element(row)} FROM {groups} ORDER BY {order}")


def by_topic(field: Field, listing: Listing) -> str:
    """The topics that most of the claims are filed under."""
    row = field.compiling.row()
    each = "(SELECT DISTINCT jsonb_array_elements_text(c.topics) AS topic)"
    groups = (
        f"(SELECT t.topic, count(*) AS found FROM {CHOSEN} c, LATERAL {each} t"
        f"{_fitting(listing)} GROUP BY t.topic) {row}"
    )
    limit = _limit(field, MOST_AT_FIRST, MOST)
    order = f'{row}.found DESC, {row}.topic COLLATE "C" LIMIT {limit}'
    return list_sql(f"SELECT {field.element(row)} FROM {groups} ORDER BY {order}")


def by_interval(field: Field, listing: Listing) -> str:
    """When the claims were first reported."""
    row, given = field.compiling.row(), field.given("interval")
    interval = given.value if given.there else Interval.DAY
    start = f"date_trunc('{interval.value}', c.first_reported_at, 'UTC')"
    groups = (
        f"(SELECT {start} AS start, count(*) AS found FROM {CHOSEN} c{_fitting(listing)}"
        f" GROUP BY 1) {row}"
    )
    limit = _limit(field, TIMES_AT_FIRST, MOST_TIMES)
    order = f"{row}.start DESC LIMIT {limit}"
    return list_sql(f"SELECT {field.element(row)} FROM {groups} ORDER BY {order}")


def _fitting(listing: Listing) -> str:
    return " WHERE c.fits" if listing.status is not None else ""


def _limit(field: Field, at_first: int, most: int) -> int:
    first = field.given("first")
    asked: int = first.value if first.there else at_first
    if not 1 <= asked <= most:
        raise first.refuse(InvalidInput(f"1 to {most} can be asked for, not {asked}"))
    return asked


FIRST = argument(
    "first", int | None, f"So many at most, 1 to {MOST}; {MOST_AT_FIRST} where no number is given."
)


@strawberry.type(
    description="How the claims of a list are spread: of the whole list, not of a page. Each part"
    " counts what the filter and the search choose, but `byStatus` sets the filter's own `status`"
    " aside, so that it says what another choice would give."
)
class ClaimFacets:
    by_status: ClaimCounts = paged(
        "By status, whatever status the filter asks for. `total` is `totalCount` and `leftOut`"
        " taken together.",
        by_status,
    )
    by_outlet: list[OutletCount] = paged(
        "By outlet, those with most claims first. A claim has one outlet at most, so what"
        " `totalCount` has more than these was carried by others.",
        by_outlet,
        FIRST,
    )
    by_topic: list[TopicCount] = paged(
        "By topic, those with most claims first. A claim counts under each of its topics.",
        by_topic,
        FIRST,
    )
    by_interval: list[IntervalCount] = paged(
        "By the time at which they were first reported, the latest first. Stretches without any"
        " are not listed.",
        by_interval,
        argument("interval", Interval | None, "How long a stretch is. Left out, it is `DAY`."),
        argument(
            "first",
            int | None,
            f"So many stretches at most, 1 to {MOST_TIMES}; {TIMES_AT_FIRST} where no number is"
            " given.",
        ),
    )


def facets(field: Field, listing: Listing) -> str:
    """The counts that are asked for, all taken from one reading of the list."""
    row = listing.row
    # What nobody asks for is not read: without the topics, an index has all that is needed.
    needed = {
        "byStatus": f"{row}.status",
        "byOutlet": f"{row}.outlet_id",
        "byInterval": f"{row}.first_reported_at",
        "byTopic": f"{row}.state -> 'topics' AS topics",
    }
    columns = [column for name, column in needed.items() if field.asks_for(name)]
    if listing.status is not None:
        columns.append(f"coalesce({listing.status}, false) AS fits")
    chosen = listing.columns(", ".join(columns or ["1"]), every_status=True)
    return f"(WITH {CHOSEN} AS ({chosen}) SELECT {field.assembled(lambda it: _part(it, listing))})"


def _part(it: Field, listing: Listing) -> str:
    definition = definition_of(it.definition)
    if not isinstance(definition, Paged) or definition.write is None:
        raise TypeError(f"{it.name} is not counted")
    return definition.write(it, listing)
