"""What commands come to before it is appended: the units to be stored, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.json import Encoder

from domain import codec
from domain.commands import AnyCommand, Batch, Envelope
from domain.decide import decide
from domain.history import ALWAYS, Entry
from domain.refusals import InvalidInput, Refusal
from domain.world import Decision, World
from eventlog.entries import Append, Appended, ChildGuard, NewEvent, StreamGuard
from eventlog.errors import EntryInvalid
from eventlog.validation import check_request

_canonical: Final = Encoder(order="deterministic", decimal_format="string")


class Recorded(Struct, frozen=True, gc=False):
    """A command stands in the log. `recorded_at` is that of its last event, UTC."""

    first_position: int
    last_position: int
    recorded_at: datetime
    subject: UUID | None
    """What the command was about. None where the answer is that of an earlier call."""
    replayed: bool = False
    """The idempotency key was seen before with this command, and nothing new was recorded."""

    @classmethod
    def of(cls, unit: Append, appended: Appended) -> Recorded:
        """A command whose unit was appended."""
        return cls(
            appended.first_position,
            appended.last_position,
            appended.recorded_at,
            unit.events[0].stream_id,
            appended.replayed,
        )


Result = Recorded | Refusal


@dataclass(slots=True)
class Plan:
    """What a batch of commands comes to in some world."""

    envelopes: Sequence[Envelope]
    results: list[Result | None]
    """Those that are known already."""
    units: list[Append] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    """Which of the envelopes each unit is for."""
    keyed: dict[str, int] = field(default_factory=dict)
    """By key, the first of the envelopes that has it."""
    repeats: list[tuple[int, int]] = field(default_factory=list)
    """Envelopes whose key another one has, and that one."""
    refused: dict[str, int] = field(default_factory=dict)
    """By key, the envelopes that a rule refuses."""
    subjects: dict[UUID, list[Entry]] = field(default_factory=dict)
    """Those that were looked at, with what will be in the log when this is."""

    @classmethod
    def of(cls, envelopes: Sequence[Envelope], world: World) -> Plan:
        """Decide commands one after the other, each as if all before it were recorded."""
        plan = cls(envelopes, [None] * len(envelopes))
        for index, envelope in enumerate(envelopes):
            if envelope.key is not None:
                first = plan.keyed.setdefault(envelope.key, index)
                if first != index:
                    plan.repeats.append((index, first))
                    continue
            try:
                decision = decide(world, envelope.command)
                unit = unit_of(envelope, decision)
            except Refusal as refusal:
                plan.results[index] = refusal.with_traceback(None)  # or it would hold the plan
                if envelope.key is not None:
                    plan.refused[envelope.key] = index
                continue
            world.take(decision.drafts)
            plan.units.append(unit)
            plan.owners.append(index)
        plan.subjects = world.subjects
        return plan

    def changed(self) -> dict[UUID, list[Entry]]:
        """The subjects that units are about."""
        return {
            event.stream_id: self.subjects[event.stream_id]
            for unit in self.units
            for event in unit.events
        }


def unit_of(envelope: Envelope, decision: Decision) -> Append:
    """What is to be stored for a command. Raises InvalidInput where the log would not take it."""
    try:
        # The rest of a unit is the decider's and the codec's, and is as the log wants it.
        check_request(envelope.actor, envelope.reason, envelope.key)
    except EntryInvalid as error:
        raise InvalidInput(error.reason, field=error.field) from None
    return Append(
        events=[
            NewEvent(
                stream_id=draft.subject,
                version=draft.sequence,
                type=codec.type_of(draft.event),
                content=codec.encode(draft.event),
                reported_at=None if draft.reported_at is ALWAYS else draft.reported_at,
                parent_id=draft.parent,
            )
            for draft in decision.drafts
        ],
        actor=envelope.actor,
        reason=envelope.reason,
        key=envelope.key,
        request_digest=digest_of(envelope.command) if envelope.key is not None else b"",
        guards=[StreamGuard(subject, version) for subject, version in decision.relies_on],
        child_guards=[ChildGuard(*report) for report in decision.childless_since],
    )


def digest_of(command: AnyCommand | Batch) -> bytes:
    """What an idempotency key stands for: SHA-256 over the command's fields in a fixed order."""
    return sha256(_canonical.encode(command)).digest()
