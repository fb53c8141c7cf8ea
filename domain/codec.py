"""Events to and from the JSON text that the log keeps and that a person can read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, Generic, TypeVar, cast, get_args

from msgspec import DecodeError, Struct, ValidationError, convert
from msgspec.json import Decoder, Encoder, decode
from msgspec.structs import fields

from domain.events import AnyEvent, Event
from domain.refusals import InvalidInput

E = TypeVar("E", bound=Event)

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
"""Turns the content of one schema version into that of the next."""

Upcasters = Mapping[tuple[str, int], Upcaster]
"""By event type and the version to start from."""

_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class _Head(Struct):
    type: str
    schema: int = 1


_head = Decoder(_Head)
_encoder = Encoder(decimal_format="string")


class Codec(Generic[E]):
    """The text of some classes of events, with what leads up from their older shapes.

    The log has one, `CODEC`. A text without a `schema` is of the first one.
    """

    def __init__(self, events: Any, upcasters: Upcasters) -> None:
        self._decoder: Decoder[E] = Decoder(events)
        self._events = events
        self._upcasters = upcasters
        self.schemas: Mapping[str, int] = {_tag_of(cls): _schema(cls) for cls in get_args(events)}
        """Today's schema of each type of event."""

    def encode(self, event: E) -> str:
        """The event as JSON text. Raises InvalidInput if it holds text that no database takes."""
        try:
            text = _encoder.encode(event).decode()
        except UnicodeEncodeError:
            raise InvalidInput("a text holds half of a surrogate pair") from None
        if "\\u0000" in text and _NUL.search(text):  # the pattern alone would take most of the time
            raise InvalidInput("a text holds the character NUL")
        name = type_of(event)
        schema = self.schemas[name]
        if schema > 1:
            # It is a default, and so left out; but what is left out in the log means 1 for ever.
            head = f'{{"type":"{name}"'
            return f'{head},"schema":{schema}{text[len(head) :]}'
        return text

    def load(self, content: str | bytes) -> E:
        """The event that a text holds, brought up to today's shape if it is older.

        Raises ValueError if it is no event of this record, or of a later version than this
        program knows.
        """
        try:
            head = _head.decode(content)
            current = self.schemas.get(head.type)
            if current is None:
                raise ValueError(f"this is no event of the record: {head.type!r} is not known")
            if head.schema == current:
                return self._decoder.decode(content)
            if head.schema > current:
                raise ValueError(
                    f"{head.type} has schema {head.schema};"
                    f" this program knows {current}: upgrade it"
                )
            old: dict[str, Any] = decode(content)
            for version in range(head.schema, current):
                step = self._upcasters.get((head.type, version))
                if step is None:
                    raise ValueError(f"nothing leads up from schema {version} of {head.type}")
                old = step(old) | {"schema": version + 1}
            return cast(E, convert(old, self._events))
        except (DecodeError, ValidationError) as error:
            raise ValueError(f"this is no event of the record: {error}") from None


def _schema(cls: type[Event]) -> int:
    return next(int(field.default) for field in fields(cls) if field.name == "schema")


def type_of(event: Event) -> str:
    """The event's name in the log, such as `claim.reported`."""
    return _tag_of(type(event))


@cache
def _tag_of(cls: type[Event]) -> str:
    return str(cls.__struct_config__.tag)


UPCASTERS: Final[Upcasters] = {}
"""A shape in the log is never edited: when a class in `domain.events` changes, its `schema` goes
up by one and an upcaster is added here."""

CODEC: Final[Codec[AnyEvent]] = Codec(AnyEvent, UPCASTERS)

encode = CODEC.encode
load = CODEC.load
