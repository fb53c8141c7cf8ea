"""From a request to a stream that is listened to."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from cachetools import LRUCache
from graphql import GraphQLSchema, OperationType

from api.answers import Answer, errors
from api.channels import Channels, Page
from api.cost import check_cost
from api.documents import Operation
from api.errors import refused_error, too_many
from api.execution import Engine
from api.limits import Limits
from api.parameters import Refused, Variables
from api.request import GraphQLRequest
from api.streams import Place, Stream, compile_stream
from projections.refusals import InvalidCursor
from projections.statements import Head

STREAMS: Final = 1_000
"""Statements that are kept."""

PATIENCE: Final = 2.0
"""Seconds that a place is waited for which another server may have told of."""


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A stream that somebody wants to listen to, and from where on."""

    stream: Stream
    values: tuple[str | None, ...]
    place: Place
    by: str
    """Who listens: the name of a key or of a token, or else an address."""


class Subscribing:
    """Takes subscriptions, and gives their messages."""

    def __init__(
        self, schema: GraphQLSchema, engine: Engine, channels: Channels, head: Head, limits: Limits
    ) -> None:
        self._schema = schema
        self._engine = engine
        self._channels = channels
        self._head = head
        self._limits = limits
        self._listening: Counter[str] = Counter()
        self._streams: LRUCache[object, Stream] = LRUCache(STREAMS)

    async def begin(
        self, request: GraphQLRequest, by: str, heard: str | None = None
    ) -> Subscribed | Answer | None:
        """What a subscription asks for; what is wrong with it; None where a request is none.
        `by`: who asks. `heard`: the place after the last message that came over another
        connection. Raises RequestRefused."""
        text = self._engine.store.text(request)
        operation = await self._engine.operation(text, request.operation_name)
        if isinstance(operation, Answer):
            return operation
        if operation.node.operation is not OperationType.SUBSCRIPTION:
            return None
        variables = await self._engine.variables(operation, request.variables)
        if isinstance(variables, Answer):
            return variables
        shape = text, request.operation_name, operation.shape(variables)
        try:
            stream = self._streams.get(shape)
            if stream is None:
                stream = self._streams[shape] = await self._engine.beside(
                    self._compiled, operation, variables
                )
            self._check(by)  # while it can still be told as a status
            place = await self._known(stream.begin(variables, heard))
            return Subscribed(stream, stream.values(variables), place, by)
        except Refused as refused:
            return errors([refused_error(refused)], executed=True)

    async def pages(self, subscribed: Subscribed) -> AsyncGenerator[Page, None]:
        """The pages of a stream, one after the other, for ever. Raises psycopg.Error."""
        place, by = subscribed.place, subscribed.by
        with self._counted(by):
            async with self._channels.listen(subscribed.stream, subscribed.values) as channel:
                while True:
                    page = await channel.after(place)
                    place = page.end
                    if page.full:
                        channel.ahead(place)
                    yield page

    def _check(self, by: str) -> None:
        if self._listening[by] >= self._limits.listening:
            raise too_many("listening", self._limits.listening, "one caller")

    @contextmanager
    def _counted(self, by: str) -> Iterator[None]:
        self._check(by)
        self._listening[by] += 1
        try:
            yield
        finally:
            self._listening[by] -= 1
            if not self._listening[by]:
                del self._listening[by]

    def _compiled(self, operation: Operation, variables: Variables) -> Stream:
        check_cost(self._schema, operation.fragments, operation.node, variables, self._limits)
        return compile_stream(self._schema, operation.fragments, operation.node, variables)

    async def _known(self, place: Place | None) -> Place:
        """A place that the record has been at. Raises Refused for a later one."""
        if place is None:
            return Place(self._head.position or await self._head.beyond(-1))
        # Another server may have been a moment ahead of this one.
        if not await self._head.reached(place.furthest, PATIENCE):
            refusal = InvalidCursor("it is from another record, or a later one", field="after")
            raise Refused(refusal, ())
        return place
