"""From a command to the events that follow from it, or to a refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from domain import catalogue_rules, claim_rules, erasure_rules
from domain.commands import (
    AddSourceAlias,
    AmendClaim,
    AnyCommand,
    Batch,
    CorrectClaim,
    Erase,
    EraseClaim,
    EraseReport,
    EraseSource,
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
from domain.refusals import InvalidInput, Refusal
from domain.world import Children, Decision, Draft, World

_RULES: Final[Mapping[type[AnyCommand], Callable[[World, Any], Decision]]] = {
    RegisterSource: catalogue_rules.register_source,
    AddSourceAlias: catalogue_rules.add_source_alias,
    MergeSources: catalogue_rules.merge_sources,
    OpenStory: catalogue_rules.open_story,
    PublishReport: catalogue_rules.publish_report,
    ReviseReport: catalogue_rules.revise_report,
    MoveReport: catalogue_rules.move_report,
    WithdrawReport: catalogue_rules.withdraw_report,
    ReportClaim: claim_rules.report_claim,
    CorrectClaim: claim_rules.correct_claim,
    ExpressConcern: claim_rules.express_concern,
    LiftConcern: claim_rules.lift_concern,
    RetractClaim: claim_rules.retract_claim,
    ReinstateClaim: claim_rules.reinstate_claim,
    LinkClaims: claim_rules.link_claims,
    ReviewClaim: claim_rules.review_claim,
    AmendClaim: claim_rules.amend_claim,
    EraseClaim: erasure_rules.erase_claim,
    EraseReport: erasure_rules.erase_report,
    EraseSource: erasure_rules.erase_source,
}


def decide(world: World, command: AnyCommand | Batch) -> Decision:
    """The events that follow from a command in a world that holds its `needs`.

    Raises a Refusal, with the reason and the field at fault, where a rule does not allow it.
    """
    if isinstance(command, Batch):
        return _decide_all(world, command)
    return _RULES[type(command)](world, command)


def _decide_all(world: World, batch: Batch) -> Decision:
    """What follows from all of them, one after the other. The world stays as it is."""
    trial = _copy(world, batch)
    drafts: list[Draft] = []
    drafted: set[UUID] = set()
    relies_on: dict[UUID, int] = {}
    childless_since: dict[UUID, int] = {}
    for index, command in enumerate(batch.commands):
        try:
            if isinstance(command, Erase):
                raise InvalidInput("an erasure is recorded by itself, not within a batch")
            decision = decide(trial, command)
        except Refusal as refusal:
            inner = "" if refusal.field is None else f".{refusal.field}"
            refusal.field = f"commands[{index}]{inner}"
            raise
        for subject, length in decision.relies_on:
            if subject not in drafted:  # or it is this batch that it relies on
                relies_on.setdefault(subject, length)
        for report, position in decision.childless_since:
            childless_since.setdefault(report, position)
        trial.take(decision.drafts)
        for draft in decision.drafts:
            known = trial.children.get(draft.parent) if draft.parent is not None else None
            if known is not None and draft.parent is not None:
                claims = (*known.claims, draft.subject)
                trial.children[draft.parent] = Children(claims, known.position)
        drafts += decision.drafts
        drafted.update(draft.subject for draft in decision.drafts)
    return Decision(tuple(drafts), tuple(relies_on.items()), tuple(childless_since.items()))


def _copy(world: World, batch: Batch) -> World:
    needed = needs(batch)
    subjects = set(needed.subjects)
    for report in needed.claims_of:
        subjects.update(world.children.get(report, Children((), 0)).claims)
    return World(
        world.now,
        {one: list(world.subjects[one]) for one in subjects if one in world.subjects},
        dict(world.children),
        world.lengths,
    )


class Needs(Struct, frozen=True, gc=False):
    """What a world has to hold before a command can be decided."""

    subjects: list[UUID]
    """Those that the command names; one may be in it twice."""
    claims_of: tuple[UUID, ...] = ()
    """Reports whose claims are needed too."""


def needs(command: AnyCommand | Batch) -> Needs:
    """The subjects that a command names."""
    if isinstance(command, Batch):
        each = [needs(one) for one in command.commands]
        return Needs(
            [subject for one in each for subject in one.subjects],
            tuple(report for one in each for report in one.claims_of),
        )
    named: list[UUID] = []
    claims_of: tuple[UUID, ...] = ()
    match command:
        case ReportClaim():
            named.append(resolve(Subject.CLAIM, command.claim))
            named.append(resolve(Subject.REPORT, command.report))
            if command.story is not None:
                named.append(resolve(Subject.STORY, command.story))
            named += [resolve(Subject.SOURCE, step.source) for step in command.attribution]
        case CorrectClaim() | AmendClaim():
            named.append(resolve(Subject.CLAIM, command.claim))
            if isinstance(command.attribution, tuple):
                named += [resolve(Subject.SOURCE, step.source) for step in command.attribution]
            if isinstance(command, AmendClaim) and isinstance(command.story, str):
                named.append(resolve(Subject.STORY, command.story))
        case RetractClaim() | ReinstateClaim() | ExpressConcern() | LiftConcern() | EraseClaim():
            named.append(resolve(Subject.CLAIM, command.claim))
        case LinkClaims():
            named.append(resolve(Subject.CLAIM, command.claim))
            named.append(resolve(Subject.CLAIM, command.to))
        case ReviewClaim():
            named.append(resolve(Subject.CLAIM, command.claim))
            named.append(resolve(Subject.SOURCE, command.reviewer))
        case PublishReport():
            named.append(resolve(Subject.REPORT, command.report))
            if command.outlet is not None:
                named.append(resolve(Subject.SOURCE, command.outlet))
        case ReviseReport() | MoveReport():
            named.append(resolve(Subject.REPORT, command.report))
        case WithdrawReport() | EraseReport():
            claims_of = (resolve(Subject.REPORT, command.report),)
            named += claims_of
        case RegisterSource() | AddSourceAlias() | EraseSource():
            named.append(resolve(Subject.SOURCE, command.source))
        case MergeSources():
            named.append(resolve(Subject.SOURCE, command.source))
            named.append(resolve(Subject.SOURCE, command.into))
        case OpenStory():
            named.append(resolve(Subject.STORY, command.story))
    notice = getattr(command, "notice", None)
    if isinstance(notice, NoticeInput) and notice.issuer is not None:
        named.append(resolve(Subject.SOURCE, notice.issuer))
    return Needs(named, claims_of)
