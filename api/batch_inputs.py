"""What a mutation is given that records many commands at once."""

from __future__ import annotations

from typing import Any, Final

import strawberry
from strawberry import UNSET, field

from api import claim_inputs as claims
from api import inputs
from api.inputs import Asked

MOST: Final = 1_000
"""Commands of one batch."""


def _one(given: Any) -> Any:
    return field(default=UNSET, description=given.__strawberry_definition__.description)


@strawberry.input(
    one_of=True,
    description="One command of a batch. The idempotency key and the reason are the batch's: none"
    " is given here.",
)
class CommandInput:
    register_source: inputs.RegisterSourceInput | None = _one(inputs.RegisterSourceInput)
    add_source_alias: inputs.AddSourceAliasInput | None = _one(inputs.AddSourceAliasInput)
    merge_sources: inputs.MergeSourcesInput | None = _one(inputs.MergeSourcesInput)
    open_story: inputs.OpenStoryInput | None = _one(inputs.OpenStoryInput)
    publish_report: inputs.PublishReportInput | None = _one(inputs.PublishReportInput)
    revise_report: inputs.ReviseReportInput | None = _one(inputs.ReviseReportInput)
    move_report: inputs.MoveReportInput | None = _one(inputs.MoveReportInput)
    withdraw_report: inputs.WithdrawReportInput | None = _one(inputs.WithdrawReportInput)
    report_claim: claims.ReportClaimInput | None = _one(claims.ReportClaimInput)
    correct_claim: claims.CorrectClaimInput | None = _one(claims.CorrectClaimInput)
    express_concern: claims.ExpressConcernInput | None = _one(claims.ExpressConcernInput)
    lift_concern: claims.LiftConcernInput | None = _one(claims.LiftConcernInput)
    retract_claim: claims.RetractClaimInput | None = _one(claims.RetractClaimInput)
    reinstate_claim: claims.ReinstateClaimInput | None = _one(claims.ReinstateClaimInput)
    link_claims: claims.LinkClaimsInput | None = _one(claims.LinkClaimsInput)
    review_claim: claims.ReviewClaimInput | None = _one(claims.ReviewClaimInput)
    amend_claim: claims.AmendClaimInput | None = _one(claims.AmendClaimInput)


@strawberry.input(
    description="Record many commands together: all of them, or none where one is refused. Each is"
    " held against what those before it have made."
)
class RecordBatchInput(Asked):
    commands: list[CommandInput] = field(description=f"The commands, {MOST:,} at most.")
