"""The orders in which claims are listed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum, unique
from math import isfinite
from typing import Final
from uuid import UUID

from api.listing import Key, Order
from api.words import declare
from projections.refusals import InvalidCursor

FOREIGN: Final = "it is no cursor of this record"


@unique
class ClaimOrder(StrEnum):
    """Which claims come before the others."""

    REPORTED_LATEST_FIRST = "reported_latest_first"
    REPORTED_EARLIEST_FIRST = "reported_earliest_first"
    CHANGED_LATEST_FIRST = "changed_latest_first"
    CHANGED_EARLIEST_FIRST = "changed_earliest_first"
    RELEVANCE = "relevance"


declare(
    ClaimOrder,
    "ClaimOrder",
    "The order of a list of claims. None has ties: where claims are equal, their ids decide.",
    {
        ClaimOrder.REPORTED_LATEST_FIRST: "Those first reported last before the others.",
        ClaimOrder.REPORTED_EARLIEST_FIRST: "Those first reported first before the others.",
        ClaimOrder.CHANGED_LATEST_FIRST: "Those whose last event was reported last first.",
        ClaimOrder.CHANGED_EARLIEST_FIRST: "Those whose last event was reported first first.",
        ClaimOrder.RELEVANCE: "Those that a search fits best first, and of those that it fits alike"
        " those first reported last. Only with a search.",
    },
)


def read_instant(text: str) -> str:
    """An instant as a cursor says it. Raises InvalidCursor."""
    return _read(lambda: datetime.fromisoformat(text).isoformat())


def read_uuid(text: str) -> str:
    """An id as a cursor says it. Raises InvalidCursor."""
    return _read(lambda: str(UUID(text)))


def read_rank(text: str) -> str:
    """A rank as a cursor says it. Raises InvalidCursor."""
    number = _read(lambda: repr(float(text)))
    if not isfinite(float(number)) or abs(float(number)) > 1e30:
        raise InvalidCursor(FOREIGN)
    return number


def _read(work: Callable[[], str]) -> str:
    try:
        return work()
    except ValueError:
        raise InvalidCursor(FOREIGN) from None


_REPORTED: Final = Key("{row}.first_reported_at", "timestamptz", read=read_instant)
_CHANGED: Final = Key("{row}.last_changed_at", "timestamptz", read=read_instant)
_CLAIM: Final = Key("{row}.claim_id", "uuid", read=read_uuid)

ORDERS: Final = {
    ClaimOrder.REPORTED_LATEST_FIRST: Order("r", (_REPORTED, _CLAIM), descending=True),
    ClaimOrder.REPORTED_EARLIEST_FIRST: Order("e", (_REPORTED, _CLAIM)),
    ClaimOrder.CHANGED_LATEST_FIRST: Order("c", (_CHANGED, _CLAIM), descending=True),
    ClaimOrder.CHANGED_EARLIEST_FIRST: Order("d", (_CHANGED, _CLAIM)),
    ClaimOrder.RELEVANCE: Order(
        "s", (Key("{row}.rank", "real", read=read_rank), _REPORTED, _CLAIM), descending=True
    ),
}
"""Each over an index, but for the last: a search gives its rows a `rank`."""
