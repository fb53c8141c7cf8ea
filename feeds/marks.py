"""Marks in the place of what was erased, so that the lines of an export can be taken down again.

A mark goes where every event of its sort says something, or where this one did: so the same events
have something to erase when the line of the erasure comes.
"""

from __future__ import annotations

import re
from decimal import Decimal

from msgspec.structs import replace

from domain.events import (
    REPORT_FIELDS,
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
)
from domain.values import (
    AboutChange,
    AttributionChange,
    Change,
    Quantity,
    QuantityChange,
    StatementChange,
    TopicsChange,
)
from domain.words import Scope


def marked(event: AnyEvent, mark: str | None) -> AnyEvent:
    """What remains of an event with a mark in it; without one the event as it is."""
    if mark is None:
        return event
    notice = getattr(event, "notice", None)
    if notice is not None:
        event = replace(event, notice=replace(notice, text=mark))
    match event:
        case SourceRegistered():
            return replace(event, name=mark)
        case SourceAliasAdded():
            return replace(event, alias=mark)
        case ReportPublished():
            return replace(event, headline=mark)
        case ReportRevised():
            told = {
                name: (mark,) if name in ("byline", "credits") else mark
                for name in event.fields or REPORT_FIELDS
            }
            return replace(event, **told)
        case ReportMoved():
            return replace(event, url=mark)
        case ClaimReported():
            return replace(event, statement=mark)
        case ClaimRetracted() if event.scope is Scope.PARTIAL:
            return replace(event, part=mark)
        case ClaimReviewed():
            return replace(event, words=mark)
        case ClaimCorrected() | ClaimAmended():
            return replace(event, changes=_changes(event.changes, mark))
    return event


def _changes(changes: tuple[Change, ...], mark: str) -> tuple[Change, ...]:
    # Numbers are told apart by their labels.
    return tuple(_change(one, f"{mark} {place}") for place, one in enumerate(changes))


def _change(change: Change, mark: str) -> Change:
    match change:
        case StatementChange():
            return replace(change, new=mark)
        case AboutChange():
            return replace(change, new=_year(mark))
        case QuantityChange():
            return replace(change, new=Quantity(label=mark, value=Decimal(0)))
        case TopicsChange():
            return replace(change, new=(mark,))
        case AttributionChange():
            return replace(change, new=tuple(replace(step, role=mark) for step in change.new))
    return change


def _year(mark: str) -> str:
    """A year that stands for a mark, where only a time can stand: that of its number."""
    number = re.search(r"\d+", mark)
    return f"{(int(number[0]) if number else 0) % 9_999 + 1:04d}"
