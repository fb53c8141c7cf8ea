"""The record's events as they are recorded, in this process: the subscription `events` without a
server in between."""

from __future__ import annotations

import asyncio
import os
import select
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from errno import EPIPE
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from api.answers import Answer
from api.change_words import CHANGE
from api.channels import Channels
from api.errors import RequestRefused
from api.execution import Engine
from api.limits import Limits
from api.request import GraphQLRequest
from api.schema import schema
from api.subscribing import Subscribed, Subscribing
from cli.faults import FAILED, USAGE, Failure
from cli.opening import say
from domain.moments import TICK, parse_moment
from domain.refusals import InvalidTime
from eventlog.database import Database
from projections.statements import Head, Statements

PAGE: Final = 100
"""Events of history that are read at once."""

LOOK: Final = 0.5
"""Seconds between looks at whether the database is there, and whether anybody reads."""

QUESTION: Final = (
    """
subscription Watch($after: String, $filter: EventFilter) {
  events(after: $after, filter: $filter) { cursor node { ...Event } }
}

fragment Event on Event {
  __typename position recordedAt sequence subjectId actor reason
  ... on ClaimEvent {
    version reportedAt precision publishedAt observedAt
    claim {
      id ref statement status outlet { ...Named } story { id slug title }
      report { id ref headline urls }
    }
  }
  ... on ClaimReported {
    kind statement about topics quantities { ...Number }
    attribution { source { ...Named } verb role }
  }
  ... on ClaimCorrected {
    correctionNature correctsVersion declared notice { ...Notice } changes { ...Change }
  }
  ... on ConcernExpressed { declared notice { ...Notice } }
  ... on ConcernLifted { declared notice { ...Notice } }
  ... on ClaimRetracted {
    scope retractionNature by because part withReport declared notice { ...Notice }
  }
  ... on ClaimReinstated { declared notice { ...Notice } }
  ... on ClaimLinked { linkKind claimId }
  ... on ClaimReviewed { reviewer { ...Named } rating words url }
  ... on ClaimAmended { amends voids changes { ...Change } }
  ... on ReportEvent {
    reportedAt precision publishedAt observedAt
    report { id ref headline urls outlet { ...Named } }
  }
  ... on ReportRevised { declared notice { ...Notice } }
  ... on ReportMoved { movedTo }
  ... on ReportWithdrawn { retractionNature because declared notice { ...Notice } }
  ... on SourceEvent { source { ...Named } }
  ... on SourceAliasAdded { alias }
  ... on SourceMerged { name into { ...Named } }
  ... on StoryEvent { story { id slug title } }
}

fragment Named on Source { id ref name }

fragment Notice on Notice { text url issuer { ...Named } }
"""
    + CHANGE
)

_OPTIONS: Final = {"after": "--since", "recorded": "--since"}
"""The options that fill the arguments of the question, where they are not called so."""

