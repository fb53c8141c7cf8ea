"""From a command to the events that follow from it, or to a refusal."""

from __future__ import annotations

from collections.abc import Iterator
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
    named: list[UUID] = []
    claims_of = None
    match command:
        case RegisterSource() | AddSourceAlias():
            named.append(resolve(Subject.SOURCE, command.source))
        case MergeSources():
            named.append(resolve(Subject.SOURCE, command.source))
            named.append(resolve(Subject.SOURCE, command.into))
        case OpenStory():
            named.append(resolve(Subject.STORY, command.story))
        case PublishReport():
            named.append(resolve(Subject.REPORT, command.report))
            if command.outlet is not None:
                named.append(resolve(Subject.SOURCE, command.outlet))
        case ReviseReport() | MoveReport():
            named.append(resolve(Subject.REPORT, command.report))
        case WithdrawReport():
            claims_of = resolve(Subject.REPORT, command.report)
            named.append(claims_of)
        case ReportClaim():
            named.append(resolve(Subject.CLAIM, command.claim))
            named.append(resolve(Subject.REPORT, command.report))
            if command.story is not None:
                named.append(resolve(Subject.STORY, command.story))
            named += [resolve(Subject.SOURCE, step.source) for step in command.attribution]
        case _:
            named.append(resolve(Subject.CLAIM, command.claim))
            named += _named_besides(command)
    notice = getattr(command, "notice", None)
    if isinstance(notice, NoticeInput) and notice.issuer is not None:
        named.append(resolve(Subject.SOURCE, notice.issuer))
    return Needs(frozenset(named), claims_of)


def _named_besides(command: AnyCommand) -> Iterator[UUID]:
    """Whom and what a command about a claim names beside it."""
    match command:
        case LinkClaims():
            yield resolve(Subject.CLAIM, command.to)
        case ReviewClaim():
            yield resolve(Subject.SOURCE, command.reviewer)
        case CorrectClaim() | AmendClaim():
            if isinstance(command.attribution, tuple):
                for step in command.attribution:
                    yield resolve(Subject.SOURCE, step.source)
            if isinstance(command, AmendClaim) and isinstance(command.story, str):
                yield resolve(Subject.STORY, command.story)
