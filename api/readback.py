"""Reading back what mutations were about: one statement for all of a request.

It depends on the document alone, not on what becomes of the mutations, so that it is compiled, and
what it is given checked, before anything is recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
)

from api.compiler import Compiling, Field, definition_of
from api.fields import Changed
from api.json_sql import concat, list_sql, text_sql
from api.moments import Moment
from api.mutation import Done
from api.node import ROWS, object_of
from api.parameters import Encode, Parameter, Variables
from api.plan import Plan, statement_of
from api.selection import collect

DONE: Final = " done"
"""The variable that holds what came of each mutation, by its response key: no client's name."""


def given(variables: Variables, done: Mapping[str, Done]) -> Variables:
    """The variables of a request, with what came of its mutations."""
    return {**variables, DONE: done}


def compile_readback(
    schema: GraphQLSchema,
    fragments: dict[str, FragmentDefinitionNode],
    operation: OperationDefinitionNode,
    variables: Variables,
) -> Plan | None:
    """The statement that reads what the mutations of an operation were about, each as of the
    position that it led to: by response key of the mutation and of the field. None where nothing
    of it is asked for. Raises Refused."""
    compiling = Compiling(schema, fragments, variables, False)
    if schema.mutation_type is None:
        raise TypeError("the schema has no mutations")
    roots = collect(compiling, schema.mutation_type, [operation.selection_set])
    objects = []
    for key, nodes in roots.items():
        fields = list(_changed(compiling, schema.mutation_type, key, nodes))
        if fields:
            objects.append((key, _object((one.path[-1], _found(one)) for one in fields)))
    if not objects:
        return None
    data = concat([text_sql('{"data":'), _object(objects), text_sql("}")])
    return Plan(
        statement_of(compiling, data).encode(),
        tuple(compiling.parameters.found),
        fixed=True,
        live=False,
        positions=(),
        cursors=(),
    )


def _changed(
    compiling: Compiling, root: GraphQLObjectType, key: str, nodes: list[FieldNode]
) -> Iterator[Field]:
    """The fields of a mutation's payload that are what it was about."""
    name = nodes[0].name.value
    payload = None if name.startswith("__") else get_named_type(root.fields[name].type)
    if not isinstance(payload, GraphQLObjectType):
        return
    selections = [node.selection_set for node in nodes if node.selection_set]
    for inner, chosen in collect(compiling, payload, selections).items():
        definition = payload.fields.get(chosen[0].name.value)
        if definition is not None and isinstance(definition_of(definition), Changed):
            moment = Moment(_told(compiling, key, _position, "bigint"))
            yield Field(compiling, definition, tuple(chosen), "p", moment, (key, inner))


def _found(field: Field) -> str:
    """What a mutation was about, as JSON text."""
    definition = definition_of(field.definition)
    assert isinstance(definition, Changed)
    key = field.path[0]
    if definition.subject is not None:
        identity = _told(field.compiling, key, _first, "uuid")
        return object_of(field, {definition.subject: ROWS[definition.subject]}, None, identity)
    sorts = _told(field.compiling, key, _sorts, "text[]")
    ids = _told(field.compiling, key, _ids, "uuid[]")
    return list_sql(
        f"SELECT {object_of(field, ROWS, 'u.sort', 'u.id')} FROM unnest({sorts}, {ids})"
        " WITH ORDINALITY AS u (sort, id, place) ORDER BY u.place"
    )


def _told(compiling: Compiling, key: str, encode: Encode, cast: str) -> str:
    """A parameter that is known when the mutation of a response key has been carried out."""
    parameter = Parameter(lambda variables: variables[DONE][key], encode, "input", (key,))
    return compiling.parameters.add(parameter, (DONE, key, encode.__name__, cast), cast)


def _position(done: Done) -> str:
    return str(done.position or 0)


def _first(done: Done) -> str | None:
    return next((str(identity) for _, identity in done.seen), None)


def _sorts(done: Done) -> str:
    return "{" + ",".join(subject.value for subject, _ in done.seen) + "}"


def _ids(done: Done) -> str:
    return "{" + ",".join(str(identity) for _, identity in done.seen) + "}"


def _object(fields: Iterable[tuple[str, str]]) -> str:
    """An object as JSON text, of keys and what they hold."""
    pieces = [text_sql("{")]
    for number, (key, sql) in enumerate(fields):
        pieces += [text_sql(f'{"," if number else ""}"{key}":'), sql]
    return concat([*pieces, text_sql("}")])
