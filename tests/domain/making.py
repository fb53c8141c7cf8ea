"""Values of any type of the domain, made by hypothesis from the types themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin
from uuid import UUID

from hypothesis import strategies as st
from msgspec import Meta, Struct
from msgspec.structs import fields

from domain.events import AnyEvent

S = TypeVar("S", bound=Struct)

LETTERS = st.characters(codec="utf-8", exclude_characters="\0")
"""Whatever a database takes."""

decimals = st.decimals(
    min_value=Decimal(-(10**29)), max_value=Decimal(10**29), allow_nan=False, allow_infinity=False
)


def texts(least: int = 0, most: int | None = None) -> st.SearchStrategy[str]:
    longest = 12 if most is None else min(most, 12)
    return st.text(LETTERS, min_size=least, max_size=longest)


def of_type(kind: Any) -> st.SearchStrategy[Any]:
    """Values that a field of this type can hold."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        (meta,) = (one for one in arguments[1:] if isinstance(one, Meta))
        assert arguments[0] is str
        return texts(meta.min_length or 0, meta.max_length)
    if origin in (Union, UnionType):
        return st.one_of(*(of_type(argument) for argument in arguments))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        assert arguments[1:] == (...,)
        return st.lists(of_type(arguments[0]), max_size=3).map(tuple)
    if isinstance(kind, type) and issubclass(kind, Struct):
        return structs(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    plain: dict[Any, st.SearchStrategy[Any]] = {
        str: texts(),
        bool: st.booleans(),
        int: st.integers(-(2**53), 2**53),
        Decimal: decimals,
        UUID: st.uuids(),
        datetime: st.datetimes(timezones=st.just(UTC)),
        type(None): st.none(),
    }
    return plain[kind]


def structs(kind: type[S]) -> st.SearchStrategy[S]:
    """Structs of this class, each field of them made; the schema is what it is."""
    made = {one.name: of_type(one.type) for one in fields(kind) if one.name != "schema"}
    return st.builds(kind, **made)


EVENT_CLASSES: tuple[type[AnyEvent], ...] = get_args(AnyEvent)

events: st.SearchStrategy[AnyEvent] = st.one_of(*(structs(cls) for cls in EVENT_CLASSES))
"""Any event, also ones that no rule would make."""
