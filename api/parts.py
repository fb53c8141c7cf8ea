"""The parts that claims are made of, as GraphQL types: chains and numbers."""

from __future__ import annotations

from decimal import Decimal

import strawberry

from api.catalogue import Source
from api.fields import column, within
from api.words import Hedge, Verb

IN_ORDER = "{row}v.n"


def steps(chain: str) -> str:
    """The steps of a chain of attribution, each with the row of its source."""
    return (
        f"jsonb_array_elements({chain}) WITH ORDINALITY AS {{row}}v(v, n) JOIN read.sources {{row}}"
        " ON {row}.source_id = ({row}v.v ->> 'source')::uuid AND {known}"
    )


def elements(values: str) -> str:
    """The elements of a JSON array, as `v`, with their places, as `n`."""
    return f"jsonb_array_elements({values}) WITH ORDINALITY AS {{row}}(v, n)"


@strawberry.type(description="One step of an attribution chain: who said it, and how they put it.")
class AttributionStep:
    source: Source = within("Who said it.")
    verb: Verb = column("{row}v.v ->> 'verb'", "How they put it.")
    role: str | None = column("{row}v.v ->> 'role'", "In what capacity, as the report put it.")
    named_as: str | None = column(
        "CASE WHEN {row}.canonical_id <> {row}.source_id THEN nullif({row}.own_name, '') END",
        "The name under which it was recorded, where the source goes by another now.",
    )


@strawberry.type(description="A number inside a claim. Label and unit name it within its claim.")
class Quantity:
    label: str = column("{row}.v ->> 'label'", "What is counted or measured.")
    value: Decimal = column("({row}.v ->> 'value')", "The number.")
    unit: str | None = column("{row}.v ->> 'unit'", "What it is counted in.")
    hedge: Hedge = column("coalesce({row}.v ->> 'hedge', 'exactly')", "How firmly it was put.")
    low: Decimal | None = column(
        "({row}.v ->> 'low')", "The least it can be, where a range was given."
    )
    high: Decimal | None = column(
        "({row}.v ->> 'high')", "The most it can be, where a range was given."
    )
