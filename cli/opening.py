"""The record, opened for a command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

import psycopg
import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from cli.options import Settings
from cli.terminal import plain_text, stderr
from eventlog.database import Database, open_database
from eventlog.erasing import reconcile
from eventlog.erasure_list import ErasureList
from eventlog.errors import ErasureListUnusable
from projections.generations import connect, ensure_generation
from projections.projector import lag, project_all
from projections.reads import Reads


def say(line: str) -> None:
    """Say something beside the answer, on the standard error stream."""
    stderr().print(plain_text(line), style="dim", soft_wrap=True)


def settings(context: typer.Context) -> Settings:
    """The settings that were given before the command's name."""
    found = context.obj
    if not isinstance(found, Settings):
        raise TypeError("the command was called without its settings")
    return found


def erasures(context: typer.Context) -> ErasureList:
    """The list of erasures that was set."""
    return ErasureList(settings(context).erasures)


@contextmanager
def opened(context: typer.Context, notice: Callable[[str], None] = say) -> Iterator[Database]:
    """The database, started and migrated, with tables to read from."""
    with open_database(settings(context).database, notice=notice) as database:
        with events_bar("Rebuilding the tables") as on_progress:
            ensure_generation(database, on_progress)
        yield database


def agree_on_erasures(database: Database, known: ErasureList) -> None:
    """Bring the record and the list of its erasures to agree, before anything can be read."""
    try:
        done = reconcile(database.conninfo, known)
    except ErasureListUnusable as error:
        say(f"{error} Nothing can be erased until that is put right.")
        return
    if done:
        bring_up(database)
        say(f"Erased again what {done:,} events said: this copy of the record still had it.")


@contextmanager
def reading(context: typer.Context) -> Iterator[Reads]:
    """The record for questions. Everything in the log can be read."""
    with opened(context) as database:
        bring_up(database)
        with Reads(database.conninfo) as reads:
            yield reads


def bring_up(database: Database) -> None:
    """Bring the tables up to the log, so that everything recorded until now can be read. Another
    process may be doing it; then this waits."""
    done = Event()

    def watch(on_progress: Callable[[int, int], None]) -> None:
        # The bar is a courtesy: what fails here fails there too, and is told there.
        with suppress(psycopg.Error), connect(database) as connection:
            behind = lag(connection).events
            while behind and not done.wait(0.2):
                on_progress(max(behind - lag(connection).events, 0), behind)

    with events_bar("Projecting") as on_progress:
        watcher = Thread(target=watch, args=(on_progress,), name="lag", daemon=True)
        watcher.start()
        try:
            project_all(database)
        finally:
            done.set()
            watcher.join()


@contextmanager
def events_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """A bar that is told (events done, events in all). It appears when it is first told."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TextColumn("events"),
        TimeRemainingColumn(),
    )
    console = stderr()
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=None, visible=False)

        def on_progress(done: int, of: int) -> None:
            progress.update(task, completed=done, total=of, visible=True)

        yield on_progress
