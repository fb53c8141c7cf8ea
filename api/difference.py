"""What became of claims between two moments, on either axis of time or both.

A row of a claim that holds at the later moment, and had begun by the earlier one on both axes, held
then too: nothing became of the claim. So only rows that begin in between are looked at, and the
claims that these contradict, or did.
"""

from __future__ import annotations

from typing import Final

import strawberry

from api.claim_filter import contradicted
from api.claim_list import IDENTITY, NARROWING, claims_listing
from api.claims import Claim
from api.compiler import Field
from api.connection import CURSOR, EDGES, NODES, PAGE_INFO, TOTAL, PageInfo, left_out
from api.fields import column, paged, within, written
from api.listing import Key, Listing, Order
from api.moments import Moment, earlier_moment
from api.paging import connection, moment_of_root
from api.words import declare
from projections.views import ChangeKind

declare(
    ChangeKind,
    "ChangeKind",
    "What became of a claim between two moments.",
    {
        ChangeKind.NEW: "It was not yet reported, or not yet on the record.",
        ChangeKind.CORRECTED: "Its content changed, with a notice.",
        ChangeKind.SILENTLY_EDITED: "Its content changed, without a notice.",
        ChangeKind.RETRACTED: "It was taken back.",
        ChangeKind.PARTIALLY_RETRACTED: "A part of it was taken back.",
        ChangeKind.REINSTATED: "A retraction was undone.",
        ChangeKind.UNDER_CONCERN: "Its outlet holds it while it checks.",
        ChangeKind.CONCERN_LIFTED: "Its outlet had held it, and lets it stand.",
        ChangeKind.NEWLY_CONTESTED: "Some claim that is not wholly retracted contradicts it.",
        ChangeKind.NO_LONGER_CONTESTED: "What contradicted it was retracted, or never did.",
        ChangeKind.REVIEWED: "Somebody's finding about it was added.",
        ChangeKind.LINKED: "It was found to bear on another claim.",
        ChangeKind.AMENDED: "None of these, and yet it says something else: the record was wrong.",
    },
)


def before(field: Field) -> str:
    """The claim of the row as it was at the earlier moment."""
    row, earlier = field.compiling.row(), field.compiling.earlier[field.path[0]]
    written = field.at(field.row, earlier).inside(row)
    return (
        f"coalesce((SELECT {written} FROM read.claims {row}"
        f" WHERE {row}.claim_id = {field.row}.claim_id AND {earlier.held(row)}), 'null')"
    )


@strawberry.type(description="A claim of which something became between two moments.")
class ChangedClaim:
    kinds: list[ChangeKind] = column(
        "to_jsonb({row}.kinds)", "What became of it: one thing or several."
    )
    before: Claim | None = written(
        before, "The claim at the earlier moment, with all that is in it; null where it is new."
    )
    after: Claim = within("The claim at the later moment, with all that is in it.")


@strawberry.type(description="A changed claim on a page, and its place.")
class ChangedClaimEdge:
    cursor: str = paged(CURSOR)
    node: ChangedClaim = paged("The claim.")


@strawberry.type(
    description="A page of what differs between two moments. In the answer's `extensions.basis`"
    " stands the later moment, and in its `from` the earlier one."
)
class ChangedClaimConnection:
    edges: list[ChangedClaimEdge] = paged(EDGES)
    nodes: list[ChangedClaim] = paged(NODES)
    page_info: PageInfo = paged(PAGE_INFO)
    total_count: int = paged(TOTAL)
    left_out: int = paged(
        "How many changed claims fit but for the filter's `status`. A list hides nothing silently.",
        left_out,
    )


LAST_CHANGED: Final = Order(
    "c", (Key("{row}.last_changed_at", "timestamptz"), Key("{row}.claim_id", "uuid"))
)


RANGES: Final = (*IDENTITY, "position_to", "reported_to", "capped_from")

INFINITY: Final = "'infinity'::timestamptz"


