"""The questions that can be asked: the root of the schema."""

from __future__ import annotations

from typing import Annotated

import strawberry
from strawberry import UNSET, Info, argument, field

from api.arguments import (
    AfterArgument,
    AsOf,
    AsOfArgument,
    BeforeArgument,
    FilterArgument,
    FirstArgument,
    LastArgument,
    chosen,
    given,
    moment,
)
from api.catalogue import Story
from api.claims import Claim
from api.connection import ClaimConnection
from api.ids import reference
from api.log import Log, log_of
from api.moments import Operation
from domain.ids import Subject
from domain.refusals import Refusal
from projections.reads import View
from projections.refusals import InvalidCursor
from projections.views import ClaimPage, ClaimView, StoryView

ClaimIdArgument = Annotated[
    strawberry.ID,
    argument(description="Its id, its UUID, or the reference under which it was recorded."),
]
SlugArgument = Annotated[str, argument(description="Its slug, its id or its UUID.")]


Asking = Info[Operation, None]


def view_at(
    info: Asking, as_of: AsOf | None, *, after: str | None = None, before: str | None = None
) -> View:
    """The record at the moment that a root field asks about; a cursor settles it.

    Raises InvalidTime, InvalidInput and InvalidCursor, naming the argument.
    """
    key, asked = str(info.path.key), moment(as_of)
    try:
        if after is not None:
            return info.context.at_cursor(key, asked, after, "after")
        if before is not None:
            return info.context.at_cursor(key, asked, before, "before")
        return info.context.at(key, asked)
    except InvalidCursor:
        raise
    except Refusal as refusal:
        if refusal.field is not None:
            refusal.field = f"asOf.{refusal.field}"
        raise


def claim(
    info: Asking,
    id: ClaimIdArgument,  # noqa: A002 - so the argument is called
    as_of: AsOfArgument = UNSET,
) -> ClaimView | None:
    """A claim by its id."""
    found = view_at(info, as_of).claim(reference(Subject.CLAIM, id, field="id"))
    if found is not None:
        info.context.page([found])
    return found


def claims(
    info: Asking,
    filter: FilterArgument = UNSET,  # noqa: A002 - so the argument is called
    first: FirstArgument = UNSET,
    after: AfterArgument = UNSET,
    last: LastArgument = UNSET,
    before: BeforeArgument = UNSET,
    as_of: AsOfArgument = UNSET,
) -> ClaimPage:
    """A page of claims."""
    start, end = given(after), given(before)
    view = view_at(info, as_of, after=start, before=end)
    page = view.claims(
        chosen(filter), first=given(first), after=start, last=given(last), before=end
    )
    info.context.page(page.items)
    return page


def story(info: Asking, slug: SlugArgument, as_of: AsOfArgument = UNSET) -> StoryView | None:
    """A story by its slug."""
    return view_at(info, as_of).story(reference(Subject.STORY, slug, field="slug"))


def stories(info: Asking, as_of: AsOfArgument = UNSET) -> list[StoryView]:
    """Every story."""
    return view_at(info, as_of).stories()


def log(info: Asking, as_of: AsOfArgument = UNSET) -> Log:
    """The state of the log."""
    view, asked = view_at(info, as_of), moment(as_of)
    limited = asked.position is not None or asked.recorded_at is not None
    return log_of(view.summary(), view.basis, limited=limited)


@strawberry.type(
    description="What the record can be asked. Every question can be asked about any moment"
    " (`asOf`), and every answer says in `extensions.basis` which moment it is about: the position"
    " of the log, when that was recorded, and the limit on the time of reporting. Where the fields"
    " of one answer are about different moments, `extensions.basisByField` has the basis of each."
)
class Query:
    claim = field(
        resolver=claim,
        graphql_type=Claim | None,
        description="A claim; null where the record held none of that id at that moment.",
    )
    claims = field(
        resolver=claims,
        graphql_type=ClaimConnection,
        description="Claims, page by page, those first reported last before the others.",
    )
    story = field(
        resolver=story,
        graphql_type=Story | None,
        description="A story; null where the record held none of that name at that moment.",
    )
    stories = field(
        resolver=stories, graphql_type=list[Story], description="Every story of the record."
    )
    log: Log = field(resolver=log, description="The log and how much is in the record.")
