"""What an event changed, field by field, as GraphQL types.

The members of a union, and the implementations of an interface, never use one name for fields of
different types: GraphQL would refuse to select both without aliases. Hence `oldTopics` and
`oldKind`, where one `old` might be expected.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import strawberry

from api.catalogue import Story
from api.fields import column, many, one
from api.parts import IN_ORDER, AttributionStep, Quantity, steps
from api.scalars import Edtf
from api.words import ClaimKind


@strawberry.type(description="The wording changed.")
class StatementChange:
    when: ClassVar[str] = "{row}.v ->> 'field' = 'statement'"

    old_statement: str | None = column(
        "{row}.v ->> 'old'", "What it said; null where it was erased."
    )
    new_statement: str | None = column(
        "{row}.v ->> 'new'", "What it then said; null where it was erased."
    )


@strawberry.type(description="The claim became a statement of another kind.")
class KindChange:
    when: ClassVar[str] = "{row}.v ->> 'field' = 'kind'"

    old_kind: ClaimKind = column("{row}.v ->> 'old'", "What it was.")
    new_kind: ClaimKind = column("{row}.v ->> 'new'", "What it became.")


@strawberry.type(description="What time the statement speaks of changed.")
class AboutChange:
    when: ClassVar[str] = "{row}.v ->> 'field' = 'about'"

    old_about: Edtf | None = column("{row}.v ->> 'old'", "What it spoke of; null: not known.")
    new_about: Edtf | None = column("{row}.v ->> 'new'", "What it then spoke of; null: not known.")


@strawberry.type(description="A number changed, appeared or went away.")
class QuantityChange:
    when: ClassVar[str] = "{row}.v ->> 'field' = 'quantity'"

    old_quantity: Quantity | None = one(
        "(SELECT {parent}.v -> 'old' AS v) {row} WHERE jsonb_typeof({row}.v) = 'object'",
        "The number before; null: there was none.",
    )
    new_quantity: Quantity | None = one(
        "(SELECT {parent}.v -> 'new' AS v) {row} WHERE jsonb_typeof({row}.v) = 'object'",
        "The number after; null: there is none.",
    )


@strawberry.type(description="It was put in somebody else's mouth, or put otherwise.")
class AttributionChange:
    when: ClassVar[str] = "{row}.v ->> 'field' = 'attribution'"

    old_attribution: list[AttributionStep] = many(
        steps("{parent}.v -> 'old'"), "The chain before.", order=IN_ORDER
    )
    new_attribution: list[AttributionStep] = many(
        steps("{parent}.v -> 'new'"), "The chain after.", order=IN_ORDER
    )


@strawberry.type(description="It was filed under other topics.")
class TopicsChange:
    when: ClassVar[str] = "{row}.v ->> 'field' = 'topics'"

    old_topics: list[str] = column("{row}.v -> 'old'", "The topics before.")
    new_topics: list[str] = column("{row}.v -> 'new'", "The topics after.")


@strawberry.type(description="It was gathered under another story. Only an amendment does this.")
class StoryChange:
    when: ClassVar[str] = "{row}.v ->> 'field' = 'story'"

    old_story: Story | None = one(
        "read.stories {row} WHERE {row}.story_id = ({parent}.v ->> 'old')::uuid AND {known}",
        "The story before; null: none.",
    )
    new_story: Story | None = one(
        "read.stories {row} WHERE {row}.story_id = ({parent}.v ->> 'new')::uuid AND {known}",
        "The story after; null: none.",
    )


ClaimChange = Annotated[
    StatementChange
    | KindChange
    | AboutChange
    | QuantityChange
    | AttributionChange
    | TopicsChange
    | StoryChange,
    strawberry.union("ClaimChange", description="One field of a claim, before and after."),
]
