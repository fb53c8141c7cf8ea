"""A tiny record in memory: given what was recorded, when a command comes, then events or a refusal.

What is given is recorded through the same rules. On the desk at the start are three sources (the
outlet "bbc", the "mayor" and a "checker"), the story "bridge", the report "r" of 1 August 2024,
10:00 UTC, and its claim "c".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.catalogue import Report, Source, Story, report_as_of, source_as_of, story_as_of
from domain.claim import Claim, claim_as_of
from domain.commands import (
    AnyCommand,
    NoticeInput,
    OpenStory,
    PublishReport,
    QuantityInput,
    RegisterSource,
    ReportClaim,
    StepInput,
)
from domain.decide import decide
from domain.events import AnyEvent, ClaimReported, Erased
from domain.history import Entry
from domain.ids import Subject, resolve
from domain.moments import last_instant
from domain.refusals import Refusal
from domain.remains import remains
from domain.words import ReportKind, SourceKind, Status, Verb
from domain.world import Children, Decision, World

NOW = datetime(2024, 9, 1, 12, tzinfo=UTC)
"""When everything is recorded, unless a test says otherwise."""

OUT = datetime(2024, 8, 1, 10, tzinfo=UTC)
"""When the report and its claim were first public."""

REGRET = NoticeInput(text="We regret the error.")

OPENING: tuple[AnyCommand, ...] = (
    RegisterSource(source="bbc", name="BBC", kind=SourceKind.OUTLET),
    RegisterSource(source="mayor", name="The mayor", kind=SourceKind.PERSON),
    RegisterSource(source="checker", name="The checker", kind=SourceKind.ORGANISATION),
    OpenStory(story="bridge", title="The bridge"),
    PublishReport(
        report="r",
        outlet="bbc",
        kind=ReportKind.ARTICLE,
        headline="Bridge closed",
        url="https://bbc.example/bridge",
        published_at="2024-08-01T10:00Z",
    ),
    ReportClaim(
        claim="c",
        report="r",
        statement="12 metres have to be replaced.",
        attribution=(StepInput(source="mayor", verb=Verb.SAID),),
        quantities=(QuantityInput(label="length", value=Decimal(12), unit="m"),),
    ),
)


def identity(subject: Subject, ref: str) -> UUID:
    return resolve(subject, ref)


def claim_id(ref: str = "c") -> UUID:
    return resolve(Subject.CLAIM, ref)


def report_id(ref: str = "r") -> UUID:
    return resolve(Subject.REPORT, ref)


def source_id(ref: str) -> UUID:
    return resolve(Subject.SOURCE, ref)


@dataclass
class Desk:
    """What has been recorded, and a way to record more."""

    world: World = field(default_factory=lambda: World(NOW))
    children: dict[UUID, Children] = field(default_factory=dict)
    position: int = 0

    def __post_init__(self) -> None:
        self.world.children = self.children

    def record(self, decision: Decision) -> None:
        """Take a decision down, as the log does."""
        for draft in decision.drafts:
            self.position += 1
            entries = self.world.subjects.setdefault(draft.subject, [])
            assert draft.sequence == len(entries) + 1
            entries.append(
                Entry(self.position, self.world.now, draft.reported_at, draft.sequence, draft.event)
            )
            if isinstance(draft.event, Erased):
                for place in range(len(entries)):
                    if entries[place].sequence in draft.event.events:
                        left = remains(entries[place].event)
                        entries[place] = replace(entries[place], event=left)
            if isinstance(draft.event, ClaimReported):
                assert draft.parent == draft.event.report
                known = self.children.get(draft.event.report, Children((), 0))
                claims = (*known.claims, draft.subject)
                self.children[draft.event.report] = Children(claims, self.position)

    def when(self, command: AnyCommand) -> tuple[AnyEvent, ...]:
        """Record a command; the events that followed from it."""
        decision = decide(self.world, command)
        self.record(decision)
        return tuple(draft.event for draft in decision.drafts)

    def refuses(self, command: AnyCommand, kind: type[Refusal], field: str | None) -> Refusal:
        """The refusal, which is just of this kind and about this field."""
        with pytest.raises(kind) as caught:
            decide(self.world, command)
        assert type(caught.value) is kind
        assert caught.value.field == field
        assert str(caught.value)
        return caught.value

    def entries(self, subject: UUID) -> list[Entry]:
        return self.world.entries(subject)

    def claim(self, ref: str = "c", at: str | None = None, position: int | None = None) -> Claim:
        """A claim as of a day (its end) or an exact second, and a position."""
        limit = None if at is None else last_instant(at)
        state = claim_as_of(self.entries(claim_id(ref)), limit, position)
        assert state is not None
        return state

    def status(self, ref: str = "c", at: str | None = None) -> Status:
        return self.claim(ref, at).status

    def report(self, ref: str = "r", at: str | None = None) -> Report:
        limit = None if at is None else last_instant(at)
        state = report_as_of(self.entries(report_id(ref)), limit)
        assert state is not None
        return state

    def source(self, ref: str) -> Source:
        state = source_as_of(self.entries(source_id(ref)))
        assert state is not None
        return state

    def story(self, ref: str) -> Story:
        state = story_as_of(self.entries(resolve(Subject.STORY, ref)))
        assert state is not None
        return state


def given(*commands: AnyCommand) -> Desk:
    """A desk with the opening and these commands recorded on it."""
    desk = empty()
    for command in (*OPENING, *commands):
        desk.when(command)
    return desk


def empty() -> Desk:
    """A desk with nothing on it."""
    return Desk()


def utc(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """A moment of August 2024."""
    return datetime(2024, 8, 1, hour, minute, tzinfo=UTC) + timedelta(days=day - 1)
