"""What msgspec finds wrong with a value, in words for whoever gave it."""

from __future__ import annotations

import re

from domain.refusals import InvalidInput

_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.DOTALL)
_NAMED = re.compile(r"^Object (?P<how>missing required|contains unknown) field `(?P<name>.*)`$")
_EXPECTED = re.compile(r"^Expected `(?P<due>.*?)`(?:, got `(?P<got>.*)`)?$")
_LENGTH = re.compile(r"^Expected `(?:str|array)` of length (?P<sign><=|>=) (?P<limit>\d+)$")
_VALUE = re.compile(r"^Invalid (?:enum )?value (?P<value>.*)$", re.DOTALL)

_KINDS = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number with a fraction",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
    "decimal": "a number",
}


def invalid(message: str) -> InvalidInput:
    """A refusal in words for what msgspec found wrong with a value."""
    at = _AT.match(message)
    what, path = (at["what"], at["path"] or "") if at else (message, "")
    if named := _NAMED.match(what):
        field = f"{path}.{named['name']}" if path else named["name"]
        missing = named["how"].startswith("missing")
        return InvalidInput("it is missing" if missing else "there is no such field", field=field)
    if length := _LENGTH.match(what):
        if length["sign"] == ">=":
            return InvalidInput("it is empty", field=path)
        return InvalidInput(f"it is longer than {int(length['limit']):,} characters", field=path)
    if expected := _EXPECTED.match(what):
        due = " or ".join(_KINDS.get(kind, kind) for kind in expected["due"].split(" | "))
        got = expected["got"]
        reason = f"{due} is due here" + (f", not {_KINDS.get(got, got)}" if got else "")
        return InvalidInput(reason, field=path or None)
    if value := _VALUE.match(what):
        return InvalidInput(f"{value['value']} is not one of its values", field=path or None)
    return InvalidInput(what[:1].lower() + what[1:], field=path or None)
