"""The questions that can be asked: the root of the schema."""

from __future__ import annotations

import strawberry

from api.arguments import (
    AFTER,
    AS_OF,
    BEFORE,
    FILTER,
    FIRST,
    LANGUAGE,
    LAST,
    ORDER_BY,
    SEARCH,
    AsOf,
    ClaimFilter,
    ReportBy,
)
from api.catalogue import Node, Report, Source, Story
from api.claim_list import claims_listing, encode_id
from api.claims import Claim
from api.compiler import Field
from api.connection import ClaimConnection, ReportConnection, SourceConnection, StoryConnection
from api.difference import ChangedClaimConnection, changes
from api.event_list import EventConnection, EventFilter, events
from api.fields import argument, told, written
from api.interval import Interval
from api.listing import Key, Listing, Order
from api.log import Log, log_row
from api.node import node
from api.paging import connection, moment_of_root
from api.quantity_series import QuantityPointConnection, quantity_series
from api.report_list import reports_listing
from api.reporting import ReportingInterval, reporting
from api.scalars import Moment
from api.server import Server
from domain.ids import Subject
from projections.views import ChangeKind

BY_TITLE = Order("t", (Key("{row}.title", "text"), Key("{row}.story_id", "uuid")))
BY_NAME = Order("n", (Key("{row}.name", "text"), Key("{row}.source_id", "uuid")))


def asked(field: Field) -> Field:
    """A root field at the moment that it asks about. Raises Refused."""
    return field.at(field.row, moment_of_root(field))


def found(field: Field, rows: str) -> str:
    """The object that is read off the first of some rows; null where there is none."""
    row = field.compiling.row()
    return f"coalesce((SELECT {field.inside(row)} FROM {field.rows(rows, row)}), 'null')"


def claim(field: Field) -> str:
    """A claim by its id."""
    identity = field.given("id").parameter(encode_id(Subject.CLAIM), "uuid")
    return found(
        asked(field), f"read.claims {{row}} WHERE {{row}}.claim_id = {identity} AND {{held}}"
    )


def claims(field: Field) -> str:
    """A page of claims."""
    at = asked(field)
    return connection(at, claims_listing(at))


def story(field: Field) -> str:
    """A story by its slug or id."""
    identity = field.given("slug").parameter(encode_id(Subject.STORY), "uuid")
    return found(
        asked(field), f"read.stories {{row}} WHERE {{row}}.story_id = {identity} AND {{known}}"
    )


def stories(field: Field) -> str:
    """A page of stories."""
    at, row = asked(field), field.compiling.row()
    return connection(at, Listing(row, "read.stories", (at.moment.known(row),), BY_TITLE))


def source(field: Field) -> str:
    """A source by its reference or id."""
    identity = field.given("id").parameter(encode_id(Subject.SOURCE), "uuid")
    return found(
        asked(field), f"read.sources {{row}} WHERE {{row}}.source_id = {identity} AND {{known}}"
    )


def sources(field: Field) -> str:
    """A page of sources, without those merged into others."""
    at, row = asked(field), field.compiling.row()
    conditions = (at.moment.known(row), f"{row}.source_id = {row}.canonical_id")
    return connection(at, Listing(row, "read.sources", conditions, BY_NAME))


def report(field: Field) -> str:
    """A report by its reference, its id, or an address at which it was ever found."""
    by, at = field.given("by"), asked(field)
    if by["id"].there:
        identity = by["id"].parameter(encode_id(Subject.REPORT), "uuid")
        return found(at, f"read.reports {{row}} WHERE {{row}}.report_id = {identity} AND {{held}}")
    address = by["url"].parameter(str, "text")
    return found(
        at,
        "read.reports {row} WHERE {row}.report_id IN (SELECT u.report_id FROM read.report_urls u"
        f" WHERE md5(u.url) = md5({address}) AND u.url = {address}) AND {{held}}"
        " ORDER BY {row}.reported_from DESC, {row}.report_id LIMIT 1",
    )


def reports(field: Field) -> str:
    """A page of reports."""
    at = asked(field)
    return connection(at, reports_listing(at))


def log(field: Field) -> str:
    """The state of the log."""
    return log_row(asked(field))


