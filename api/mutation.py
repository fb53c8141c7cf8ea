"""What can be recorded: the mutations, and what each gives back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import strawberry

from api import claim_inputs, erase_inputs, inputs
from api.batch_inputs import RecordBatchInput
from api.catalogue import Node, Report, Source, Story
from api.claims import Claim
from api.fields import argument, changed, does, recorded
from api.refusals import AnyRefusal
from api.scalars import Position
from domain import commands
from domain.ids import Subject
from domain.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a mutation."""

    subjects: tuple[tuple[Subject, UUID], ...] = ()
    position: int | None = None
    recorded_at: datetime | None = None
    replayed: bool = False
    readable: bool = False
    refusal: Refusal | None = None

    @property
    def seen(self) -> tuple[tuple[Subject, UUID], ...]:
        """What it was about, where that can be read."""
        return self.subjects if self.readable else ()


@strawberry.interface(description="What came of a mutation: a position in the log, or a refusal.")
class Payload:
    position: Position | None = recorded(
        lambda done: done.position,
        "The last position that it was recorded at; null where it was refused.",
    )
    recorded_at: datetime | None = recorded(
        lambda done: done.recorded_at, "When it was recorded; null where it was refused."
    )
    replayed: bool = recorded(
        lambda done: done.replayed,
        "It had been recorded before under the same idempotency key. Nothing new was recorded, and"
        " this is the first result.",
    )
    readable: bool = recorded(
        lambda done: done.readable,
        "Whether questions see it by now. `false` with a position: it is durable, and will be seen"
        " in a moment.",
    )
    refusal: AnyRefusal | None = recorded(
        lambda done: done.refusal, "Why nothing was recorded; null where something was."
    )


AS_RECORDED: Final = " as of the position that it was recorded at; null where it is not readable."


@strawberry.type(description="What came of a mutation about a source.")
class SourcePayload(Payload):
    source: Source | None = changed(Subject.SOURCE, "The source," + AS_RECORDED)


@strawberry.type(description="What came of a mutation about a story.")
class StoryPayload(Payload):
    story: Story | None = changed(Subject.STORY, "The story," + AS_RECORDED)


@strawberry.type(description="What came of a mutation about a report.")
class ReportPayload(Payload):
    report: Report | None = changed(Subject.REPORT, "The report," + AS_RECORDED)


@strawberry.type(description="What came of a mutation about a claim.")
class ClaimPayload(Payload):
    claim: Claim | None = changed(Subject.CLAIM, "The claim," + AS_RECORDED)


@strawberry.type(description="What came of commands that were recorded together.")
class BatchPayload(Payload):
    nodes: list[Node] = changed(
        None,
        "What each command was about, in their order, as of the position of the last; none where"
        " that is not readable.",
    )


def _does(command: type[Any], given: type[Any]) -> Any:
    description: str = given.__strawberry_definition__.description
    return does(command, description, argument("input", given, "What is to be recorded."))


@strawberry.type(
    description="What can be recorded, by whoever may. Each is recorded wholly or not at all, and"
    " is durable when it is answered. Several in one request are carried out one after the other."
)
class Mutation:
    register_source: SourcePayload = _does(commands.RegisterSource, inputs.RegisterSourceInput)
    add_source_alias: SourcePayload = _does(commands.AddSourceAlias, inputs.AddSourceAliasInput)
    merge_sources: SourcePayload = _does(commands.MergeSources, inputs.MergeSourcesInput)
    open_story: StoryPayload = _does(commands.OpenStory, inputs.OpenStoryInput)
    publish_report: ReportPayload = _does(commands.PublishReport, inputs.PublishReportInput)
    revise_report: ReportPayload = _does(commands.ReviseReport, inputs.ReviseReportInput)
    move_report: ReportPayload = _does(commands.MoveReport, inputs.MoveReportInput)
    withdraw_report: ReportPayload = _does(commands.WithdrawReport, inputs.WithdrawReportInput)
    report_claim: ClaimPayload = _does(commands.ReportClaim, claim_inputs.ReportClaimInput)
    correct_claim: ClaimPayload = _does(commands.CorrectClaim, claim_inputs.CorrectClaimInput)
    express_concern: ClaimPayload = _does(commands.ExpressConcern, claim_inputs.ExpressConcernInput)
    lift_concern: ClaimPayload = _does(commands.LiftConcern, claim_inputs.LiftConcernInput)
    retract_claim: ClaimPayload = _does(commands.RetractClaim, claim_inputs.RetractClaimInput)
    reinstate_claim: ClaimPayload = _does(commands.ReinstateClaim, claim_inputs.ReinstateClaimInput)
    link_claims: ClaimPayload = _does(commands.LinkClaims, claim_inputs.LinkClaimsInput)
    review_claim: ClaimPayload = _does(commands.ReviewClaim, claim_inputs.ReviewClaimInput)
    amend_claim: ClaimPayload = _does(commands.AmendClaim, claim_inputs.AmendClaimInput)
    erase_claim: ClaimPayload = _does(commands.EraseClaim, erase_inputs.EraseClaimInput)
    erase_report: ReportPayload = _does(commands.EraseReport, erase_inputs.EraseReportInput)
    erase_source: SourcePayload = _does(commands.EraseSource, erase_inputs.EraseSourceInput)
    record_batch: BatchPayload = _does(commands.Batch, RecordBatchInput)
