"""The arguments that several questions share, and what they mean to the read side."""

from __future__ import annotations

import strawberry
from strawberry import UNSET, field

from api.fields import argument
from api.scalars import Moment, Position
from api.words import Status


@strawberry.input(
    description="The moment that a question is about. What is left out is no limit. Of `recordedAt`"
    " and `position`, give one at most."
)
class AsOf:
    reported_at: Moment | None = field(
        default=UNSET,
        description="What was public by then. A time coarser than a second means its end, so that"
        " `2024-08-20` holds the whole of that day, UTC.",
    )
    recorded_at: Moment | None = field(
        default=UNSET,
        description="What this record held by then: everything up to the last position recorded at"
        " or before it. A coarse time means its end. It cannot lie in the future, because the"
        " answer would still change.",
    )
    position: Position | None = field(
        default=UNSET, description="What this record held when it had grown to this position."
    )


@strawberry.input(description="Which claims. What is left out does not narrow the choice.")
class ClaimFilter:
    story: strawberry.ID | None = field(
        default=UNSET, description="Claims of this story, named by its slug or its id."
    )
    source: strawberry.ID | None = field(
        default=UNSET,
        description="Claims that have this source as their outlet or anywhere in their chain of"
        " attribution. What was recorded under a source that was merged into it counts.",
    )
    outlet: strawberry.ID | None = field(
        default=UNSET, description="Claims in reports that this source published."
    )
    status: list[Status] | None = field(
        default=UNSET,
        description="Claims of one of these statuses. The connection's `leftOut` says how many"
        " claims are left out by this alone.",
    )


@strawberry.input(one_of=True, description="What a report is named by: one of these.")
class ReportBy:
    id: strawberry.ID | None = field(
        default=UNSET, description="Its id, its UUID, or the reference under which it was recorded."
    )
    url: str | None = field(
        default=UNSET, description="An address at which it was ever found, as it was given."
    )


AS_OF = argument(
    "as_of", AsOf | None, "The moment that the question is about. Left out, it is about now."
)
FILTER = argument("filter", ClaimFilter | None, "Which claims.")
FIRST = argument(
    "first", int | None, "So many from the start, 1 to 100. 20 where no number is given."
)
AFTER = argument(
    "after",
    str | None,
    "Only what comes after this cursor. The cursor also settles the moment that the question is"
    " about: leave `asOf` out, or give the same.",
)
LAST = argument("last", int | None, "So many from the end, 1 to 100. Not together with `first`.")
BEFORE = argument("before", str | None, "Only what comes before this cursor. Otherwise as `after`.")
