"""Carrying out mutations: each is recorded, waited for until it can be read, and read back.

What a mutation was about is read as of the position at which it was recorded, with one statement
for all the mutations of a request, compiled like any question.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

import msgspec
import psycopg
from graphql import FieldNode, GraphQLObjectType, GraphQLSchema, get_named_type

from api.access import ANYBODY, NEEDED, Caller
from api.answers import Answer, Lasting
from api.commanding import asked_for, mutation_of, path_in_graphql, reason_of, subjects_of
from api.compiler import definition_of
from api.documents import Operation
from api.errors import RequestRefused
from api.fields import Changed, Does, Recorded
from api.json_sql import bare
from api.mutation import Done
from api.parameters import Variables, taking
from api.plan import Plan, values_of
from api.readback import given
from api.recording import Recording
from api.refusals import Forbidden, type_name
from api.scalars import written_instant
from api.selection import Selecting, collect
from domain.commands import AnyCommand, Batch, Envelope
from domain.refusals import InvalidInput, Refusal
from projections.readers import Crowded
from projections.statements import Head

_logger = logging.getLogger(__name__)

PATIENCE: Final = 5.0
"""Seconds that an answer waits for what it recorded to be readable."""

LONGEST_KEY: Final = 255
"""Characters of an idempotency key."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What a request says beside its document."""

    caller: Caller
    idempotency_key: str | None = None
    at_least: int = 0
    """The position that the record has to be readable up to before anything is answered."""


NOBODY: Final = Asking(ANYBODY)

Compile = Callable[[object, Operation, Variables], Awaitable[Plan | None]]
"""The statement that reads back what an operation is about (`api.readback`): a key for it, the
operation and its variables. Raises Refused."""

Fetch = Callable[[Plan, Variables], Awaitable[bytes]]
"""What a statement gives."""

Permit = Callable[[Caller, Sequence[AnyCommand]], Awaitable[None]]
"""Raises Forbidden where a limited caller may not give one of some commands."""


Count = Callable[[str, str], None]
"""Told of each mutation what came of it: recorded, replayed, refused, or failed."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One mutation of a request."""

    key: str
    nodes: tuple[FieldNode, ...]
    payload: GraphQLObjectType
    kind: type[Any]
    given: dict[str, Any]


