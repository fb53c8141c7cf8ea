"""Recording beside a projector of the same process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count

from api.recording import Recording
from domain.commands import (
    AnyCommand,
    Batch,
    Envelope,
    OpenStory,
    PublishReport,
    RegisterSource,
    ReportClaim,
    StepInput,
)
from domain.words import SourceKind
from eventlog.database import Database
from eventlog.log import Log
from eventlog.plan import Recorded, Result
from eventlog.record import Record
from projections.generations import connect, rebuild
from projections.inline import Inline
from projections.projector import Projector
from projections.statements import Head
from tests.projections.test_projector import rows

AROUND: Sequence[AnyCommand] = (
    RegisterSource(source="paper", name="The Paper", kind=SourceKind.OUTLET),
    OpenStory(story="story", title="A story"),
    PublishReport(report="r", outlet="paper", published_at="2024-08-01"),
)

_numbers = count(1)


def enveloped(command: AnyCommand | Batch, key: str | None = None) -> Envelope:
    return Envelope(command=command, actor="desk", key=key or f"key-{next(_numbers)}")


def claim(ref: str, report: str = "r") -> ReportClaim:
    steps = (StepInput(source="paper"),)
    return ReportClaim(
        claim=ref, report=report, story="story", statement=f"It is {ref}.", attribution=steps
    )


class Desk:
    """Who records in a process that serves."""

    def __init__(self, database: Database, recording: Recording, head: Head) -> None:
        self.database = database
        self.recording = recording
        self.head = head

    @property
    def inline(self) -> int:
        """Batches that were projected in the transaction that appended them."""
        assert self.recording.inline is not None
        return self.recording.inline.batches

    async def record(self, *given: AnyCommand | Batch | Envelope) -> list[Result]:
        """What comes of commands that are given at the same time."""
        envelopes = [one if isinstance(one, Envelope) else enveloped(one) for one in given]
        return await asyncio.gather(*map(self.recording.record, envelopes))

    async def begin(self) -> None:
        """Have what claims are reported in known, and the projector at the head of the log."""
        for command in (*AROUND, claim("first")):
            await self.record(command)
        await self.caught_up()

    async def caught_up(self) -> None:
        """Wait until the projector has done all that there is."""
        with Log(self.database.conninfo) as log:
            assert await self.head.reached(log.head().position, 20)

    async def elsewhere(self, *given: AnyCommand) -> None:
        """Another process records."""

        def record() -> None:
            with Record(self.database) as other:
                other.execute_many([enveloped(one) for one in given])

        await asyncio.to_thread(record)


@asynccontextmanager
async def desk(database: Database, projector: Projector) -> AsyncIterator[Desk]:
    head = Head(database.conninfo)
    following = asyncio.create_task(head.follow(lambda: None))
    inline = Inline(database, projector.shared, head, patience=20)
    try:
        async with inline, Recording(Record(database), inline) as recording:
            yield Desk(database, recording, head)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def same_as_rebuilt(database: Database) -> None:
    """The tables are what the log comes to."""
    with connect(database) as connection:
        lived = rows(connection)
        rebuild(database)
        assert lived == rows(connection)


def recorded(result: Result) -> Recorded:
    assert isinstance(result, Recorded), result
    return result
