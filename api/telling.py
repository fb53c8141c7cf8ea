"""What graphql-core answers: questions about the schema and the server, of which nothing is in the
record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    execute_sync,
)

from api.documents import Operation
from api.limits import Limits
from api.parameters import Variables
from api.selection import Selecting, collect
from api.server import root


def roots_of(
    schema: GraphQLSchema, operation: Operation, variables: Variables
) -> dict[str, list[FieldNode]]:
    """The root fields of a query, by response key."""
    if schema.query_type is None:
        raise TypeError("the schema has no queries")
    selecting = Selecting(schema, operation.fragments, variables)
    return collect(selecting, schema.query_type, [operation.node.selection_set])


def told_of(
    schema: GraphQLSchema,
    limits: Limits,
    operation: Operation,
    variables: Variables,
    keys: Sequence[str] | None,
) -> dict[str, Any]:
    """What is answered to all of a query, or to some fields of its root."""
    node = operation.node
    if keys is not None:
        roots = roots_of(schema, operation, variables)
        node = OperationDefinitionNode(
            operation=node.operation,
            name=node.name,
            variable_definitions=node.variable_definitions,
            directives=node.directives,
            selection_set=SelectionSetNode(
                selections=tuple(one for key in keys for one in roots[key])
            ),
        )
    done = execute_sync(
        schema,
        DocumentNode(definitions=(node, *operation.fragments.values())),
        root_value=root(limits),
        variable_values=dict(variables),
    )
    if done.data is None:
        raise RuntimeError(f"the schema could not be told: {done.errors}")
    return done.data
