"""A record in memory, held to the same rules as the real one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from dataclasses import replace as changed
from datetime import UTC, datetime
from uuid import UUID

from msgspec.structs import replace

from domain.commands import Envelope
from domain.decide import decide
from domain.events import AnyEvent, ClaimReported, Erased
from domain.refusals import IdempotencyConflict, Refusal
from domain.remains import remains
from domain.world import Children, World
from feeds.export import Logged
from feeds.items import Item, Refused

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass
class Memory:
    """Takes commands down as the write door does: all of a command's events or none."""

    world: World = field(default_factory=lambda: World(NOW))
    children: dict[UUID, Children] = field(default_factory=dict)
    log: list[Logged] = field(default_factory=list)
    keys: dict[str, Envelope] = field(default_factory=dict)
    refusals: list[tuple[Envelope, Refusal]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world.children = self.children

    def take(self, envelope: Envelope) -> None:
        """Record one command; the same key a second time changes nothing."""
        if envelope.key is not None and envelope.key in self.keys:
            if self.keys[envelope.key] != envelope:
                conflict = IdempotencyConflict("the key was used for something else", field="key")
                self.refusals.append((envelope, conflict))
            return
        try:
            drafts = decide(self.world, envelope.command).drafts
        except Refusal as refusal:
            self.refusals.append((envelope, refusal))
            return
        if envelope.key is not None:
            self.keys[envelope.key] = envelope
        self.world.take(drafts)
        for draft in drafts:
            self.log.append(
                Logged(
                    position=len(self.log) + 1,
                    subject=draft.subject,
                    event=draft.event,
                    actor=envelope.actor,
                    reason=envelope.reason,
                    key=envelope.key,
                )
            )
            if isinstance(draft.event, Erased):
                self._erase(draft.subject, draft.event)
            if isinstance(draft.event, ClaimReported):
                known = self.children.get(draft.event.report, Children((), 0))
                self.children[draft.event.report] = Children(
                    (*known.claims, draft.subject), len(self.log)
                )

    def _erase(self, subject: UUID, erased: Erased) -> None:
        entries = self.world.subjects[subject]
        places = [place for place, one in enumerate(self.log) if one.subject == subject]
        for sequence in erased.events:
            event = remains(entries[sequence - 1].event)
            entries[sequence - 1] = replace(entries[sequence - 1], event=event)
            place = places[sequence - 1]
            self.log[place] = changed(self.log[place], event=event, erased=f"(erased {sequence})")

    def take_all(self, results: Iterable[Item | Refused]) -> list[Refused]:
        """Record every item; the lines that were refused in reading come back."""
        refused: list[Refused] = []
        for result in results:
            if isinstance(result, Item):
                self.take(result.envelope)
            else:
                refused.append(result)
        return refused

    @property
    def events(self) -> list[tuple[UUID, AnyEvent]]:
        """What was recorded, in order."""
        return [(logged.subject, logged.event) for logged in self.log]
