"""Which reports a list holds, and in which order."""

from __future__ import annotations

from typing import Final

from api.compiler import Field
from api.listing import Key, Listing, Order

LATEST: Final = Order(
    "r",
    (Key("{row}.first_reported_at", "timestamptz"), Key("{row}.report_id", "uuid")),
    descending=True,
)
"""Those first public last before the others."""


def reports_listing(field: Field, *conditions: str) -> Listing:
    """The reports that are there at the field's moment, under conditions on the row `{row}`."""
    row = field.compiling.row()
    wanted = [field.moment.held(row), *(one.format(row=row) for one in conditions)]
    if field.moment.reported_at is not None:
        # What was reported later is passed over at once.
        wanted.append(f"{row}.first_reported_at <= {field.moment.reported_at}")
    return Listing(row, "read.reports", tuple(wanted), LATEST)
