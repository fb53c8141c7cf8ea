"""A page of claims as GraphQL types, after the Relay cursor connections specification."""

from __future__ import annotations

from dataclasses import dataclass

import strawberry
from strawberry import Parent, field

from api.claims import Claim
from projections.views import ClaimPage, ClaimView


@dataclass(frozen=True, slots=True)
class Edge:
    """A claim and its cursor."""

    cursor: str
    node: ClaimView


def edges(page: Parent[ClaimPage]) -> list[Edge]:
    """The claims of a page with their cursors."""
    return [Edge(*pair) for pair in zip(page.cursors, page.items, strict=True)]


def nodes(page: Parent[ClaimPage]) -> list[ClaimView]:
    """The claims of a page."""
    return page.items


def page_info(page: Parent[ClaimPage]) -> PageInfo:
    """Where a page stands."""
    return PageInfo(
        has_next_page=page.has_next_page,
        has_previous_page=page.has_previous_page,
        start_cursor=page.cursors[0] if page.cursors else None,
        end_cursor=page.cursors[-1] if page.cursors else None,
    )


def total_count(page: Parent[ClaimPage]) -> int:
    """How many claims there are on all pages."""
    return page.total


@strawberry.type(description="Where a page stands among all claims of its connection.")
class PageInfo:
    has_next_page: bool = field(description="Whether there are claims after it.")
    has_previous_page: bool = field(description="Whether there are claims before it.")
    start_cursor: str | None = field(description="The cursor of its first claim.")
    end_cursor: str | None = field(description="The cursor of its last claim.")


@strawberry.type(description="A claim on a page, and its place.")
class ClaimEdge:
    cursor: str = field(
        description="Its place, for `after` and `before`. It holds the moment asked about: the next"
        " page belongs to the same moment as this one, whatever has been recorded since."
    )
    node: Claim = field(description="The claim.")


@strawberry.type(
    description="A page of claims, those first reported last before the others; where the times are"
    " equal, by id."
)
class ClaimConnection:
    edges = field(
        resolver=edges,
        graphql_type=list[ClaimEdge],
        description="The claims of the page with their cursors.",
    )
    nodes = field(resolver=nodes, graphql_type=list[Claim], description="The claims of the page.")
    page_info: PageInfo = field(resolver=page_info, description="Where the page stands.")
    total_count: int = field(
        resolver=total_count, description="How many claims the filter chooses, on all pages."
    )
    left_out: int = field(
        description="How many claims fit but for the filter's `status`. A list hides nothing"
        " silently."
    )
