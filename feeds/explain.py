"""Why a line was not understood, in a sentence that names the field."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from domain.invalid import invalid
from domain.refusals import InvalidInput, Refusal
from feeds.items import InvalidEncoding, InvalidJson, UnknownCommand

_KEY = re.compile(rb'"([a-z_]+)"\s*:')


def explain(line: bytes, error: Exception, commands: Mapping[str, object]) -> Refusal:
    """The refusal for a line that could not be decoded, from what went wrong with it."""
    try:
        text = line.decode()
    except UnicodeDecodeError as broken:
        return InvalidEncoding(
            f"byte {broken.start + 1} of the line (0x{line[broken.start]:02x}) is not UTF-8"
        )
    if "\0" in text:
        return InvalidJson("the line holds the character NUL; is the file UTF-16?")
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        return InvalidJson("the line is nested too deeply")
    except json.JSONDecodeError as broken:
        return InvalidJson(f"{broken.msg} at character {broken.pos + 1}")
    except ValueError as broken:
        return InvalidJson(str(broken))
    if not isinstance(value, dict):
        return InvalidInput(f"a line holds one object, not {_kind(type(value))}")
    surrogate = _where(value, _half_pair)
    if surrogate is not None:
        return InvalidInput("it holds half of a surrogate pair", field=surrogate)
    name = value.get("command")
    if name is None:
        return InvalidInput("it is missing", field="command")
    if not isinstance(name, str) or name not in commands:
        return UnknownCommand(
            f"there is no command {str(name)[:40]!r}; there are {', '.join(commands)}",
            field="command",
        )
    return invalid(str(error))


def repeated_field(line: bytes) -> Refusal | None:
    """The refusal for a line that gives one field of an object twice, or holds a NUL.

    JSON decoders keep one of the two and say nothing, so which one was meant is lost.
    """
    names = _KEY.findall(line)
    # An escape can hide a name from the pattern; then, as for repeats, look closely.
    if len(names) == len(set(names)) and b"\\u" not in line:
        return None
    found: list[str] = []

    def pairs(given: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: set[str] = set()
        for name, _ in given:
            if name in seen:
                found.append(name)
            seen.add(name)
        return dict(given)

    value = json.loads(line, object_pairs_hook=pairs)
    if found:
        return InvalidInput("it is given twice", field=found[0])
    nul = _where(value, lambda text: "\0" in text)
    return None if nul is None else InvalidInput("it holds the character NUL", field=nul)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON; leave the field out where a number is not known")


def _kind(cls: type) -> str:
    kinds = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(cls, "a number")


def _where(value: object, holds: Callable[[str], bool], path: str = "") -> str | None:
    """The path of the first text inside a value of which something holds."""
    match value:
        case str():
            return path if holds(value) else None
        case dict():
            inner = [
                (item, f"{path}.{name}" if path else str(name)) for name, item in value.items()
            ]
        case list():
            inner = [(item, f"{path}[{index}]") for index, item in enumerate(value)]
        case _:
            return None
    return next((at for item, to in inner if (at := _where(item, holds, to)) is not None), None)


def _half_pair(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)
