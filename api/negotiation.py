"""What a client accepts, as its headers say (RFC 9110, section 12.5)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

JSON: Final = "application/json"
GRAPHQL_JSON: Final = "application/graphql-response+json"

CODINGS: Final = ("zstd", "gzip")
"""Content codings that are sent, the dearest to us first."""

HEADERS: Final = 512
"""Headers whose meaning is kept. Clients send the same ones over and over."""


@lru_cache(HEADERS)
def answered_as(accept: str) -> str:
    """The media type to answer in: the new one for whoever prefers it, else plain JSON."""
    weights = accepted(accept)
    return GRAPHQL_JSON if weights.get(GRAPHQL_JSON, 0) > weights.get(JSON, 0) else JSON


@lru_cache(HEADERS)
def wants_page(accept: str) -> bool:
    """Whether a browser asks, to be shown a page: it alone names HTML before JSON."""
    weights = accepted(accept)
    html = weights.get("text/html", 0)
    return html > 0 and html >= max(weights.get(JSON, 0), weights.get(GRAPHQL_JSON, 0))


@lru_cache(HEADERS)
def accepts_json(accept: str) -> bool:
    """Whether JSON is named among what is accepted."""
    weights = accepted(accept)
    return weights.get(JSON, 0) > 0 or weights.get(GRAPHQL_JSON, 0) > 0


@lru_cache(HEADERS)
def prefers(accept: str, wanted: str, otherwise: str) -> bool:
    """Whether one media type is preferred to another that is sent if there is no preference."""
    weights = accepted(accept)
    return weights.get(wanted, 0) > weights.get(otherwise, weights.get("*/*", 0))


@lru_cache(HEADERS)
def coding(accept_encoding: str) -> str | None:
    """The content coding to answer in; None: none."""
    weights = accepted(accept_encoding)
    best, weight = None, 0.0
    for one in CODINGS:
        found = weights.get(one, weights.get("*", 0.0))
        if found > weight:
            best, weight = one, found
    return best if weight >= weights.get("identity", 0.0) else None


def accepted(header: str) -> dict[str, float]:
    """What a header of the Accept family names, with the weights (RFC 9110, section 12.4.2)."""
    weights: dict[str, float] = {}
    for item in header.split(","):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = min(max(float(parameter[2:]), 0.0), 1.0)
                except ValueError:
                    weight = 0.0
        weights.setdefault(name, weight)
    return weights


def matches(if_none_match: str, etag: str) -> bool:
    """Whether `If-None-Match` names an entity tag (RFC 9110, section 13.1.2)."""
    if if_none_match.strip() == "*":
        return True
    return etag in (one.strip().removeprefix("W/") for one in if_none_match.split(","))
