"""Pages of lists as GraphQL types, after the Relay cursor connections specification."""

from __future__ import annotations

import strawberry

from api.catalogue import Report, Source, Story
from api.claim_facets import ClaimFacets, facets
from api.claims import Claim
from api.compiler import Field
from api.fields import paged
from api.listing import Listing

CURSOR = (
    "Its place, for `after` and `before`. It holds the moment asked about: the next page belongs to"
    " the same moment as this one, whatever has been recorded since."
)
NODES = "The entries of the page."
EDGES = "The entries of the page with their cursors."
PAGE_INFO = "Where the page stands."
TOTAL = "How many entries the filter chooses, on all pages."


@strawberry.type(description="Where a page stands among all entries of its connection.")
class PageInfo:
    has_next_page: bool = paged("Whether there are entries after it.")
    has_previous_page: bool = paged("Whether there are entries before it.")
    start_cursor: str | None = paged("The cursor of its first entry.")
    end_cursor: str | None = paged("The cursor of its last entry.")


def left_out(_field: Field, listing: Listing) -> str:
    """How many entries the filter's status alone leaves out."""
    if listing.status is None:
        return "'0'"
    left = listing.all(every_status=True, further=f"NOT ({listing.status})")
    return f"(SELECT count(*) FROM ({left}) x)"


def rank(_field: Field, listing: Listing) -> str:
    """How well the claim of the row fits the search."""
    return f"{listing.row}.rank::text" if listing.search else "'null'"


def snippet(_field: Field, listing: Listing) -> str:
    """The statement of the row's claim, the words that were looked for marked."""
    if listing.search is None:
        return "'null'"
    return f"to_json({listing.search.snippet(listing.row)})::text"


@strawberry.type(description="A claim on a page, and its place.")
class ClaimEdge:
    cursor: str = paged(CURSOR)
    node: Claim = paged("The claim.")
    rank: float | None = paged(
        "How well it fits the search: the greater the better. It compares the claims of one search."
        " Null where nothing was searched for.",
        rank,
    )
    snippet: str | None = paged(
        "Its statement, or what of a long one fits the search best, with the words that were found"
        " in `<mark>` and `</mark>`. All else in it is escaped, so that it is safe to show as HTML."
        " Null where nothing was searched for.",
        snippet,
    )


@strawberry.type(description="A page of claims.")
class ClaimConnection:
    edges: list[ClaimEdge] = paged(EDGES)
    nodes: list[Claim] = paged(NODES)
    page_info: PageInfo = paged(PAGE_INFO)
    total_count: int = paged(TOTAL)
    left_out: int = paged(
        "How many claims fit but for the filter's `status`. A list hides nothing silently.",
        left_out,
    )
    facets: ClaimFacets = paged("How the claims on all pages are spread.", facets)


@strawberry.type(description="A story on a page, and its place.")
class StoryEdge:
    cursor: str = paged(CURSOR)
    node: Story = paged("The story.")


@strawberry.type(description="A page of stories.")
class StoryConnection:
    edges: list[StoryEdge] = paged(EDGES)
    nodes: list[Story] = paged(NODES)
    page_info: PageInfo = paged(PAGE_INFO)
    total_count: int = paged(TOTAL)


@strawberry.type(description="A source on a page, and its place.")
class SourceEdge:
    cursor: str = paged(CURSOR)
    node: Source = paged("The source.")


@strawberry.type(description="A page of sources.")
class SourceConnection:
    edges: list[SourceEdge] = paged(EDGES)
    nodes: list[Source] = paged(NODES)
    page_info: PageInfo = paged(PAGE_INFO)
    total_count: int = paged(TOTAL)


@strawberry.type(description="A report on a page, and its place.")
class ReportEdge:
    cursor: str = paged(CURSOR)
    node: Report = paged("The report.")


@strawberry.type(description="A page of reports.")
class ReportConnection:
    edges: list[ReportEdge] = paged(EDGES)
    nodes: list[Report] = paged(NODES)
    page_info: PageInfo = paged(PAGE_INFO)
    total_count: int = paged(TOTAL)
