"""Which claims a list holds, and in which order."""

from __future__ import annotations

from typing import Final

from api.claim_filter import Condition, conditions, encode_id, same_source, status_condition
from api.claim_orders import ORDERS, ClaimOrder, by_relevance
from api.claim_search import Search, search_asked
from api.compiler import Field
from api.paging import Listing, Order
from domain.ids import Subject
from domain.refusals import InvalidInput

__all__ = ["claims_listing", "encode_id", "same_source"]

IDENTITY: Final = ("claim_id", "position_from", "reported_from")


def claims_listing(field: Field, *further: str, among: str | None = None) -> Listing:
    """The claims that a field's arguments choose, in the order that they ask for.

    The field has a `filter`; it may have `search`, `language` and `orderBy`. Further conditions on
    the row `{row}` are taken to leave few claims, found over an index of their own. Where they are
    not such, `among` is a query for the `claim_id` of every claim of which they can hold. Raises
    Refused.
    """
    row, chosen, search = field.compiling.row(), field.given("filter"), search_asked(field)
    order, walked = _order(field, search)
    settled = [field.moment.held(row), *(one.format(row=row) for one in further)]
    wanted = list(conditions(field, chosen, row)) if chosen.there else []
    if search is not None:
        wanted.insert(0, _searched(field, search, row))
    few = bool(further) and among is None
    if chosen.there and (story := chosen["story"]).there:
        settled.append(f"{row}.story_id = {story.parameter(encode_id(Subject.STORY), 'uuid')}")
        few = True
    queries = () if few else (one.among for one in wanted if one.among and one.column != walked)
    # Nobody knows how many rows a condition leaves when the statement is planned. Where it matters
    # the queries find out; here the planner is kept from betting on it.
    settled += (
        one.holds if one.column == walked else f"coalesce({one.holds}, false)" for one in wanted
    )
    if field.moment.reported_at is not None and walked != WORDS:
        # What was reported later is passed over at once.
        settled.append(f"{row}.{walked} <= {field.moment.reported_at}")
    status = status_condition(chosen, row) if chosen.there else None
    return Listing(
        row,
        "read.claims",
        tuple(settled),
        order,
        IDENTITY,
        status=status.holds if status else None,
        among=(*([among] if among else ()), *(query() for query in queries)),
        status_among=status.among() if status and status.among and not few else None,
        search=search,
    )


WORDS: Final = "words"
"""The column whose index a search goes by."""


def _order(field: Field, search: Search | None) -> tuple[Order, str]:
    """The order of the list, and the column whose index it goes by."""
    wanted = ClaimOrder.REPORTED_LATEST_FIRST
    if search is not None:
        wanted = ClaimOrder.RELEVANCE
    if "orderBy" in field.definition.args:
        given = field.given("orderBy")
        if given.there:
            wanted = given.value
            if wanted is ClaimOrder.RELEVANCE and search is None:
                raise given.refuse(InvalidInput("only a search has an order of relevance"))
    if search is not None and wanted is ClaimOrder.RELEVANCE:
        return by_relevance(search.rank("{row}")), WORDS
    order = ORDERS[wanted]
    return order, order.keys[0].sql.removeprefix("{row}.")


def _searched(field: Field, search: Search, row: str) -> Condition:
    held = field.moment.held("h")
    return Condition(
        search.fits(row),
        lambda: f"SELECT h.claim_id FROM read.claims h WHERE {search.fits('h')} AND {held}",
        WORDS,
    )
