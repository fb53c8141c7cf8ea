"""The arguments that several questions share, and what they mean to the read side."""

from __future__ import annotations

from typing import Annotated, TypeVar

import strawberry
from strawberry import UNSET, argument, field

from api.ids import reference
from api.scalars import Moment, Position
from api.words import Status
from domain.ids import Subject
from projections.basis import AsOf as Moments
from projections.pages import ClaimFilter as Choice

T = TypeVar("T")


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


AsOfArgument = Annotated[
    AsOf | None,
    argument(description="The moment that the question is about. Left out, it is about now."),
]
FilterArgument = Annotated[ClaimFilter | None, argument(description="Which claims.")]
FirstArgument = Annotated[
    int | None,
    argument(description="So many claims from the start, 1 to 100. 20 where no number is given."),
]
AfterArgument = Annotated[
    str | None,
    argument(
        description="Only what comes after this cursor. The cursor also settles the moment that the"
        " question is about: leave `asOf` out, or give the same."
    ),
]
LastArgument = Annotated[
    int | None,
    argument(description="So many claims from the end, 1 to 100. Not together with `first`."),
]
BeforeArgument = Annotated[
    str | None,
    argument(description="Only what comes before this cursor. Otherwise as `after`."),
]


def given(value: T | None) -> T | None:
    """An argument's value; None where it was left out, as where it is null."""
    return None if value is UNSET else value


def moment(as_of: AsOf | None) -> Moments:
    """The moment that an argument means, as the read side takes it."""
    asked = given(as_of)
    if asked is None:
        return Moments()
    return Moments(
        reported_at=given(asked.reported_at),
        recorded_at=given(asked.recorded_at),
        position=given(asked.position),
    )


def chosen(filtered: ClaimFilter | None) -> Choice:
    """The filter as the read side takes it. Raises InvalidId, naming the field."""
    asked = given(filtered)
    if asked is None:
        return Choice()
    statuses = given(asked.status)
    return Choice(
        story=_named(Subject.STORY, asked.story, "story"),
        source=_named(Subject.SOURCE, asked.source, "source"),
        outlet=_named(Subject.SOURCE, asked.outlet, "outlet"),
        statuses=None if statuses is None else frozenset(statuses),
    )


def _named(subject: Subject, named: str | None, name: str) -> str | None:
    text = given(named)
    return None if text is None else reference(subject, text, field=f"filter.{name}")
