"""The arguments that several questions share, and what they mean to the read side."""

from __future__ import annotations

import strawberry
from strawberry import UNSET, field

from api.claim_orders import ClaimOrder
from api.fields import argument
from api.scalars import Edtf, Moment, Position
from api.words import ChangeManner, ClaimKind, Status


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


@strawberry.input(
    description="A stretch of time, both ends included. A side that is left out is open. A time"
    " coarser than a second counts from its start in `from`, and to its end in `to`."
)
class TimeRange:
    from_: Moment | None = field(name="from", default=UNSET, description="Not before this.")
    to: Moment | None = field(default=UNSET, description="Not after this.")


@strawberry.input(one_of=True, description="What claims speak of: one of the two.")
class AboutFilter:
    overlaps: Edtf | None = field(
        default=UNSET,
        description="Claims that can speak of a day in this date or interval. An end that is open"
        " or not known can be any day.",
    )
    known: bool | None = field(
        default=UNSET, description="Claims of which it is known what time they speak of, or is not."
    )


@strawberry.input(
    description="Which claims. What is left out does not narrow the choice; what is given must all"
    " hold, of each claim as it stood at the moment asked about."
)
class ClaimFilter:
    story: strawberry.ID | None = field(
        default=UNSET, description="Claims of this story, named by its slug or its id."
    )
    topic: str | None = field(
        default=UNSET, description="Claims that are filed under this topic, spelt like that."
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
    kind: list[ClaimKind] | None = field(
        default=UNSET, description="Claims that make a statement of one of these sorts."
    )
    contested: bool | None = field(
        default=UNSET,
        description="Claims that some claim contradicts which is not wholly retracted; or those"
        " that none does.",
    )
    reviewed: bool | None = field(
        default=UNSET,
        description="Claims about which anybody's finding is on the record; or the others.",
    )
    quantity: str | None = field(
        default=UNSET, description="Claims that hold a number with this label, spelt like that."
    )
    about: AboutFilter | None = field(
        default=UNSET, description="Claims by the time that they speak of."
    )
    reported: TimeRange | None = field(
        default=UNSET, description="Claims that were first reported in this time."
    )
    changed: TimeRange | None = field(
        default=UNSET,
        description="Claims whose last event was in this time, by its reporting time: the"
        " `lastChangedAt` of each.",
    )
    change: list[ChangeManner] | None = field(
        default=UNSET,
        description="Claims whose content changed at least once in one of these manners.",
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
SEARCH = argument(
    "search",
    str | None,
    "Only claims whose statement has these words, in any of their forms: `retract` finds"
    ' `retracted`. `"in quotes"` finds words side by side, `or` one of two, `-` what lacks a word.'
    " Words as common as `the` are not looked for, and where there are no others, nothing is found."
    " 1 to 1,000 characters.",
)
LANGUAGE = argument(
    "language",
    str | None,
    "The language of the words in `search`, as a tag such as `de` or `de-AT`: it decides which"
    " forms belong together. English where none is given. It does not narrow the choice: a claim is"
    " read in its own language.",
)
ORDER_BY = argument(
    "order_by",
    ClaimOrder | None,
    "The order of the list. Left out, it is `RELEVANCE` where there is a `search` and"
    " `REPORTED_LATEST_FIRST` where there is none. A cursor is good for its own order alone.",
)
FIRST = argument(
    "first", int | None, "So many from the start, 1 to 100. 20 where no number is given."
)
AFTER = argument(
    "after",
    str | None,
    "Only what comes after this cursor. The cursor also settles the moment that the whole question"
    " is about: leave `asOf` out, or give the same.",
)
LAST = argument("last", int | None, "So many from the end, 1 to 100. Not together with `first`.")
BEFORE = argument("before", str | None, "Only what comes before this cursor. Otherwise as `after`.")
CLAIM_PAGE = (FILTER, FIRST, AFTER, LAST, BEFORE)
PAGE = (FIRST, AFTER, LAST, BEFORE)
