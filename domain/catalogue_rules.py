"""The rules for sources, stories and reports: from state and command to events."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import UnsetType

from domain.catalogue import Report, report_as_of
from domain.claim import claim_as_of
from domain.commands import (
    AddSourceAlias,
    MergeSources,
    MoveReport,
    NoticeInput,
    OpenStory,
    PublishReport,
    RegisterSource,
    ReviseReport,
    WithdrawReport,
)
from domain.events import (
    REPORT_FIELDS,
    ClaimRetracted,
    ReportMoved,
    ReportPublished,
    ReportRevised,
    ReportWithdrawn,
    SourceAliasAdded,
    SourceMerged,
    SourceRegistered,
    StoryOpened,
)
from domain.ids import Subject, resolve
from domain.refusals import (
    AlreadyExists,
    AlreadyMerged,
    AlreadyRetracted,
    NothingChanged,
    SelfReference,
)
from domain.values import Notice
from domain.words import Scope, Status
from domain.world import Children, Decision, Draft, World


def new_subject(world: World, subject: Subject, ref: str) -> tuple[UUID, str | None]:
    """The id for something new, and its reference if that is not the id itself.

    Raises AlreadyExists if it is in the record already.
    """
    identity = resolve(subject, ref)
    if world.length(identity):
        raise AlreadyExists(f"{subject.value} {ref!r} is in the record already", field=subject)
    is_id = len(ref) == 36 and ref == str(identity)  # most are shorter, and the text of an id slow
    return identity, None if is_id else ref


def notice(world: World, given: NoticeInput | None) -> Notice | None:
    """The notice with its issuer looked up. Raises NotFound."""
    if given is None:
        return None
    issuer = None
    if given.issuer is not None:
        issuer, _ = world.source(given.issuer, field="notice.issuer")
    return Notice(text=given.text, url=given.url, issuer=issuer)


def register_source(world: World, command: RegisterSource) -> Decision:
    """A source is registered once."""
    subject, ref = new_subject(world, Subject.SOURCE, command.source)
    event = SourceRegistered(
        ref=ref, name=command.name, kind=command.kind, url=command.url, country=command.country
    )
    return Decision((world.draft(subject, event),))


def add_source_alias(world: World, command: AddSourceAlias) -> Decision:
    """An alias is new to its source."""
    subject, source = world.source(command.source, field="source")
    if command.alias == source.name or command.alias in source.aliases:
        raise NothingChanged(f"{command.alias!r} is one of its names already", field="alias")
    return Decision((world.draft(subject, SourceAliasAdded(alias=command.alias)),))


def merge_sources(world: World, command: MergeSources) -> Decision:
    """Neither of the two has been merged away, and they are two: so no ring can come about."""
    subject, source = world.source(command.source, field="source")
    target, into = world.source(command.into, field="into")
    if subject == target:
        raise SelfReference("a source cannot be merged into itself", field="into")
    for ref, merged, name in ((command.source, source, "source"), (command.into, into, "into")):
        if merged.merged_into is not None:
            raise AlreadyMerged(f"{ref!r} was merged into {merged.merged_into}", field=name)
    seen = (target, world.length(target))
    return Decision((world.draft(subject, SourceMerged(into=target)),), relies_on=(seen,))


def open_story(world: World, command: OpenStory) -> Decision:
    """A story is opened once."""
    subject, _ = new_subject(world, Subject.STORY, command.story)
    event = StoryOpened(
        ref=command.story, title=command.title, summary=command.summary, topics=command.topics
    )
    return Decision((world.draft(subject, event),))


def publish_report(world: World, command: PublishReport) -> Decision:
    """A report is recorded once; its outlet may be unknown, its time may not."""
    subject, ref = new_subject(world, Subject.REPORT, command.report)
    outlet = None
    if command.outlet is not None:
        outlet, _ = world.source(command.outlet, field="outlet")
    at = world.reporting_time(command.published_at, command.observed_at)
    event = ReportPublished(
        ref=ref,
        outlet=outlet,
        kind=command.kind,
        headline=command.headline,
        byline=command.byline,
        credits=command.credits,
        language=command.language,
        url=command.url,
        caution=command.caution,
        published_at=command.published_at,
        observed_at=command.observed_at,
    )
    return Decision((world.draft(subject, event, at),))


def revise_report(world: World, command: ReviseReport) -> Decision:
    """Something about the report, as it stood then, changes; only that is recorded."""
    subject, report, at = _published_then(world, command)
    new = {
        name: value
        for name in REPORT_FIELDS
        if not isinstance(value := getattr(command, name), UnsetType)
        and value != getattr(report, name)
    }
    if not new:
        raise NothingChanged("the report reads like this already", field="report")
    event = ReportRevised(
        **new,
        fields=tuple(new),
        notice=notice(world, command.notice),
        published_at=command.published_at,
        observed_at=command.observed_at,
    )
    return Decision((world.draft(subject, event, at),))


def _published_then(
    world: World, command: ReviseReport | MoveReport | WithdrawReport
) -> tuple[UUID, Report, datetime]:
    """The report as it stood at the command's reporting time, and that time."""
    subject, report = world.report(command.report, field="report")
    at = world.reporting_time(
        command.published_at,
        command.observed_at,
        earliest=report.first_reported_at,
        what="the report was published",
    )
    return subject, report_as_of(world.entries(subject), at) or report, at


