"""Carrying out mutations: each is recorded, waited for until it can be read, and read back.

What a mutation was about is read as of the position at which it was recorded, with one statement
for all the mutations of a request, compiled like any question.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

import msgspec
from cachetools import LRUCache
from graphql import (
    ArgumentNode,
    FieldNode,
    GraphQLObjectType,
    GraphQLSchema,
    NameNode,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

from api.access import ANYBODY, NEEDED, Caller
from api.answers import Answer, Lasting
from api.commanding import batch_of, command_of, path_in_graphql, subjects_of
from api.compiler import definition_of
from api.documents import Operation
from api.errors import RequestRefused
from api.fields import Changed, Does, Recorded
from api.json_sql import bare
from api.mutation import Done
from api.parameters import Variables, taking
from api.recording import Recording
from api.refusals import Forbidden, type_name
from api.scalars import written_instant
from api.selection import Selecting, collect
from domain.commands import AnyCommand, Batch, Envelope
from domain.ids import Subject
from domain.refusals import InvalidInput, Refusal
from eventlog.record import Recorded as Stored
from projections.statements import Head

PATIENCE: Final = 5.0
"""Seconds that an answer waits for what it recorded to be readable."""

KEPT: Final = 1_000
"""Shapes of mutations whose reading back is kept."""

LONGEST_KEY: Final = 255
"""Characters of an idempotency key."""

QUESTIONS: Final[Mapping[Subject, tuple[str, str]]] = {
    Subject.CLAIM: ("claim", "id"),
    Subject.SOURCE: ("source", "id"),
    Subject.STORY: ("story", "slug"),
    Subject.REPORT: ("report", "by"),
}
"""The question that reads each sort of thing, and its argument that names it."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What a request says beside its document."""

    caller: Caller
    idempotency_key: str | None = None
    at_least: int = 0
    """The position that the record has to be readable up to before anything is answered."""


NOBODY: Final = Asking(ANYBODY)

Read = Callable[[object, Operation, Variables], Awaitable[bytes]]
"""Answers a question: a key for its statement, the operation and its variables."""

