"""The questions that can be asked: the root of the schema."""

from __future__ import annotations

from typing import Annotated

import strawberry
from projections.reads import View
from projections.views import ClaimPage, ClaimView, StoryView
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
from api.moments import Operation
from domain.ids import Subject
from domain.refusals import Refusal

ClaimIdArgument = Annotated[
    strawberry.ID,
    argument(description="Its id, its UUID, or the reference under which it was recorded."),
]
SlugArgument = Annotated[str, argument(description="Its slug, its id or its UUID.")]


def view_at(info: Info[Operation, None], as_of: AsOf | None) -> View:
    """The record at the moment that a root field asks about.

    Raises InvalidTime and InvalidInput, naming the argument.
    """
    try:
        return info.context.at(str(info.path.key), moment(as_of))
    except Refusal as refusal:
        if refusal.field is not None:
            refusal.field = f"asOf.{refusal.field}"
        raise


def claim(
    info: Info[Operation, None],
    id: ClaimIdArgument,  # noqa: A002 - so the argument is called
    as_of: AsOfArgument = UNSET,
) -> ClaimView | None:
    """A claim by its id."""
    found = view_at(info, as_of).claim(reference(Subject.CLAIM, id, field="id"))
    if found is not None:
        info.context.page([found])
    return found


def claims(
    info: Info[Operation, None],
    filter: FilterArgument = UNSET,  # noqa: A002 - so the argument is called
    first: FirstArgument = UNSET,
    after: AfterArgument = UNSET,
    last: LastArgument = UNSET,
    before: BeforeArgument = UNSET,
    as_of: AsOfArgument = UNSET,
) -> ClaimPage:
    """A page of claims."""
    page = view_at(info, as_of).claims(
        chosen(filter),
        first=given(first),
        after=given(after),
        last=given(last),
        before=given(before),
    )
    info.context.page(page.items)
    return page


def story(
    info: Info[Operation, None], slug: SlugArgument, as_of: AsOfArgument = UNSET
) -> StoryView | None:
    """A story by its slug."""
    return view_at(info, as_of).story(reference(Subject.STORY, slug, field="slug"))


def stories(info: Info[Operation, None], as_of: AsOfArgument = UNSET) -> list[StoryView]:
    """Every story."""
    return view_at(info, as_of).stories()


@strawberry.type(
    description="What the record can be asked. Every question can be asked about any moment"
    " (`asOf`), and every answer says in `extensions.basis` which moment it is about: the position"
    " of the log, when that was recorded, and the limit on the time of reporting. Where the fields"
    " of one answer are about different moments, `extensions.basisByField` has the basis of each."
)
class Query:
    claim: Claim | None = field(
        resolver=claim,
        graphql_type=Claim | None,
        description="A claim; null where the record held none of that id at that moment.",
    )
    claims: ClaimConnection = field(
        resolver=claims,
        graphql_type=ClaimConnection,
        description="Claims, page by page, those first reported last before the others.",
    )
    story: Story | None = field(
        resolver=story,
        graphql_type=Story | None,
        description="A story; null where the record held none of that name at that moment.",
    )
    stories: list[Story] = field(
        resolver=stories, graphql_type=list[Story], description="Every story of the record."
    )