def move_report(world: World, command: MoveReport) -> Decision:
    """The address is not the one it had then."""
    subject, report, at = _published_then(world, command)
    if report.urls and report.urls[0] == command.url:
        raise NothingChanged("this is its address already", field="url")
    event = ReportMoved(
        url=command.url, published_at=command.published_at, observed_at=command.observed_at
    )
    return Decision((world.draft(subject, event, at),))


def withdraw_report(world: World, command: WithdrawReport) -> Decision:
    """A report is withdrawn once, and takes every claim still standing in it along.

    A claim that was only seen later, on the day of the withdrawal or in an archived copy, goes as
    soon as it was there.
    """
    subject, known = world.report(command.report, field="report")
    if known.withdrawal is not None:
        raise AlreadyRetracted("the report has been withdrawn already", field="report")
    _, _, at = _published_then(world, command)
    event = ReportWithdrawn(
        nature=command.nature,
        because=command.because,
        notice=notice(world, command.notice),
        published_at=command.published_at,
        observed_at=command.observed_at,
    )
    children = world.children.get(subject, Children((), 0))
    drafts = [world.draft(subject, event, at)]
    passed_over: list[tuple[UUID, int]] = []
    for claim in children.claims:
        first = claim_as_of(world.entries(claim))
        when = at if first is None else max(at, first.first_reported_at)
        state = claim_as_of(world.entries(claim), when)
        if state is None or state.status is Status.RETRACTED:
            passed_over.append((claim, world.length(claim)))
        else:
            drafts.append(retraction_with_report(world, claim, subject, event, when, after=0))
    return Decision(
        tuple(drafts),
        relies_on=tuple(passed_over),
        childless_since=((subject, children.position),),
    )


def retraction_with_report(
    world: World,
    claim: UUID,
    report: UUID,
    withdrawn: ReportWithdrawn,
    at: datetime,
    *,
    after: int,
) -> Draft:
    """The retraction of a claim that goes with its report. `after` counts the claim's events that
    the same decision records before this one."""
    event = ClaimRetracted(
        scope=Scope.FULL,
        nature=withdrawn.nature,
        because=withdrawn.because,
        with_report=report,
        notice=withdrawn.notice,
        published_at=withdrawn.published_at,
        observed_at=withdrawn.observed_at,
    )
    return Draft(claim, world.length(claim) + 1 + after, event, at)