Permit = Callable[[Caller, Sequence[AnyCommand]], Awaitable[None]]
"""Raises Forbidden where a limited caller may not give one of some commands."""


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
        read: Read,
        permit: Permit,
        patience: float = PATIENCE,
    ) -> None:
        self._schema = schema
        self._recording = recording
        self._head = head
        self._read = read
        self._permit = permit
        self._patience = patience
        self._reading: LRUCache[object, Operation | None] = LRUCache(KEPT)

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
        wanted = [one for one in roots if isinstance(one, Wanted)]
        done: list[Done] = []
        for one in wanted:
            key = asking.idempotency_key
            if key is not None and len(wanted) > 1:
                key = f"{key}:{one.key}"
            done.append(await self._do(one, asking.caller, key))
        last = max((one.position or 0 for one in done), default=0)
        readable = last == 0 or await self._head.reached(last, self._patience)
        done = [replace(one, readable=readable and one.position is not None) for one in done]
        objects = await self._objects(selecting, shape, operation, variables, wanted, done)
        payloads = iter(
            f'"{one.key}":{self._payload(selecting, one, came, number, objects)}'
            for number, (one, came) in enumerate(zip(wanted, done, strict=True))
        )
        body = ",".join(one if isinstance(one, str) else next(payloads) for one in roots)
        return Answer(f'{{"data":{{{body}}}}}'.encode(), Lasting.LIVE)

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
        return _done(envelope.command, result)

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
        given = wanted.given
        key = given.get("idempotencyKey") or idempotency_key
        if key is not None:
            if not 0 < len(key) <= LONGEST_KEY:
                raise InvalidInput(f"it has 1 to {LONGEST_KEY} characters", field="idempotencyKey")
            # A key belongs to whoever gives it: nobody can find out, or take, another's.
            key = f"{caller.name}:{key}"
        return Envelope(
            command=batch_of(given) if wanted.kind is Batch else command_of(wanted.kind, given),
            actor=caller.name,
            reason=given.get("reason") or None,
            # With a key the log can send it again by itself when the connection is lost.
            key=key or f"request:{uuid4()}",
        )

    async def _objects(
        self,
        selecting: Selecting,
        shape: object,
        operation: Operation,
        variables: Variables,
        wanted: Sequence[Wanted],
        done: Sequence[Done],
    ) -> Mapping[str, msgspec.Raw]:
        """What the mutations were about, by the number of each and the response key."""
        told: dict[str, Any] = {}
        asked: list[object] = []
        for number, came in enumerate(done):
            if came.readable:
                told[f"position {number}"] = came.position
                for place, (_, subject) in enumerate(came.subjects):
                    told[f"subject {number} {place}"] = str(subject)
                asked.append((number, *(sort for sort, _ in came.subjects)))
        key = shape, tuple(asked)
        if key not in self._reading:
            self._reading[key] = self._reading_of(selecting, operation, wanted, done)
        reading = self._reading[key]
        if reading is None:
            return {}
        body = await self._read(key, reading, {**variables, **told})
        return msgspec.json.decode(body, type=_Read).data

    def _reading_of(
        self,
        selecting: Selecting,
        operation: Operation,
        wanted: Sequence[Wanted],
        done: Sequence[Done],
    ) -> Operation | None:
        """The questions that read what the mutations were about; None where nobody asks."""
        questions = tuple(
            question
            for number, (one, came) in enumerate(zip(wanted, done, strict=True))
            if came.readable
            for question in self._questions(selecting, one, came, number)
        )
        if not questions:
            return None
        node = OperationDefinitionNode(
            operation=OperationType.QUERY,
            variable_definitions=operation.node.variable_definitions,
            selection_set=SelectionSetNode(selections=questions),
        )
        return replace(operation, node=node)

    def _questions(
        self, selecting: Selecting, wanted: Wanted, done: Done, number: int
    ) -> list[FieldNode]:
        """A question for each thing that the mutation was about, and each field of its payload
        that is that."""
        questions = []
        for key, nodes in self._selected(selecting, wanted).items():
            name = nodes[0].name.value
            if name.startswith("__"):
                continue
            if not isinstance(definition_of(wanted.payload.fields[name]), Changed):
                continue
            selections = [node.selection_set for node in nodes if node.selection_set]
            inner = SelectionSetNode(
                selections=tuple(one for each in selections for one in each.selections)
            )
            for place, (subject, _) in enumerate(done.subjects):
                question, argument = QUESTIONS[subject]
                questions.append(
                    FieldNode(
                        alias=NameNode(value=f"{number} {place} {key}"),
                        name=NameNode(value=question),
                        arguments=_arguments(argument, number, place),
                        selection_set=inner,
                    )
                )
        return questions

    def _selected(self, selecting: Selecting, wanted: Wanted) -> dict[str, list[FieldNode]]:
        selections = [node.selection_set for node in wanted.nodes if node.selection_set]
        return collect(selecting, wanted.payload, selections)

    def _payload(
        self,
        selecting: Selecting,
        wanted: Wanted,
        done: Done,
        number: int,
        objects: Mapping[str, msgspec.Raw],
    ) -> str:
        def changed(key: str, definition: Changed) -> str:
            found = [
                bytes(objects[name]).decode()
                for place in range(len(done.subjects))
                if (name := f"{number} {place} {key}") in objects
            ]
            if definition.subject is None:
                return f"[{','.join(found)}]"
            return found[0] if found else "null"

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
    data: dict[str, msgspec.Raw]


def _done(command: AnyCommand | Batch, stored: Stored) -> Done:
    return Done(subjects_of(command), stored.last_position, stored.recorded_at, stored.replayed)


def _arguments(argument: str, number: int, place: int) -> tuple[ArgumentNode, ...]:
    identity: Any = VariableNode(name=NameNode(value=f"subject {number} {place}"))
    position = VariableNode(name=NameNode(value=f"position {number}"))
    if argument == "by":
        identity = _object("id", identity)
    return (
        ArgumentNode(name=NameNode(value=argument), value=identity),
        ArgumentNode(name=NameNode(value="asOf"), value=_object("position", position)),
    )


def _object(name: str, value: VariableNode) -> ObjectValueNode:
    return ObjectValueNode(fields=(ObjectFieldNode(name=NameNode(value=name), value=value),))