class Writing:
    """Carries out the mutations of requests."""

    def __init__(
        self,
        schema: GraphQLSchema,
        recording: Recording,
        head: Head,
        compile_: Compile,
        fetch: Fetch,
        permit: Permit,
        patience: float = PATIENCE,
        count: Count = lambda _command, _outcome: None,
    ) -> None:
        self._schema = schema
        self._recording = recording
        self._head = head
        self._compile = compile_
        self._fetch = fetch
        self._permit = permit
        self._patience = patience
        self._count = count

    async def carry_out(
        self,
        shape: object,
        operation: Operation,
        variables: Variables,
        asking: Asking,
    ) -> Answer:
        """Do what a mutation asks for, field after field, and answer."""
        selecting = Selecting(self._schema, operation.fragments, variables)
        roots = self._roots(selecting, operation)
        plan = await self._compile(shape, operation, variables)
        if plan is not None:
            # What is wrong with the questions in a payload is told before anything is recorded.
            nothing = {one.key: Done() for one in roots if isinstance(one, Wanted)}
            values_of(plan, given(variables, nothing))
        done = await self._do_all([one for one in roots if isinstance(one, Wanted)], asking)
        done, objects = await self._seen(plan, variables, done)
        body = ",".join(
            one
            if isinstance(one, str)
            else f'"{one.key}":'
            + self._payload(selecting, one, done[one.key], objects.get(one.key, {}))
            for one in roots
        )
        return Answer(f'{{"data":{{{body}}}}}'.encode(), Lasting.LIVE)

    async def _do_all(self, wanted: Sequence[Wanted], asking: Asking) -> dict[str, Done]:
        """Carry out mutations one after the other: what came of each, by its response key."""
        done = {}
        for one in wanted:
            key = asking.idempotency_key
            if key is not None and len(wanted) > 1:
                key = f"{key}:{one.key}"
            done[one.key] = await self._do(one, asking.caller, key)
        return done

    async def _seen(
        self, plan: Plan | None, variables: Variables, done: dict[str, Done]
    ) -> tuple[dict[str, Done], Mapping[str, Mapping[str, msgspec.Raw]]]:
        """The same when it can be read, or is not waited for any longer; with what it was about.
        What is recorded is told in any case."""
        last = max((one.position or 0 for one in done.values()), default=0)
        if last == 0 or not await self._head.reached(last, self._patience):
            return done, {}
        seen = {key: replace(one, readable=one.position is not None) for key, one in done.items()}
        try:
            return seen, await self._objects(plan, variables, seen)
        except (psycopg.OperationalError, Crowded) as error:
            _logger.warning("what was recorded could not be read back: %s", error)
            return done, {}

    def _roots(self, selecting: Selecting, operation: Operation) -> list[Wanted | str]:
        """The mutations of an operation in their order, and among them the finished text of what
        asks for the type's name alone."""
        root = self._schema.mutation_type
        if root is None:
            raise TypeError("the schema has no mutations")
        found: list[Wanted | str] = []
        for key, nodes in collect(selecting, root, [operation.node.selection_set]).items():
            name = nodes[0].name.value
            if name == "__typename":
                found.append(f'"{key}":"{root.name}"')
                continue
            if name.startswith("__"):
                raise RequestRefused("ask about the schema in a query of its own")
            field = root.fields[name]
            definition = definition_of(field)
            payload = get_named_type(field.type)
            if not isinstance(definition, Does) or not isinstance(payload, GraphQLObjectType):
                raise TypeError(f"{name} is no mutation")
            node = next(one.value for one in nodes[0].arguments or () if one.name.value == "input")
            take, _ = taking(field.args["input"].type, node)
            given = take(selecting.variables)
            found.append(Wanted(key, tuple(nodes), payload, definition.command, given))
        return found

    async def _do(self, wanted: Wanted, caller: Caller, idempotency_key: str | None) -> Done:
        outcome = "failed"
        try:
            done = await self._done(wanted, caller, idempotency_key)
            outcome = "refused" if done.refusal else "replayed" if done.replayed else "recorded"
        finally:
            self._count(mutation_of(wanted.kind), outcome)
        return done

    async def _done(self, wanted: Wanted, caller: Caller, idempotency_key: str | None) -> Done:
        try:
            envelope = self._envelope(wanted, caller, idempotency_key)
            command = envelope.command
            together = command.commands if isinstance(command, Batch) else (command,)
            await self._allow(caller, together)
        except Refusal as refusal:
            return Done(refusal=refusal)
        result = await self._recording.record(envelope)
        if isinstance(result, Refusal):
            result.field = path_in_graphql(result.field)
            return Done(refusal=result)
        return Done(subjects_of(command), result.last_position, result.recorded_at, result.replayed)

    async def _allow(self, caller: Caller, together: Sequence[AnyCommand]) -> None:
        """Raises Forbidden where somebody may not give one of the commands."""
        needed = max(NEEDED[type(command)] for command in together)
        if caller.role < needed:
            raise Forbidden(
                f"this takes the role {needed.name.lower()}; yours is {caller.role.name.lower()}"
            )
        if caller.limited:
            await self._permit(caller, together)

    def _envelope(self, wanted: Wanted, caller: Caller, idempotency_key: str | None) -> Envelope:
        key = wanted.given.get("idempotencyKey")
        key = idempotency_key if key is None else key
        if key is not None:
            if not 0 < len(key) <= LONGEST_KEY:
                raise InvalidInput(f"it has 1 to {LONGEST_KEY} characters", field="idempotencyKey")
            # A key belongs to whoever gives it: nobody can find out, or take, another's. Names of
            # those whom an issuer vouches for have colons in them.
            key = f"api:{caller.name.replace(':', '%3A')}:{key}"
        return Envelope(
            command=asked_for(wanted.kind, wanted.given),
            actor=caller.name,
            reason=reason_of(wanted.given),
            # With a key the log can send it again by itself when the connection is lost.
            key=key or f"request:{uuid4()}",
        )

    async def _objects(
        self, plan: Plan | None, variables: Variables, done: Mapping[str, Done]
    ) -> Mapping[str, Mapping[str, msgspec.Raw]]:
        """What the mutations were about, by the response keys of each and of its fields."""
        if plan is None or not any(one.seen for one in done.values()):
            return {}
        body = await self._fetch(plan, given(variables, done))
        return msgspec.json.decode(body, type=_Read).data

    def _payload(
        self,
        selecting: Selecting,
        wanted: Wanted,
        done: Done,
        objects: Mapping[str, msgspec.Raw],
    ) -> str:
        def changed(key: str, definition: Changed) -> str:
            if key in objects and done.seen:
                return bytes(objects[key]).decode()
            return "[]" if definition.subject is None else "null"

        return self._told(selecting, wanted.payload, wanted.nodes, done, changed)

    def _told(
        self,
        selecting: Selecting,
        type_: GraphQLObjectType,
        nodes: Sequence[FieldNode],
        source: Any,
        changed: Callable[[str, Changed], str] = lambda _key, _definition: "null",
    ) -> str:
        """An object whose fields are known by now, as JSON text."""
        selections = [node.selection_set for node in nodes if node.selection_set]
        pieces = []
        for key, inner in collect(selecting, type_, selections).items():
            name = inner[0].name.value
            if name == "__typename":
                pieces.append(f'"{key}":"{type_.name}"')
                continue
            field = type_.fields[name]
            definition = definition_of(field)
            if isinstance(definition, Changed):
                pieces.append(f'"{key}":{changed(key, definition)}')
            elif isinstance(definition, Recorded):
                value = definition.take(source)
                pieces.append(f'"{key}":{self._value(selecting, bare(field.type), inner, value)}')
        return "{" + ",".join(pieces) + "}"

    def _value(
        self, selecting: Selecting, type_: Any, nodes: Sequence[FieldNode], value: Any
    ) -> str:
        match value:
            case Refusal():
                # In a list of problems each is told as what the list holds.
                known = isinstance(type_, GraphQLObjectType)
                named = type_ if known else self._schema.type_map[type_name(value)]
                assert isinstance(named, GraphQLObjectType)
                return self._told(selecting, named, nodes, value)
            case list():
                inner = bare(bare(type_).of_type)
                told = (self._value(selecting, inner, nodes, one) for one in value)
                return "[" + ",".join(told) + "]"
            case datetime():
                return f'"{written_instant(value)}"'
        return msgspec.json.encode(value).decode()


class _Read(msgspec.Struct):
    data: dict[str, dict[str, msgspec.Raw]]
