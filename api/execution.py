"""One GraphQL request, from its text to the bytes of its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import msgspec
from cachetools import LRUCache
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    execute_sync,
    get_operation_ast,
    get_variable_values,
    parse,
    type_from_ast,
    validate,
)
from msgspec import Raw, Struct

from api.compiler import Compiling, Plan, collect, compile_operation, fragments_of
from api.errors import (
    BAD_REQUEST,
    BAD_USER_INPUT,
    NO_SUCH_OPERATION,
    RequestRefused,
    document_errors,
    refused_error,
    with_code,
)
from api.limits import Limits, check
from api.moments import BEFORE, NO_LIMIT, RecordedBy
from api.parameters import Refused, Shaping, Variables, refusing, shaping
from domain.refusals import InvalidInput, InvalidTime
from projections.refusals import InvalidCursor
from projections.statements import Head, Statements

DOCUMENTS: Final = 500
"""Documents that are kept parsed and validated."""

PLANS: Final = 1_000
"""Statements that are kept."""

REQUESTS: Final = 5_000
"""Requests whose parameters are kept."""

ANSWERS: Final = 64_000_000
"""Bytes of answers that are kept."""


class GraphQLRequest(Struct, frozen=True, rename="camel"):
    """The parameters of a request, as GraphQL over HTTP names them. The variables are kept as they
    came until somebody needs them."""

    query: str | None = None
    operation_name: str | None = None
    variables: Raw = Raw(b"{}")
    extensions: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent."""

    body: bytes
    executed: bool = True
    """False where the request was refused before execution."""
    position: int | None = None
    """The answer is about now, and stays true while the log is projected up to here. None: there is
    nothing that it depends on, or `fixed`."""
    fixed: bool = False
    """It is about given moments, or the schema, and will never be another."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of a document that may be executed."""

    node: OperationDefinitionNode
    document: DocumentNode
    shapings: tuple[tuple[str, Shaping], ...]
    introspected: bool
    """It asks about the schema alone."""

    def shape(self, variables: Variables) -> object:
        """What of the variables the statement depends on."""
        return tuple(
            (name, shape(variables[name])) for name, shape in self.shapings if name in variables
        )


@dataclass(frozen=True, slots=True)
class Bound:
    """A plan with the values of one request."""

    plan: Plan
    values: tuple[str | RecordedBy | None, ...]
    now: tuple[Plan, tuple[str | RecordedBy | None, ...]] | None = None
    """The same for the case that its cursors belong to the present."""

    @property
    def cursor_positions(self) -> set[int]:
        """The positions of its cursors, if none has a limit on the reporting time."""
        found = set()
        for position, limit in self.plan.cursors:
            at = self.values[position]
            found.add(int(at) if isinstance(at, str) and self.values[limit] == NO_LIMIT else -1)
        return found


