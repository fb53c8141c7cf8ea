"""Random valid queries over the whole schema, with what a test lets them be given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
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

DEPTH = 5
"""Fields within fields; below it only leaves are selected."""

Values = Mapping[str, Callable[[Random], Any]]
"""What arguments are given: by `Type.field(argument)`, or by the argument alone."""


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
    left_out: frozenset[str]
    """Fields that are not asked for, as `Type.field`."""
    declared: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)
    aliases: int = 0

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

    def selection(self, type_: Any, depth: int) -> str:
        """What is selected of a type."""
        if isinstance(type_, GraphQLUnionType | GraphQLInterfaceType):
            return self.abstract(type_, depth)
        names = [
            name
            for name, one in type_.fields.items()
            if f"{type_.name}.{name}" not in self.left_out
            and (depth < DEPTH or is_leaf_type(get_named_type(one.type)))
        ]
        wanted = self.random.choices(names, k=self.random.randint(0, 5)) if names else []
        parts = [self.field(type_, name, depth) for name in wanted]
        if not parts or self.chance(2):
            parts.append("__typename")
        return self.dressed(type_, parts)

    def abstract(self, type_: Any, depth: int) -> str:
        """What is selected of a union or an interface."""
        possible = list(self.schema.get_possible_types(type_))
        chosen = self.random.sample(possible, self.random.randint(0, min(3, len(possible))))
        parts = ["__typename"]
        if isinstance(type_, GraphQLInterfaceType):
            names = [n for n, f in type_.fields.items() if is_leaf_type(get_named_type(f.type))]
            parts += self.random.choices(names, k=self.random.randint(0, 3))
        parts += [f"... on {one.name} {self.selection(one, depth)}" for one in chosen]
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

    def field(self, type_: GraphQLObjectType, name: str, depth: int) -> str:
        """One field, with arguments where it takes them."""
        definition = type_.fields[name]
        arguments = self.arguments(type_, name, definition)
        named = get_named_type(definition.type)
        prefix = f"{self.alias()}: " if definition.args or self.chance(2) else ""
        inner = "" if is_leaf_type(named) else " " + self.selection(named, depth + 1)
        return f"{prefix}{name}{arguments}{inner}"

    def arguments(self, type_: GraphQLObjectType, name: str, definition: GraphQLField) -> str:
        """The arguments of a field."""
        given = {}
        for argument, described in definition.args.items():
            key = f"{type_.name}.{name}({argument})"
            values = self.values.get(key, self.values.get(argument))
            required = isinstance(described.type, GraphQLNonNull)
            if values is not None and (required or self.chance(3)):
                given[argument] = (described.type, values(self.random))
        if "first" in given and "last" in given:
            del given["last"]
        written = [
            f"{argument}: {self.value(kind, value)}" for argument, (kind, value) in given.items()
        ]
        return f"({', '.join(written)})" if written else ""

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


def document(
    schema: GraphQLSchema, values: Values, left_out: frozenset[str], seed: int
) -> Document:
    """A valid query with one to three root fields."""
    writing = Writing(schema, values, Random(seed), left_out)
    root = schema.query_type
    assert root is not None
    names = [name for name in sorted(root.fields) if f"{root.name}.{name}" not in left_out]
    names = writing.random.choices(names, k=writing.random.randint(1, 3))
    body = " ".join(writing.field(root, name, 0) for name in names)
    declared = f"({', '.join(writing.declared)})" if writing.declared else ""
    text = f"query Q{declared} {{ {body} }} " + " ".join(writing.fragments)
    return Document(text, writing.variables)
