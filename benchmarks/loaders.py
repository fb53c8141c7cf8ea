"""The same question in plain Strawberry: resolvers with a DataLoader for each table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from strawberry import Info, Private
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, ValidationCache

Pool = AsyncConnectionPool[AsyncConnection[Any]]


@dataclass
class Loaders:
    """What the resolvers of one request share."""

    pool: Pool

    def __post_init__(self) -> None:
        """Make a loader for each table."""
        self.sources: DataLoader[UUID, Source] = DataLoader(self._sources)
        self.steps: DataLoader[UUID, list[Step]] = DataLoader(self._steps)
        self.events: DataLoader[UUID, list[Event]] = DataLoader(self._events)

    async def rows(self, query: str, *values: object) -> list[Any]:
        """What a query gives."""
        async with self.pool.connection() as connection:
            return await (await connection.execute(query, values)).fetchall()

    async def _sources(self, ids: list[UUID]) -> list[Source]:
        found = await self.rows("SELECT id, name FROM plain.sources WHERE id = ANY (%s)", ids)
        by_id = {identity: Source(name=name) for identity, name in found}
        return [by_id[identity] for identity in ids]

    async def _steps(self, ids: list[UUID]) -> list[list[Step]]:
        by_claim: defaultdict[UUID, list[Step]] = defaultdict(list)
        for claim, verb, source in await self.rows(
            "SELECT claim_id, verb, source_id FROM plain.steps WHERE claim_id = ANY (%s)"
            " ORDER BY claim_id, place",
            ids,
        ):
            by_claim[claim].append(Step(verb=verb, source_id=source))
        return [by_claim[claim] for claim in ids]

    async def _events(self, ids: list[UUID]) -> list[list[Event]]:
        by_claim: defaultdict[UUID, list[Event]] = defaultdict(list)
        for claim, sequence, reported, recorded, actor in await self.rows(
            "SELECT claim_id, sequence, reported_at, recorded_at, actor FROM plain.events"
            " WHERE claim_id = ANY (%s) ORDER BY claim_id, reported_at, position",
            ids,
        ):
            by_claim[claim].append(
                Event(sequence=sequence, reported_at=reported, recorded_at=recorded, actor=actor)
            )
        return [by_claim[claim] for claim in ids]


@strawberry.type
class Source:
    name: str


@strawberry.type
class Step:
    verb: str
    source_id: Private[UUID]

    @strawberry.field
    async def source(self, info: Info[Loaders, None]) -> Source:
        return await info.context.sources.load(self.source_id)


@strawberry.type
class Event:
    sequence: int
    reported_at: datetime
    recorded_at: datetime
    actor: str


@strawberry.type
class Claim:
    id: UUID
    statement: str
    status: str
    reported_at: datetime
    outlet_id: Private[UUID]

    @strawberry.field
    async def outlet(self, info: Info[Loaders, None]) -> Source:
        return await info.context.sources.load(self.outlet_id)

    @strawberry.field
    async def attribution(self, info: Info[Loaders, None]) -> list[Step]:
        return await info.context.steps.load(self.id)

    @strawberry.field
    async def history(self, info: Info[Loaders, None]) -> list[Event]:
        return await info.context.events.load(self.id)


@strawberry.type
class Query:
    @strawberry.field
    async def claims(self, info: Info[Loaders, None], story: UUID, first: int) -> list[Claim]:
        rows = await info.context.rows(
            "SELECT id, statement, status, reported_at, outlet_id FROM plain.claims"
            " WHERE story_id = %s ORDER BY reported_at DESC, id DESC LIMIT %s",
            story,
            first,
        )
        names = ("id", "statement", "status", "reported_at", "outlet_id")
        return [Claim(**dict(zip(names, row, strict=True))) for row in rows]


class View(GraphQL[Loaders, None]):
    """Strawberry's own view, with loaders for each request."""

    def __init__(self, schema: strawberry.Schema, pool: Pool) -> None:
        super().__init__(schema, graphql_ide=None)
        self.loaders = pool

    async def get_context(self, request: Request, response: Response) -> Loaders:  # type: ignore[override]
        return Loaders(self.loaders)


def create_app(conninfo: str) -> Starlette:
    """The application, with both of Strawberry's caches."""
    pool: Pool = AsyncConnectionPool(
        conninfo,
        min_size=8,
        max_size=8,
        kwargs={"autocommit": True, "prepare_threshold": 0},
        open=False,
    )
    schema = strawberry.Schema(
        Query,
        extensions=[lambda: ParserCache(maxsize=128), lambda: ValidationCache(maxsize=128)],
    )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with pool:
            yield

    return Starlette(lifespan=lifespan, routes=[Route("/graphql", View(schema, pool))])
