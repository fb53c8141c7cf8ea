"""The example record that ships, loaded into an empty log."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from io import BytesIO
from typing import Final

from cli.faults import Failure
from cli.formats import ACTOR
from domain.commands import Envelope
from domain.refusals import Refusal
from eventlog.database import Database
from eventlog.log import Log
from eventlog.record import Record
from feeds import interchange
from feeds.items import Item

FILES: Final = ("kursk-talks.jsonl", "losses.jsonl")


def load_example(database: Database, notice: Callable[[str], None]) -> None:
    """Record the example, if nothing has been recorded yet: all of it, or nothing."""
    with Log(database.conninfo) as log:
        if log.head().position:
            return
    notice("The record is empty: loading the example record.")
    with Record(database) as record:
        # In one go, and so in one transaction: half an example would never be completed.
        for answer in record.execute_many(example()):
            if isinstance(answer, Refusal):
                raise Failure(f"the example record was refused: {answer}", code=answer.code)


def example() -> list[Envelope]:
    """The commands of the example record, under the same keys as when its files are imported."""
    envelopes = []
    for name in FILES:
        stream = BytesIO((files("examples") / name).read_bytes())
        for result in interchange.read(stream, actor=ACTOR):
            if not isinstance(result, Item):
                raise Failure(f"{name}, line {result.line_number}: {result.reason}")
            envelopes.append(result.envelope)
    return envelopes
