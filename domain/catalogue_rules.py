"""The rules for sources, stories and reports: from state and command to events."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar
from uuid import UUID

from msgspec import UnsetType

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

T = TypeVar("T")


def new_subject(world: World, subject: Subject, ref: str) -> tuple[UUID, str | None]:
    """The id for something new, and its reference if that is not the id itself.

    Raises AlreadyExists if it is in the record already.
    """
    identity = resolve(subject, ref)
    if world.entries(identity):
        raise AlreadyExists(f"{subject.value} {ref!r} is in the record already", field=subject)
    return identity, None if ref == str(identity) else ref


def given(value: T | UnsetType, otherwise: T) -> T:
    """A field's new value, or what it was where the command leaves it out."""
    return otherwise if isinstance(value, UnsetType) else value


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
    seen = (target, len(world.entries(target)))
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
    """Something about the report changes."""
    subject, report = world.report(command.report, field="report")
    at = world.reporting_time(
        command.published_at,
        command.observed_at,
        earliest=report.first_reported_at,
        what="the report was published",
    )
    event = ReportRevised(
        headline=given(command.headline, report.headline),
        byline=given(command.byline, report.byline),
        credits=given(command.credits, report.credits),
        language=given(command.language, report.language),
        caution=given(command.caution, report.caution),
        notice=notice(world, command.notice),
        published_at=command.published_at,
        observed_at=command.observed_at,
    )
    fields = ("headline", "byline", "credits", "language", "caution")
    if all(getattr(event, name) == getattr(report, name) for name in fields):
        raise NothingChanged("the report reads like this already", field="headline")
    return Decision((world.draft(subject, event, at),))


def move_report(world: World, command: MoveReport) -> Decision:
    """The address is not the one it has."""
    subject, report = world.report(command.report, field="report")
    at = world.reporting_time(
        command.published_at,
        command.observed_at,
        earliest=report.first_reported_at,
        what="the report was published",
    )
    if report.urls and report.urls[0] == command.url:
        raise NothingChanged("this is its address already", field="url")
    event = ReportMoved(
        url=command.url, published_at=command.published_at, observed_at=command.observed_at
    )
    return Decision((world.draft(subject, event, at),))


def withdraw_report(world: World, command: WithdrawReport) -> Decision:
    """A report is withdrawn once, and takes every claim still standing in it along."""
    subject, report = world.report(command.report, field="report")
    if report.withdrawal is not None:
        raise AlreadyRetracted("the report has been withdrawn already", field="report")
    at = world.reporting_time(
        command.published_at,
        command.observed_at,
        earliest=report.first_reported_at,
        what="the report was published",
    )
    event = ReportWithdrawn(
        nature=command.nature,
        because=command.because,
        notice=notice(world, command.notice),
        published_at=command.published_at,
        observed_at=command.observed_at,
    )
    children = world.children.get(subject, Children((), 0))
    drafts = [world.draft(subject, event, at)]
    for claim in children.claims:
        state = claim_as_of(world.entries(claim), at)
        if state is not None and state.status is not Status.RETRACTED:
            drafts.append(retraction_with_report(world, claim, subject, event, at, after=0))
    return Decision(tuple(drafts), childless_since=(subject, children.position))


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
    return Draft(claim, len(world.entries(claim)) + 1 + after, event, at)
