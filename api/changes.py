"""What an event changed, field by field, as GraphQL types.

The members of a union, and the implementations of an interface, never use one name for fields of
different types: GraphQL would refuse to select both without aliases. Hence `oldTopics` and
`oldKind`, where one `old` might be expected.
"""

from __future__ import annotations

from typing import Annotated

import strawberry
from strawberry import field

from api.catalogue import Story
from api.parts import AttributionStep, Quantity
from api.scalars import Edtf
from api.words import ClaimKind


@strawberry.type(description="The wording changed.")
class StatementChange:
    old_statement: str = field(description="What it said.")
    new_statement: str = field(description="What it then said.")


@strawberry.type(description="The claim became a statement of another kind.")
class KindChange:
    old_kind: ClaimKind = field(description="What it was.")
    new_kind: ClaimKind = field(description="What it became.")


@strawberry.type(description="What time the statement speaks of changed.")
class AboutChange:
    old_about: Edtf | None = field(description="What it spoke of; null: not known.")
    new_about: Edtf | None = field(description="What it then spoke of; null: not known.")


@strawberry.type(description="A number changed, appeared or went away.")
class QuantityChange:
    old_quantity: Quantity | None = field(description="The number before; null: there was none.")
    new_quantity: Quantity | None = field(description="The number after; null: there is none.")


@strawberry.type(description="It was put in somebody else's mouth, or put otherwise.")
class AttributionChange:
    old_attribution: list[AttributionStep] = field(description="The chain before.")
    new_attribution: list[AttributionStep] = field(description="The chain after.")


@strawberry.type(description="It was filed under other topics.")
class TopicsChange:
    old_topics: list[str] = field(description="The topics before.")
    new_topics: list[str] = field(description="The topics after.")


@strawberry.type(description="It was gathered under another story. Only an amendment does this.")
class StoryChange:
    old_story: Story | None = field(description="The story before; null: none.")
    new_story: Story | None = field(description="The story after; null: none.")


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
