"""The parts that claims are made of, as GraphQL types: chains and numbers."""

from __future__ import annotations

from decimal import Decimal

import strawberry
from strawberry import field

from api.catalogue import Source
from api.words import Hedge, Verb


@strawberry.type(description="One step of an attribution chain: who said it, and how they put it.")
class AttributionStep:
    source: Source = field(description="Who said it.")
    verb: Verb = field(description="How they put it.")
    role: str | None = field(description="In what capacity, as the report put it.")
    named_as: str | None = field(
        description="The name under which it was recorded, where the source goes by another now."
    )


@strawberry.type(description="A number inside a claim. Label and unit name it within its claim.")
class Quantity:
    label: str = field(description="What is counted or measured.")
    value: Decimal = field(description="The number.")
    unit: str | None = field(description="What it is counted in.")
    hedge: Hedge = field(description="How firmly it was put.")
    low: Decimal | None = field(description="The least it can be, where a range was given.")
    high: Decimal | None = field(description="The most it can be, where a range was given.")
