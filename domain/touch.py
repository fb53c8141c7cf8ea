"""Who and what an event names. The one place where the index of touched subjects comes from."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from domain.claim import Claim
from domain.events import (
    AnyEvent,
    ClaimLinked,
    ClaimReviewed,
    ReportPublished,
    SourceMerged,
)
from domain.values import AttributionChange, Change, StoryChange


def named_by(event: AnyEvent) -> Iterator[UUID]:
    """The subjects that an event names by itself, beside the one whose event it is."""
    match event:
        case SourceMerged():
            yield event.into
        case ReportPublished():
            if event.outlet is not None:
                yield event.outlet
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
            case AttributionChange():  # whoever was taken out of the chain is concerned too
                yield from (step.source for step in change.old)
            case StoryChange() if change.old is not None:
                yield change.old


def named_in(claim: Claim) -> Iterator[UUID]:
    """The subjects that a claim hangs on: its report, its story, everybody in its chain."""
    yield claim.report
    if claim.story is not None:
        yield claim.story
    yield from (step.source for step in claim.attribution)