_LOOKED_UP: Final = {
    "story": "slug: String!",
    "source": "id: ID!",
    "report": "id: ID!",
    "claim": "id: ID!",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be told."""

    since: str | None = None
    """The cursor or the position after which it begins, or a time of recording at which; None: with
    what comes next."""
    chosen: dict[str, Any] = field(default_factory=dict)
    """As in the input `EventFilter`."""


class _Edges(Struct, frozen=True):
    events: Raw


class _Message(Struct, frozen=True):
    data: _Edges


class _Error(Struct, frozen=True):
    message: str
    extensions: dict[str, Any]


class _Refused(Struct, frozen=True):
    errors: tuple[_Error, ...]


_message = msgspec.json.Decoder(_Message)
_refused = msgspec.json.Decoder(_Refused)

Show = Callable[[bytes], None]
"""Shows an event with its cursor, as JSON: an `EventEdge`."""


class Stream:
    """A question about events, and what it takes to have it answered."""

    def __init__(
        self,
        statements: Statements,
        head: Head,
        subscribing: Subscribing,
        subscribed: Subscribed,
    ) -> None:
        self._statements = statements
        self._head = head
        self._subscribing = subscribing
        self._subscribed = subscribed

    @property
    def begins(self) -> int:
        """The position after which it begins."""
        return self._subscribed.place.after

    async def history(self, show: Show) -> None:
        """Show what has been recorded until now. Raises psycopg.Error."""
        stream, place = self._subscribed.stream, self._subscribed.place
        until = await self._head.beyond(-1)
        while True:
            values = stream.page(self._subscribed.values, place, until, PAGE)
            messages = await self._statements.rows(stream.sql, values, until)
            _show_all(messages, show)
            if len(messages) < PAGE:
                return
            place = stream.place(messages[-1][0])

    async def follow(self, show: Show) -> None:
        """Show what was recorded and what comes next, without end. Waits for a database that is
        away. Raises BrokenPipeError when nobody reads any more what is shown."""
        tasks = [asyncio.create_task(one) for one in (self._follow(show), self._look())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, show: Show) -> None:
        async for page in self._subscribing.pages(self._subscribed):
            _show_all(page.messages, show)

    async def _look(self) -> None:
        there = True
        while True:
            await asyncio.sleep(LOOK)
            if _nobody_reads():
                raise BrokenPipeError(EPIPE, os.strerror(EPIPE))
            if there != (self._head.position is not None):
                there = not there
                say("The database is back." if there else "The database is away. Waiting for it.")


def _show_all(messages: Any, show: Show) -> None:
    for _, body in messages:
        show(bytes(_message.decode(body).data.events))


def _nobody_reads() -> bool:
    """Whether what is written to the standard output goes nowhere. A write would tell, but in a
    quiet record the next one may be far."""
    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
        return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
    except (OSError, ValueError, AttributeError):  # it is no file, or this system has no poll
        return False


@asynccontextmanager
async def streaming(database: Database, wanted: Wanted) -> AsyncGenerator[Stream, None]:
    """The stream of what is wanted from a record. Raises Failure where that cannot be asked for."""
    limits = Limits()
    statements = Statements(database.conninfo, connections=2, timeout=limits.seconds)
    head = Head(database.conninfo)
    engine = Engine(schema()._schema, statements, head, limits)
    channels = Channels(statements, head)
    subscribing = Subscribing(schema()._schema, engine, channels, head, limits)
    async with statements:
        hearing = asyncio.create_task(head.follow(channels.forget))
        try:
            after = None if wanted.since is None else await _after(statements, wanted.since)
            variables = {"after": after, "filter": wanted.chosen}
            asked = GraphQLRequest(QUESTION, "Watch", Raw(msgspec.json.encode(variables)))
            try:
                subscribed = await subscribing.begin(asked, "watch")
            except RequestRefused as refused:
                raise _failure(refused.formatted()) from None
            if not isinstance(subscribed, Subscribed):
                assert isinstance(subscribed, Answer)
                (error, *_) = _refused.decode(subscribed.body).errors
                raise _failure({"message": error.message, "extensions": error.extensions})
            await _tell_of_absent(engine.answer, wanted.chosen)
            yield Stream(statements, head, subscribing, subscribed)
        finally:
            hearing.cancel()
            with suppress(asyncio.CancelledError):
                await hearing
            engine.close()


async def _after(statements: Statements, since: str) -> str:
    """The cursor or the position that is meant. Raises Failure for a time that is not over."""
    if since.isdecimal():
        return since
    try:
        begins = parse_moment(since).start - TICK
    except (InvalidTime, OverflowError):
        return since
    found = await statements.position_at(begins)
    if not found.over:
        raise Failure("it is not over yet", code="INVALID_TIME", field="--since", exit_code=USAGE)
    return str(found.position)


async def _tell_of_absent(answer: Callable[..., Awaitable[Answer]], chosen: dict[str, Any]) -> None:
    """Tell of whatever is filtered by and not known: a name that was mistyped would be waited for
    for ever."""
    for sort, argument in _LOOKED_UP.items():
        if sort not in chosen:
            continue
        name = argument.partition(":")[0]
        document = f"query(${argument}) {{ found: {sort}({name}: ${name}) {{ id }} }}"
        variables = Raw(msgspec.json.encode({name: chosen[sort]}))
        found = await answer(GraphQLRequest(document, variables=variables), own=True)
        if b'"found":null' in found.body:
            say(f"No {sort} {chosen[sort]!r} is in the record yet.")


def _failure(error: dict[str, Any]) -> Failure:
    extensions = error["extensions"]
    named = str(extensions.get("field") or "").rpartition(".")[2]
    option = _OPTIONS.get(named, f"--{named}") if named else None
    code = USAGE if option else FAILED
    return Failure(error["message"], code=extensions["code"], field=option, exit_code=code)
