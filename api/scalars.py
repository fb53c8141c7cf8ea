"""The scalars: how times, numbers and positions are written."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NewType

import strawberry
from graphql import FloatValueNode, GraphQLError, IntValueNode, StringValueNode, ValueNode
from strawberry.types.scalar import ScalarDefinition

Moment = NewType("Moment", str)
Edtf = NewType("Edtf", str)
Position = NewType("Position", int)


def written_instant(instant: datetime) -> str:
    """An instant as RFC 3339 writes it, in UTC, with a fraction only where there is one
    and as many digits of it as it needs."""
    text = instant.astimezone(UTC).replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def written_number(number: Decimal) -> str:
    """A number of a claim, exact and without an exponent."""
    return format(number, "f")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise GraphQLError(f"A time is written as a string, not as {value!r}.")


def _position(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise GraphQLError(f"A position is a whole number, not {value!r}.")


def _number(value: Any) -> Decimal:
    # A number with a fraction has lost digits by now: JSON and its readers know binary ones alone.
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        with suppress(InvalidOperation):
            number = Decimal(value)
            if number.is_finite():
                return number
    raise GraphQLError(f'A decimal number is written as a string, like "12.50", not as {value!r}.')


def _written_literal(node: ValueNode, _variables: object = None) -> Decimal:
    # In a document it stands as it was written, so that nothing is lost.
    if isinstance(node, StringValueNode | IntValueNode | FloatValueNode):
        return _number(node.value)
    raise GraphQLError('A decimal number is written as a string, like "12.50".')


def _only_answered(value: Any) -> Any:
    raise GraphQLError(f"This is only ever answered, never asked with: {value!r}.")


SCALARS: Final[dict[object, ScalarDefinition]] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description=(
            "An instant in UTC, to the microsecond where it is known so exactly (RFC 3339):"
            " `2024-08-18T00:00:00Z`."
        ),
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc3339",
        serialize=written_instant,
        parse_value=_only_answered,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description='A decimal number as a string, exact to the last digit: `"17056"`, `"0.50"`.',
        serialize=written_number,
        parse_value=_number,
        parse_literal=_written_literal,
    ),
    Moment: strawberry.scalar(
        name="Moment",
        description=(
            "A time as people give it: `2024`, `2024-08`, `2024-08-20`, `2024-08-20T05:12` or with"
            " seconds, each with or without `Z` or an offset such as `+03:00`. Without one it is"
            " UTC."
        ),
        serialize=str,
        parse_value=_text,
    ),
    Edtf: strawberry.scalar(
        name="Edtf",
        description=(
            "What time a statement speaks of, as an EDTF date or interval (ISO 8601-2): `2024-08`,"
            " `2024-06~`, `2024-08-06/2024-08-20`, `2024-08-06/..`."
        ),
        specified_by_url="https://www.loc.gov/standards/datetime/",
        serialize=str,
        parse_value=_text,
    ),
    Position: strawberry.scalar(
        name="Position",
        description=(
            "A place in the log, a JSON integer: counted from 1, without gaps, in the order of"
            " recording. 0 is the place before the first. It may outgrow 32 bits."
        ),
        serialize=int,
        parse_value=_position,
    ),
}
