"""What remains of an event when what it says is erased: its structure.

Who and what it names, when it was, of which nature it is and which fields it changed stay; every
text that somebody wrote, every number and every time that a statement speaks of goes, and so does
the reference by which a thing was recorded, as that can hold a name. Whatever a fold decides by
(statuses, versions, times, links) is the same over the remains as it was over the events.
"""

from __future__ import annotations

from typing import cast

from msgspec.structs import replace

from domain.events import (
    AnyEvent,
    ClaimAmended,
    ClaimCorrected,
    ClaimReported,
    ClaimRetracted,
    ClaimReviewed,
    ReportMoved,
    ReportPublished,
    ReportRevised,
    SourceAliasAdded,
    SourceRegistered,
    StoryOpened,
)
from domain.values import (
    AboutChange,
    AttributionChange,
    Change,
    Notice,
    QuantityChange,
    StatementChange,
    Step,
    TopicsChange,
)


def remains(event: AnyEvent) -> AnyEvent:
    """The event without what it says. What holds nothing of the sort is given back as it is: it is
    equal to its remains, and there is nothing in it to erase. Raises ValueError for an event of a
    story, which is not erased."""
    notice = getattr(event, "notice", None)
    if notice is not None:
        event = replace(event, notice=_notice(notice))
    match event:
        case SourceRegistered():
            return replace(event, ref=None, name=None, url=None, country=None)
        case SourceAliasAdded():
            return replace(event, alias=None)
        case StoryOpened():
            raise ValueError("stories are not erased")
        case ReportPublished():
            return replace(
                event,
                ref=None,
                headline=None,
                byline=(),
                credits=(),
                language=None,
                url=None,
                caution=None,
            )
        case ReportRevised():
            return replace(event, headline=None, byline=(), credits=(), language=None, caution=None)
        case ReportMoved():
            return replace(event, url=None)
        case ClaimReported():
            return replace(
                event,
                ref=None,
                statement=None,
                language=None,
                about=None,
                attribution=_steps(event.attribution),
                quantities=(),
                topics=(),
            )
        case ClaimRetracted():
            return replace(event, part=None)
        case ClaimReviewed():
            return replace(event, words=None, url=None)
        case ClaimCorrected() | ClaimAmended():
            return replace(event, changes=tuple(_change(change) for change in event.changes))
    return event


def _notice(notice: Notice) -> Notice:
    return replace(notice, text=None, url=None)


def _steps(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(replace(step, role=None) for step in steps)


def _change(change: Change) -> Change:
    match change:
        case StatementChange() | AboutChange() | QuantityChange():
            return cast(Change, replace(change, old=None, new=None))
        case TopicsChange():
            return replace(change, old=(), new=())
        case AttributionChange():
            return replace(change, old=_steps(change.old), new=_steps(change.new))
    return change
