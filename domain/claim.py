"""A claim: what it says, and what has become of it, as the fold of its events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.events import (
    AnyEvent,
    ClaimAmended,
    ClaimCorrected,
    ClaimErased,
    ClaimLinked,
    ClaimReinstated,
    ClaimReported,
    ClaimRetracted,
    ClaimReviewed,
    ConcernExpressed,
    ConcernLifted,
)
from domain.history import Entry, in_effect, voided
from domain.values import (
    AboutChange,
    AttributionChange,
    Change,
    KindChange,
    Quantity,
    QuantityChange,
    StatementChange,
    Step,
    StoryChange,
    TopicsChange,
)
from domain.words import (
    ClaimKind,
    CorrectionNature,
    LinkKind,
    Party,
    Rating,
    RetractionNature,
    RetractionReason,
    Scope,
    Status,
)


class Retraction(Struct, frozen=True, kw_only=True, gc=False):
    """How the claim was taken back."""

    scope: Scope
    nature: RetractionNature
    by: Party
    because: RetractionReason
    declared: bool
    part: str | None
    with_report: UUID | None
    at: datetime


class Link(Struct, frozen=True, kw_only=True, gc=False):
    """This claim's bearing on another."""

    kind: LinkKind
    to: UUID


class Review(Struct, frozen=True, kw_only=True, gc=False):
    """A checker's finding. `at` is its reporting time, UTC."""

    reviewer: UUID
    rating: Rating
    words: str | None
    url: str | None
    at: datetime


class Claim(Struct, frozen=True, kw_only=True, gc=False):
    """The state of a claim as of some (reporting time, position)."""

    version: int
    """How many of its events there are by then, those that were made void among them."""
    ref: str | None
    report: UUID
    story: UUID | None
    kind: ClaimKind
    statement: str | None
    """None: it was erased."""
    language: str | None
    about: str | None
    attribution: tuple[Step, ...]
    quantities: tuple[Quantity, ...]
    topics: tuple[str, ...]
    published_at: str | None
    """When it was first public, as it was given."""
    observed_at: str | None
    first_reported_at: datetime
    last_changed_at: datetime
    """Reporting time of the last event that counts."""
    corrected: bool = False
    """A correction or clarification is among its events."""
    declared_changes: int = 0
    silent_changes: int = 0
    concern_since: datetime | None = None
    retraction: Retraction | None = None
    links: tuple[Link, ...] = ()
    reviews: tuple[Review, ...] = ()

    @property
    def status(self) -> Status:
        """What the outlet, or the claimant, has done about it."""
        if self.retraction is not None:
            if self.retraction.scope is Scope.FULL:
                return Status.RETRACTED
            return Status.PARTIALLY_RETRACTED
        if self.concern_since is not None:
            return Status.UNDER_CONCERN
        return Status.CORRECTED if self.corrected else Status.STANDING


def claim_as_of(
    entries: Iterable[Entry],
    reported_at: datetime | None = None,
    position: int | None = None,
) -> Claim | None:
    """The state of a claim as of (reported_at, position); None if it was not yet reported.

    The specification that every projection is held to. None as a limit means no limit.
    """
    return fold(in_effect(entries, reported_at, position))


def fold(entries: Sequence[Entry]) -> Claim | None:
    """Fold entries that are in order (reporting time, position) already."""
    void = voided(entries)
    state: Claim | None = None
    for entry in entries:
        state = evolve(state, entry, counts=entry.sequence not in void)
    return state


def evolve(state: Claim | None, entry: Entry, *, counts: bool = True) -> Claim | None:
    """The state after one more event.

    It is total: a late arrival can bring events into an order in which no rule would have let
    them in (a correction after a retraction), and the fold takes each for what it says.
    An event that does not `count` still makes a version, so that a version never means two
    things, and changes nothing else. So does an erasure: what was erased is not in the events.
    """
    event, at = entry.event, entry.reported_at
    if isinstance(event, ClaimReported):
        return Claim(
            version=1,
            ref=event.ref,
            report=event.report,
            story=event.story,
            kind=event.kind,
            statement=event.statement,
            language=event.language,
            about=event.about,
            attribution=event.attribution,
            quantities=event.quantities,
            topics=event.topics,
            published_at=event.published_at,
            observed_at=event.observed_at,
            first_reported_at=at,
            last_changed_at=at,
        )
    if state is None:
        return None
    state = replace(state, version=state.version + 1)
    if not counts or isinstance(event, ClaimErased):
        return state
    return replace(_apply(state, event, at), last_changed_at=at)


def _apply(state: Claim, event: AnyEvent, at: datetime) -> Claim:
    match event:
        case ClaimCorrected():
            wrong = event.nature in (CorrectionNature.CORRECTION, CorrectionNature.CLARIFICATION)
            declared = event.notice is not None
            return replace(
                apply_changes(state, event.changes),
                corrected=state.corrected or wrong,
                concern_since=None if wrong else state.concern_since,
                declared_changes=state.declared_changes + declared,
                silent_changes=state.silent_changes + (not declared),
            )
        case ClaimAmended():
            return apply_changes(state, event.changes)
        case ConcernExpressed():
            return replace(state, concern_since=state.concern_since or at)
        case ConcernLifted():
            return replace(state, concern_since=None)
        case ClaimRetracted():
            return _retract(state, event, at)
        case ClaimReinstated():
            if state.retraction is not None:
                return replace(state, retraction=None)
            return replace(state, concern_since=None)
        case ClaimLinked():
            link = Link(kind=event.kind, to=event.to)
            return state if link in state.links else replace(state, links=(*state.links, link))
        case ClaimReviewed():
            review = Review(
                reviewer=event.reviewer,
                rating=event.rating,
                words=event.words,
                url=event.url,
                at=at,
            )
            return replace(state, reviews=(*state.reviews, review))
    return state


def _retract(state: Claim, event: ClaimRetracted, at: datetime) -> Claim:
    if state.retraction is not None and state.retraction.scope is Scope.FULL:
        return state  # what is wholly taken back stays taken back as it first was
    retraction = Retraction(
        scope=event.scope,
        nature=event.nature,
        by=event.by,
        because=event.because,
        declared=event.notice is not None,
        part=event.part,
        with_report=event.with_report,
        at=at,
    )
    return replace(state, retraction=retraction, concern_since=None)


def apply_changes(state: Claim, changes: Iterable[Change]) -> Claim:
    """The state with each field set to what the change says is new."""
    for change in changes:
        match change:
            case StatementChange():
                state = replace(state, statement=change.new)
            case KindChange():
                state = replace(state, kind=change.new)
            case AboutChange():
                state = replace(state, about=change.new)
            case AttributionChange():
                state = replace(state, attribution=change.new)
            case TopicsChange():
                state = replace(state, topics=change.new)
            case StoryChange():
                state = replace(state, story=change.new)
            case QuantityChange():
                state = replace(state, quantities=_with_quantity(state.quantities, change))
    return state


def _with_quantity(
    quantities: tuple[Quantity, ...], change: QuantityChange
) -> tuple[Quantity, ...]:
    named = change.new or change.old
    if named is None:
        return quantities
    kept = [quantity for quantity in quantities if quantity.key != named.key]
    if change.new is None:
        return tuple(kept)
    place = next((i for i, q in enumerate(quantities) if q.key == named.key), len(kept))
    kept.insert(place, change.new)
    return tuple(kept)