@strawberry.type(
    description="What the record can be asked. Every question can be asked about any moment"
    " (`asOf`), and every answer says in `extensions.basis` which moment it is about: the position"
    " of the log, when that was recorded, and the limit on the time of reporting. Where the fields"
    " of one answer are about different moments, `extensions.basisByField` has the basis of each."
)
class Query:
    claim: Claim | None = written(
        claim,
        "A claim; null where the record held none of that id at that moment.",
        argument(
            "id",
            strawberry.ID,
            "Its id, its UUID, or the reference under which it was recorded.",
        ),
        AS_OF,
    )
    claims: ClaimConnection = written(
        claims,
        "Claims, page by page, in the order that `orderBy` asks for.",
        FILTER,
        SEARCH,
        LANGUAGE,
        ORDER_BY,
        FIRST,
        AFTER,
        LAST,
        BEFORE,
        AS_OF,
    )
    story: Story | None = written(
        story,
        "A story; null where the record held none of that name at that moment.",
        argument("slug", str, "Its slug, its id or its UUID."),
        AS_OF,
    )
    stories: StoryConnection = written(
        stories,
        "The stories of the record, page by page, by title.",
        FIRST,
        AFTER,
        LAST,
        BEFORE,
        AS_OF,
    )
    source: Source | None = written(
        source,
        "A source; one that was merged into another is shown as that one.",
        argument("id", strawberry.ID, "Its id, its UUID, or its reference."),
        AS_OF,
    )
    sources: SourceConnection = written(
        sources,
        "The sources of the record, page by page, by name.",
        FIRST,
        AFTER,
        LAST,
        BEFORE,
        AS_OF,
    )
    report: Report | None = written(
        report,
        "A report; null where the record held none of that id or address at that moment.",
        argument("by", ReportBy, "What it is named by."),
        AS_OF,
    )
    reports: ReportConnection = written(
        reports,
        "The reports of the record, page by page, those first public last before the others.",
        FIRST,
        AFTER,
        LAST,
        BEFORE,
        AS_OF,
    )
    log: Log = written(log, "The log and how much is in the record.", AS_OF)
    node: Node | None = written(
        node,
        "Whatever has this id, as it is now; null where the record holds nothing of that id. A"
        " cursor within it settles the moment, as everywhere.",
        # And nothing else: Relay's compiler refetches by no field that takes more than the id.
        argument("id", strawberry.ID, "Its `id`, as this API gave it out."),
    )
    events: EventConnection = written(
        events,
        "The events of the log, of every sort, page by page, in the order in which they were"
        " recorded. Ask for what comes after the last one that you know, and none is missed.",
        argument("filter", EventFilter | None, "Which events."),
        FIRST,
        argument(
            "after",
            str | None,
            "Only what was recorded after the event of this cursor, or after this position, in"
            " digits.",
        ),
        LAST,
        argument("before", str | None, "Only what was recorded before it. Otherwise as `after`."),
        AS_OF,
    )
    changes: ChangedClaimConnection = written(
        changes,
        "What differs between two moments, on either axis of time or both: page by page, those"
        " changed last after the others.",
        argument(
            "from",
            AsOf,
            "The moment to compare from. What it leaves out is as in `to`: leave out `reportedAt`,"
            " and the answer is what became known meanwhile; leave out `recordedAt` and `position`,"
            " and it is what was reported meanwhile.",
        ),
        argument(
            "to",
            AsOf | None,
            "The moment to compare with, not before the other on either axis. Left out, it is now.",
        ),
        argument("filter", ClaimFilter | None, "Which claims, as they are at the later moment."),
        argument(
            "kinds",
            list[ChangeKind] | None,
            "Only claims of which at least one of these things became.",
        ),
        FIRST,
        AFTER,
        LAST,
        BEFORE,
    )
    reporting: list[ReportingInterval] = written(
        reporting,
        "How many claims were first reported in each interval, empty ones included, in order: of a"
        " story, a source, or whatever the filter chooses.",
        argument("filter", ClaimFilter | None, "Which claims are counted."),
        argument("interval", Interval, "How long the intervals are."),
        argument("from", Moment, "A time in the first interval; its start, if it is a coarse one."),
        argument(
            "to",
            Moment | None,
            "A time in the last interval; its end, if it is a coarse one. Left out, the last"
            " interval is the one in which the last of the claims was reported. There are 1,000"
            " intervals at most.",
        ),
        AS_OF,
    )
    quantity_series: QuantityPointConnection = written(
        quantity_series,
        "What claims say of a number, such as settlements held, in the order of the times that they"
        " say it of: by each side, if each point is asked for its `source`.",
        argument("label", str, "What is counted or measured, spelt as in the claims."),
        argument("unit", str | None, "What it is counted in. Left out, any unit will do."),
        argument(
            "revisions",
            bool,
            "Whether to tell every value that each claim has given, as far as the record knew at"
            " the moment asked about; if not, the value that it gives at that moment.",
            False,
        ),
        argument("filter", ClaimFilter | None, "Whose and which claims."),
        argument(
            "first", int | None, "So many from the start, 1 to 1,000. 20 where no number is given."
        ),
        AFTER,
        argument(
            "last", int | None, "So many from the end, 1 to 1,000. Not together with `first`."
        ),
        BEFORE,
        AS_OF,
    )
    server: Server = told("The server itself: its version, and the limits on what it may be asked.")
