"""Who and what an event names. The one place where the index of touched subjects comes from."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from domain.claim import Claim
from domain.events import (
    AnyEvent,
    ClaimErased,
    ClaimLinked,
    ClaimReported,
    ClaimRetracted,
    ClaimReviewed,
    ReportPublished,
    SourceMerged,
)
from domain.values import AttributionChange, Change, StoryChange


def named_by(event: AnyEvent) -> Iterator[UUID]:
    """The subjects that an event names by itself, beside the one whose event it is.

    In a change these are both the old and the new ones: whoever was taken out is concerned too,
    and one that came in may be gone again by a later change that was recorded before.
    """
    match event:
        case SourceMerged():
            yield event.into
        case ReportPublished():
            if event.outlet is not None:
                yield event.outlet
        case ClaimReported():
            yield event.report
            if event.story is not None:
                yield event.story
            yield from (step.source for step in event.attribution)
        case ClaimRetracted() | ClaimErased():
            if event.with_report is not None:
                yield event.with_report
        case ClaimLinked():
            yield event.to
        case ClaimReviewed():
            yield event.reviewer
    notice = getattr(event, "notice", None)
    if notice is not None and notice.issuer is not None:
        yield notice.issuer
    changes: tuple[Change, ...] = getattr(event, "changes", ())
    for change in changes:
        match change:
            case AttributionChange():
                yield from (step.source for step in (*change.old, *change.new))
            case StoryChange():
                yield from (story for story in (change.old, change.new) if story is not None)


def named_in(claim: Claim) -> Iterator[UUID]:
    """The subjects that a claim hangs on: its report, its story, everybody in its chain."""
    yield claim.report
    if claim.story is not None:
        yield claim.story
    yield from (step.source for step in claim.attribution)