def changes(field: Field) -> str:
    """A page of changed claims. Raises Refused."""
    later = moment_of_root(field, "to")
    earlier = earlier_moment(field.given("from"), field.given("to"), later)
    field.compiling.earlier[field.path[0]] = earlier
    if earlier.position is not None:
        field.compiling.reached.append(earlier.position)
    at = field.at(field.row, later)
    return connection(at, changed_listing(at, earlier))


def changed_listing(field: Field, earlier: Moment) -> Listing:
    """The claims, among those that a field's filter chooses, of which something became."""
    chosen = claims_listing(field)
    row, later = chosen.row, field.moment
    direction = "DESC" if field.given("last").there else "ASC"
    # The rows are in the order of the keys. That is said as well, so that nothing is sorted twice.
    same = " AND ".join(f"{row}.{name} = o.{name}" for name in (*IDENTITY, "last_changed_at"))
    was = f"{row}b"
    # The keys are sorted first, and what became of a claim is worked out after: a page needs that
    # of a few of them only.
    table = (
        f"(SELECT {row}.*, k.kinds FROM (SELECT * FROM ({_keys(field, chosen, earlier)}) o"
        f" ORDER BY o.last_changed_at {direction}, o.claim_id {direction} OFFSET 0) o"
        f" JOIN {chosen.table} {row} ON {same} AND {chosen.where(every_status=True)}"
        f" LEFT JOIN read.claims {was} ON {was}.claim_id = {row}.claim_id AND {earlier.held(was)}"
        f" CROSS JOIN LATERAL ({_acts(row, was, earlier, later)} OFFSET 0) d"
        f" CROSS JOIN LATERAL ({_kinds(row, was)} OFFSET 0) k)"
    )
    wanted = f"cardinality({row}.kinds) > 0"
    kinds = field.given("kinds")
    if kinds.there:
        listed = ", ".join(f"'{one.name}'" for one in kinds.value)
        wanted = f"{row}.kinds && ARRAY[{listed}]::text[]"
    return Listing(row, table, (wanted,), LAST_CHANGED, status=chosen.status)


def _begun(row: str, earlier: Moment, later: Moment) -> list[str]:
    """On each axis on which the moments differ: the row begins between them.

    They are put as the indexes for them are, and both ends are said, which lets the planner expect
    few such rows.
    """
    found = []
    if earlier.position != later.position:
        start = f"{row}.position_from + 0"
        found.append(f"({start} > {earlier.position} AND {start} <= {later.head})")
    if earlier.reported_at != later.reported_at:
        start = f"({row}.reported_from AT TIME ZONE 'UTC')"
        since = f"{earlier.reported_at} AT TIME ZONE 'UTC'"
        until = f"{later.reported_at or INFINITY} AT TIME ZONE 'UTC'"
        found.append(f"({start} > {since} AND {start} <= {until})")
    return found


def _keys(field: Field, chosen: Listing, earlier: Moment) -> str:
    """The keys of the rows, as of the later moment, of all claims that something became of, and
    of few others."""
    later, row, one = field.moment, field.compiling.row(), field.compiling.row()
    begun = _begun(one, earlier, later)
    names = (*IDENTITY, "last_changed_at")
    if not begun:
        return f"SELECT {_named(row, names)} FROM read.claims {row} WHERE false"
    given = field.given("filter")
    if given.there and any(given[name].there for name in NARROWING):
        either = " OR ".join(begun)
        own = " OR ".join(_begun(chosen.row, earlier, later))
        return (
            f"SELECT {_named(chosen.row, names)} FROM (SELECT {_named(chosen.row, names)}"
            f" FROM {chosen.table} {chosen.row} WHERE {chosen.where(every_status=True)} OFFSET 0)"
            f" {chosen.row} WHERE ({own} OR EXISTS (SELECT"
            f" FROM read.claim_links l JOIN read.claims {one} ON {one}.claim_id = l.from_id"
            f" WHERE l.to_id = {chosen.row}.claim_id AND l.kind = 'contradicts'"
            f" AND {later.held(one)} AND ({either})))"
        )
    select = f"SELECT {_named(one, names)} FROM read.claims {one} WHERE {later.held(one)}"
    # Of the claims that contradict others, the rows that held at one of the two moments alone.
    contradicting = (
        f"(SELECT {_named(row, RANGES)} FROM read.claims {row}"
        f" WHERE {row}.contradicts <> '{{}}' OFFSET 0) {row}"
    )
    same = " AND ".join(f"c.{name} = {row}.{name}" for name in IDENTITY)
    contradicted = (
        f"SELECT unnest(c.contradicts) FROM {contradicting} JOIN read.claims c ON {same}"
        f" WHERE ({later.held(row)}) <> ({earlier.held(row)})"
    )
    branches = [f"{select} AND {condition}" for condition in begun]
    branches.append(f"{select} AND {one}.claim_id IN ({contradicted})")
    return " UNION ".join(branches)


