"""Reading the fields that a command gives a claim: checked, looked up, and compared with before."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

from msgspec import UnsetType

from domain.claim import Claim
from domain.commands import AmendClaim, CorrectClaim, QuantityInput, StepInput
from domain.moments import parse_about
from domain.refusals import InvalidInput, InvalidTime, NotFound, NothingChanged
from domain.values import (
    AboutChange,
    AttributionChange,
    Change,
    KindChange,
    Quantity,
    QuantityChange,
    StatementChange,
    Step,
    StoryChange,
    TopicsChange,
)
from domain.world import World

T = TypeVar("T")

MOST_PLACES = 30
"""Numbers are kept to at most this many digits before, and after, the point."""


def given(value: T | UnsetType, otherwise: T) -> T:
    """A field's new value, or what it was where the command leaves it out."""
    return otherwise if isinstance(value, UnsetType) else value


def changes_of(
    world: World, before: Claim, command: CorrectClaim | AmendClaim, *, required: bool = True
) -> tuple[Change, ...]:
    """What the command makes different, field by field, old and new. Raises NothingChanged."""
    changes: list[Change] = []
    statement = given(command.statement, before.statement)
    if statement != before.statement:
        changes.append(StatementChange(old=before.statement, new=statement))
    kind = given(command.kind, before.kind)
    if kind != before.kind:
        changes.append(KindChange(old=before.kind, new=kind))
    about = about_of(given(command.about, before.about))
    if about != before.about:
        changes.append(AboutChange(old=before.about, new=about))
    if not isinstance(command.attribution, UnsetType):
        steps = steps_of(world, command.attribution)
        if steps != before.attribution:
            changes.append(AttributionChange(old=before.attribution, new=steps))
    topics = given(command.topics, before.topics)
    if topics != before.topics:
        changes.append(TopicsChange(old=before.topics, new=topics))
    changes += _quantity_changes(before, command)
    if isinstance(command, AmendClaim) and not isinstance(command.story, UnsetType):
        story = None
        if command.story is not None:
            story, _ = world.story(command.story, field="story")
        if story != before.story:
            changes.append(StoryChange(old=before.story, new=story))
    if required and not changes:
        raise NothingChanged("every field given has this value already", field="claim")
    return tuple(changes)


def _quantity_changes(before: Claim, command: CorrectClaim | AmendClaim) -> list[Change]:
    known = {quantity.key: quantity for quantity in before.quantities}
    changes: list[Change] = []
    for new in quantities_of(command.quantities):
        old = known.get(new.key)
        if old != new:
            changes.append(QuantityChange(old=old, new=new))
    named = {(number.label, number.unit) for number in command.quantities}
    for index, key in enumerate(command.remove_quantities):
        field = f"remove_quantities[{index}]"
        old = known.get((key.label, key.unit))
        if old is None:
            raise NotFound(f"the claim has no quantity {key.label!r} in {key.unit!r}", field=field)
        if old.key in named:
            raise InvalidInput(f"{key.label!r} is given twice in the same unit", field=field)
        named.add(old.key)
        changes.append(QuantityChange(old=old, new=None))
    return changes


def about_of(text: str | None) -> str | None:
    """What the statement is about, checked to be EDTF. Raises InvalidTime."""
    if text is not None:
        try:
            parse_about(text)
        except InvalidTime as error:
            raise InvalidTime(str(error), field="about") from None
    return text


def steps_of(world: World, given: tuple[StepInput, ...]) -> tuple[Step, ...]:
    """The attribution chain with its sources looked up. Raises NotFound."""
    steps = []
    for index, step in enumerate(given):
        source, _ = world.source(step.source, field=f"attribution[{index}].source")
        steps.append(Step(source=source, verb=step.verb, role=step.role))
    return tuple(steps)


def quantities_of(given: tuple[QuantityInput, ...]) -> tuple[Quantity, ...]:
    """The numbers, each named once, finite, and within its own range. Raises InvalidInput."""
    quantities = tuple(
        [
            Quantity(
                label=number.label,
                value=_decimal(number.value, index, "value"),
                unit=number.unit,
                hedge=number.hedge,
                low=None if number.low is None else _decimal(number.low, index, "low"),
                high=None if number.high is None else _decimal(number.high, index, "high"),
            )
            for index, number in enumerate(given)
        ]
    )
    for index, quantity in enumerate(quantities):
        if any(other.key == quantity.key for other in quantities[:index]):
            raise InvalidInput(
                f"{quantity.label!r} is given twice in the same unit", field=f"quantities[{index}]"
            )
        low, high = quantity.low, quantity.high
        if (low is not None and low > quantity.value) or (
            high is not None and high < quantity.value
        ):
            raise InvalidInput("low, value and high are not in order", field=f"quantities[{index}]")
    return quantities


def _decimal(value: Decimal, index: int, name: str) -> Decimal:
    if (text := str(value)).isdigit() and len(text) <= MOST_PLACES:
        return value  # as most are; taking one apart is slow
    field = f"quantities[{index}].{name}"
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise InvalidInput(f"{value} is not a number", field=field)
    if exponent < -MOST_PLACES or value.adjusted() >= MOST_PLACES:
        raise InvalidInput(
            f"it has more than {MOST_PLACES} digits before or after the point", field=field
        )
    return value
