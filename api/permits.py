"""What a caller who is limited to outlets or stories may touch."""

from __future__ import annotations

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


class Permits:
    """Looks up whose a claim or a report is. Which outlet published a report never changes."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def check(self, caller: Caller, command: AnyCommand) -> None:
        """Raises Forbidden where a limited caller may not give a command."""
        match command:
            case commands.ReportClaim():
                self._outlet(caller, await self._outlet_of(command.report))
                story = command.story and resolve(Subject.STORY, command.story)
                self._story(caller, story or None)
            case commands.PublishReport():
                outlet = command.outlet and resolve(Subject.SOURCE, command.outlet)
                self._outlet(caller, outlet or None)
            case commands.ReviseReport() | commands.MoveReport() | commands.WithdrawReport():
                self._outlet(caller, await self._outlet_of(command.report))
            case (
                commands.RegisterSource()
                | commands.AddSourceAlias()
                | commands.MergeSources()
                | commands.OpenStory()
            ):
                raise Forbidden("this key is limited to outlets or stories: it may not do this")
            case _:
                await self._claim(caller, command.claim)
                if isinstance(command, commands.AmendClaim) and isinstance(command.story, str):
                    self._story(caller, resolve(Subject.STORY, command.story))

    async def _claim(self, caller: Caller, ref: str) -> None:
        found = await self._statements.fetch(CLAIM, (str(resolve(Subject.CLAIM, ref)),))
        outlet, _, story = found.body.decode().partition(" ")
        self._outlet(caller, UUID(outlet) if outlet else None)
        self._story(caller, UUID(story) if story else None)

    async def _outlet_of(self, ref: str) -> UUID | None:
        found = await self._statements.fetch(REPORT, (str(resolve(Subject.REPORT, ref)),))
        return UUID(found.body.decode()) if found.body else None

    def _outlet(self, caller: Caller, outlet: UUID | None) -> None:
        if caller.sources is not None and outlet not in caller.sources:
            raise Forbidden("this key is limited to the reports and claims of other outlets")

    def _story(self, caller: Caller, story: UUID | None) -> None:
        if caller.stories is not None and story not in caller.stories:
            raise Forbidden("this key is limited to claims of other stories")
