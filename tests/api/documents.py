"""Random valid queries over the whole schema, with what a test lets them be given."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)
from msgspec import json

DEPTH = 6
"""Fields within fields; below it only leaves are selected."""

FIELDS, ALIASES = 90, 45
"""Beyond so many within a root field nothing is selected but leaves, and beyond so many in a
document none is given another name: one that is refused as too large tells nothing."""

Path = tuple[str, ...]
"""The fields that lead somewhere, each as `Type.field`, from that of the root on."""


class Values(Protocol):
    """What a test lets a document ask."""

    def weight(self, path: Path) -> int:
        """How often a field is asked for beside the others there; 0: never."""

    def arguments(self, path: Path, random: Random) -> dict[str, Any]:
        """What a field is given. Fields are asked about in the order of the document."""


@dataclass
class Document:
    """A query, and the values of its variables."""

    text: str
    variables: dict[str, Any]


@dataclass
class Writing:
    """A document on its way."""

    schema: GraphQLSchema
    values: Values
    random: Random
    declared: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)
    aliases: int = 0
    fields: int = 0

    def chance(self, of: int) -> bool:
        """Once in so many times."""
        return self.random.randrange(of) == 0

    def variable(self, type_: str, value: Any) -> str:
        """Declare a variable."""
        name = f"v{len(self.declared)}"
        self.declared.append(f"${name}: {type_}")
        self.variables[name] = value
        return f"${name}"

    def alias(self) -> str:
        """A response key that no other field has."""
        self.aliases += 1
        return f"a{self.aliases}"

    def selection(self, type_: Any, path: Path, among: frozenset[str] = frozenset()) -> str:
        """What is selected of a type. Fields `among` those names get keys of their own."""
        if isinstance(type_, GraphQLUnionType | GraphQLInterfaceType):
            return self.abstract(type_, path)
        parts = [self.field(type_, name, path, among) for name in self.some(type_, path, 1, 5)]
        if not parts or self.chance(2):
            parts.append("__typename")
        return self.dressed(type_, parts)

    def some(self, type_: Any, path: Path, least: int, most: int) -> list[str]:
        """So many of the fields of a type, some of them twice."""
        weights = {
            name: self.values.weight((*path, f"{type_.name}.{name}"))
            for name, one in type_.fields.items()
            if is_leaf_type(get_named_type(one.type))
            or (len(path) < DEPTH and self.fields < FIELDS)
            if not one.args or self.aliases < ALIASES
        }
        if not any(weights.values()):
            return []
        many = self.random.randint(least, most)
        return self.random.choices(list(weights), list(weights.values()), k=many)

    def abstract(self, type_: Any, path: Path) -> str:
        """What is selected of a union or an interface."""
        possible: list[Any] = list(self.schema.get_possible_types(type_))
        kinds: dict[str, set[str]] = {}
        for one in possible:
            for name, definition in one.fields.items():
                kinds.setdefault(name, set()).add(str(definition.type))
        # One key cannot hold values of two types.
        clashing = frozenset(name for name, found in kinds.items() if len(found) > 1)
        parts = ["__typename"]
        if isinstance(type_, GraphQLInterfaceType):
            possible += self.schema.get_implementations(type_).interfaces
            parts += [
                self.field(type_, name, path, clashing) for name in self.some(type_, path, 0, 3)
            ]
        few, many = (len(possible) + 2) // 3, len(possible) * 3 // 4
        chosen = self.random.sample(possible, self.random.randint(few, many))
        for one in chosen:
            if isinstance(one, GraphQLInterfaceType):
                wanted = self.some(one, path, 1, 3)
                inner = " ".join(self.field(one, name, path, clashing) for name in wanted)
                parts.append(f"... on {one.name} {{ __typename {inner} }}")
            else:
                parts.append(f"... on {one.name} {self.selection(one, path, clashing)}")
        return "{ " + " ".join(parts) + " }"

    def dressed(self, type_: GraphQLObjectType, parts: list[str]) -> str:
        """Fields, some of them in fragments or under conditions."""
        style = self.random.randint(0, 9)
        inner = "{ " + " ".join(parts) + " }"
        match style:
            case 0:
                return f"{{ ... on {type_.name} {inner} }}"
            case 1:
                name = f"F{len(self.fragments)}"
                self.fragments.append(f"fragment {name} on {type_.name} {inner}")
                return f"{{ ...{name} }}"
            case 2:
                holds = self.chance(2)
                word = self.random.choice(["skip", "include"])
                condition = (
                    str(holds).lower() if self.chance(2) else self.variable("Boolean!", holds)
                )
                return f"{{ __typename ... @{word}(if: {condition}) {inner} }}"
        return inner

    def field(self, type_: Any, name: str, path: Path, among: frozenset[str] = frozenset()) -> str:
        """One field, with arguments where it takes them."""
        self.fields = self.fields + 1 if path else 0
        definition = type_.fields[name]
        path = (*path, f"{type_.name}.{name}")
        given = self.values.arguments(path, self.random) if definition.args else {}
        written = [
            f"{argument}: {self.value(definition.args[argument].type, value)}"
            for argument, value in given.items()
        ]
        arguments = f"({', '.join(written)})" if written else ""
        named = get_named_type(definition.type)
        own = definition.args or name in among or (self.chance(8) and self.aliases < ALIASES)
        prefix = f"{self.alias()}: " if own else ""
        inner = "" if is_leaf_type(named) else " " + self.selection(named, path)
        return f"{prefix}{name}{arguments}{inner}"

    def value(self, type_: Any, value: Any) -> str:
        """A value, as a variable or as a literal."""
        if self.chance(2):
            return self.variable(str(type_), value)
        return self.literal(type_, value)

    def literal(self, type_: Any, value: Any) -> str:
        """A value as it is written in a document."""
        bare = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        if value is None:
            return "null"
        if isinstance(bare, GraphQLList):
            return "[" + ", ".join(self.literal(bare.of_type, one) for one in value) + "]"
        if isinstance(bare, GraphQLEnumType):
            return str(value)
        if isinstance(bare, GraphQLInputObjectType):
            # A variable for one of several has to be there.
            strict = GraphQLNonNull if bare.is_one_of else lambda type_: type_
            inner = (
                f"{name}: {self.value(strict(bare.fields[name].type), one)}"
                for name, one in value.items()
            )
            return "{" + ", ".join(inner) + "}"
        return json.encode(value).decode()


def document(schema: GraphQLSchema, values: Values, seed: int) -> Document:
    """A valid query with one root field or two."""
    writing = Writing(schema, values, Random(seed))
    root = schema.query_type
    assert root is not None
    body = " ".join(writing.field(root, name, ()) for name in writing.some(root, (), 1, 2))
    declared = f"({', '.join(writing.declared)})" if writing.declared else ""
    text = f"query Q{declared} {{ {body} }} " + " ".join(writing.fragments)
    return Document(text, writing.variables)
