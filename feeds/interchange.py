"""Dateline's own format: JSON Lines, one command a line. `docs/interchange.md` describes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, get_args

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import asdict

from domain.commands import AnyCommand, Envelope
from domain.refusals import Refusal
from domain.values import Line, Text
from feeds.explain import explain, repeated_field
from feeds.items import Item, Refused, Tally, as_json, line_key, refuse
from feeds.lines import numbered_lines

COMMANDS: Final[dict[str, type[AnyCommand]]] = {
    str(cls.__struct_config__.tag): cls for cls in get_args(AnyCommand)
}
"""Every command by its name."""

_ABOUT_THE_LINE: Final = [
    ("actor", Line | UnsetType, UNSET),
    ("reason", Text | None, None),
    ("key", Line | None, None),
]

# A line is a command with three more fields, so that one decoder reads it in one go.
_LINES: Final = {
    name: msgspec.defstruct(
        f"{cls.__name__}Line",
        _ABOUT_THE_LINE,
        bases=(cls,),
        kw_only=True,
        frozen=True,
        tag_field="command",
        tag=name,
    )
    for name, cls in COMMANDS.items()
}


_COMMAND_OF: Final = {line: COMMANDS[name] for name, line in _LINES.items()}

_union: Any = None
for _line in _LINES.values():
    _union = _line if _union is None else _union | _line
_decoder: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder(_union)


def read(stream: BinaryIO, *, actor: str, tally: Tally | None = None) -> Iterator[Item | Refused]:
    """The commands of a file, plain or gzip, in its order; a bad line gives a refusal.

    `actor` stands for lines that name none. A line without a key gets one from its content, so
    that the same file can be imported again. Memory does not grow with the file.
    """
    counted = tally if tally is not None else Tally()
    return counted.count(_read(stream, actor, counted))


def _read(stream: BinaryIO, actor: str, tally: Tally) -> Iterator[Item | Refused]:
    for numbered in numbered_lines(stream):
        tally.lines += 1
        if isinstance(numbered, Refused):
            yield numbered
            continue
        number, line = numbered
        try:
            envelope = _envelope(line, actor)
        except Refusal as refusal:
            yield refuse(number, line, refusal)
        except (msgspec.MsgspecError, ValueError) as error:
            yield refuse(number, line, explain(line, error, COMMANDS))
        else:
            yield Item(number, envelope)


def _envelope(line: bytes, actor: str) -> Envelope:
    """Raises MsgspecError or ValueError if the line is no command, and a Refusal if it says one
    thing twice."""
    read = _decoder.decode(line)
    # With as many colons as what was understood of it, a line gives no field that was passed
    # over; what hides one behind an escape is looked at closely, as is what is written otherwise.
    if line.count(b":") != as_json(read).count(b":") or b"\\u" in line:
        repeated = repeated_field(line)
        if repeated is not None:
            raise repeated
    given = asdict(read)
    by, reason, key = given.pop("actor"), given.pop("reason"), given.pop("key")
    if by is UNSET:
        by = actor
    command = _COMMAND_OF[type(read)](**given)
    return Envelope(
        command=command, actor=by, reason=reason, key=key or line_key(command, by, reason)
    )


def command_line(envelope: Envelope) -> str:
    """The command as one line of the format, without a line end."""
    about = {"actor": envelope.actor, "reason": envelope.reason, "key": envelope.key}
    given = {name: value for name, value in about.items() if value is not None}
    tail = json.dumps(given, ensure_ascii=False, separators=(",", ":"))
    return f"{as_json(envelope.command).decode()[:-1]},{tail[1:]}"
