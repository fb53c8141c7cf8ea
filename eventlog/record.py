"""The write door: commands in, events in the log or a refusal out."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Self
from uuid import UUID

from domain.commands import AnyCommand, Batch, Envelope, Erase, PublishReport, ReportClaim
from domain.decide import decide, needs
from domain.history import Entry
from domain.ids import Subject, resolve
from domain.refusals import Conflict, IdempotencyConflict, Refusal
from domain.world import Children, World
from eventlog.database import Database
from eventlog.decoding import entries_of
from eventlog.entries import Append, Appended, KeyConflict, Outcome, SeenKey
from eventlog.erasing import erase
from eventlog.erasure_list import ErasureList
from eventlog.errors import ErasureListUnusable
from eventlog.later import Later
from eventlog.log import Log
from eventlog.plan import Plan, Recorded, Result, digest_of, unit_of
from eventlog.runs import runs, stands_alone
from eventlog.surroundings import Surroundings

ATTEMPTS: Final = 20
"""How often a decision is taken anew because somebody else wrote to the same subject first."""

PATIENCE: Final = 2.0
"""Seconds that an interrupted call waits for the append at hand."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Record:
    """Records commands. Safe for threads; concurrent calls share commits."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime] = _utc_now,
        erasures: ErasureList | None = None,
    ) -> None:
        """`erasures` is the list that erasing needs; without one nothing can be erased."""
        self._log = Log(database.conninfo)
        self._conninfo = database.conninfo
        self._now = now
        self._erasures = erasures
        self._surroundings = Surroundings()

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
        return [result for run in runs(envelopes) for result in self._execute_run(run)]

    def foresee(self, envelopes: Sequence[Envelope]) -> Plan | None:
        """Decide commands without asking the database: what they come to if what they add is new,
        and nothing has become of what they build on since that was last seen. When the units are
        appended, their guards find out whether that was so. None where it cannot be foreseen.
        """
        new: set[UUID] = set()
        named: set[UUID] = set()
        for envelope in envelopes:
            command = envelope.command
            if envelope.key is None:
                return None  # it could not be appended once more if the connection is lost
            for one in command.commands if isinstance(command, Batch) else (command,):
                match one:
                    case ReportClaim():
                        new.add(resolve(Subject.CLAIM, one.claim))
                    case PublishReport():
                        new.add(resolve(Subject.REPORT, one.report))
                    case _:
                        return None
                named.update(needs(one).subjects)
        around = self._surroundings.of(named - new)
        if around is None:
            return None
        plan = Plan.of(envelopes, World(self._now(), around))
        return plan if len(plan.units) == len(envelopes) else None

    def results(self, plan: Plan, appended: Sequence[Appended]) -> list[Result]:
        """What came of commands that were foreseen, and whose units were appended."""
        self._surroundings.keep(plan.subjects)
        return list(map(Recorded.of, plan.units, appended))

    def execute_batches(
        self, batches: Iterable[Sequence[Envelope]]
    ) -> Generator[list[Result], None, None]:
        """Record batch after batch as `execute_many` does, and give the results of each.

        While one is being appended the next is taken from `batches` and decided, on the
        understanding that all of the first will be stored; where that turns out otherwise it is
        decided anew. The results of a batch come when the next one has been taken.
        """
        pending: _Pending | None = None
        upcoming = iter(batches)
        try:
            while True:
                try:
                    envelopes = next(upcoming, None)
                except Exception:
                    if pending is not None:
                        yield self._settle(pending.plan, pending.outcomes.result())
                    raise
                plan = None if envelopes is None else self._plan_ahead(envelopes, pending)
                if pending is not None:
                    outcomes = pending.outcomes.result()
                    if not all(isinstance(one, Appended) and not one.replayed for one in outcomes):
                        plan = None
                    settled, pending = pending.plan, None
                    yield self._settle(settled, outcomes)
                if envelopes is None:
                    return
                if plan is None:
                    yield self.execute_many(envelopes)
                else:
                    pending = self._append(plan)
        finally:
            if pending is not None:
                pending.outcomes.wait(PATIENCE)

    def _append(self, plan: Plan) -> _Pending:
        return _Pending(plan, Later(lambda: self._log.append_checked(plan.units), "appender"))

    def _execute_run(self, envelopes: Sequence[Envelope]) -> list[Result]:
        if isinstance(envelopes[0].command, Erase):
            return [self._decided_anew(envelopes[0])]
        plan = self._plan(envelopes)
        return self._settle(plan, self._log.append_checked(plan.units))

    def _plan_ahead(self, envelopes: Sequence[Envelope], pending: _Pending | None) -> Plan | None:
        """Decide while something else is pending; None where that has to be over first."""
        if any(stands_alone(envelope.command) for envelope in envelopes):
            return None
        if pending is None:
            return self._plan(envelopes)
        if not pending.plan.keyed.keys().isdisjoint([envelope.key for envelope in envelopes]):
            return None
        return self._plan(envelopes, pending.plan.changed())

    def _plan(
        self, envelopes: Sequence[Envelope], ahead: Mapping[UUID, list[Entry]] | None = None
    ) -> Plan:
        """Decide commands as if what `ahead` holds of some subjects were in the log already."""
        world = self._world([envelope.command for envelope in envelopes], ahead or {})
        plan = Plan.of(envelopes, world)
        refused = plan.refused
        # A command that was recorded before mostly stands in its own way now. Where it does not,
        # the log knows its key, and gives the first outcome for it.
        for key, known in self._log.keys(refused.keys()).items() if refused else ():
            plan.results[refused[key]] = _known(envelopes[refused[key]], known)
        return plan

    def _settle(self, plan: Plan, outcomes: Sequence[Outcome]) -> list[Result]:
        results = plan.results
        again = False
        for index, unit, outcome in zip(plan.owners, plan.units, outcomes, strict=True):
            match outcome:
                case Appended():
                    results[index] = Recorded.of(unit, outcome)
                    again = again or outcome.replayed
                case KeyConflict():
                    results[index] = _key_conflict(outcome.key)
                case _:
                    results[index] = self._decided_anew(plan.envelopes[index])
        if all(isinstance(one, Appended) and not one.replayed for one in outcomes):
            self._surroundings.keep(plan.subjects)
        if again:
            # What came again was decided on as if it were new, and what came after it was held
            # against that. What was accepted the log has checked; what was refused nobody has.
            for index, result in enumerate(results):
                if isinstance(result, Refusal):
                    results[index] = self._decided_anew(plan.envelopes[index])
        for index, first in plan.repeats:
            results[index] = self._repeated(
                plan.envelopes[index], plan.envelopes[first], results[first]
            )
        return [result for result in results if result is not None]

    def _world(
        self, commands: Iterable[AnyCommand | Batch], ahead: Mapping[UUID, list[Entry]]
    ) -> World:
        subjects: set[UUID] = set()
        reports: set[UUID] = set()
        for command in commands:
            needed = needs(command)
            subjects.update(needed.subjects)
            reports.update(needed.claims_of)
        children: dict[UUID, Children] = {}
        for report in reports:
            found = self._log.children(report)
            children[report] = Children(found.stream_ids, found.position)
            subjects.update(found.stream_ids)
        streams = self._log.streams(subjects - ahead.keys())
        read = {subject: entries_of(events) for subject, events in streams.items() if events}
        self._surroundings.keep(read)
        return World(
            now=self._now(),
            subjects=read | {subject: list(entries) for subject, entries in ahead.items()},
            children=children,
            lengths={
                subject: events[-1].version
                for subject, events in streams.items()
                if events and events[-1].content is None
            },
        )

    def _decided_anew(self, envelope: Envelope) -> Result:
        """What becomes of a command in the world as it is now, where somebody else was first."""
        for _ in range(ATTEMPTS):
            try:
                world = self._world([envelope.command], {})
                unit = unit_of(envelope, decide(world, envelope.command))
            except Refusal as refusal:
                # The same command may have been recorded under its key a moment ago, and be what
                # stands in its own way now.
                return self._seen(envelope) or refusal
            match self._stored(envelope.command, unit):
                case Appended() as outcome:
                    return Recorded.of(unit, outcome)
                case KeyConflict(key):
                    return _key_conflict(key)
        return Conflict("others kept writing to the same subject; try again")

    def _stored(self, command: AnyCommand | Batch, unit: Append) -> Outcome:
        if not isinstance(command, Erase):
            return self._log.append_checked([unit])[0]
        if self._erasures is None:
            raise ErasureListUnusable("There is no list of erasures, so nothing can be erased.")
        try:
            return erase(self._conninfo, unit, self._erasures)
        finally:
            self._surroundings.forget()

    def _seen(self, envelope: Envelope) -> Result | None:
        if envelope.key is None:
            return None
        known = self._log.keys({envelope.key}).get(envelope.key)
        if known is None:
            return None
        return _known(envelope, known)

    def _repeated(self, envelope: Envelope, first: Envelope, result: Result | None) -> Result:
        if digest_of(envelope.command) != digest_of(first.command):
            if isinstance(result, Recorded):
                return _key_conflict(str(envelope.key))
            # The key does not stand for the first one, and may stand for this one.
            return self._decided_anew(envelope)
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


@dataclass(slots=True)
class _Pending:
    """A plan that is being appended."""

    plan: Plan
    outcomes: Later[list[Outcome]]


def _known(envelope: Envelope, known: SeenKey) -> Result:
    """The answer to a command whose key is in the log."""
    if known.request_digest != digest_of(envelope.command):
        return _key_conflict(str(envelope.key))
    return Recorded(known.first_position, known.last_position, known.recorded_at, None, True)


def _key_conflict(key: str) -> IdempotencyConflict:
    return IdempotencyConflict(f"the key {key!r} was used for something else", field="key")
