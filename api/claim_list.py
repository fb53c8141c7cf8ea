"""Which claims a list holds, and in which order."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from api.compiler import Field
from api.ids import reference
from api.paging import Key, Listing, Order
from api.parameters import Given
from domain.ids import Subject, resolve

IDENTITY: Final = ("claim_id", "position_from", "reported_from")

LATEST: Final = Order(
    "r",
    (
        Key("{row}.first_reported_at", "timestamptz"),
        Key("{row}.claim_id", "uuid"),
    ),
    descending=True,
)
"""Those first reported last before the others."""


@cache
def encode_id(subject: Subject) -> Callable[[Any], str]:
    """What a client names a thing by as its UUID. Raises InvalidId."""

    def encode(text: Any) -> str:
        return str(resolve(subject, reference(subject, text)))

    return encode


def claims_listing(field: Field, *conditions: str) -> Listing:
    """The claims that a field's filter chooses, under further conditions on the row `{row}`."""
    row = field.compiling.row()
    chosen = field.given("filter")
    wanted = [field.moment.held(row), *(one.format(row=row) for one in conditions)]
    status = None
    if chosen.there:
        wanted += _conditions(field, chosen, row)
        if chosen["status"].there:
            listed = ", ".join(f"'{one.value}'" for one in chosen["status"].value)
            status = f"{row}.status IN ({listed})" if listed else "false"
    return Listing(row, "read.claims", tuple(wanted), LATEST, IDENTITY, status)


def _conditions(field: Field, chosen: Given, row: str) -> list[str]:
    found = []
    if (story := chosen["story"]).there:
        found.append(f"{row}.story_id = {story.parameter(encode_id(Subject.STORY), 'uuid')}")
    if (outlet := chosen["outlet"]).there:
        found.append(f"{row}.outlet_id = ANY ({same_source(field, outlet)})")
    if (source := chosen["source"]).there:
        sources = same_source(field, source)
        # The first narrows by an index over everybody who was ever in the chain; the second says
        # who is in it at the moment asked about.
        found.append(
            f"{row}.claim_id IN (SELECT s.claim_id FROM read.claim_sources s"
            f" WHERE s.source_id = ANY ({sources}))"
        )
        found.append(f"{row}.sources && {sources}")
    return found


def same_source(field: Field, given: Given) -> str:
    """Every source that goes under the same name as the one given: an array."""
    identity = given.parameter(encode_id(Subject.SOURCE), "uuid")
    known = field.moment.known
    return (
        f"ARRAY(SELECT o.source_id FROM read.sources s JOIN read.sources o"
        f" ON o.canonical_id = s.canonical_id"
        f" WHERE s.source_id = {identity} AND {known('s')} AND {known('o')}"
        f" UNION SELECT {identity})"
    )
