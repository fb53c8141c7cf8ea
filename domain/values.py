"""Values that claims and reports are made of."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from domain.words import ClaimKind, Hedge, Verb

Line = Annotated[str, Meta(min_length=1, max_length=1_000)]
"""A name, a label, a headline: one to a thousand characters."""

Text = Annotated[str, Meta(min_length=1, max_length=20_000)]
"""A statement or a notice: one to twenty thousand characters."""

Url = Annotated[str, Meta(min_length=1, max_length=4_000)]
"""An address as it was given; it is kept as it is and not fetched."""


class Value(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    gc=False,
):
    """An immutable value; two of the same content are equal."""


class Step(Value, frozen=True, kw_only=True):
    """One step of an attribution chain: who said it, and how they put it."""

    source: UUID
    verb: Verb
    role: Line | None = None
    """In what capacity, as the report put it: "Foreign Minister of Russia"."""


class Quantity(Value, frozen=True, kw_only=True):
    """A number inside a claim. Label and unit together name it within its claim."""

    label: Line
    value: Decimal
    unit: Line | None = None
    hedge: Hedge = Hedge.EXACTLY
    low: Decimal | None = None
    high: Decimal | None = None

    @property
    def key(self) -> tuple[str, str | None]:
        """What tells this number from the others of its claim."""
        return self.label, self.unit


class Notice(Value, frozen=True, kw_only=True):
    """What an outlet declared about its own earlier reporting.

    Its nature and its time are those of the event that carries it. A change that carries no
    notice is a silent one.
    """

    text: Text | None = None
    url: Url | None = None
    issuer: UUID | None = None
    """Who issued it, where that is not the outlet itself."""


class StatementChange(Value, tag_field="field", tag="statement", frozen=True, kw_only=True):
    """The wording changed (None: it was erased)."""

    old: Text | None
    new: Text | None


class KindChange(Value, tag_field="field", tag="kind", frozen=True, kw_only=True):
    """The claim became a statement of another kind."""

    old: ClaimKind
    new: ClaimKind


class AboutChange(Value, tag_field="field", tag="about", frozen=True, kw_only=True):
    """What the statement is about changed (EDTF; None: not known)."""

    old: Line | None
    new: Line | None


class QuantityChange(Value, tag_field="field", tag="quantity", frozen=True, kw_only=True):
    """A number changed, appeared (no old one) or went away (no new one)."""

    old: Quantity | None
    new: Quantity | None


class AttributionChange(Value, tag_field="field", tag="attribution", frozen=True, kw_only=True):
    """It was put in somebody else's mouth, or otherwise."""

    old: tuple[Step, ...]
    new: tuple[Step, ...]


class TopicsChange(Value, tag_field="field", tag="topics", frozen=True, kw_only=True):
    """It was filed under other topics."""

    old: tuple[Line, ...]
    new: tuple[Line, ...]


class StoryChange(Value, tag_field="field", tag="story", frozen=True, kw_only=True):
    """We gathered it under another story. Only an amendment does this."""

    old: UUID | None
    new: UUID | None


Change = (
    StatementChange
    | KindChange
    | AboutChange
    | QuantityChange
    | AttributionChange
    | TopicsChange
    | StoryChange
)
"""One field of a claim, before and after."""
