"""The write door: commands in, events in the log or a refusal out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from types import TracebackType
from typing import Final, Self
from uuid import UUID

from msgspec.json import Encoder

from domain import codec
from domain.commands import AnyCommand, Envelope, WithdrawReport
from domain.decide import decide, needs
from domain.history import ALWAYS
from domain.refusals import Conflict, IdempotencyConflict, InvalidInput, Refusal
from domain.world import Children, Decision, World
from eventlog.database import Database
from eventlog.decoding import entries_of
from eventlog.entries import (
    Append,
    Appended,
    ChildGuard,
    KeyConflict,
    NewEvent,
    Outcome,
    StreamGuard,
)
from eventlog.errors import EntryInvalid
from eventlog.log import Log
from eventlog.validation import check_append

ATTEMPTS: Final = 20
"""How often a decision is taken anew because somebody else wrote to the same subject first."""

_canonical = Encoder(order="deterministic", decimal_format="string")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A command stands in the log. `recorded_at` is that of its last event, UTC."""

    first_position: int
    last_position: int
    recorded_at: datetime
    subject: UUID | None
    """What the command was about. None where the answer is that of an earlier call."""
    replayed: bool = False
    """The idempotency key was seen before with this command, and nothing new was recorded."""


Result = Recorded | Refusal


def digest_of(command: AnyCommand) -> bytes:
    """What an idempotency key stands for: SHA-256 over the command's fields in a fixed order."""
    return sha256(_canonical.encode(command)).digest()


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Record:
    """Records commands. Safe for threads; concurrent calls share commits."""

    def __init__(self, database: Database, now: Callable[[], datetime] = _utc_now) -> None:
        self._log = Log(database.conninfo)
        self._now = now

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._log.close()

    def execute(self, envelope: Envelope) -> Recorded:
        """Record one command. Raises the Refusal where a rule does not allow it."""
        (result,) = self.execute_many([envelope])
        if isinstance(result, Refusal):
            raise result
        return result

    def execute_many(self, envelopes: Sequence[Envelope]) -> list[Result]:
        """Record commands in this order, each wholly or not at all.

        A refusal of one does not touch the others, though a later one that builds on it will be
        refused too. The commands are decided together and appended in one round trip.
        """
        results: list[Result | None] = [None] * len(envelopes)
        for run in _runs(envelopes):
            self._execute_run(envelopes, run, results)
        return [result for result in results if result is not None]

    def _execute_run(
        self, envelopes: Sequence[Envelope], run: Sequence[int], results: list[Result | None]
    ) -> None:
        units: list[Append] = []
        owners: list[int] = []
        repeats: list[tuple[int, int]] = []
        keyed: dict[str, int] = {}
        seen = self._log.keys({key for index in run if (key := envelopes[index].key) is not None})
        fresh = []
        for index in run:
            key = envelopes[index].key
            if key is not None and key in seen:
                known = seen[key]
                results[index] = (
                    Recorded(
                        known.first_position, known.last_position, known.recorded_at, None, True
                    )
                    if known.request_digest == digest_of(envelopes[index].command)
                    else _key_conflict(key)
                )
            else:
                fresh.append(index)
        world = self._world([envelopes[index].command for index in fresh])
        for index in fresh:
            envelope = envelopes[index]
            if envelope.key is not None:
                first = keyed.setdefault(envelope.key, index)
                if first != index:
                    repeats.append((index, first))
                    continue
            try:
                decision = decide(world, envelope.command)
                unit = _unit(envelope, decision)
            except Refusal as refusal:
                results[index] = refusal
                continue
            world.take(decision.drafts)
            units.append(unit)
            owners.append(index)
        for index, unit, outcome in zip(
            owners, units, self._log.append_checked(units), strict=True
        ):
            results[index] = self._result(envelopes[index], unit, outcome)
        for index, first in repeats:
            results[index] = self._repeated(envelopes[index], envelopes[first], results[first])

    def _world(self, commands: Iterable[AnyCommand]) -> World:
        subjects: set[UUID] = set()
        reports: set[UUID] = set()
        for command in commands:
            needed = needs(command)
            subjects |= needed.subjects
            if needed.claims_of is not None:
                reports.add(needed.claims_of)
        children: dict[UUID, Children] = {}
        for report in reports:
            found = self._log.children(report)
            children[report] = Children(found.stream_ids, found.position)
            subjects.update(found.stream_ids)
        streams = self._log.streams(subjects)
        return World(
            now=self._now(),
            subjects={subject: entries_of(events) for subject, events in streams.items()},
            children=children,
            lengths={subject: events[-1].version for subject, events in streams.items() if events},
        )

    def _result(self, envelope: Envelope, unit: Append, outcome: Outcome) -> Result:
        for _ in range(ATTEMPTS):
            match outcome:
                case Appended():
                    return Recorded(
                        outcome.first_position,
                        outcome.last_position,
                        outcome.recorded_at,
                        unit.events[0].stream_id,
                        outcome.replayed,
                    )
                case KeyConflict():
                    return _key_conflict(outcome.key)
            # Somebody else was first: look at the world as it is now, and decide anew.
            try:
                world = self._world([envelope.command])
                unit = _unit(envelope, decide(world, envelope.command))
            except Refusal as refusal:
                # The same command may have been recorded under its key a moment ago, and be what
                # stands in its own way now.
                return self._seen(envelope) or refusal
            (outcome,) = self._log.append_checked([unit])
        return Conflict("others kept writing to the same subject; try again")

    def _seen(self, envelope: Envelope) -> Result | None:
        if envelope.key is None:
            return None
        known = self._log.keys({envelope.key}).get(envelope.key)
        if known is None:
            return None
        if known.request_digest != digest_of(envelope.command):
            return _key_conflict(envelope.key)
        return Recorded(known.first_position, known.last_position, known.recorded_at, None, True)

    def _repeated(self, envelope: Envelope, first: Envelope, result: Result | None) -> Result:
        if digest_of(envelope.command) != digest_of(first.command):
            return _key_conflict(str(envelope.key))
        if isinstance(result, Recorded):
            return Recorded(
                result.first_position,
                result.last_position,
                result.recorded_at,
                result.subject,
                True,
            )
        if result is None:
            raise RuntimeError("a repeated command comes after the first of its kind")
        return result


def _runs(envelopes: Sequence[Envelope]) -> Iterator[list[int]]:
    """Stretches that can be decided together. Withdrawing a report needs the claims recorded
    before it to be in the log, so it stands alone."""
    run: list[int] = []
    for index, envelope in enumerate(envelopes):
        if isinstance(envelope.command, WithdrawReport):
            if run:
                yield run
            yield [index]
            run = []
        else:
            run.append(index)
    if run:
        yield run


def _unit(envelope: Envelope, decision: Decision) -> Append:
    unit = Append(
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
        child_guards=[ChildGuard(*decision.childless_since)] if decision.childless_since else (),
    )
    try:
        check_append(unit)
    except EntryInvalid as error:
        raise InvalidInput(error.reason, field=error.field) from None
    return unit


def _key_conflict(key: str) -> IdempotencyConflict:
    return IdempotencyConflict(f"the key {key!r} was used for something else", field="key")
