"""`dateline serve`."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path
from typing import Annotated, Final

import typer
import uvicorn
from rich.text import Text

from api.addresses import is_loopback
from api.app import ApiSettings, create_app
from api.forms import FRESH_FOR
from api.health import BEHIND, LOOPBACK, networks_from
from api.limits import limits_from
from api.persisted import UnreadableDocuments
from api.protocol import config, settle
from api.rates import rates_from
from api.server import VERSION
from api.traces import UnknownProtocol, traced_by_environment
from api.watching import SLOW
from api.webhooks import WebhookSettings
from cli.example import load_example
from cli.faults import USAGE, Failure
from cli.logs import LogFormat, LogLevel, logging_as
from cli.opening import agree_on_erasures, bring_up, erasures, opened
from cli.signing_in import (
    ActorClaimOption,
    AudienceOption,
    IssuerOption,
    OutletsClaimOption,
    ProxyOption,
    RateOption,
    RoleOption,
    RolesClaimOption,
    StoriesClaimOption,
    issuer_of,
    proxies_of,
)
from cli.telling import (
    AccessLogOption,
    BehindOption,
    LogFormatOption,
    LogLevelOption,
    MetricsToOption,
    SlowOption,
)
from cli.terminal import stdout
from cli.webhooks import PrivateOption
from projections.projector import Projector

_logger = logging.getLogger(__name__)

GRACE: Final = 5
"""Seconds that requests in flight have to end when the server is stopped."""

QUESTIONS: Final = (
    (
        "How many armoured personnel carriers were said to be lost by 18 August 2024, then?",
        '{ claim(id: "loss:2024-08-18:APC", asOf: { reportedAt: "2024-08-18" })'
        " { statement version status } }",
    ),
    (
        "And what became of that number since?",
        '{ claim(id: "loss:2024-08-18:APC") { statement version status silentChanges } }',
    ),
    (
        "What has been corrected or retracted, and by whom?",
        "{ claims(filter: { status: [CORRECTED, RETRACTED] }, first: 10)"
        " { totalCount leftOut nodes { statement status outlet { name } } } }",
    ),
)
"""To try on the example record."""


def serve(
    context: typer.Context,
    host: Annotated[
        str, typer.Option("--host", envvar="DATELINE_HOST", help="The address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            "--port", envvar="DATELINE_PORT", min=0, max=65535, help="The port; 0 takes a free one."
        ),
    ] = 8000,
    example: Annotated[
        bool, typer.Option(help="Load the example record if the log is empty.")
    ] = True,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            "--limit",
            envvar="DATELINE_LIMITS",
            metavar="NAME=NUMBER",
            help="Set a limit on what may be asked; may be given again.",
        ),
    ] = None,
    documents: Annotated[
        Path | None,
        typer.Option(
            "--documents",
            envvar="DATELINE_DOCUMENTS",
            help="Answer only the documents in this manifest or folder.",
        ),
    ] = None,
    anonymous: Annotated[
        bool,
        typer.Option(
            "--anonymous/--no-anonymous",
            envvar="DATELINE_ANONYMOUS",
            help="Whether questions are answered to whoever brings no key.",
        ),
    ] = True,
    open_writing: Annotated[
        bool,
        typer.Option(
            "--open-writing",
            envvar="DATELINE_OPEN_WRITING",
            help="Let whoever reaches this machine's own address record without a key.",
        ),
    ] = False,
    fresh_for: Annotated[
        int,
        typer.Option(
            "--fresh-for",
            envvar="DATELINE_FRESH_FOR",
            metavar="SECONDS",
            min=0,
            help="How long others may keep an answer about a given moment without asking again.",
        ),
    ] = FRESH_FOR,
    address: Annotated[
        str | None,
        typer.Option(
            "--address",
            envvar="DATELINE_ADDRESS",
            metavar="URL",
            help="Where it is found from outside, as links to it are to say.",
        ),
    ] = None,
    private_webhooks: PrivateOption = False,
    log_format: LogFormatOption = LogFormat.TEXT,
    log_level: LogLevelOption = LogLevel.INFO,
    access_log: AccessLogOption = False,
    slow: SlowOption = SLOW,
    metrics_to: MetricsToOption = None,
    behind: BehindOption = BEHIND,
    proxy: ProxyOption = None,
    rate: RateOption = None,
    oidc_issuer: IssuerOption = None,
    oidc_audience: AudienceOption = None,
    oidc_actor_claim: ActorClaimOption = "sub",
    oidc_roles_claim: RolesClaimOption = "roles",
    oidc_role: RoleOption = None,
    oidc_outlets_claim: OutletsClaimOption = None,
    oidc_stories_claim: StoriesClaimOption = None,
) -> None:
    """Serve the record over HTTP until Ctrl-C.

    GraphQL is at /graphql, and GraphiQL for whoever opens that in a browser.

    \b
    Examples:
      dateline serve
      dateline serve --port 8080 --no-example
      dateline serve --limit cost=20000 --limit depth=12
    """
    if open_writing and not is_loopback(host):
        raise Failure(
            f"--open-writing lets anybody record, and {host} is reached from elsewhere: make keys"
            " instead (dateline key create)",
            code="INVALID_INPUT",
            field="--open-writing",
            exit_code=USAGE,
        )
    try:
        proxies = proxies_of(proxy)
        issuer = issuer_of(
            oidc_issuer,
            oidc_audience,
            oidc_actor_claim,
            oidc_roles_claim,
            oidc_role,
            oidc_outlets_claim,
            oidc_stories_claim,
        )
        settings = ApiSettings(
            limits_from(limit or ()),
            documents,
            anonymous=anonymous,
            open_writing=open_writing,
            address=address,
            access_log=access_log,
            slow_after=slow or inf,
            behind=behind,
            metrics_to=LOOPBACK if metrics_to is None else networks_from(metrics_to),
            issuer=issuer,
            rates=rates_from(rate or ()),
            fresh_for=fresh_for,
            erasures=erasures(context).path,
            webhooks=WebhookSettings(private=private_webhooks),
        )
        settings.store()
    except (ValueError, UnreadableDocuments) as error:
        raise Failure(str(error), code="INVALID_INPUT", exit_code=USAGE) from None
    with logging_as(log_format, log_level), _tracing(), _listening(host, port) as listener:
        with opened(context, _logger.info) as database:
            agree_on_erasures(database, erasures(context))
            if example:
                load_example(database, _logger.info)
            bring_up(database)
            projector = Projector(database)
            projector.start()
            try:
                if log_format is LogFormat.TEXT:
                    _welcome(listener, database.description)
                else:
                    _logger.info("serving %s/graphql (%s)", _at(listener), database.description)
                app = create_app(database, settings, projector)
                _serve(config(app, proxies, timeout_graceful_shutdown=GRACE), listener)
            finally:
                projector.stop()
        _logger.info("Stopped.")


@contextmanager
def _tracing() -> Iterator[None]:
    try:
        with traced_by_environment(VERSION):
            yield
    except UnknownProtocol as error:
        raise Failure(str(error), code="INVALID_INPUT", exit_code=USAGE) from None


def _listening(host: str, port: int) -> socket.socket:
    # Before anything else: a port in use should not be found out after a long start.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        # What socket adds in brackets says the same once more.
        reason = str(error.strerror or error).partition(" (while")[0]
        hint = "; choose another with --port" if error.errno == errno.EADDRINUSE else ""
        raise Failure(
            f"cannot listen on {host}:{port}: {reason}{hint}", code="CANNOT_LISTEN"
        ) from None


def _welcome(listener: socket.socket, description: str) -> None:
    console = stdout()
    where = Text(f"{_at(listener)}/graphql", style="cyan")
    console.print(Text("Dateline", style="bold"), "is serving", where)
    console.print(f"({description})", style="dim")
    console.print("\nOpen it in a browser for GraphiQL. Three questions to try there:")
    for number, (question, query) in enumerate(QUESTIONS, start=1):
        console.print(f"\n{number}. {question}")
        console.print(f"   {query}", style="cyan", soft_wrap=True)
    console.print("\nCtrl-C stops it.", style="dim")


def _at(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _serve(config: uvicorn.Config, listener: socket.socket) -> None:
    server = uvicorn.Server(config)
    settle()
    # Once it has shut down in order, uvicorn raises the signal that it was stopped by once more.
    with suppress(KeyboardInterrupt, SystemExit):
        server.run(sockets=[listener])
    if not server.started:
        raise Failure("the server did not start", code="NOT_STARTED")
