"""From the input of a mutation to the command that it asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache, lru_cache
from typing import Any, Final, get_args, get_type_hints
from uuid import UUID

import msgspec
from msgspec.structs import FieldInfo, fields

from api.batch_inputs import MOST
from api.ids import reference
from api.refusals import InvalidFields
from domain.commands import AnyCommand, Batch
from domain.ids import Subject, resolve
from domain.invalid import invalid
from domain.refusals import InvalidInput, Refusal
from domain.values import Text

NAMING: Final[Mapping[str, Subject]] = {
    "claim": Subject.CLAIM,
    "to": Subject.CLAIM,
    "report": Subject.REPORT,
    "story": Subject.STORY,
    "source": Subject.SOURCE,
    "into": Subject.SOURCE,
    "outlet": Subject.SOURCE,
    "reviewer": Subject.SOURCE,
    "issuer": Subject.SOURCE,
}
"""The fields of commands, and of their parts, that name something, and what they name."""


def mutation_of(kind: type[Any]) -> str:
    """What a command is called in the schema."""
    return kind.__name__[0].lower() + kind.__name__[1:]


KINDS: Final[Mapping[str, type[AnyCommand]]] = {
    mutation_of(kind): kind for kind in get_args(AnyCommand)
}
"""Every command by the name of its mutation."""

_UPPER: Final = re.compile(r"(?<=[a-z0-9])[A-Z]")
_UNDERSCORE: Final = re.compile(r"_([a-z])")
_MISSING: Final = object()
_encode: Final = msgspec.json.Encoder().encode


def asked_for(kind: type[Any], given: Mapping[str, Any]) -> AnyCommand | Batch:
    """What an input asks for. Raises InvalidFields, with every field at fault."""
    return batch_of(given) if kind is Batch else command_of(kind, given)


def reason_of(given: Mapping[str, Any]) -> str | None:
    """Why it is asked for, within the limits that a line of the interchange format has. Raises
    InvalidInput."""
    reason = given.get("reason")
    if reason is None:
        return None
    try:
        return msgspec.convert(reason, Text)
    except msgspec.ValidationError as error:
        refusal = invalid(str(error))
        refusal.field = "reason"
        raise refusal from None


def command_of(kind: type[AnyCommand], given: Mapping[str, Any]) -> AnyCommand:
    """The command that an input asks for. Raises InvalidFields, with every field at fault."""
    try:
        command = msgspec.convert(
            {one.name: _named(one.name, value, name) for one, name, value in _told(kind, given)},
            kind,
        )
        # What the log cannot hold is refused here, where the field is known.
        _encode(command)
    except (Refusal, msgspec.ValidationError, UnicodeEncodeError):
        return _field_by_field(kind, given)
    return command


def _told(kind: type[AnyCommand], given: Mapping[str, Any]) -> Iterator[tuple[FieldInfo, str, Any]]:
    """The fields that are given: each with its name in the schema, and the value."""
    for one, name in _fields(kind):
        value = given.get(name, _MISSING)
        # As GraphQL has it, a field with a default that is null is left out.
        if value is not _MISSING and (value is not None or _takes_null(kind, one.name)):
            yield one, name, value


def _field_by_field(kind: type[AnyCommand], given: Mapping[str, Any]) -> AnyCommand:
    """The same, at a price that only what is at fault somewhere has to pay."""
    told: dict[str, Any] = {}
    problems: list[Refusal] = []
    for one, name, value in _told(kind, given):
        try:
            told[one.name] = _converted(one, _named(one.name, value, name))
        except Refusal as refusal:
            problems.append(refusal)
    if problems:
        raise InvalidFields(problems)
    return kind(**told)


def batch_of(given: Mapping[str, Any]) -> Batch:
    """The batch that an input asks for. Raises InvalidFields, with every field at fault."""
    inputs = given["commands"]
    if not 0 < len(inputs) <= MOST:
        raise InvalidFields([InvalidInput(f"a batch has 1 to {MOST:,} commands", field="commands")])
    made: list[AnyCommand] = []
    problems: list[Refusal] = []
    for place, one in enumerate(inputs):
        ((name, inner),) = one.items()
        for taken in ("idempotencyKey", "reason"):
            if inner.get(taken) is not None:
                field = f"commands[{place}].{name}.{taken}"
                problems.append(InvalidInput("it is given for the batch as a whole", field=field))
        try:
            made.append(command_of(KINDS[name], inner))
        except InvalidFields as refusal:
            for problem in refusal.problems:
                problem.field = f"commands[{place}].{name}.{problem.field}"
                problems.append(problem)
    if problems:
        raise InvalidFields(problems)
    return Batch(tuple(made))


def subjects_of(command: AnyCommand | Batch) -> tuple[tuple[Subject, UUID], ...]:
    """What a command, or each of a batch, is about."""
    commands = command.commands if isinstance(command, Batch) else (command,)
    return tuple(subject_of(one) for one in commands)


def subject_of(command: AnyCommand) -> tuple[Subject, UUID]:
    """What a command is about: its first field names it."""
    name = type(command).__struct_fields__[0]
    subject = NAMING[name]
    return subject, resolve(subject, getattr(command, name))


def in_graphql(name: str) -> str:
    """The name that a field of a command has in the schema."""
    return _UNDERSCORE.sub(lambda found: found[1].upper(), name)


def path_in_graphql(path: str | None) -> str | None:
    """A path into a command, or into what stands around it, as the schema names its fields."""
    if path == "key":
        return "idempotencyKey"
    return None if path is None else in_graphql(path)


@lru_cache(maxsize=1_000)
def _in_python(name: str) -> str:
    return _UPPER.sub(lambda found: f"_{found[0].lower()}", name)


@cache
def _fields(kind: type[AnyCommand]) -> tuple[tuple[FieldInfo, str], ...]:
    """The fields of a command, each with its name in the schema. msgspec works them out anew
    whenever it is asked."""
    return tuple((one, in_graphql(one.name)) for one in fields(kind))


@cache
def _takes_null(kind: type[AnyCommand], name: str) -> bool:
    return type(None) in get_args(get_type_hints(kind)[name])


def _named(name: str, value: Any, path: str) -> Any:
    """A value with the names that Python has for what is in it, and with ids as the domain takes
    them. Raises InvalidId."""
    match value:
        case Enum():
            return value.value
        case list():
            return [_named(name, one, f"{path}[{place}]") for place, one in enumerate(value)]
        case dict():
            return {
                _in_python(inner): _named(_in_python(inner), one, f"{path}.{inner}")
                for inner, one in value.items()
                if one is not None
            }
        case str() if name in NAMING:
            try:
                return reference(NAMING[name], value)
            except Refusal as refusal:
                refusal.field = path
                raise
    return value


def _converted(one: FieldInfo, value: Any) -> Any:
    try:
        converted = msgspec.convert(value, one.type)
        _encode(converted)
    except msgspec.ValidationError as error:
        refusal = invalid(str(error))
    except UnicodeEncodeError:
        refusal = InvalidInput("it holds half of a surrogate pair")
    else:
        return converted
    inner = refusal.field or ""
    joined = f"{one.name}{'' if inner.startswith('[') or not inner else '.'}{inner}"
    refusal.field = path_in_graphql(joined)
    raise refusal
