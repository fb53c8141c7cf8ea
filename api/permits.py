"""What a caller who is limited to outlets or stories may touch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from api.access import Caller
from api.refusals import Forbidden
from domain import commands
from domain.commands import AnyCommand
from domain.ids import Subject, resolve
from projections.statements import Statements

# A claim that is not there yet, or is no more, is for the command itself to miss.
CLAIM: Final = (
    b"SELECT concat(outlet_id, ' ', story_id), 0 FROM read.claims WHERE claim_id = $1::uuid"
    b" AND reported_to = 'infinity' AND position_to = 9223372036854775807"
    b" UNION ALL SELECT '', 0 LIMIT 1"
)
REPORT: Final = (
    b"SELECT coalesce(outlet_id::text, ''), 0 FROM read.reports WHERE report_id = $1::uuid"
    b" AND reported_to = 'infinity' AND position_to = 9223372036854775807"
    b" UNION ALL SELECT '', 0 LIMIT 1"
)


Place = tuple[UUID | None, UUID | None]
"""The outlet that a claim was carried by, and its story."""


class Permits:
    """Looks up whose claims and reports are. Which outlet published a report never changes."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def check(self, caller: Caller, commands: Sequence[AnyCommand]) -> None:
        """Raises Forbidden where a limited caller may not give one of some commands, which are
        recorded together."""
        asking = _Asking(self._statements, caller)
        for command in commands:
            await asking.check(command)


class _Asking:
    """What is known of the things that some commands are about: those before make some."""

    def __init__(self, statements: Statements, caller: Caller) -> None:
        self._statements = statements
        self._caller = caller
        self._reports: dict[UUID, UUID | None] = {}
        self._claims: dict[UUID, Place] = {}

    async def check(self, command: AnyCommand) -> None:
        match command:
            case commands.ReportClaim():
                outlet = await self._outlet_of(command.report)
                story = None if command.story is None else resolve(Subject.STORY, command.story)
                self._allow(outlet, story)
                self._claims[resolve(Subject.CLAIM, command.claim)] = outlet, story
            case commands.PublishReport():
                outlet = None if command.outlet is None else resolve(Subject.SOURCE, command.outlet)
                self._allow_outlet(outlet)
                self._reports[resolve(Subject.REPORT, command.report)] = outlet
            case commands.ReviseReport() | commands.MoveReport() | commands.WithdrawReport():
                self._allow_outlet(await self._outlet_of(command.report))
            case commands.EraseReport():
                if self._caller.stories is not None:
                    raise Forbidden("this key is limited to stories: it may not erase a report")
                self._allow_outlet(await self._outlet_of(command.report))
            case (
                commands.RegisterSource()
                | commands.AddSourceAlias()
                | commands.MergeSources()
                | commands.OpenStory()
                | commands.EraseSource()
            ):
                raise Forbidden("you are limited to outlets or stories: you may not do this")
            case _:
                self._allow(*await self._place_of(command.claim))
                if isinstance(command, commands.AmendClaim) and isinstance(command.story, str):
                    self._allow_story(resolve(Subject.STORY, command.story))

    async def _place_of(self, ref: str) -> Place:
        claim = resolve(Subject.CLAIM, ref)
        if claim not in self._claims:
            found = await self._statements.fetch(CLAIM, (str(claim),))
            outlet, _, story = found.body.decode().partition(" ")
            self._claims[claim] = UUID(outlet) if outlet else None, UUID(story) if story else None
        return self._claims[claim]

    async def _outlet_of(self, ref: str) -> UUID | None:
        report = resolve(Subject.REPORT, ref)
        if report not in self._reports:
            found = await self._statements.fetch(REPORT, (str(report),))
            self._reports[report] = UUID(found.body.decode()) if found.body else None
        return self._reports[report]

    def _allow(self, outlet: UUID | None, story: UUID | None) -> None:
        self._allow_outlet(outlet)
        self._allow_story(story)

    def _allow_outlet(self, outlet: UUID | None) -> None:
        if self._caller.sources is not None and outlet not in self._caller.sources:
            raise Forbidden("you are limited to the reports and claims of other outlets")

    def _allow_story(self, story: UUID | None) -> None:
        if self._caller.stories is not None and story not in self._caller.stories:
            raise Forbidden("you are limited to claims of other stories")
