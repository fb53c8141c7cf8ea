"""One statement for a whole operation, and what has to be known to send it."""

from __future__ import annotations

from dataclasses import dataclass

from graphql import FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode

from api.compiler import Compiling, Field, assemble
from api.json_sql import concat, text_sql
from api.moments import Moment, RecordedBy
from api.parameters import Parameter, Variables


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement, and what has to be known to send it."""

    sql: bytes
    parameters: tuple[Parameter, ...]
    fixed: bool
    """Every field is about a given moment, so the answer never changes."""
    live: bool
    """Something in the answer changes while the record does not: a lag, the log's own head."""
    positions: tuple[int, ...]
    """Which parameters are positions, that the log has to have reached."""
    cursors: tuple[tuple[int, int], ...]
    """Which parameters (position, limit) are the moments of cursors."""
    ordered: tuple[tuple[int, int], ...] = ()
    """Which parameters are positions, of which the second is not to be before the first."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What is known of an operation whose variables have a certain shape."""

    plan: Plan | None
    """None: nothing in it is read from the record."""
    told: bool


def compile_operation(
    schema: GraphQLSchema,
    fragments: dict[str, FragmentDefinitionNode],
    operation: OperationDefinitionNode,
    variables: Variables,
    *,
    cursors_are_now: bool = False,
    introspected: dict[str, str] | None = None,
) -> Plan:
    """The statement of a query whose variables have the shape of these.

    It returns one row: the body of the answer, and the position up to which the log is projected.
    `introspected` has the root fields that ask about the schema, answered already, as JSON text.
    Raises Refused.
    """
    compiling = Compiling(schema, fragments, variables, cursors_are_now)
    root = schema.query_type
    if root is None:
        raise TypeError("the schema has no queries")
    answered = introspected or {}

    def write(one: Field) -> str:
        known = answered.get(one.path[0])
        return one.sql() if known is None else text_sql(known)

    data = assemble(compiling, root, [operation.selection_set], "p", Moment(), (), write)
    body = [text_sql('{"data":'), data, *_extensions(compiling), text_sql("}")]
    statement = statement_of(compiling, concat(body))
    numbers = {f"${n}": n - 1 for n in range(1, len(compiling.parameters.found) + 1)}

    def number(sql: str | None) -> int:
        return numbers[str(sql).partition("::")[0]]

    return Plan(
        statement.encode(),
        tuple(compiling.parameters.found),
        bool(compiling.moments)
        and all(moment.position is not None for moment in compiling.moments.values())
        and not compiling.live,
        compiling.live,
        tuple(
            dict.fromkeys(
                number(position)
                for position in (
                    *(one.position for one in compiling.moments.values()),
                    *(one.position for one in compiling.cursors),
                    *compiling.reached,
                )
                if position is not None
            )
        ),
        tuple((number(one.position), number(one.reported_at)) for one in compiling.cursors),
        tuple(
            (number(earlier.position), number(compiling.moments[key].position))
            for key, earlier in compiling.earlier.items()
            if compiling.moments[key].position is not None
        ),
    )


def statement_of(compiling: Compiling, body: str) -> str:
    """The statement that gives a body, and the position up to which the log is projected."""
    return with_all(compiling, f"SELECT {body}, p.position FROM read.progress p")


def with_all(compiling: Compiling, statement: str) -> str:
    """A statement with all that was given in it."""
    # What was given for a list of which nothing is read still has to be of some type.
    unread = [one for one in compiling.parameters.written if one not in statement]
    if unread:
        statement = f"WITH unread AS (SELECT {', '.join(unread)}) {statement}"
    return statement


def _extensions(compiling: Compiling) -> list[str]:
    """The basis of the answer; or of each of its root fields, where they have different ones."""
    bases = {
        key: moment.basis_since(compiling.earlier[key])
        if key in compiling.earlier
        else moment.basis
        for key, moment in compiling.moments.items()
    }
    if not bases:
        return []
    first, *others = bases.values()
    if all(one == first for one in others):
        return [text_sql(',"extensions":{"basis":'), first, text_sql("}")]
    pieces = [text_sql(',"extensions":{"basisByField":{')]
    for number, (key, basis) in enumerate(bases.items()):
        pieces += [text_sql(f'{"," if number else ""}"{key}":'), basis]
    return [*pieces, text_sql("}}")]


def values_of(plan: Plan, variables: Variables) -> tuple[str | RecordedBy | None, ...]:
    """The values of a plan's parameters, for one request. Raises Refused."""
    return tuple(parameter.bind(variables) for parameter in plan.parameters)
