"""One GraphQL request, from its text to the bytes of its answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import msgspec
from cachetools import LRUCache
from graphql import (
    GraphQLError,
    GraphQLSchema,
    OperationType,
    get_variable_values,
)
from msgspec import Raw

from api.answers import Answer, Lasting, errors
from api.bound import Bound
from api.cost import check_cost, sizes
from api.documents import Documents, Operation
from api.errors import (
    BAD_USER_INPUT,
    NOT_WRITING,
    NOT_YET_PROJECTED,
    RequestRefused,
    no_operation,
    refused_error,
    streamed,
    with_code,
)
from api.limits import Limits
from api.moments import BEFORE, RecordedBy
from api.parameters import Refused, Variables, refusing
from api.persisted import Store
from api.plan import Plan, Planned, compile_operation, values_of
from api.readback import compile_readback
from api.request import GraphQLRequest, json_object
from api.server import is_told
from api.telling import roots_of, told_of
from api.watching import watched
from api.worker import Worker
from api.writing import NOBODY, Asking, Writing
from domain.refusals import InvalidInput, InvalidTime
from projections.refusals import InvalidCursor
from projections.statements import Head, Statements

PLANS: Final = 1_000
"""Statements that are kept."""

BOUND: Final = 10_000_000
"""Characters of requests whose parameters are kept."""

MOMENTS: Final = 5_000
"""Moments of recording whose positions are kept."""

ANSWERS: Final = 64_000_000
"""Bytes of answers that are kept, unless another number is set."""

LARGE: Final = 10_000
"""Bytes of variables that are not looked through beside other requests."""


class Engine:
    """Answers requests about one record."""

    def __init__(
        self,
        schema: GraphQLSchema,
        statements: Statements,
        head: Head,
        limits: Limits,
        store: Store | None = None,
        answers: int = ANSWERS,
    ) -> None:
        self._schema = schema
        self._statements = statements
        self._head = head
        self._limits = limits
        self.store = store or Store()
        self._worker = Worker()
        self._documents = Documents(schema, limits, self._worker)
        self._plans: LRUCache[object, Planned] = LRUCache(PLANS)
        self._bound: LRUCache[object, Bound] = LRUCache(BOUND, getsizeof=lambda one: one.size)
        self._answers: LRUCache[object, Answer] = LRUCache(answers, getsizeof=lambda one: one.size)
        self._affordable: LRUCache[object, bool] = LRUCache(PLANS)
        """Mutations whose answers are known not to hold too much."""
        self._moments: LRUCache[object, int] = LRUCache(MOMENTS)
        self._generation = 0
        self.hits = 0
        """Questions that were answered by what is kept, so far."""
        self.misses = 0
        """Questions that were not, so far."""
        self.writing: Writing | None = None
        """Carries out mutations; None where nothing can be recorded."""

    def forget(self) -> None:
        """Drop the answers that are kept: the read model was rebuilt."""
        self._generation += 1
        self._answers.clear()

    @property
    def kept(self) -> int:
        """Bytes of the answers that are kept."""
        return int(self._answers.currsize)

    def close(self) -> None:
        """End the thread that reads documents."""
        self._worker.close()

    @property
    def beside(self) -> Callable[..., Awaitable[Any]]:
        """Does what keeps the processor busy beside other requests."""
        return self._worker.do

    async def answer(
        self,
        request: GraphQLRequest,
        asking: Asking = NOBODY,
        *,
        only_queries: bool = False,
        own: bool = False,
    ) -> Answer:
        """Answer a request, whose query may be one of our `own`. Raises RequestRefused where it
        names no operation that may be executed; psycopg.Error and Crowded where the database
        cannot answer."""
        if asking.at_least > (self._head.position or 0):
            await self._wait_for(asking.at_least)
        text = request.query if own and request.query else self.store.text(request)
        key = text, request.operation_name, bytes(request.variables)
        answered = self._answers.get(key)
        if answered is not None and answered.holds(self._head.position):
            self.hits += 1
            watched().operation = answered.operation
        else:
            generation = self._generation
            try:
                answered = await self._answered(key, text, request, asking, only_queries)
            except Refused as refused:
                return errors([refused_error(refused)], executed=True)
            except GraphQLError as error:
                # Strawberry's check of `@oneOf`, which validation does not always foresee.
                return errors([with_code(error, BAD_USER_INPUT)])
            if answered.lasting.kept and generation == self._generation:
                answered.operation = watched().operation
                answered.size = 2 * len(answered.body) + len(text) + len(key[2]) + 500
                if answered.size <= self._answers.maxsize:
                    self._answers[key] = answered
        if request.extensions and answered.lasting is not Lasting.NOT:
            self.store.keep(request)
        return answered

    async def _wait_for(self, position: int) -> None:
        if not await self._head.reached(position, self._limits.patience):
            raise RequestRefused(
                f"the record cannot be read up to position {position} yet",
                code=NOT_YET_PROJECTED,
                status=503,
                position=self._head.position,
            )

    async def _answered(
        self,
        key: object,
        text: str,
        request: GraphQLRequest,
        asking: Asking,
        only_queries: bool,
    ) -> Answer:
        bound = self._bound.get(key)
        if bound is None:
            prepared = await self._bind(text, request, asking, only_queries)
            if isinstance(prepared, Answer):
                return prepared
            bound = prepared
            if bound.size <= BOUND:
                self._bound[key] = bound
        else:
            watched().operation = bound.counted
        self.misses += 1
        return await self._fetch(bound)

    async def operation(self, text: str, name: str | None) -> Operation | Answer:
        """The operation that is asked for, or the errors in its document. Raises RequestRefused
        where there is none of that name."""
        operation = await self._documents.operation(text, name)
        if operation is None:
            raise no_operation(name)
        if not isinstance(operation, Operation):
            return errors(operation)
        watched().operation = operation.counted
        return operation

    async def variables(self, operation: Operation, given: Raw) -> Variables | Answer:
        """The values for an operation, or what is wrong with them."""
        if len(bytes(given)) > LARGE:
            return await self._worker.do(self._variables, operation, given)
        return self._variables(operation, given)

    async def _bind(
        self, text: str, request: GraphQLRequest, asking: Asking, only_queries: bool
    ) -> Bound | Answer:
        operation = await self.operation(text, request.operation_name)
        if isinstance(operation, Answer):
            return operation
        kind = operation.node.operation
        if kind is OperationType.SUBSCRIPTION:
            raise streamed()
        if only_queries and kind is not OperationType.QUERY:
            raise RequestRefused("GET is for queries alone; use POST", status=405)
        variables = await self.variables(operation, request.variables)
        if isinstance(variables, Answer):
            return variables
        shape = text, request.operation_name, operation.shape(variables)
        if kind is OperationType.MUTATION:
            return await self._write(shape, operation, variables, asking)
        planned = await self._planned(shape, operation, variables, cursors_are_now=False)
        if planned.plan is None:
            told = await self._worker.do(
                told_of, self._schema, self._limits, operation, variables, None
            )
            return Answer(msgspec.json.encode({"data": told}), Lasting.SERVER)
        now = None
        if planned.plan.cursors:
            present = await self._planned(
                (shape, "now"), operation, variables, cursors_are_now=True
            )
            assert present.plan is not None
            now = present.plan, values_of(present.plan, variables)
        size = len(text) + len(bytes(request.variables)) + 1_000
        values = values_of(planned.plan, variables)
        return Bound(planned.plan, values, planned.told, size, operation.counted, now)

    async def _write(
        self, shape: object, operation: Operation, variables: Variables, asking: Asking
    ) -> Answer:
        if self.writing is None:
            raise RequestRefused("nothing is recorded here", code=NOT_WRITING, status=403)
        estimated = shape, sizes(variables)
        if estimated not in self._affordable:
            check_cost(self._schema, operation.fragments, operation.node, variables, self._limits)
            self._affordable[estimated] = True
        return await self.writing.carry_out(shape, operation, variables, asking)

    async def compile_readback(
        self, shape: object, operation: Operation, variables: Variables
    ) -> Plan | None:
        """The statement that reads back what an operation's mutations are about. Raises Refused."""
        planned = self._plans.get(shape)
        if planned is None:
            plan = await self._worker.do(
                compile_readback, self._schema, operation.fragments, operation.node, variables
            )
            planned = self._plans[shape] = Planned(plan, told=False)
        return planned.plan

    async def fetch(self, plan: Plan, variables: Variables) -> bytes:
        """What a statement gives whose moments are all positions."""
        found = await self._statements.fetch(plan.sql, values_of(plan, variables))  # type: ignore[arg-type]
        return found.body

    def _variables(self, operation: Operation, given: Raw) -> Variables | Answer:
        inputs = json_object(given, "variables") or {}
        definitions = operation.node.variable_definitions or ()
        if not definitions:
            return {}
        coerced = get_variable_values(self._schema, definitions, inputs, self._limits.errors)
        if isinstance(coerced, list):
            return errors(
                [with_code(error, BAD_USER_INPUT) for error in coerced[: self._limits.errors]]
            )
        variables: Variables = coerced.coerced
        return variables

    async def _planned(
        self, key: object, operation: Operation, variables: Variables, *, cursors_are_now: bool
    ) -> Planned:
        planned = self._plans.get(key)
        if planned is None:
            planned = self._plans[key] = await self._worker.do(
                self._plan, operation, variables, cursors_are_now
            )
        return planned

    def _plan(self, operation: Operation, variables: Variables, cursors_are_now: bool) -> Planned:
        """Raises RequestRefused where the answer may hold too much, and Refused."""
        fragments = operation.fragments
        check_cost(self._schema, fragments, operation.node, variables, self._limits)
        roots = roots_of(self._schema, operation, variables)
        told = [key for key, nodes in roots.items() if is_told(self._schema, nodes[0])]
        if len(told) == len(roots):
            return Planned(None, told=True)
        asking = [key for key in told if roots[key][0].name.value != "__typename"]
        answered = (
            told_of(self._schema, self._limits, operation, variables, asking) if asking else {}
        )
        plan = compile_operation(
            self._schema,
            fragments,
            operation.node,
            variables,
            cursors_are_now=cursors_are_now,
            introspected={key: msgspec.json.encode(answered[key]).decode() for key in asking},
        )
        return Planned(plan, told=bool(asking))

    async def _fetch(self, bound: Bound) -> Answer:
        values, settled = await self._resolved(bound)
        plan, head = bound.plan, self._head.position
        if bound.now is not None and bound.cursor_positions == {head}:
            present, present_values = bound.now
            if not any(isinstance(value, RecordedBy) for value in present_values):
                found = await self._statements.fetch(present.sql, present_values)  # type: ignore[arg-type]
                self._check_positions(present, present_values, found.position)  # type: ignore[arg-type]
                if found.position == head:
                    return Answer(found.body, Lasting.POSITION, position=head)
        found = await self._statements.fetch(plan.sql, values)
        self._check_positions(plan, values, found.position)
        if plan.live:
            return Answer(found.body, Lasting.LIVE)
        if plan.fixed and settled:
            return Answer(found.body, Lasting.SERVER if bound.told else Lasting.FOR_EVER)
        return Answer(found.body, Lasting.POSITION, position=found.position)

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
