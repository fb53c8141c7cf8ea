"""What claims are looked up by: topics, labels, kinds and the like, each as a term of one size.

A table has every term that a claim ever came under. Whatever a state ever shows was brought in by
one of the claim's events, in whichever order these are folded and whichever of them are void; so
the terms are read off the events, and the row of the claim decides whether a term still holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum, unique
from functools import lru_cache
from typing import Final
from uuid import UUID, uuid5

from domain.events import (
    AnyEvent,
    ClaimCorrected,
    ClaimReported,
    ClaimRetracted,
    ClaimReviewed,
    ConcernExpressed,
)
from domain.moments import parse_about
from domain.values import (
    AboutChange,
    KindChange,
    QuantityChange,
    StatementChange,
    TopicsChange,
)
from domain.words import CorrectionNature, Scope, Status
from projections.dictionaries import dictionary_of

TERMS: Final = UUID("0d1e5e1c-6d0c-5f0e-9a37-27d3c4d6b0c2")
"""The namespace of terms. With another one, every generation has to be rebuilt."""

WRONG: Final = (CorrectionNature.CORRECTION, CorrectionNature.CLARIFICATION)
"""After these a claim counts as corrected."""


@unique
class Sort(StrEnum):
    """What a term says of a claim."""

    TOPIC = "topic"
    """It is filed under this topic."""
    QUANTITY = "quantity"
    """It has a number of this label."""
    KIND = "kind"
    """It is a statement of this kind."""
    STATUS = "status"
    """It has this status. Every claim begins as a standing one, so that is no term."""
    CHANGE = "change"
    """Its content changed in this manner: `declared` or `silent`."""
    REVIEWED = "reviewed"
    """Somebody's finding about it is on the record: `yes`."""


@lru_cache(maxsize=65_536)
def term(sort: Sort, text: str) -> UUID:
    """A term. Labels and topics can be longer than an index entry may be; this is not."""
    return uuid5(TERMS, f"{sort.value}:{text}")


def terms_of(event: AnyEvent) -> Iterator[UUID]:
    """The terms that an event brings a claim under."""
    for sort, text in _said(event):
        yield term(sort, text)


def _said(event: AnyEvent) -> Iterator[tuple[Sort, str]]:
    match event:
        case ClaimReported():
            yield Sort.KIND, event.kind.value
            yield from ((Sort.TOPIC, topic) for topic in event.topics)
            yield from ((Sort.QUANTITY, one.label) for one in event.quantities)
        case ClaimCorrected():
            yield Sort.CHANGE, "silent" if event.notice is None else "declared"
            if event.nature in WRONG:
                yield Sort.STATUS, Status.CORRECTED.value
        case ConcernExpressed():
            yield Sort.STATUS, Status.UNDER_CONCERN.value
        case ClaimRetracted():
            whole = event.scope is Scope.FULL
            yield Sort.STATUS, (Status.RETRACTED if whole else Status.PARTIALLY_RETRACTED).value
        case ClaimReviewed():
            yield Sort.REVIEWED, "yes"
    for change in getattr(event, "changes", ()):
        match change:
            case KindChange():
                yield Sort.KIND, change.new.value
            case TopicsChange():
                yield from ((Sort.TOPIC, topic) for topic in change.new)
            case QuantityChange():
                if change.new is not None:
                    yield Sort.QUANTITY, change.new.label


@lru_cache(maxsize=16_384)
def wording(language: str | None, statement: str) -> UUID:
    """What tells a wording from the others of its claim."""
    return uuid5(TERMS, f"wording:{dictionary_of(language)}:{statement}")


def statements_of(event: AnyEvent) -> Iterator[str]:
    """The statements that an event makes a claim say."""
    if isinstance(event, ClaimReported) and event.statement is not None:
        yield event.statement
    for change in getattr(event, "changes", ()):
        if isinstance(change, StatementChange) and change.new is not None:
            yield change.new


def abouts_of(event: AnyEvent) -> Iterator[str]:
    """The times that an event makes a claim speak of, as PostgreSQL's ranges of days."""
    given = [
        change.new for change in getattr(event, "changes", ()) if isinstance(change, AboutChange)
    ]
    if isinstance(event, ClaimReported):
        given.append(event.about)
    for about in given:
        days = days_of(about)
        if days is not None:
            yield days


def days_of(about: str | None) -> str | None:
    """The days that something in EDTF can speak of, as PostgreSQL reads a range of them; None
    where that is not known. Raises InvalidTime."""
    if about is None:
        return None
    days = parse_about(about)
    return f"[{days.earliest or ''},{days.latest or ''}]"
