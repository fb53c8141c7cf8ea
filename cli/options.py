"""The options that several commands share, and the settings that all of them do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from domain.words import Status
from eventlog.database import DatabaseSettings
from eventlog.embedded import default_data_folder
from eventlog.erasure_list import NAME


@dataclass(frozen=True, slots=True)
class Settings:
    """What was set before the name of the command, for all commands."""

    database: DatabaseSettings
    erasures: Path
    """The list of erasures."""


def settings_of(database_url: str | None, data: Path | None, erasures: Path | None) -> Settings:
    """The settings from flags and the environment; a flag comes before the environment."""
    folder = data.expanduser().absolute() if data else default_data_folder()
    listed = erasures.expanduser().absolute() if erasures else folder / NAME
    return Settings(DatabaseSettings(url=database_url or None, data_folder=folder), listed)


DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        envvar="DATABASE_URL",
        metavar="URL",
        show_default=False,  # what a file says may be a secret
        help="A PostgreSQL of your own, 15 or later. Without one Dateline starts its own.",
    ),
]
DataFolder = Annotated[
    Path | None,
    typer.Option(
        "--data",
        envvar="DATELINE_DATA",
        metavar="FOLDER",
        help="Where Dateline's own PostgreSQL keeps the record.",
    ),
]
ErasuresFile = Annotated[
    Path | None,
    typer.Option(
        "--erasures",
        envvar="DATELINE_ERASURES",
        metavar="FILE",
        help="The list of erasures, outside the database. [default: erasures.jsonl in --data]",
    ),
]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="TIME",
        help="What had been reported by then: 2024-08-20, 2024-08-20T05:12+03:00."
        " A date means its end, UTC.",
    ),
]
RecordedOption = Annotated[
    str | None,
    typer.Option(
        "--recorded",
        metavar="TIME",
        help="What this record had taken down by then, however late it was loaded.",
    ),
]
PositionOption = Annotated[
    int | None,
    typer.Option(
        "--position", metavar="N", help="As --recorded, named by the position in the log."
    ),
]
StoryOption = Annotated[
    str | None, typer.Option("--story", metavar="SLUG", help="Only claims of this story.")
]
SourceOption = Annotated[
    str | None,
    typer.Option(
        "--source",
        metavar="REF",
        help="Only claims with this source anywhere in the chain, the outlet included.",
    ),
]
OutletOption = Annotated[
    str | None,
    typer.Option("--outlet", metavar="REF", help="Only claims that this outlet carried."),
]
StatusOption = Annotated[
    list[Status] | None,
    typer.Option(
        "--status",
        metavar="STATUS",
        help=f"Only claims of this status: {', '.join(Status)}. May be given several times.",
    ),
]
FirstOption = Annotated[
    int, typer.Option("--first", metavar="N", min=1, max=100, help="How many claims, up to 100.")
]
AfterOption = Annotated[
    str | None,
    typer.Option("--after", metavar="CURSOR", help="The next page: the cursor of the last one."),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="One JSON object, for programs, instead of a table.")
]
