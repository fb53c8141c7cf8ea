"""`dateline import`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from cli.faults import FAILED
from cli.formats import Format, guess, read
from cli.importing import Outcome, RefusedLines, record_all, without_erasures
from cli.opening import bring_up, erasures, opened, say
from cli.options import JsonOption
from cli.terminal import plain_text, print_json, said, show, stderr, stdout
from eventlog.record import Record

_STDIN: Final = Path("-")


def import_file(
    context: typer.Context,
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A file, plain or gzip; - is standard input.")
    ],
    format_: Annotated[
        Format | None,
        typer.Option("--format", help="What the file holds. Guessed from the file if left out."),
    ] = None,
    actor: Annotated[
        str | None,
        typer.Option("--actor", metavar="NAME", help="Who records lines that do not say it."),
    ] = None,
    refused: Annotated[
        Path | None,
        typer.Option(
            "--refused",
            metavar="FILE",
            help="Where refused lines go, with reasons. [default: <name>.refused.jsonl beside it]",
        ),
    ] = None,
    allow_erasures: Annotated[
        bool,
        typer.Option("--allow-erasures", help="Carry out lines that erase content; else refused."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Record what a file holds.

    Every line is recorded wholly or refused with a reason; refused lines are put into a file of
    their own. The same file can be imported again: what is there already stays as it is. So an
    import that was interrupted is carried on by giving the same command again.

    \b
    Examples:
      dateline import examples/kursk-talks.jsonl
      dateline import revisions.jsonl.gz --format loss-claims
      dateline export | dateline --data other import - --format interchange
    """
    kind = format_ or _guessed(path)
    aside = refused or _beside(path)
    outcome = Outcome()
    with ExitStack() as stack:
        stream = _open(stack, path)
        if refused is None:
            aside.unlink(missing_ok=True)  # of an earlier run: it would be taken for this one's
        database = stack.enter_context(opened(context))
        record = stack.enter_context(Record(database, erasures=erasures(context)))
        lines = stack.enter_context(RefusedLines(aside))
        try:
            with _bar(path, stream, outcome) as on_progress:
                results = read(kind, stream, actor, outcome.tally)
                if not allow_erasures:
                    results = without_erasures(results)
                record_all(record, results, outcome, lines.write, on_progress)
            bring_up(database)
        except BaseException:  # also Ctrl-C
            _summary(outcome, aside, as_json=as_json)
            say("What was recorded stays; the same command carries on from there.")
            raise
    _summary(outcome, aside, as_json=as_json)
    if outcome.refused:
        raise typer.Exit(FAILED)


def _guessed(path: Path) -> Format:
    if path == _STDIN:
        return Format.INTERCHANGE
    kind = guess(path)
    say(f"Reading {path} as {kind} (--format says otherwise).")
    return kind


def _beside(path: Path) -> Path:
    if path == _STDIN:
        return Path("stdin.refused.jsonl")
    stem = path.name.removesuffix(".gz").removesuffix(".jsonl").removesuffix(".json")
    return path.with_name(f"{stem}.refused.jsonl")


def _open(stack: ExitStack, path: Path) -> BinaryIO:
    # Unbuffered, so that its position can be asked for while another thread reads, and so that a
    # process that ends while that one waits for input does not want a buffer of Python's own.
    if path == _STDIN:
        return stack.enter_context(open(sys.stdin.fileno(), "rb", buffering=0, closefd=False))
    return stack.enter_context(path.open("rb", buffering=0))


@contextmanager
def _bar(path: Path, stream: BinaryIO, outcome: Outcome) -> Iterator[Callable[[], None]]:
    columns = (
        SpinnerColumn(),
        TextColumn("Importing"),
        BarColumn(bar_width=None),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[counts]}"),
        TimeRemainingColumn(),
    )
    console = stderr()
    known = path != _STDIN
    total = path.stat().st_size if known else None
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=total, counts="")

        def on_progress() -> None:
            counts = f"{outcome.recorded:,} recorded"
            if outcome.refused:
                counts += f", {outcome.refused:,} refused"
            done = stream.tell() if known else 0
            progress.update(task, completed=done, counts=counts)

        yield on_progress


def _summary(outcome: Outcome, aside: Path, *, as_json: bool) -> None:
    if as_json:
        shape = outcome.shape()
        shape["refused_file"] = str(aside) if outcome.refused else None
        print_json(shape)
        return
    console = stdout()
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column()
    grid.add_column(justify="right")
    grid.add_column(overflow="fold")
    grid.add_row("Read", f"{outcome.tally.lines:,}", "lines")
    grid.add_row("Recorded", f"{outcome.recorded:,}", "commands")
    grid.add_row("Already there", f"{outcome.already:,}", "")
    where = said(f"with reasons in {aside}") if outcome.refused else ""
    style = "bold red" if outcome.refused else ""
    grid.add_row("Refused", f"{outcome.refused:,}", where, style=style)
    grid.add_row("Skipped", f"{outcome.tally.skipped.total():,}", "")
    for reason, count in outcome.tally.skipped.most_common():
        grid.add_row("", f"{count:,}", said(reason), style="dim")
    show(console, grid)
    if outcome.first_refusals:
        console.print()
    for refused in outcome.first_refusals:
        field = f"{refused.field}: " if refused.field else ""
        reason = plain_text(f"Line {refused.line_number:,}: {field}{refused.reason}")
        console.print(f"{reason} [{refused.code}]")
    if outcome.refused > len(outcome.first_refusals):
        more = outcome.refused - len(outcome.first_refusals)
        console.print(f"... and {more:,} more", style="dim")
