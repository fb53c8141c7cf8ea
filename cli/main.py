"""The `dateline` command: what it is made of, and how it ends."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

import typer

from cli import (
    asking,
    backups,
    erasing,
    keys,
    options,
    serving,
    settings,
    upkeep,
    watch,
    webhooks,
)
from cli.faults import FAILED, INTERRUPTED, TERMINATED, failure_of, tell
from cli.import_command import import_file
from cli.opening import say

app = typer.Typer(
    name="dateline",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help reads the same in a terminal, a pipe and the docs
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


@app.callback()
def dateline(
    context: typer.Context,
    database_url: options.DatabaseUrl = None,
    data: options.DataFolder = None,
    config: settings.ConfigFile = None,
    erasures: options.ErasuresFile = None,
) -> None:
    """A record of reporting: what was claimed, corrected and retracted, as of any date.

    The record is kept by a PostgreSQL that Dateline starts itself, or by your own (DATABASE_URL).

    \b
    Exit codes:
      0    all is well
      1    something was refused, was not found, or failed
      2    the command was not understood
      3    the database cannot be reached, started or written
      130  interrupted with Ctrl-C; what was recorded stays

    \b
    Example:
      dateline claim loss:2024-08-18:APC --as-of 2024-08-18
    """
    del config  # read before everything else
    context.obj = options.settings_of(database_url, data, erasures)


app.command()(serving.serve)
app.command("import")(import_file)
app.command()(asking.claims)
app.command()(asking.story)
app.command()(asking.claim)
app.command()(asking.changes)
app.command()(watch.watch)
app.command()(upkeep.rebuild)
app.command()(upkeep.status)
app.command()(upkeep.export)
app.command()(backups.backup)
app.command()(backups.restore)
app.add_typer(keys.app, name="key")
app.add_typer(erasing.app, name="erase")
app.add_typer(webhooks.app, name="webhook")


def main() -> None:
    """The entry point: runs the command of `sys.argv` and exits with its code."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # as while this was loaded
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _terminated)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever called, as with `>&-`
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command and give its exit code. Every known fault is told in one line."""
    try:
        app(args=list(arguments), prog_name="dateline")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else FAILED
        if code == INTERRUPTED:
            say("Interrupted.")
        return code
    except Exception as error:
        failure = failure_of(error)
        if failure is None:
            raise
        tell(failure, as_json="--json" in arguments)
        return failure.exit_code
    return 0


def _terminated(_number: int, _frame: FrameType | None) -> NoReturn:
    # An exit in order: the embedded server is stopped, and what is in the log stays.
    raise SystemExit(TERMINATED)
