"""The rules for erasing: what of a claim, a report or a source goes, and that it can go once.

An erasure takes everything that is in the subject when it is decided. What is recorded afterwards
is new content, and stays until it is erased too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

from domain.commands import Erase, EraseClaim, EraseReport, EraseSource
from domain.events import AnyEvent, ClaimErased, ClaimRetracted, ReportErased, SourceErased
from domain.history import Entry
from domain.refusals import AlreadyErased, InvalidInput
from domain.remains import remains
from domain.words import ErasureGround
from domain.world import Children, Decision, Draft, World


def erase_claim(world: World, command: EraseClaim) -> Decision:
    """Everything that the claim's events say goes."""
    subject, _ = world.claim(command.claim, field="claim")
    _check(command)
    events = to_erase(world.entries(subject))
    if not events:
        raise AlreadyErased(f"nothing of claim {command.claim!r} is left to erase", field="claim")
    event = ClaimErased(ground=command.ground, reference=command.reference, events=events)
    return Decision((_draft(world, subject, event),))


def erase_report(world: World, command: EraseReport) -> Decision:
    """Everything that the report's events say goes; and what its claims say, where that is asked
    for. The notice of a withdrawal goes from the claims that were taken back with it in any case:
    it is the report's."""
    subject, _ = world.report(command.report, field="report")
    _check(command)
    own = to_erase(world.entries(subject))
    children = world.children.get(subject, Children((), 0))
    claims: list[Draft] = []
    passed_over: list[tuple[UUID, int]] = []
    for claim in children.claims:
        events = to_erase(
            world.entries(claim),
            lambda event: (
                command.with_claims
                or (isinstance(event, ClaimRetracted) and event.with_report == subject)
            ),
        )
        if events:
            gone = ClaimErased(
                ground=command.ground,
                reference=command.reference,
                events=events,
                with_report=subject,
            )
            claims.append(_draft(world, claim, gone))
        else:
            passed_over.append((claim, world.length(claim)))
    if not own and not claims:
        raise AlreadyErased(
            f"nothing of report {command.report!r} is left to erase", field="report"
        )
    event = ReportErased(
        ground=command.ground,
        reference=command.reference,
        events=own,
        with_claims=command.with_claims,
    )
    return Decision(
        (_draft(world, subject, event), *claims),
        relies_on=tuple(passed_over),
        childless_since=((subject, children.position),),
    )


def erase_source(world: World, command: EraseSource) -> Decision:
    """Its names, its address and its country go."""
    subject, _ = world.source(command.source, field="source")
    _check(command)
    events = to_erase(world.entries(subject))
    if not events:
        raise AlreadyErased(
            f"nothing of source {command.source!r} is left to erase", field="source"
        )
    event = SourceErased(ground=command.ground, reference=command.reference, events=events)
    return Decision((world.draft(subject, event),))


def _check(command: Erase) -> None:
    if command.ground is ErasureGround.OTHER_LAW and command.reference is None:
        raise InvalidInput("say which law it is", field="reference")


def _draft(world: World, subject: UUID, event: ClaimErased | ReportErased) -> Draft:
    # After what it is about, also where that is ahead of the clock by what is allowed.
    return world.draft(subject, event, max(world.now, world.entries(subject)[0].reported_at))


def to_erase(
    entries: Iterable[Entry], wanted: Callable[[AnyEvent], bool] = lambda _: True
) -> tuple[int, ...]:
    """Which events of a subject still say something that can be erased, by their sequence."""
    return tuple(
        entry.sequence
        for entry in entries
        if wanted(entry.event) and remains(entry.event) != entry.event
    )
