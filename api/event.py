"""What all events have in common, whatever they are about."""

from __future__ import annotations

from datetime import datetime

import strawberry

from api.erasure import OF_AN_EVENT, Erasure
from api.fields import column, one
from api.scalars import Position


@strawberry.interface(
    description="A fact that was recorded: something that was published, or that became known. It"
    " never changes, unless what it says is erased on a legal ground."
)
class Event:
    position: Position = column("{row}.position", "Its place in the log.")
    recorded_at: datetime = column("{row}.recorded_at", "When the log took it.")
    sequence: int = column(
        "{row}.sequence",
        "Its place among the events of the claim, report, source or story that it belongs to, from"
        " 1, in the order of recording.",
    )
    actor: str = column("{row}.actor", "Who recorded it.")
    reason: str | None = column("{row}.reason", "Why it was recorded, in the actor's words.")
    erased: Erasure | None = one(
        OF_AN_EVENT, "When and on what ground what it said was erased; null where it was not."
    )
    subject_id: strawberry.ID = strawberry.field(
        description="The id of the claim, report, source or story that it belongs to."
    )