def _named(row: str, names: tuple[str, ...]) -> str:
    return ", ".join(f"{row}.{name}" for name in names)


def _acts(row: str, was: str, earlier: Moment, later: Moment) -> str:
    """What was done about a claim, as an array; NULL where the claim is new."""
    is_contested, was_contested = contradicted(row, later), contradicted(row, earlier)
    taken_back = "IN ('retracted', 'partially_retracted')"
    acts = {
        ChangeKind.CORRECTED: f"{row}.declared_changes > {was}.declared_changes",
        ChangeKind.SILENTLY_EDITED: f"{row}.silent_changes > {was}.silent_changes",
        ChangeKind.RETRACTED: f"{row}.status = 'retracted' AND {was}.status <> 'retracted'",
        ChangeKind.PARTIALLY_RETRACTED: f"{row}.status = 'partially_retracted'"
        f" AND {was}.status <> 'partially_retracted'",
        ChangeKind.REINSTATED: f"{was}.status {taken_back} AND NOT {row}.status {taken_back}",
        ChangeKind.UNDER_CONCERN: f"{row}.state ->> 'concern_since' IS NOT NULL"
        f" AND {was}.state ->> 'concern_since' IS NULL",
        ChangeKind.CONCERN_LIFTED: f"{row}.state ->> 'concern_since' IS NULL"
        f" AND {was}.state ->> 'concern_since' IS NOT NULL AND NOT {row}.status {taken_back}",
        ChangeKind.NEWLY_CONTESTED: f"{is_contested} AND NOT {was_contested}",
        ChangeKind.NO_LONGER_CONTESTED: f"{was_contested} AND NOT {is_contested}",
        ChangeKind.REVIEWED: f"jsonb_array_length({row}.state -> 'reviews')"
        f" > jsonb_array_length({was}.state -> 'reviews')",
        ChangeKind.LINKED: f"jsonb_array_length({row}.state -> 'links')"
        f" > jsonb_array_length({was}.state -> 'links')",
    }
    cases = ", ".join(f"CASE WHEN {sql} THEN '{kind.name}' END" for kind, sql in acts.items())
    return (
        f"SELECT CASE WHEN {was}.claim_id IS NOT NULL"
        f" THEN array_remove(ARRAY[{cases}]::text[], NULL) END AS acts"
    )


def _kinds(row: str, was: str) -> str:
    """What became of a claim, as an array: empty where nothing did."""
    columns = ("statement", "kind", "status", "story_id")
    parts = ("about", "attribution", "quantities", "topics")
    differs = " OR ".join(
        [f"{row}.{one} IS DISTINCT FROM {was}.{one}" for one in columns]
        + [f"{row}.state -> '{one}' IS DISTINCT FROM {was}.state -> '{one}'" for one in parts]
    )
    return (
        f"SELECT CASE WHEN d.acts IS NULL THEN ARRAY['{ChangeKind.NEW.name}']"
        f" WHEN cardinality(d.acts) > 0 THEN d.acts"
        f" WHEN {differs} THEN ARRAY['{ChangeKind.AMENDED.name}'] ELSE '{{}}' END AS kinds"
    )
