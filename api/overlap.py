"""Whether fields that are selected under one key can be merged, found in time that is linear in
the fields selected (GraphQL, section 5.3.2).

The rule that comes with graphql-core compares the fields two by two: 2,000 tokens keep it busy for
seconds. Here the fields of one key are gathered, looked through once, and whatever is selected of
all of them is gathered in turn. It is called on documents that are valid otherwise, and whose size
is limited with every fragment counted wherever it is spread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SchemaMetaFieldDef,
    SelectionSetNode,
    TypeMetaFieldDef,
    TypeNameMetaFieldDef,
    get_named_type,
    is_leaf_type,
    print_ast,
)
from graphql.utilities.sort_value_node import sort_value_node

Parent = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType

META = {
    "__schema": SchemaMetaFieldDef,
    "__type": TypeMetaFieldDef,
    "__typename": TypeNameMetaFieldDef,
}


@dataclass(frozen=True, slots=True)
class Selected:
    """A field where it is selected."""

    node: FieldNode
    parent: Parent
    type: GraphQLOutputType

    @property
    def inside(self) -> tuple[Parent, SelectionSetNode] | None:
        """What is selected of it."""
        if self.node.selection_set is None:
            return None
        named: Any = get_named_type(self.type)
        return named, self.node.selection_set


Sets = Iterable[tuple[Parent, SelectionSetNode]]


def conflict(schema: GraphQLSchema, document: DocumentNode) -> GraphQLError | None:
    """The first pair of fields that cannot be merged, if there is one."""
    looking = _Looking(schema, document)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            root: Any = schema.get_root_type(definition.operation)
            sets = [(root, definition.selection_set)]
            found = looking.same_shape(sets) or looking.same_field(sets)
            if found is not None:
                return found
    return None


class _Looking:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments = {
            one.name.value: one
            for one in document.definitions
            if isinstance(one, FragmentDefinitionNode)
        }

    def same_shape(self, sets: Sets) -> GraphQLError | None:
        """Fields of one key give values of one shape, whatever the object turns out to be."""
        for key, fields in self._gathered(sets).items():
            # What every type has, such as `__typename`, is let pass, as in other implementations.
            first, *others = [one for one in fields if one.node.name.value not in META] or fields
            shape = _shape(first.type)
            for other in others:
                if other.node.name.value not in META and _shape(other.type) != shape:
                    return _told(key, "they return conflicting types", first, other)
            found = self.same_shape(_inside(fields))
            if found is not None:
                return found
        return None

    def same_field(self, sets: Sets) -> GraphQLError | None:
        """Fields of one key that one object may have are the same field, asked alike."""
        for key, fields in self._gathered(sets).items():
            for together in _of_one_object(fields):
                first, *others = together
                for other in others:
                    difference = _difference(first.node, other.node)
                    if difference is not None:
                        return _told(key, difference, first, other)
                found = self.same_field(_inside(together))
                if found is not None:
                    return found
        return None

    def _gathered(self, sets: Sets) -> dict[str, list[Selected]]:
        found: dict[str, list[Selected]] = {}
        spread: set[str] = set()
        for parent, selections in sets:
            for one in self._fields(parent, selections, spread):
                alias = one.node.alias
                found.setdefault((alias or one.node.name).value, []).append(one)
        return found

    def _fields(
        self, parent: Parent, selections: SelectionSetNode, spread: set[str]
    ) -> Iterator[Selected]:
        for selection in selections.selections:
            match selection:
                case FieldNode():
                    yield Selected(selection, parent, self._type(parent, selection))
                case InlineFragmentNode():
                    condition = selection.type_condition
                    within = self._named(condition.name.value) if condition else parent
                    yield from self._fields(within, selection.selection_set, spread)
                case FragmentSpreadNode():
                    name = selection.name.value
                    if name not in spread:
                        spread.add(name)
                        fragment = self._fragments[name]
                        within = self._named(fragment.type_condition.name.value)
                        yield from self._fields(within, fragment.selection_set, spread)

    def _named(self, name: str) -> Any:
        return self._schema.type_map[name]

    def _type(self, parent: Parent, node: FieldNode) -> GraphQLOutputType:
        name = node.name.value
        field = META.get(name)
        if field is None:
            field = parent.fields[name]  # type: ignore[union-attr]
        return field.type


def _inside(fields: Iterable[Selected]) -> list[tuple[Parent, SelectionSetNode]]:
    return [inside for one in fields if (inside := one.inside) is not None]


def _of_one_object(fields: list[Selected]) -> Iterator[list[Selected]]:
    """The fields that meet in an object of each type that is named among their parents."""
    by_type: dict[str, list[Selected]] = {}
    anywhere: list[Selected] = []
    for one in fields:
        if isinstance(one.parent, GraphQLObjectType):
            by_type.setdefault(one.parent.name, []).append(one)
        else:
            anywhere.append(one)
    if not by_type:
        yield anywhere
    for some in by_type.values():
        yield [*anywhere, *some]


def _shape(type_: GraphQLOutputType) -> str:
    """A type, where all objects count as alike."""
    match type_:
        case GraphQLNonNull():
            return f"{_shape(type_.of_type)}!"
        case GraphQLList():
            return f"[{_shape(type_.of_type)}]"
    return type_.name if is_leaf_type(type_) else "{}"


def _difference(first: FieldNode, other: FieldNode) -> str | None:
    if first.name.value != other.name.value:
        return f"'{first.name.value}' and '{other.name.value}' are different fields"
    if (first.arguments or other.arguments) and _asked(first) != _asked(other):
        return "they have differing arguments"
    return None


def _asked(node: FieldNode) -> dict[str, str]:
    return {one.name.value: print_ast(sort_value_node(one.value)) for one in node.arguments or ()}


def _told(key: str, reason: str, first: Selected, other: Selected) -> GraphQLError:
    return GraphQLError(
        f"Fields '{key}' conflict because {reason}."
        " Use different aliases on the fields to fetch both if this was intentional.",
        [first.node, other.node],
    )
