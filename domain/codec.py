"""Events to and from the JSON text that the log keeps and that a person can read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

from msgspec import DecodeError, Struct, ValidationError, convert
from msgspec.json import Decoder, Encoder, decode
from msgspec.structs import fields

from domain.events import AnyEvent
from domain.refusals import InvalidInput

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
"""Turns the content of one schema version into that of the next."""

UPCASTERS: Final[Mapping[tuple[str, int], Upcaster]] = {}
"""By event type and the version to start from. A shape in the log is never edited: when a class
in `domain.events` changes, its `schema` goes up by one and an upcaster is added here."""

CLASSES: Final[Mapping[str, type[AnyEvent]]] = {
    str(cls.__struct_config__.tag): cls for cls in get_args(AnyEvent)
}

SCHEMAS: Final[Mapping[str, int]] = {
    name: next(field.default for field in fields(cls) if field.name == "schema")
    for name, cls in CLASSES.items()
}

_encoder = Encoder(decimal_format="string")
_decoder: Decoder[AnyEvent] = Decoder(AnyEvent)


_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class _Head(Struct):
    type: str
    schema: int = 1


_head = Decoder(_Head)


def type_of(event: AnyEvent) -> str:
    """The event's name in the log, such as `claim.reported`."""
    return str(event.__struct_config__.tag)


def encode(event: AnyEvent) -> str:
    """The event as JSON text. Raises InvalidInput if it holds text that no database takes."""
    try:
        text = _encoder.encode(event).decode()
    except UnicodeEncodeError:
        raise InvalidInput("a text holds half of a surrogate pair") from None
    if _NUL.search(text):
        raise InvalidInput("a text holds the character NUL")
    return text


def load(
    content: str | bytes, upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS
) -> AnyEvent:
    """The event that the log's content holds, brought up to today's shape if it is older.

    Raises ValueError if the content is no event of this record, or of a later version than this
    program knows.
    """
    try:
        head = _head.decode(content)
        current = SCHEMAS[head.type]
        if head.schema == current:
            return _decoder.decode(content)
        if head.schema > current:
            raise ValueError(
                f"{head.type} has schema {head.schema}; this program knows {current}: upgrade it"
            )
        old: dict[str, Any] = decode(content)
        for version in range(head.schema, current):
            old = upcasters[head.type, version](old) | {"schema": version + 1}
        event: AnyEvent = convert(old, AnyEvent, strict=False)
        return event
    except (DecodeError, ValidationError, KeyError) as error:
        raise ValueError(f"this is no event of the record: {error}") from None