class Engine:
    """Answers requests about one record."""

    def __init__(
        self, schema: GraphQLSchema, statements: Statements, head: Head, limits: Limits
    ) -> None:
        self._schema = schema
        self._statements = statements
        self._head = head
        self._limits = limits
        self._operation = lru_cache(maxsize=DOCUMENTS)(self._operation_of)
        self._plans: LRUCache[object, Plan] = LRUCache(PLANS)
        self._bound: LRUCache[object, Bound] = LRUCache(REQUESTS)
        self._answers: LRUCache[object, Answer] = LRUCache(
            ANSWERS, getsizeof=lambda answer: len(answer.body) + 500
        )
        self._moments: LRUCache[object, int] = LRUCache(REQUESTS)

    def forget(self) -> None:
        """Drop the answers that are kept: the read model was rebuilt."""
        self._answers.clear()

    async def answer(self, request: GraphQLRequest, *, only_queries: bool = False) -> Answer:
        """Answer a request. Raises RequestRefused where it names no operation that may be executed;
        psycopg.Error and PoolTimeout where the database cannot answer."""
        key = (request.query, request.operation_name, bytes(request.variables))
        kept = self._answers.get(key)
        if kept is not None and (kept.position is None or kept.position == self._head.position):
            return kept
        bound = self._bound.get(key)
        if bound is None:
            try:
                prepared = self._bind(request, only_queries)
            except Refused as refused:
                return refused_answer(refused)
            if isinstance(prepared, Answer):
                if prepared.fixed:
                    self._answers[key] = prepared
                return prepared
            bound = self._bound[key] = prepared
        try:
            answered = await self._fetch(bound)
        except Refused as refused:
            return refused_answer(refused)
        if answered.fixed or answered.position is not None:
            self._answers[key] = answered
        return answered

    def _operation_of(
        self, text: str, name: str | None
    ) -> Operation | tuple[dict[str, Any], ...] | None:
        """The operation that is asked for; the errors in its document; or None where the document
        holds none of that name."""
        try:
            document = parse(text, max_tokens=self._limits.tokens)
            check(document, self._limits)
        except GraphQLError as error:
            return tuple(document_errors([error]))
        except RequestRefused as refused:
            return (refused.formatted(),)
        except RecursionError:
            return (RequestRefused("the document is nested too deeply").formatted(),)
        errors = validate(self._schema, document, max_errors=self._limits.errors)
        if errors:
            return tuple(document_errors(errors[: self._limits.errors]))
        node = get_operation_ast(document, name)
        if node is None:
            return None
        shapings = []
        for definition in node.variable_definitions or ():
            type_ = type_from_ast(self._schema, definition.type)
            shapings.append((definition.variable.name.value, shaping(type_)))  # type: ignore[arg-type]
        return Operation(node, document, tuple(shapings), self._only_introspects(node, document))

    def _only_introspects(self, node: OperationDefinitionNode, document: DocumentNode) -> bool:
        return all(name.startswith("__") for name in self._roots(node, document, {}).values())

    def _roots(
        self, node: OperationDefinitionNode, document: DocumentNode, variables: Variables
    ) -> dict[str, str]:
        """The root fields by response key."""
        root = self._schema.query_type
        if root is None:
            raise TypeError("the schema has no queries")
        compiling = Compiling(self._schema, fragments_of(document), variables, False)
        found = collect(compiling, root, [node.selection_set])
        return {key: nodes[0].name.value for key, nodes in found.items()}

    def _bind(self, request: GraphQLRequest, only_queries: bool) -> Bound | Answer:
        if not request.query:
            raise RequestRefused("the request has no query", code=BAD_REQUEST)
        operation = self._operation(request.query, request.operation_name)
        if operation is None:
            raise no_operation(request.operation_name)
        if not isinstance(operation, Operation):
            return Answer(_encoded({"errors": operation}), executed=False)
        if only_queries and operation.node.operation is not OperationType.QUERY:
            raise RequestRefused("GET is for queries alone; use POST", status=405)
        variables = self._variables(operation, request.variables)
        if isinstance(variables, Answer):
            return variables
        if operation.introspected:
            return Answer(self._introspect(operation, variables), fixed=True)
        shape = (request.query, request.operation_name, operation.shape(variables))
        plan = self._planned(shape, operation, variables, cursors_are_now=False)
        now = None
        if plan.cursors:
            present = self._planned((shape, "now"), operation, variables, cursors_are_now=True)
            now = present, values_of(present, variables)
        return Bound(plan, values_of(plan, variables), now)

    def _variables(self, operation: Operation, given: Raw) -> Variables | Answer:
        inputs = decoded_variables(given)
        definitions = operation.node.variable_definitions or ()
        if not definitions:
            return {}
        coerced = get_variable_values(self._schema, definitions, inputs)
        if isinstance(coerced, list):
            told = [with_code(error, BAD_USER_INPUT) for error in coerced]
            return Answer(_encoded({"errors": told}), executed=False)
        variables: Variables = coerced.coerced
        return variables

    def _planned(
        self, key: object, operation: Operation, variables: Variables, *, cursors_are_now: bool
    ) -> Plan:
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = compile_operation(
                self._schema,
                fragments_of(operation.document),
                operation.node,
                variables,
                cursors_are_now=cursors_are_now,
                introspected=self._introspected(operation, variables),
            )
        return plan

    def _introspected(self, operation: Operation, variables: Variables) -> dict[str, str]:
        """The root fields of a query that ask about the schema, answered."""
        roots = self._roots(operation.node, operation.document, variables)
        asking = [key for key, name in roots.items() if name in ("__schema", "__type")]
        if not asking:
            return {}
        data = self._executed(operation, variables, asking)
        return {key: _encoded(data[key]).decode() for key in asking}

    def _introspect(self, operation: Operation, variables: Variables) -> bytes:
        return _encoded({"data": self._executed(operation, variables, None)})

    def _executed(
        self, operation: Operation, variables: Variables, keys: Sequence[str] | None
    ) -> Any:
        """What graphql-core answers about the schema."""
        node, fragments = operation.node, fragments_of(operation.document)
        if keys is not None:
            root = self._schema.query_type
            compiling = Compiling(self._schema, fragments, variables, False)
            found = collect(compiling, root, [node.selection_set])  # type: ignore[arg-type]
            kept = tuple(one for key in keys for one in found[key])
            node = OperationDefinitionNode(
                operation=node.operation,
                name=node.name,
                variable_definitions=node.variable_definitions,
                directives=node.directives,
                selection_set=SelectionSetNode(selections=kept),
            )
        document = DocumentNode(definitions=(node, *fragments.values()))
        return execute_sync(self._schema, document, variable_values=dict(variables)).data

    async def _fetch(self, bound: Bound) -> Answer:
        values, settled = await self._resolved(bound)
        plan, head = bound.plan, self._head.position
        if bound.now is not None and bound.cursor_positions == {head}:
            present, present_values = bound.now
            if not any(isinstance(value, RecordedBy) for value in present_values):
                found = await self._statements.fetch(present.sql, present_values)  # type: ignore[arg-type]
                self._check_positions(present, present_values, found.position)  # type: ignore[arg-type]
                if found.position == head:
                    return Answer(found.body, position=head)
        found = await self._statements.fetch(plan.sql, values)
        self._check_positions(plan, values, found.position)
        fixed = plan.fixed and settled
        return Answer(found.body, position=None if fixed else found.position, fixed=fixed)

    async def _resolved(self, bound: Bound) -> tuple[list[str | None], bool]:
        """The values, moments of recording turned into positions; and whether these are settled."""
        values: list[str | None] = []
        settled = True
        for parameter, value in zip(bound.plan.parameters, bound.values, strict=True):
            if not isinstance(value, RecordedBy):
                values.append(value)
                continue
            position = self._moments.get(value.instant)
            if position is None:
                found = await self._statements.position_at(value.instant)
                position, settled = found.position, settled and found.settled
                if found.settled:
                    self._moments[value.instant] = position
                over = found.over
            else:
                over = True

            def check_it(value: RecordedBy = value, over: bool = over, at: int = position) -> None:
                if not over:
                    raise InvalidTime(
                        f"{value.text!r} is not over yet: what is recorded until then would"
                        " change the answer",
                        field=value.field,
                    )
                if value.expected is not None and value.expected != at:
                    raise InvalidCursor(
                        "it belongs to another moment than asOf asks for", field=value.field
                    )

            refusing(parameter.path, parameter.name, check_it)
            values.append(str(position))
        return values, settled

    def _check_positions(self, plan: Plan, values: Sequence[str | None], head: int) -> None:
        for number in plan.positions:
            position = int(values[number] or 0)
            if position > head:
                parameter = plan.parameters[number]
                refusal: InvalidInput | InvalidCursor
                if number in {one for one, _ in plan.cursors}:
                    refusal = InvalidCursor("it is from another record, or a later one")
                else:
                    refusal = InvalidInput(f"there is no position {position} yet")
                refusal.field = parameter.name
                raise Refused(refusal, parameter.path)
        for earlier, later in plan.ordered:
            if int(values[earlier] or 0) > int(values[later] or 0):
                raise Refused(InvalidInput(BEFORE, field="to"), plan.parameters[earlier].path)


def values_of(plan: Plan, variables: Variables) -> tuple[str | RecordedBy | None, ...]:
    """The values of a plan's parameters, for one request. Raises Refused."""
    return tuple(parameter.bind(variables) for parameter in plan.parameters)


def no_operation(name: str | None) -> RequestRefused:
    """The document does not say which operation is meant."""
    return RequestRefused(
        "the document holds no operation of that name"
        if name
        else "the document holds several operations: say which by operationName",
        code=NO_SUCH_OPERATION,
        field="operationName",
    )


def refused_answer(refused: Refused) -> Answer:
    """What is told where a value is refused."""
    return Answer(_encoded({"errors": [refused_error(refused)], "data": None}))


_inputs = msgspec.json.Decoder(dict[str, Any] | None)


def decoded_variables(given: Raw) -> dict[str, Any]:
    """The variables as they were sent. Raises RequestRefused where they cannot be read."""
    try:
        return _inputs.decode(given) or {}
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RequestRefused(f"the variables cannot be read: {error}", field="variables") from None
    except RecursionError:
        raise RequestRefused("the variables are nested too deeply", field="variables") from None


def _encoded(value: object) -> bytes:
    return msgspec.json.encode(value)
