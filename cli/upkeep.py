"""The commands that look after the record: `status`, `rebuild`, `export`."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, TextIO, cast

import typer
from rich.table import Table
from rich.text import Text

from cli import phrases
from cli.faults import Failure, writing
from cli.opening import events_bar, opened
from cli.options import JsonOption
from cli.shapes import Shape
from cli.terminal import plain_text, print_json, show, stdout
from cli.times import exact, instant
from domain import codec
from domain.words import Status
from eventlog.database import Database
from eventlog.log import Log
from feeds.export import Logged, lines
from projections.generations import OnProgress
from projections.generations import rebuild as rebuild_tables
from projections.reads import Reads
from projections.views import Summary

_PAGE: Final = 2_000
"""Events that are read from the log at a time."""


def status(context: typer.Context, as_json: JsonOption = False) -> None:
    """Say where the record stands.

    How far the log and the tables are, how much is in them, and where they are kept.

    \b
    Examples:
      dateline status
      dateline status --json
    """
    with opened(context) as database, Reads(database.conninfo) as reads:
        summary = reads.summary()
        if as_json:
            print_json(_status_shape(summary, database))
        else:
            show(stdout(), _status_grid(summary, database))


def _status_shape(summary: Summary, database: Database) -> Shape:
    return {
        "database": {
            "description": database.description,
            "version": database.version,
            "role_separated": database.role_separated,
        },
        "log": {"position": summary.position, "recorded_at": exact(summary.recorded_at)},
        "projected": {
            "position": summary.projected_position,
            "lag_events": summary.lag_events,
            "lag_seconds": summary.lag_seconds,
        },
        "counts": {
            "events": summary.events,
            "sources": summary.sources,
            "stories": summary.stories,
            "reports": summary.reports,
            "claims": summary.claims,
            "claims_by_status": {
                status.value: summary.claims_by_status.get(status, 0) for status in Status
            },
        },
    }


def _status_grid(summary: Summary, database: Database) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    rights = (
        "the application may only append"
        if database.role_separated
        else ("not separated: the record is kept append-only by triggers alone")
    )
    log = f"position {summary.position:,}"
    if summary.recorded_at:
        log += f", recorded {instant(summary.recorded_at)}"
    tables = "up to date"
    if summary.lag_events:
        tables = f"{summary.lag_events:,} events behind, for {summary.lag_seconds:.1f} s"
    grid.add_row("Database", plain_text(database.description))
    grid.add_row("Rights", Text(rights, style="" if database.role_separated else "yellow"))
    grid.add_row("Log", log)
    grid.add_row(
        "Tables",
        Text(
            f"position {summary.projected_position:,}, {tables}",
            style="yellow" if summary.lag_events else "",
        ),
    )
    grid.add_row(
        "Holds",
        f"{summary.sources:,} sources, {summary.stories:,} stories, {summary.reports:,} reports",
    )
    claims = Text(f"{summary.claims:,} claims")
    for status, (words, style) in phrases.STATUS.items():
        if count := summary.claims_by_status.get(status, 0):
            claims.append("\n")
            claims.append(f"{count:,} {words}", style=style)
    grid.add_row("", claims)
    return grid


def rebuild(context: typer.Context, as_json: JsonOption = False) -> None:
    """Make the tables anew from the log.

    They are made beside those that are read, and swapped. Nothing is lost by it and nobody waits:
    the log is not touched, and questions go on being answered from the old tables until the new
    ones have caught up.

    \b
    Example:
      dateline rebuild
    """
    with opened(context) as database, events_bar("Rebuilding") as on_progress:
        position = rebuild_tables(database, on_progress)
    if as_json:
        print_json({"position": position})
    else:
        stdout().print(f"Rebuilt from {position:,} events.")


def export(
    context: typer.Context,
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="Where to; packed if it ends in .gz. Standard output if left out.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it is there.")] = False,
) -> None:
    """Write the log as interchange lines.

    An empty record that imports them gives the same answers.

    \b
    Examples:
      dateline export record.jsonl.gz
      dateline export | grep retract_claim
    """
    if path is not None and path.exists() and not force:
        raise Failure(f"{path} is there already; --force replaces it", code="FILE_EXISTS")
    with opened(context) as database:
        if path is None:
            _write(database, sys.stdout)
            return
        # Complete or not there: an export that was cut short must not look like a record.
        draft = path.with_name(path.name + ".part")
        try:
            with writing(draft), _text_file(draft, packed=path.suffix == ".gz") as out:
                count = _write(database, out)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    stdout().print(f"{count:,} lines written to {plain_text(str(path))}.")


def _text_file(path: Path, *, packed: bool) -> TextIO:
    if packed:
        return cast(TextIO, gzip.open(path, "wt", encoding="utf-8"))
    return path.open("w", encoding="utf-8")


def _write(database: Database, out: TextIO) -> int:
    count = 0
    with Log(database.conninfo) as log, events_bar("Exporting") as on_progress:
        for line in lines(_logged(log, on_progress)):
            out.write(line + "\n")
            count += 1
    return count


def _logged(log: Log, on_progress: OnProgress) -> Iterator[Logged]:
    head = log.head().position
    position = 0
    while events := log.read(position, _PAGE, head):
        for event in events:
            if event.content is not None:
                yield Logged(
                    event.position,
                    event.stream_id,
                    codec.load(event.content),
                    event.actor,
                    event.reason,
                    event.key,
                    f"(erased {event.version})" if event.erased else None,
                )
        position = events[-1].position
        on_progress(position, head)
