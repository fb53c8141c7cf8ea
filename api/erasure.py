"""That content was erased, as a GraphQL type: a fact about today, told at every date."""

from __future__ import annotations

from datetime import datetime

import strawberry

from api.fields import column
from api.scalars import Position
from api.words import ErasureGround
from domain.ids import Subject

GROUND = "The law that it was erased under."
REFERENCE = "The file or the order that it rests on."


@strawberry.type(
    description="That content was erased, when, and on what ground. It is told whatever the moment"
    " asked about: what was erased is not there at any date. What stood there, when it was recorded"
    " and published, and what became of it stay."
)
class Erasure:
    at: datetime = column(
        "coalesce(({row}.body ->> 'first_erased_at')::timestamptz, {row}.recorded_at)",
        "When it was erased.",
    )
    ground: ErasureGround = column("{row}.body ->> 'ground'", GROUND)
    reference: str | None = column("{row}.body ->> 'reference'", REFERENCE)
    position: Position = column("{row}.position", "The position of the event that says so.")


def last_of(subject: Subject, identity: str) -> str:
    """The row of the last erasure of content of a subject."""
    return (
        f"(SELECT * FROM read.events WHERE subject_id = {{parent}}.{identity}"
        f" AND type = '{subject.value}.erased' ORDER BY position DESC LIMIT 1) {{row}}"
    )


OF_AN_EVENT = "read.events {row} WHERE {row}.position = {parent}.erased_by"
"""The row of the erasure of an event's content."""
