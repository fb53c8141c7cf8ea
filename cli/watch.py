"""`dateline watch`."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import msgspec
import typer

from api.event_list import EventKind
from cli.opening import bring_up, opened, say
from cli.stream import Show, Wanted, streaming
from cli.terminal import stdout
from cli.watch_page import Printer
from domain.words import Status
from eventlog.database import Database
from projections.projector import Projector


def watch(
    context: typer.Context,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="PLACE",
            help="Begin after a cursor or a position, or at a time of recording:"
            " 4711, 2024-08-20, 2024-08-20T05:12. Without it, with what comes next.",
        ),
    ] = None,
    story: Annotated[
        str | None,
        typer.Option("--story", metavar="SLUG", help="Only of this story and of its claims."),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--source", metavar="REF", help="Only what concerns this source."),
    ] = None,
    report: Annotated[
        str | None,
        typer.Option("--report", metavar="REF", help="Only of this report and of its claims."),
    ] = None,
    claim: Annotated[
        str | None, typer.Option("--claim", metavar="REF", help="Only of this claim.")
    ] = None,
    topic: Annotated[
        str | None,
        typer.Option("--topic", metavar="TOPIC", help="Only of claims filed under this topic."),
    ] = None,
    kind: Annotated[
        list[EventKind] | None,
        typer.Option(
            "--kind",
            metavar="KIND",
            help=f"Only events of this sort: {', '.join(EventKind)}. May be given several times.",
        ),
    ] = None,
    status: Annotated[
        list[Status] | None,
        typer.Option(
            "--status",
            metavar="STATUS",
            help=f"Only events by which a claim came to be: {', '.join(Status)}. May be given"
            " several times.",
        ),
    ] = None,
    actor: Annotated[
        str | None,
        typer.Option("--actor", metavar="NAME", help="Only what this actor recorded."),
    ] = None,
    until_now: Annotated[
        bool,
        typer.Option(
            "--until-now",
            help="Print what has been recorded until now, and end. Without --since, all of it.",
        ),
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="One JSON object a line, each with the cursor to go on from."),
    ] = False,
) -> None:
    """Watch events as they are recorded, until Ctrl-C.

    It needs no server. It goes on by itself when the database was away, with nothing left out and
    nothing twice. When it ends it says where to go on from.

    \b
    Examples:
      dateline watch --story russian-losses
      dateline watch --kind claim.corrected --kind claim.retracted --since 2024-08-20
      dateline watch --since 4711 --until-now --json
    """
    named = {
        "story": story,
        "source": source,
        "report": report,
        "claim": claim,
        "topic": topic,
        "actor": actor,
    }
    chosen: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    if kind:
        chosen["kind"] = [one.name for one in kind]
    if status:
        chosen["status"] = [one.name for one in status]
    if since is None and until_now:
        since = "0"
    shown = _Shown(as_json)
    with opened(context) as database, _quiet(), _projected(database):
        try:
            asyncio.run(_watched(database, Wanted(since, chosen), shown.show, until_now))
        except KeyboardInterrupt:
            if until_now:
                raise
        finally:
            if shown.cursor is not None and not until_now:
                say(f"Go on with --since {shown.cursor}")


class _Shown:
    """What was shown so far."""

    def __init__(self, as_json: bool) -> None:
        self.cursor: str | None = None
        """That of the last event."""
        self._printer = None if as_json else Printer(stdout())

    def show(self, edge: bytes) -> None:
        """Show an event with its cursor."""
        told = msgspec.json.decode(edge)
        if self._printer is None:
            sys.stdout.write(f"{edge.decode()}\n")
            sys.stdout.flush()
        else:
            self._printer.print(told["node"])
        self.cursor = told["cursor"]


async def _watched(database: Database, wanted: Wanted, show: Show, until_now: bool) -> None:
    async with streaming(database, wanted) as stream:
        if until_now:
            await stream.history(show)
            return
        say(f"Watching what comes after position {stream.begins:,}. Ctrl-C ends it.")
        await stream.follow(show)


@contextmanager
def _projected(database: Database) -> Iterator[None]:
    """Have everything that is recorded projected, unless another process does it already."""
    bring_up(database)
    projector = Projector(database)
    projector.start()
    try:
        yield
    finally:
        projector.stop()


@contextmanager
def _quiet() -> Iterator[None]:
    """Have those who wait for the database say nothing: it is said once, for all of them."""
    loggers = [logging.getLogger(name) for name in ("api", "projections", "eventlog")]
    before = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for one, level in zip(loggers, before, strict=True):
            one.setLevel(level)
