"""The ASGI application: `/graphql`, the page in a browser, and how it is doing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from anyio import create_task_group
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from api.callers import Callers
from api.channels import Channels
from api.execution import ANSWERS, Engine
from api.feed import Feeds
from api.forms import FRESH_FOR
from api.health import BEHIND, LOOPBACK, Network, Readiness, Scrapes, live
from api.http import Endpoint
from api.issuer import Issuer
from api.limits import Limits
from api.memento import Mementos
from api.metrics import Metrics
from api.numbers import (
    numbers_of_answers,
    numbers_of_channels,
    numbers_of_readers,
    numbers_of_recording,
    numbers_of_webhooks,
)
from api.permits import Permits
from api.persisted import KEPT, Store, read_trusted
from api.rates import Rates
from api.recording import Recording
from api.schema import schema
from api.server import VERSION
from api.streaming import Ended
from api.subscribing import Subscribing
from api.watching import ANONYMOUS, CLAIM_PAGE, FEED_PAGE, SLOW, UNREAD, Watching
from api.webhooks import Webhooks, WebhookSettings
from api.websocket import Sockets
from api.writing import PATIENCE, Writing
from eventlog.database import Database
from eventlog.erasure_list import ErasureList
from eventlog.record import Record
from projections.inline import Inline
from projections.projector import Projector
from projections.statements import Head, Statements

STATIC: Final = Path(str(files("api") / "static"))

PAGE_HEADERS: Final = {
    # The page runs what it is sent with and talks to this server alone.
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
        " img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    ),
    "vary": "Accept",
}


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """What can be set about the API."""

    limits: Limits = field(default_factory=Limits)
    documents: Path | None = None
    """A manifest, or a folder, of the only documents that are answered (`api.persisted`)."""
    persisted: int = KEPT
    """Characters of documents that are kept because clients sent them with their hash; 0 turns
    automatic persisted queries off."""
    answers: int = ANSWERS
    """Bytes of answers that are kept, to be given again; 0 keeps none."""
    anonymous: bool = True
    """Whoever says nothing of who they are may ask questions."""
    open_writing: bool = False
    """And record, as an editor. Only for a server that nobody but its user can reach."""
    fresh_for: int = FRESH_FOR
    """Seconds that an answer about given moments may be kept outside without asking again: so long
    may a copy outlive an erasure."""
    erasures: Path | None = None
    """The list of erasures outside the database (`eventlog.erasure_list`); None: nothing can be
    erased here."""
    readable_within: float = PATIENCE
    """Seconds that the answer to a mutation waits until what it recorded can be read."""
    access_log: bool = False
    """Each request is told in the log."""
    slow_after: float = SLOW
    """Seconds after which a request is told as slow."""
    behind: float = BEHIND
    """Seconds that the projection may be behind the log of a server that is ready."""
    metrics_to: tuple[Network, ...] = LOOPBACK
    """Who may read the metrics."""
    issuer: Issuer | None = None
    """Whose tokens are taken beside keys."""
    rates: Rates = field(default_factory=Rates)
    """How often somebody may ask."""
    address: str | None = None
    """Where the API is found from outside, as `https://record.example`; None: where it is asked."""
    webhooks: WebhookSettings = field(default_factory=WebhookSettings)
    """How what is recorded is delivered to webhooks."""

    def store(self) -> Store:
        """Where documents are found that are named. Raises UnreadableDocuments."""
        trusted = None if self.documents is None else read_trusted(self.documents)
        return Store(trusted, self.persisted)


def create_app(
    database: Database, settings: ApiSettings | None = None, projector: Projector | None = None
) -> Starlette:
    """The application that answers about a record. Raises UnreadableDocuments.

    It opens its connections when it is started (the ASGI lifespan) and closes them when it is
    stopped. Projecting what is written is not its task; with a `projector` of the same process it
    shares that task where it can.
    """
    chosen = settings or ApiSettings()
    store = chosen.store()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
        statements = Statements(
            database.conninfo,
            connections=chosen.limits.connections,
            timeout=chosen.limits.seconds,
            waiting=chosen.limits.waiting,
            patience=chosen.limits.patience,
        )
        head = Head(database.conninfo)
        engine = Engine(schema()._schema, statements, head, chosen.limits, store, chosen.answers)
        callers = Callers(
            database.conninfo,
            anonymous=chosen.anonymous,
            open_writing=chosen.open_writing,
            issuer=chosen.issuer,
            rates=chosen.rates,
        )
        erasures = None if chosen.erasures is None else ErasureList(chosen.erasures)
        inline = None if projector is None else Inline(database, projector.shared, head)
        record = Record(database, erasures=erasures)
        recording = Recording(record, inline, on_batch=metrics.appended)
        permits = Permits(statements)
        engine.writing = Writing(
            schema()._schema,
            recording,
            head,
            engine.compile_readback,
            engine.fetch,
            permits.check,
            chosen.readable_within,
            metrics.commanded,
        )
        channels = Channels(statements, head)
        subscribing = Subscribing(schema()._schema, engine, channels, head, chosen.limits)
        webhooks = Webhooks(
            database.conninfo,
            schema()._schema,
            statements,
            head,
            chosen.limits,
            chosen.webhooks,
            chosen.address or "urn:dateline",
        )

        def forget() -> None:
            engine.forget()
            channels.forget()

        metrics.read.numbers += [
            lambda: numbers_of_channels(channels),
            lambda: numbers_of_readers(statements.readers),
            lambda: numbers_of_answers(engine),
            lambda: numbers_of_recording(recording),
            lambda: numbers_of_webhooks(webhooks),
        ]
        async with statements, inline or nullcontext(), recording, create_task_group() as tasks:
            tasks.start_soon(head.follow, forget)
            tasks.start_soon(callers.follow)
            tasks.start_soon(webhooks.run)
            yield {
                "engine": engine,
                "statements": statements,
                "callers": callers,
                "subscribing": subscribing,
                "fresh_for": chosen.fresh_for,
                "streams": set[Ended](),
                "metrics": metrics,
            }
            tasks.cancel_scope.cancel()
            engine.close()

    metrics = Metrics(VERSION, (ANONYMOUS, UNREAD.name, CLAIM_PAGE.name, FEED_PAGE.name))
    page = FileResponse(STATIC / "graphiql.html", headers=PAGE_HEADERS)
    return Starlette(
        lifespan=lifespan,
        middleware=[
            Middleware(
                Watching,
                metrics=metrics,
                access_log=chosen.access_log,
                slow_after=chosen.slow_after,
            )
        ],
        routes=[
            Route("/", home),
            Route("/graphql", Endpoint(page, body_limit=chosen.limits.body)),
            WebSocketRoute("/graphql", Sockets(subscriptions=chosen.limits.subscriptions)),
            Route("/claims/{claim:path}", Mementos(chosen.address)),
            Route("/feeds/{feed:path}", Feeds(chosen.address)),
            Route("/health/live", live),
            Route("/health/ready", Readiness(chosen.behind).answer),
            Route("/metrics", Scrapes(metrics, chosen.metrics_to).answer),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
    )


async def home(_request: Request) -> Response:
    """Where the questions are asked."""
    return RedirectResponse("/graphql")
