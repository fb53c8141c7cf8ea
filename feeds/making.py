"""Commands that a feed makes, held to the limits that a line of the interchange format has."""

from __future__ import annotations

from typing import Final

import msgspec

from domain.commands import AnyCommand, Envelope
from domain.invalid import invalid
from feeds.items import Item, Refused, as_json, line_key, refuse

_decoder: Final = msgspec.json.Decoder(AnyCommand)


def made(line_number: int, command: AnyCommand, actor: str, reason: str | None) -> Item | Refused:
    """A command under the key that its content gives it; a refusal if a field cannot hold what
    the feed put there, such as a text over its limit."""
    content = as_json(command)
    try:
        _decoder.decode(content)
    except msgspec.ValidationError as error:
        return refuse(line_number, content, invalid(str(error)))
    key = line_key(command, actor, reason)
    return Item(line_number, Envelope(command=command, actor=actor, reason=reason, key=key))
