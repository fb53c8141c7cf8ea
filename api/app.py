"""The ASGI application: `/graphql`, the page in a browser, and two questions about its health."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Final

import psycopg
from psycopg_pool import PoolTimeout
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from api.execution import Answer, GraphQLRequest, answer, preparer
from api.http import endpoint
from api.limits import Limits
from api.schema import schema
from eventlog.database import Database
from projections.reads import Reads

STATIC: Final = Path(str(files("api") / "static"))

PAGE_HEADERS: Final = {
    # The page runs what it is sent with and talks to this server alone.
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
        " img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "vary": "Accept",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """What can be set about the API."""

    connections: int = 8
    """Queries that are answered at once; each takes a connection of its own."""
    limits: Limits = field(default_factory=Limits)


def create_app(database: Database, settings: ApiSettings | None = None) -> Starlette:
    """The application that answers about a record.

    It opens its connections when it is started (the ASGI lifespan) and closes them when it is
    stopped. Projecting what is written is not its task.
    """
    chosen = settings or ApiSettings()
    compiled = schema()._schema
    prepare = preparer(compiled, chosen.limits)

    def answering(reads: Reads, request: GraphQLRequest, only_queries: bool) -> Answer:
        return answer(compiled, prepare, reads, request, only_queries=only_queries)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Reads]]:
        with Reads(database.conninfo, pool_size=chosen.connections) as reads:
            yield {"reads": reads}

    page = FileResponse(STATIC / "graphiql.html", headers=PAGE_HEADERS)
    graphql = endpoint(answering, page, body_limit=chosen.limits.body, threads=chosen.connections)
    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/", home),
            Route("/graphql", graphql, methods=["GET", "POST"]),
            Route("/health/live", live),
            Route("/health/ready", ready),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
    )


async def home(_request: Request) -> Response:
    """Where the questions are asked."""
    return RedirectResponse("/graphql")


async def live(_request: Request) -> Response:
    """Whether the process answers at all."""
    return JSONResponse({"status": "live"})


async def ready(request: Request) -> Response:
    """Whether the record can be read."""
    reads: Reads = request.state.reads
    try:
        await run_in_threadpool(_read, reads)
    except (psycopg.Error, PoolTimeout):
        return JSONResponse({"status": "the record cannot be read"}, status_code=503)
    return JSONResponse({"status": "ready"})


def _read(reads: Reads) -> None:
    with reads.at():
        pass
