"""Which claims a list holds, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from api.claim_filter import Condition, conditions, encode_id, same_source, status_condition
from api.claim_orders import ORDERS, ClaimOrder
from api.claim_search import Search, search_asked
from api.compiler import Field
from api.listing import Listing, Order
from domain.ids import Subject
from domain.refusals import InvalidInput

__all__ = ["claims_listing", "encode_id", "same_source"]

IDENTITY: Final = ("claim_id", "position_from", "reported_from")

NARROWING: Final = ("story", "source", "outlet")
"""Fields of the filter that leave so few claims that each of them can be looked at."""


def claims_listing(field: Field, *further: str, among: str | None = None) -> Listing:
    """The claims that a field's arguments choose, in the order that they ask for.

    The field has a `filter`; it may have `search`, `language` and `orderBy`. Further conditions on
    the row `{row}` are taken to leave few claims, found over an index of their own. Where they are
    not such, `among` is a query for the `claim_id` of every claim of which they can hold. Raises
    Refused.
    """
    row, chosen, search = field.compiling.row(), field.given("filter"), search_asked(field)
    order = _order(field, search)
    walked = order.keys[0].sql.removeprefix("{row}.")
    settled = [field.moment.held(row), *(one.format(row=row) for one in further)]
    wanted = list(conditions(field, chosen, row)) if chosen.there else []
    if search is not None and walked != RANK:
        wanted.insert(0, Condition(search.fits(row), lambda: search.among))
    few = bool(further) and among is None
    if chosen.there and (story := chosen["story"]).there:
        named = story.parameter(encode_id(Subject.STORY), "uuid")
        settled.append(f"{row}.story_id = {named}")
        few = walked != RANK
        if not few and among is None:  # no index has the order and the story in it
            held = field.moment.held("h")
            among = f"SELECT h.claim_id FROM read.claims h WHERE h.story_id = {named} AND {held}"
    queries = () if few else (one.among for one in wanted if one.among and one.column != walked)
    settled += (one.holds for one in wanted if one.column == walked)
    if walked != RANK:
        # What was reported later than anything that counts is passed over at once.
        settled += (f"{row}.{walked} <= {latest}" for latest in _latest(field))
    status = status_condition(chosen, row) if chosen.there else None
    in_order = None
    if search is not None:
        in_order = search.best_first if walked == RANK else "read.claims"
    return Listing(
        row,
        search.ranked if search else "read.claims",
        tuple(settled),
        order,
        IDENTITY,
        # The planner would bet on how many rows these leave. It is kept from that.
        tuple(f"coalesce({one.holds}, false)" for one in wanted if one.column != walked),
        status=status.holds if status else None,
        among=(*([among] if among else ()), *(query() for query in queries)),
        status_among=status.among() if status and status.among and not few else None,
        in_order=in_order,
        search=search,
    )


def _latest(field: Field) -> Iterator[str]:
    """The latest reporting times that a moment can hold."""
    if field.moment.reported_at is not None:
        yield field.moment.reported_at
    if field.moment.position is not None:
        yield (
            "(SELECT e.latest_reported_at FROM read.events e"
            f" WHERE e.position <= {field.moment.position} ORDER BY e.position DESC LIMIT 1)"
        )


RANK: Final = "rank"
"""The column that a search is ordered by."""


def _order(field: Field, search: Search | None) -> Order:
    given = field.given("orderBy") if "orderBy" in field.definition.args else None
    if given is None or not given.there:
        relevant = search is not None
        return ORDERS[ClaimOrder.RELEVANCE if relevant else ClaimOrder.REPORTED_LATEST_FIRST]
    if given.value is ClaimOrder.RELEVANCE and search is None:
        raise given.refuse(InvalidInput("only a search has an order of relevance"))
    return ORDERS[given.value]
