"""The commands `backup` and `restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.faults import Failure, writing
from cli.opening import bring_up, erasures, events_bar, opened, say, settings
from cli.options import JsonOption
from cli.terminal import plain_text, print_json, stdout
from cli.times import exact, instant
from eventlog import backup as backups
from eventlog.backup import Manifest
from eventlog.database import Database, open_database, prepare_database
from eventlog.erasing import reconcile
from projections.generations import ensure_generation, scrub


def backup(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Where to.")],
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it is there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the record into one file.

    It is all that there is at this moment, keys for the API included; others go on reading and
    recording. Keep the list of erasures (DATELINE_ERASURES) elsewhere, and newer: `restore` wants
    it.

    \b
    Example:
      dateline backup record.dateline
    """
    if path.exists() and not force:
        raise Failure(f"{path} is there already; --force replaces it", code="FILE_EXISTS")
    with opened(context) as database:
        reconcile(database.conninfo, erasures(context))
        # Complete or not there: a backup that was cut short must not look like one.
        draft = path.with_name(path.name + ".part")
        try:
            with writing(draft), draft.open("wb") as file:
                manifest = backups.back_up(database, file)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    if as_json:
        print_json(_shape(manifest))
    else:
        stdout().print(
            f"Backed up to position {manifest.position:,}: {plain_text(str(path))}.",
            soft_wrap=True,
        )


def restore(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in the place of the record that is there.")
    ] = False,
    no_erasures: Annotated[
        bool,
        typer.Option("--no-erasures", help="Nothing was ever erased: there is no list of it."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Put a backup back, without anything that was erased since.

    Everything that the list of erasures (DATELINE_ERASURES) names is erased from it again, before
    any of it can be read. Then the tables are made anew.

    \b
    Example:
      dateline restore record.dateline
      dateline restore record.dateline --replace
    """
    known = erasures(context)
    with open_database(settings(context).database, notice=say) as database:
        manifest, erased = backups.restore(
            database, path, None if no_erasures else known, replace=replace
        )
        if replace:
            prepare_database(database.owner_conninfo)  # the rights of the application's role
        _readable(database)
        reconcile(database.conninfo, known)
    if as_json:
        print_json(_shape(manifest) | {"erased_again": erased})
        return
    stdout().print(
        f"Restored to position {manifest.position:,}, as it was {instant(manifest.made_at)}."
    )
    if erased:
        stdout().print(f"Erased again what {erased:,} events said.")


def _readable(database: Database) -> None:
    with events_bar("Making the tables") as on_progress:
        ensure_generation(database, on_progress)
    bring_up(database)
    scrub(database)


def _shape(manifest: Manifest) -> dict[str, object]:
    return {
        "record": str(manifest.record),
        "made_at": exact(manifest.made_at),
        "position": manifest.position,
    }
