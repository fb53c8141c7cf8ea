"""From a command to the events that follow from it, or to a refusal."""

from __future__ import annotations

from uuid import UUID

from msgspec import Struct

from domain import catalogue_rules, claim_rules
from domain.commands import (
    AddSourceAlias,
    AmendClaim,
    AnyCommand,
    CorrectClaim,
    ExpressConcern,
    LiftConcern,
    LinkClaims,
    MergeSources,
    MoveReport,
    NoticeInput,
    OpenStory,
    PublishReport,
    RegisterSource,
    ReinstateClaim,
    ReportClaim,
    RetractClaim,
    ReviewClaim,
    ReviseReport,
    WithdrawReport,
)
from domain.ids import Subject, resolve
from domain.world import Decision, World


def decide(world: World, command: AnyCommand) -> Decision:
    """The events that follow from a command in a world that holds its `needs`.

    Raises a Refusal, with the reason and the field at fault, where a rule does not allow it.
    """
    match command:
        case RegisterSource():
            return catalogue_rules.register_source(world, command)
        case AddSourceAlias():
            return catalogue_rules.add_source_alias(world, command)
        case MergeSources():
            return catalogue_rules.merge_sources(world, command)
        case OpenStory():
            return catalogue_rules.open_story(world, command)
        case PublishReport():
            return catalogue_rules.publish_report(world, command)
        case ReviseReport():
            return catalogue_rules.revise_report(world, command)
        case MoveReport():
            return catalogue_rules.move_report(world, command)
        case WithdrawReport():
            return catalogue_rules.withdraw_report(world, command)
        case ReportClaim():
            return claim_rules.report_claim(world, command)
        case CorrectClaim():
            return claim_rules.correct_claim(world, command)
        case ExpressConcern():
            return claim_rules.express_concern(world, command)
        case LiftConcern():
            return claim_rules.lift_concern(world, command)
        case RetractClaim():
            return claim_rules.retract_claim(world, command)
        case ReinstateClaim():
            return claim_rules.reinstate_claim(world, command)
        case LinkClaims():
            return claim_rules.link_claims(world, command)
        case ReviewClaim():
            return claim_rules.review_claim(world, command)
        case AmendClaim():
            return claim_rules.amend_claim(world, command)


class Needs(Struct, frozen=True, gc=False):
    """What a world has to hold before a command can be decided."""

    subjects: frozenset[UUID]
    claims_of: UUID | None = None
    """A report whose claims are needed too."""


def needs(command: AnyCommand) -> Needs:
    """The subjects that a command names."""
    refs: list[tuple[Subject, str | None]] = []
    claims_of = None
    match command:
        case RegisterSource() | AddSourceAlias():
            refs = [(Subject.SOURCE, command.source)]
        case MergeSources():
            refs = [(Subject.SOURCE, command.source), (Subject.SOURCE, command.into)]
        case OpenStory():
            refs = [(Subject.STORY, command.story)]
        case PublishReport():
            refs = [(Subject.REPORT, command.report), (Subject.SOURCE, command.outlet)]
        case ReviseReport() | MoveReport():
            refs = [(Subject.REPORT, command.report)]
        case WithdrawReport():
            refs = [(Subject.REPORT, command.report)]
            claims_of = resolve(Subject.REPORT, command.report)
        case LinkClaims():
            refs = [(Subject.CLAIM, command.claim), (Subject.CLAIM, command.to)]
        case ReportClaim():
            refs = [
                (Subject.CLAIM, command.claim),
                (Subject.REPORT, command.report),
                (Subject.STORY, command.story),
                *((Subject.SOURCE, step.source) for step in command.attribution),
            ]
        case CorrectClaim() | AmendClaim():
            refs = [(Subject.CLAIM, command.claim)]
            if isinstance(command.attribution, tuple):
                refs += ((Subject.SOURCE, step.source) for step in command.attribution)
            if isinstance(command, AmendClaim) and isinstance(command.story, str):
                refs.append((Subject.STORY, command.story))
        case ReviewClaim():
            refs = [(Subject.CLAIM, command.claim), (Subject.SOURCE, command.reviewer)]
        case _:
            refs = [(Subject.CLAIM, command.claim)]
    notice = getattr(command, "notice", None)
    if isinstance(notice, NoticeInput):
        refs.append((Subject.SOURCE, notice.issuer))
    named = frozenset(resolve(subject, ref) for subject, ref in refs if ref is not None)
    return Needs(named, claims_of)
