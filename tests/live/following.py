"""Subscribers on a loop of the test: they read what it lets them read, when it does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import msgspec
import psycopg
import uvloop

from api.app import create_app
from api.channels import Channels, Page
from api.request import GraphQLRequest
from api.subscribing import Subscribed, Subscribing
from eventlog.database import Database
from projections.statements import Head

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds in which what is to come is to come."""

EVENTS = """subscription($filter: EventFilter, $after: String) {
  events(filter: $filter, after: $after) { cursor node { position sequence subjectId
    ... on ClaimEvent { claim { id status version } } } }
}"""
CLAIMS = """subscription($filter: ClaimFilter, $after: String) {
  claims(filter: $filter, after: $after) { cursor change position
    claim { id version status statement } }
}"""
STORY = """subscription($slug: String!, $after: String) {
  story(slug: $slug, after: $after) { cursor node { position } story { title } }
}"""


class Opened:
    """The parts of an application, which run while something is waited for."""

    def __init__(self, runner: asyncio.Runner, app: Any, state: dict[str, Any]) -> None:
        self._runner = runner
        self.app = app
        self.subscribing: Subscribing = state["subscribing"]
        self.channels: Channels = self.subscribing._channels
        self.head: Head = self.subscribing._head

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Let everything run until some work is done."""
        return self._runner.run(work)

    def reach(self, position: int) -> None:
        """Wait until a position can be read."""
        assert self.run(self.head.reached(position, PATIENCE))


@contextmanager
def opened(database: Database) -> Iterator[Opened]:
    """An application over a database, on a loop of its own."""
    app = create_app(database)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        leaving = asyncio.Event()

        async def live(entered: asyncio.Future[dict[str, Any]]) -> None:
            async with app.router.lifespan_context(app) as state:
                entered.set_result(dict(state or {}))
                await leaving.wait()

        async def enter() -> tuple[asyncio.Task[None], dict[str, Any]]:
            entered: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
            task = asyncio.create_task(live(entered))
            return task, await entered

        task, state = runner.run(enter())
        try:
            yield Opened(runner, app, state)
        finally:
            leaving.set()

            async def leave() -> None:
                await task

            runner.run(leave())


def kill_listener(database: Database) -> int:
    """Kill the connections over which servers are told of new positions: how many."""
    with psycopg.connect(database.owner_conninfo, autocommit=True) as owner:
        killed = owner.execute(
            "SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query = 'SELECT position FROM read.progress'"
            ") k"
        ).fetchone()
    assert killed is not None
    return int(killed[0])


class Follower:
    """A client that follows a stream, and goes on from its last cursor where it was cut off."""

    def __init__(self, at: Opened, document: str, **variables: Any) -> None:
        """`after`, among the variables: where it begins."""
        self._at = at
        self._document = document
        self.variables = variables
        self.received: list[dict[str, Any]] = []
        """What came, in order."""
        self._pages: AsyncGenerator[Page, None] | None = None
        self._asked: asyncio.Task[Page] | None = None
        self._left: list[dict[str, Any]] = []

    @property
    def following(self) -> bool:
        """Whether it is connected."""
        return self._pages is not None

    def connect(self) -> None:
        """Begin, or go on."""
        self._at.run(self._connect())

    async def _connect(self) -> None:
        variables = dict(self.variables)
        if self.received:
            variables["after"] = self.received[-1]["cursor"]
        request = GraphQLRequest(
            query=self._document, variables=msgspec.Raw(msgspec.json.encode(variables))
        )
        begun = await self._at.subscribing.begin(request, "somebody")
        assert isinstance(begun, Subscribed), begun
        self._pages = self._at.subscribing.pages(begun)

    def take(self, most: int, patience: float = PATIENCE) -> int:
        """Take so many messages, or what there is after a while: how many."""
        return self._at.run(self._take(most, patience))

    async def _take(self, most: int, patience: float) -> int:
        assert self._pages is not None
        for taken in range(most):
            if not self._left:
                if self._asked is None:
                    self._asked = asyncio.ensure_future(anext(self._pages))
                done, _ = await asyncio.wait([self._asked], timeout=patience)
                if not done:
                    return taken
                page, self._asked = self._asked.result(), None
                assert page.messages
                self._left = [self._read(body) for _, body in page.messages]
            self.received.append(self._left.pop(0))
        return most

    def _read(self, body: str) -> dict[str, Any]:
        answer = msgspec.json.decode(body)
        (message,) = answer["data"].values()
        found: dict[str, Any] = message
        return found

    def drop(self) -> None:
        """Be cut off. What has come and was not taken is lost."""
        self._at.run(self._drop())

    async def _drop(self) -> None:
        if self._pages is None:
            return
        if self._asked is not None:
            self._asked.cancel()
            with suppress(asyncio.CancelledError, StopAsyncIteration):
                await self._asked
        await self._pages.aclose()
        self._pages, self._asked, self._left = None, None, []
