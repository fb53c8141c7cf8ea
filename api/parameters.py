"""What a request gives: the values of arguments, as parameters of the statement.

A statement is compiled once for every *shape* of a document's variables: which are there, and the
values of enums, booleans and integers among them. All else (ids, texts, times, cursors) reaches
the statement as a parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    value_from_ast,
)

from domain.refusals import InvalidInput, Refusal

Variables = Mapping[str, Any]
"""The variables of a request, coerced to their types."""

Take = Callable[[Variables], Any]
"""Takes a value out of the variables; None where there is none."""

Encode = Callable[[Any], Any]
"""A value as the text that PostgreSQL reads, or something that stands for it until it is known.
Raises a Refusal where it cannot be meant."""

ANY: Final = "*"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a statement."""

    take: Take
    encode: Encode
    name: str
    """The argument at fault where it cannot be encoded: `filter.story`."""
    path: tuple[str, ...]
    """The response keys that lead to the field."""

    def bind(self, variables: Variables) -> Any:
        """The value, for one request. Raises Refused, naming path and argument."""
        return refusing(self.path, self.name, lambda: sound(self.encode(self.take(variables))))


def sound(value: Any) -> Any:
    """A value that PostgreSQL can take. Raises InvalidInput."""
    if isinstance(value, str):
        if "\0" in value:
            raise InvalidInput("a text holds no NUL character")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InvalidInput("a text holds no halves of surrogate pairs") from None
    return value


class Refused(Exception):
    """A value of a request is refused: the reason, and the path of the field that was given it."""

    def __init__(self, refusal: Refusal, path: Sequence[str]) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal
        self.path = tuple(path)


def refusing(path: Sequence[str], name: str, work: Callable[[], Any]) -> Any:
    """Do something that a Refusal may come from. Raises Refused, naming path and argument."""
    try:
        return work()
    except Refusal as refusal:
        refusal.field = refusal.field or name
        raise Refused(refusal, path) from None


@dataclass(slots=True)
class Parameters:
    """The parameters of a statement, numbered as they come; the same one is not sent twice."""

    found: list[Parameter] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    """As they are written in the statement."""
    _numbers: dict[object, int] = field(default_factory=dict)

    def add(self, parameter: Parameter, key: object, cast: str) -> str:
        """The parameter as it is written in the statement."""
        number = self._numbers.get(key)
        if number is None:
            self.found.append(parameter)
            number = self._numbers[key] = len(self.found)
            self.written.append(f"${number}::{cast}")
        return self.written[number - 1]


@dataclass(frozen=True, slots=True)
class Given:
    """A value that a request gives for an argument, or for a field of one."""

    name: str
    """As in `filter.story`."""
    type: GraphQLInputType
    take: Take
    key: object
    """What tells it from other values: the variable and the way into it, or the literal."""
    variables: Variables
    parameters: Parameters
    path: tuple[str, ...]
    node: ValueNode | None = None
    """The literal, if it is one."""

    @property
    def value(self) -> Any:
        """The value itself. Only for what belongs to the shape: see the module."""
        return self.take(self.variables)

    @property
    def there(self) -> bool:
        """Whether there is a value, other than null."""
        return self.value is not None

    def __getitem__(self, name: str) -> Given:
        """A field of an input object."""
        named = _bare(self.type)
        if not isinstance(named, GraphQLInputObjectType):
            raise TypeError(f"{self.name} is no input object")
        inner, full = named.fields[name].type, f"{self.name}.{name}"
        if isinstance(self.node, ObjectValueNode):
            for one in self.node.fields:
                if one.name.value == name:
                    return given(self, full, inner, one.value)
            return given(self, full, inner, None)
        take = self.take

        def inside(variables: Variables) -> Any:
            outer = take(variables)
            return None if outer is None else outer.get(name)

        return Given(
            full, inner, inside, (self.key, name), self.variables, self.parameters, self.path
        )

    def parameter(self, encode: Encode, cast: str) -> str:
        """The value as a parameter of the statement."""
        made = Parameter(self.take, encode, self.name, self.path)
        return self.parameters.add(made, (self.key, encode, cast), cast)

    def refuse(self, refusal: Refusal) -> Refused:
        """The refusal of what was given."""
        refusal.field = refusal.field or self.name
        return Refused(refusal, self.path)


def given(near: Given, name: str, type_: GraphQLInputType, node: ValueNode | None) -> Given:
    """What a node of the document gives, beside another that is known."""
    return Given(
        name,
        type_,
        *taking(type_, node),
        near.variables,
        near.parameters,
        near.path,
        node,
    )


def taking(type_: GraphQLInputType, node: ValueNode | None) -> tuple[Take, object]:
    """How to take the value of a node out of the variables, and what tells it from others."""
    if node is None:
        return (lambda _: None), None
    if isinstance(node, VariableNode):
        name = node.name.value
        return (lambda variables: variables.get(name)), ("$", name)

    def literal(variables: Variables) -> Any:
        value = value_from_ast(node, type_, dict(variables))
        return None if value is Undefined else value

    if any(True for _ in _variables_in(node)):
        return literal, id(node)
    constant = literal({})
    return (lambda _: constant), ("=", repr(constant))


def _variables_in(node: Any) -> Iterator[VariableNode]:
    if isinstance(node, VariableNode):
        yield node
    for inner in (*getattr(node, "values", ()), *getattr(node, "fields", ())):
        yield from _variables_in(getattr(inner, "value", inner))


def _bare(type_: Any) -> Any:
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


Shaping = Callable[[Any], object]


def shaping(type_: GraphQLInputType) -> Shaping:
    """What of a variable's value the statement depends on, as something that can be a key."""
    bare = _bare(type_)
    if isinstance(bare, GraphQLEnumType) or bare in (GraphQLBoolean, GraphQLInt):
        return lambda value: value
    if isinstance(bare, GraphQLList):
        inner = shaping(bare.of_type)
        if isinstance(_bare(bare.of_type), GraphQLEnumType | GraphQLInputObjectType):
            return lambda value: None if value is None else tuple(map(inner, value))
        return lambda value: None if value is None else ANY
    if isinstance(bare, GraphQLInputObjectType):
        return _object_shaping(bare)
    return lambda value: None if value is None else ANY


def _object_shaping(type_: GraphQLInputObjectType) -> Shaping:
    made: dict[str, Shaping] = {}

    def shape(value: Any) -> object:
        if value is None:
            return None
        if not made:  # an input type may hold itself, so this is not done ahead
            made.update((name, shaping(one.type)) for name, one in type_.fields.items())
        return tuple((name, made[name](inner)) for name, inner in value.items())

    return shape
