"""What became of claims between two moments, on either axis of time or both.

A row of a claim that holds at the later moment, and had begun by the earlier one on both axes, held
then too: nothing became of the claim. So only rows that begin in between are looked at, and the
claims that these contradict, or did.
"""

from __future__ import annotations

from typing import Final

import strawberry

from api.claim_filter import contradicted
from api.claim_list import claims_listing
from api.claims import Claim
from api.compiler import Field
from api.connection import CURSOR, EDGES, NODES, PAGE_INFO, TOTAL, PageInfo, left_out
from api.fields import column, paged, within, written
from api.moments import Moment, earlier_moment
from api.paging import Key, Listing, Order, connection, moment_of_root
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
    # Sorted first, and what became of a claim worked out after: a page needs that of a few only.
    candidates = (
        f"(SELECT {row}.* FROM {chosen.table} {row}"
        f" WHERE {chosen.where(every_status=True)} AND {_may_differ(field, row, earlier)}"
        f" ORDER BY {row}.last_changed_at {direction}, {row}.claim_id {direction} OFFSET 0) {row}"
    )
    was = f"{row}b"
    table = (
        f"(SELECT {row}.*, k.kinds FROM {candidates}"
        f" LEFT JOIN read.claims {was} ON {was}.claim_id = {row}.claim_id AND {earlier.held(was)}"
        f" CROSS JOIN LATERAL ({_acts(row, was, earlier, later)} OFFSET 0) o"
        f" CROSS JOIN LATERAL ({_kinds(row, was)} OFFSET 0) k)"
    )
    wanted = f"cardinality({row}.kinds) > 0"
    kinds = field.given("kinds")
    if kinds.there:
        listed = ", ".join(f"'{one.name}'" for one in kinds.value)
        wanted = f"{row}.kinds && ARRAY[{listed}]::text[]"
    return Listing(row, table, (wanted,), LAST_CHANGED, status=chosen.status)


def _begun(row: str, earlier: Moment, later: Moment) -> list[str]:
    """On each axis on which the moments differ: the row begins between them. Both ends are said,
    which lets the planner expect few such rows."""
    found = []
    if earlier.position != later.position:
        found.append(
            f"({row}.position_from > {earlier.position} AND {row}.position_from <= {later.head})"
        )
    if earlier.reported_at != later.reported_at:
        end = later.reported_at or "'infinity'"
        found.append(
            f"({row}.reported_from > {earlier.reported_at} AND {row}.reported_from <= {end})"
        )
    return found


def _may_differ(field: Field, row: str, earlier: Moment) -> str:
    """Leaves out, by indexes, most of the claims that nothing became of."""
    later, one = field.moment, field.compiling.row()
    begun = _begun(one, earlier, later)
    if not begun:
        return "false"
    either = " OR ".join(begun)
    chosen = field.given("filter")
    if chosen.there and any(chosen[name].there for name in ("story", "source", "outlet")):
        own = " OR ".join(_begun(row, earlier, later))
        return (
            f"({own} OR EXISTS (SELECT FROM read.claim_links l JOIN read.claims {one}"
            f" ON {one}.claim_id = l.from_id WHERE l.to_id = {row}.claim_id"
            f" AND l.kind = 'contradicts' AND {later.held(one)} AND ({either})))"
        )
    rows = [
        f"SELECT {one}.claim_id FROM read.claims {one} WHERE {later.held(one)} AND {condition}"
        for condition in begun
    ]
    contradicting = (
        f"SELECT unnest({one}.contradicts) FROM read.claims {one} WHERE {one}.contradicts <> '{{}}'"
    )
    rows += [
        f"{contradicting} AND {later.held(one)} AND ({either})",
        f"{contradicting} AND {earlier.held(one)} AND NOT ({later.held(one)})",
    ]
    return f"{row}.claim_id IN ({' UNION '.join(rows)})"


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
        f"SELECT CASE WHEN o.acts IS NULL THEN ARRAY['{ChangeKind.NEW.name}']"
        f" WHEN cardinality(o.acts) > 0 THEN o.acts"
        f" WHEN {differs} THEN ARRAY['{ChangeKind.AMENDED.name}'] ELSE '{{}}' END AS kinds"
    )
