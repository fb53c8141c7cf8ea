"""How claims bear on one another, worked out from states and events alone: copies, origins, and
what became of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from domain.events import ClaimCorrected, ClaimRetracted
from domain.history import Entry
from domain.words import CorrectionNature, LinkKind, Status
from tests.api.plain_record import View

NEVER = datetime.min.replace(tzinfo=UTC)


def bearing_on(view: View, kind: LinkKind, claim: UUID) -> set[UUID]:
    """The claims that bear on a claim in one way."""
    return view.bearing[kind].get(claim, set())


def copies(view: View, claim: UUID) -> set[UUID]:
    """The claims that repeat a claim, directly or through others."""
    return spread(claim, lambda one: bearing_on(view, LinkKind.REPEATS, one))


def origins(view: View, claim: UUID) -> set[UUID]:
    """The claims that a claim repeats, directly or through others."""
    return spread(
        claim,
        lambda one: {link.to for link in view.claims[one].links if link.kind is LinkKind.REPEATS},
    )


def spread(start: UUID, step: Callable[[UUID], set[UUID]]) -> set[UUID]:
    """Everything that is reached step by step, without where it began."""
    found: set[UUID] = set()
    to_go = {start}
    while to_go:
        to_go = {other for one in to_go for other in step(one)} - found
        found |= to_go
    return found - {start}


def corrections(view: View, claim: UUID) -> list[Entry]:
    """Those events of a claim that changed what it says or took it back, and count."""
    return [
        entry
        for _, entry, void in view.history(claim)
        if isinstance(entry.event, ClaimCorrected | ClaimRetracted) and not void
    ]


def corrected(view: View, claim: UUID) -> list[datetime]:
    """The reporting times of a claim's corrections and clarifications."""
    natures = (CorrectionNature.CORRECTION, CorrectionNature.CLARIFICATION)
    return [
        entry.reported_at
        for entry in corrections(view, claim)
        if isinstance(entry.event, ClaimCorrected) and entry.event.nature in natures
    ]


def fate(view: View, claim: UUID, since: datetime) -> str:
    """What became of a copy since its origin was corrected."""
    state = view.claims[claim]
    if state.retraction is not None or any(at >= since for at in corrected(view, claim)):
        return "changed"
    return "underConcern" if state.concern_since is not None else "standing"


def standing(view: View, claim: UUID) -> set[UUID]:
    """The copies of a claim that stand although it was corrected or taken back."""
    changes = corrected(view, claim)
    retraction = view.claims[claim].retraction
    if retraction is not None:
        changes.append(retraction.at)
    since = max(changes, default=NEVER)
    return {one for one in copies(view, claim) if fate(view, one, since) == "standing"}


def reach(view: View, claim: UUID, since: datetime) -> dict[str, int]:
    """What became of the copies that were out when a claim was corrected."""
    out = [
        fate(view, one, since)
        for one in copies(view, claim)
        if view.claims[one].first_reported_at <= since
    ]
    fates = {fate: out.count(fate) for fate in ("changed", "underConcern", "standing")}
    return {"repeats": len(out), **fates}


def fallen_origins(view: View, claim: UUID) -> list[UUID]:
    """The origins of a claim that do not stand as they were first reported, in their order."""
    states = view.claims
    fallen = [one for one in origins(view, claim) if states[one].status is not Status.STANDING]
    return sorted(fallen, key=lambda one: (states[one].first_reported_at, one))


def fallen_since(view: View, claim: UUID) -> datetime:
    """Since when a claim has a status that is worth a warning."""
    state = view.claims[claim]
    if state.retraction is not None:
        return state.retraction.at
    return state.concern_since or max(corrected(view, claim))
