"""One hand-written statement behind a bare Starlette route: the limit for a compiled one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PAGE: Final = """
SELECT json_build_object('data', json_build_object('claims', json_build_object('nodes',
    coalesce(json_agg(json_build_object(
        'id', c.id, 'statement', c.statement, 'status', c.status, 'reportedAt', c.reported_at,
        'outlet', (
            SELECT json_build_object('name', s.name) FROM plain.sources s WHERE s.id = c.outlet_id
        ),
        'attribution', (
            SELECT coalesce(json_agg(json_build_object(
                'verb', t.verb, 'source', json_build_object('name', s.name)
            ) ORDER BY t.place), '[]')
            FROM plain.steps t JOIN plain.sources s ON s.id = t.source_id WHERE t.claim_id = c.id
        ),
        'history', (
            SELECT coalesce(json_agg(json_build_object(
                'sequence', e.sequence, 'reportedAt', e.reported_at,
                'recordedAt', e.recorded_at, 'actor', e.actor
            ) ORDER BY e.reported_at, e.position), '[]')
            FROM plain.events e WHERE e.claim_id = c.id
        )
    )), '[]'::json)
)))
FROM (
    SELECT * FROM plain.claims WHERE story_id = %s ORDER BY reported_at DESC, id DESC LIMIT %s
) c
"""


class _Page(msgspec.Struct):
    """What is asked for."""

    story: UUID
    first: int


class _Request(msgspec.Struct):
    """A request, in the form of the others."""

    variables: _Page


_request = msgspec.json.Decoder(_Request)


def create_app(conninfo: str) -> Starlette:
    """The application. It plans each statement once, as the compiled ones are."""
    pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
        conninfo,
        min_size=8,
        max_size=8,
        kwargs={"autocommit": True, "prepare_threshold": 0},
        configure=_configure,
        open=False,
    )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with pool:
            yield

    async def page(request: Request) -> Response:
        asked = _request.decode(await request.body()).variables
        async with pool.connection() as connection:
            cursor = await connection.execute(PAGE, (asked.story, asked.first))
            assert cursor.pgresult is not None
            return Response(cursor.pgresult.get_value(0, 0), media_type="application/json")

    return Starlette(lifespan=lifespan, routes=[Route("/graphql", page, methods=["POST"])])


async def _configure(connection: AsyncConnection[Any]) -> None:
    await connection.execute(
        "SELECT set_config('plan_cache_mode', 'force_generic_plan', false),"
        " set_config('jit', 'off', false)"
    )
