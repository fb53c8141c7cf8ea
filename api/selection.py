"""What a query selects of a type, fragments and conditions resolved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    SelectionSetNode,
)

from api.parameters import Variables


@dataclass(slots=True)
class Selecting:
    """What a selection is read by."""

    schema: GraphQLSchema
    fragments: dict[str, FragmentDefinitionNode]
    variables: Variables


def collect(
    selecting: Selecting, type_: GraphQLObjectType, selections: Iterable[SelectionSetNode]
) -> dict[str, list[FieldNode]]:
    """The fields that are selected of a type, by response key, in the order of the document
    (GraphQL, section 6.3.2)."""
    found: dict[str, list[FieldNode]] = {}
    seen: set[str] = set()
    for selection_set in selections:
        for node in _fields(selecting, type_, selection_set, seen):
            found.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
    return found


def _fields(
    selecting: Selecting, type_: GraphQLObjectType, selections: SelectionSetNode, seen: set[str]
) -> Iterator[FieldNode]:
    for selection in selections.selections:
        if not included(selection, selecting.variables):
            continue
        match selection:
            case FieldNode():
                yield selection
            case InlineFragmentNode():
                condition = selection.type_condition
                if condition is None or _applies(selecting, condition.name.value, type_):
                    yield from _fields(selecting, type_, selection.selection_set, seen)
            case FragmentSpreadNode():
                name = selection.name.value
                fragment = selecting.fragments[name]
                if name not in seen and _applies(
                    selecting, fragment.type_condition.name.value, type_
                ):
                    seen.add(name)
                    yield from _fields(selecting, type_, fragment.selection_set, seen)


def _applies(selecting: Selecting, condition: str, type_: GraphQLObjectType) -> bool:
    named = selecting.schema.type_map[condition]
    if named is type_:
        return True
    return isinstance(named, GraphQLInterfaceType | GraphQLUnionType) and (
        selecting.schema.is_sub_type(named, type_)
    )


def included(node: Any, variables: Variables) -> bool:
    """Whether `@skip` and `@include` let a selection stand."""
    for directive in node.directives or ():
        name = directive.name.value
        if name in ("skip", "include"):
            value = directive.arguments[0].value
            holds = variables.get(value.name.value) if hasattr(value, "name") else value.value
            if holds is (name == "skip"):
                return False
    return True


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """The fragments of a document, by name."""
    return {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }
