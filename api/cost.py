"""What an answer may come to, estimated from its question alone.

The estimate is the number of objects that the answer may hold. What is inside a page counts as
often as the page has entries; what is inside any other list of objects counts `list_entries`
times. Of the types that an object may turn out to be, the dearest one counts. Values that are no
objects cost nothing, and neither does what is asked about the schema and the server: neither is
read from the record.

Each fragment is estimated once, however often it is spread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_leaf_type,
)

from api.compiler import definition_of
from api.errors import TOO_EXPENSIVE, RequestRefused
from api.fields import Changed, Does, Paged, Told
from api.json_sql import bare
from api.limits import FOUND, Limits
from api.paging import DEFAULT_PAGE
from api.parameters import Variables, taking
from api.selection import included

SIZES: Final = ("first", "last", "limit")
"""The arguments that say how many entries a list has."""

MOST: Final = 1_000
"""Entries of the largest page that there is. A larger size is refused by its name, not as dear."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one object costs whose fields are selected, itself not counted."""

    always: int = 0
    for_each: int = 0
    """The same for each entry of the page that it is."""

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.always + other.always, self.for_each + other.for_each)


def check_cost(
    schema: GraphQLSchema,
    fragments: dict[str, FragmentDefinitionNode],
    operation: OperationDefinitionNode,
    variables: Variables,
    limits: Limits,
) -> None:
    """Raises RequestRefused, with the estimate and the limit, where an answer may hold too much."""
    root: Any = schema.get_root_type(operation.operation)
    estimating = _Estimating(schema, fragments, variables, limits.list_entries)
    estimate = estimating.selected(root, operation.selection_set).always
    if estimate > limits.cost:
        raise RequestRefused(
            f"the answer may hold {estimate} objects, at most {limits.cost} are allowed: ask for"
            " smaller pages, or for fewer lists within lists",
            code=TOO_EXPENSIVE,
            limit="cost",
            found=min(estimate, FOUND),
            allowed=limits.cost,
        )


def sizes(variables: Variables) -> tuple[int, ...]:
    """What an estimate for a mutation depends on beside the shape: how many commands are given."""
    return tuple(len(commands) for commands in map(_commands_in, variables.values()))


def _commands_in(value: Any) -> Sequence[Any]:
    if isinstance(value, Mapping):
        value = value.get("commands")
    return value if isinstance(value, list) else ()


class _Estimating:
    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: dict[str, FragmentDefinitionNode],
        variables: Variables,
        list_entries: int,
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self._list_entries = list_entries
        self._estimated: dict[str, Cost] = {}

    def selected(self, parent: Any, selections: SelectionSetNode) -> Cost:
        """What the fields that are selected of an object cost."""
        common = Cost()
        by_type: dict[str, Cost] = {}
        for selection in selections.selections:
            if not included(selection, self._variables):
                continue
            match selection:
                case FieldNode():
                    common += self._field(parent, selection)
                    continue
                case InlineFragmentNode():
                    condition = selection.type_condition
                    within = self._schema.type_map[condition.name.value] if condition else parent
                    cost = self.selected(within, selection.selection_set)
                case FragmentSpreadNode():
                    within, cost = self._fragment(selection.name.value)
            if within is not parent and isinstance(within, GraphQLObjectType):
                by_type[within.name] = by_type.get(within.name, Cost()) + cost
            else:
                common += cost
        dearest = max(by_type.values(), key=lambda cost: cost.always, default=Cost())
        return common + dearest

    def _fragment(self, name: str) -> tuple[Any, Cost]:
        fragment = self._fragments[name]
        within = self._schema.type_map[fragment.type_condition.name.value]
        if name not in self._estimated:
            self._estimated[name] = self.selected(within, fragment.selection_set)
        return within, self._estimated[name]

    def _field(self, parent: Any, node: FieldNode) -> Cost:
        if node.name.value.startswith("__"):
            return Cost()
        field: GraphQLField = parent.fields[node.name.value]
        named: Any = get_named_type(field.type)
        if is_leaf_type(named) or node.selection_set is None:
            return Cost()
        definition = definition_of(field)
        if isinstance(definition, Told):
            return Cost()
        inside = self.selected(named, node.selection_set)
        cost = 1 + inside.always + inside.for_each * self._size(field, node, DEFAULT_PAGE)
        if isinstance(definition, Does):
            return Cost(cost * self._commands(field, node))
        if isinstance(definition, Changed):
            return Cost(cost)  # one for each command
        if not isinstance(bare(field.type), GraphQLList):
            return Cost(cost)
        if isinstance(definition, Paged):
            return Cost(for_each=cost)
        return Cost(cost * self._size(field, node, self._list_entries))

    def _commands(self, field: GraphQLField, node: FieldNode) -> int:
        """How many commands a mutation holds."""
        given = next(one.value for one in node.arguments or () if one.name.value == "input")
        take, _ = taking(field.args["input"].type, given)
        return max(len(take(self._variables).get("commands", ())), 1)

    def _size(self, field: GraphQLField, node: FieldNode, otherwise: int) -> int:
        """How many entries are asked for. What cannot be is refused later, by its name."""
        given = {one.name.value: one.value for one in node.arguments or ()}
        for name in SIZES:
            argument = field.args.get(name)
            if argument is not None:
                take, _ = taking(argument.type, given.get(name))
                size = take(self._variables) if name in given else argument.default_value
                if isinstance(size, int):
                    return min(max(size, 0), MOST)
        return otherwise
