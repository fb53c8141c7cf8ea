"""A made-up record of any size: stories whose claims are corrected again and again, often late.

The same shape gives the same events, in the order in which they are recorded. Claims belong to
reports, and the reports of all stories are spread evenly over one year, so a larger record has
more stories that run side by side, and neighbours in the log rarely belong together.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from heapq import heappop, heappush
from itertools import count, islice
from random import Random
from typing import Final
from uuid import UUID

from domain import codec
from domain.events import (
    AnyEvent,
    ClaimCorrected,
    ClaimReported,
    ReportPublished,
    SourceRegistered,
    StoryOpened,
)
from domain.ids import Subject, resolve
from domain.values import Notice, Quantity, QuantityChange, StatementChange, Step
from domain.words import ClaimKind, CorrectionNature, SourceKind, Verb
from eventlog.database import Database
from eventlog.entries import Append, NewEvent
from eventlog.log import Log

START: Final = datetime(2024, 1, 1, tzinfo=UTC)
YEAR: Final = timedelta(days=365)
"""When reports come out. Corrections and late arrivals go on for a while after it."""

SETTLED: Final = timedelta(days=30)
"""From a claim's first report to the last time that it is corrected, at most."""

OVERLOOKED: Final = timedelta(days=60)
"""From a claim's last correction to the recording of one that had been overlooked, at most."""

UNIT: Final = 2_000
"""Events appended at once."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a made-up record consists of."""

    claims: int
    stories: int
    changes: int = 5
    """Corrections of each claim."""
    late: float = 1 / 3
    """Share of the corrections that are recorded after a later one of the same claim. The last
    one cannot be, which leaves (changes - 1) / changes as the most."""
    claims_in_report: int = 4
    sources: int = 300
    seed: int = 1

    def __post_init__(self) -> None:
        """Raise ValueError where no such record can be."""
        if self.changes * self.late > max(self.changes - 1, 0) + 1e-9:
            raise ValueError("the last correction of a claim cannot come late")
        if self.sources < 3:
            raise ValueError("there are outlets, officials and bodies: at least three sources")

    @property
    def events(self) -> int:
        """How many events it holds."""
        reports = -(-self.claims // self.claims_in_report)
        return self.sources + self.stories + reports + self.claims * (1 + self.changes)


def of_events(events: int, claims_in_story: int = 100, changes: int = 5) -> Shape:
    """The largest shape of at most so many events: more of them make more stories, which hold as
    many claims as ever."""
    # A claim comes with its corrections, a quarter of a report and its share of a story.
    sources = min(300, max(3, events // 100))
    each = 1 + changes + 1 / 4 + 1 / claims_in_story
    stories = max(1, int((events - sources) / each) // claims_in_story)
    return Shape(stories * claims_in_story, stories, changes, sources=sources)


def story_ref(number: int) -> str:
    """What the story of a number, from 0, is called."""
    return f"story-{number}"


def fill(database: Database, shape: Shape) -> int:
    """Append a record to an empty log, as every writer does, and give its last position."""
    made = events(shape)
    with Log(database.conninfo) as log:
        while unit := list(islice(made, UNIT)):
            log.append([Append(unit, actor="workload")])
        return log.head().position


def events(shape: Shape) -> Iterator[NewEvent]:
    """The events of a record, in the order in which they are recorded."""
    random = Random(shape.seed)
    outlets, speakers, bodies = (_Sources(shape.sources, kind) for kind in range(3))
    for kinds in (outlets, speakers, bodies):
        yield from kinds.registered()
    yield from (_opened(number) for number in range(shape.stories))
    due: list[tuple[datetime, int, _Claim, datetime, bool]] = []
    order = count()
    reports = -(-shape.claims // shape.claims_in_report)
    for number in range(reports):
        at = (START + number * (YEAR / reports)).replace(microsecond=0)
        while due and due[0][0] <= at:
            yield _next(due)
        report = resolve(Subject.REPORT, f"report-{number}")
        yield _published(report, number, random.choice(outlets.ids), at)
        first = number * shape.claims_in_report
        for one in range(first, min(first + shape.claims_in_report, shape.claims)):
            chain = (random.choice(speakers.ids), random.choice(bodies.ids))
            claim = _Claim(one, random.randrange(10, 10_000), at)
            story = resolve(Subject.STORY, story_ref(number % shape.stories))
            yield claim.reported(report, story, chain)
            for recorded, reported, silent in _corrections(shape, random, at):
                heappush(due, (recorded, next(order), claim, reported, silent))
    while due:
        yield _next(due)


def _next(due: list[tuple[datetime, int, _Claim, datetime, bool]]) -> NewEvent:
    _, _, claim, reported, silent = heappop(due)
    return claim.corrected(reported, silent)


def _corrections(
    shape: Shape, random: Random, first: datetime
) -> Iterable[tuple[datetime, datetime, bool]]:
    """When the corrections of a claim are recorded and reported, and whether they are silent."""
    seconds = sorted(random.sample(range(60, int(SETTLED.total_seconds())), shape.changes))
    times = [first + timedelta(seconds=one) for one in seconds]
    share = shape.late * shape.changes / (shape.changes - 1) if shape.late else 0.0
    for number, reported in enumerate(times):
        overlooked = number < shape.changes - 1 and random.random() < share
        recorded = times[-1] + OVERLOOKED * random.random() if overlooked else reported
        yield recorded, reported, random.random() < 0.5


@dataclass(slots=True)
class _Sources:
    """A third of the sources: outlets, speakers or official bodies."""

    of: int
    kind: int
    ids: list[UUID] = field(init=False)

    def __post_init__(self) -> None:
        self.ids = [self._id(number) for number in range(self.kind, self.of, 3)]

    def _id(self, number: int) -> UUID:
        return resolve(Subject.SOURCE, f"source-{number}")

    def registered(self) -> Iterator[NewEvent]:
        name, kind = (
            ("Outlet", SourceKind.OUTLET),
            ("Speaker", SourceKind.PERSON),
            ("Body", SourceKind.OFFICIAL_BODY),
        )[self.kind]
        for number in range(self.kind, self.of, 3):
            event = SourceRegistered(ref=f"source-{number}", name=f"{name} {number}", kind=kind)
            yield _new(self._id(number), 1, event, None)


def _opened(number: int) -> NewEvent:
    event = StoryOpened(
        ref=story_ref(number), title=f"What became of matter {number}", topics=("losses",)
    )
    return _new(resolve(Subject.STORY, story_ref(number)), 1, event, None)


def _published(report: UUID, number: int, outlet: UUID, at: datetime) -> NewEvent:
    event = ReportPublished(
        ref=f"report-{number}",
        outlet=outlet,
        headline=f"New figures given in matter {number}, a day after the last ones",
        byline=("A Writer",),
        language="en",
        url=f"https://outlet.example/{number}",
        published_at=_text(at),
    )
    return _new(report, 1, event, at)


class _Claim:
    """A claim about one number, with what the record knows of it so far."""

    __slots__ = ("id", "number", "times", "values", "version")

    def __init__(self, number: int, value: int, at: datetime) -> None:
        self.number = number
        self.id = resolve(Subject.CLAIM, f"claim-{number}")
        self.version = 0
        self.times = [at]
        self.values = [value]

    def reported(self, report: UUID, story: UUID, chain: tuple[UUID, UUID]) -> NewEvent:
        """It is first reported."""
        at, value = self.times[0], self.values[0]
        speaker, body = chain
        event = ClaimReported(
            ref=f"claim-{self.number}",
            report=report,
            story=story,
            kind=ClaimKind.FIGURE,
            statement=self._statement(value),
            language="en",
            about=at.date().isoformat(),
            attribution=(
                Step(source=speaker, verb=Verb.SAID, role="spokesperson"),
                Step(source=body, verb=Verb.ESTIMATED),
            ),
            quantities=(self._quantity(value),),
            topics=("losses",),
            published_at=_text(at),
        )
        return self._event(event, at, report)

    def corrected(self, at: datetime, silent: bool) -> NewEvent:
        """It is corrected: the version is that which is known to have stood at the time."""
        place = bisect_right(self.times, at)
        old, new = self.values[place - 1], self.values[0] + self.version
        self.times.insert(place, at)
        self.values.insert(place, new)
        event = ClaimCorrected(
            nature=CorrectionNature.UPDATE if new % 2 else CorrectionNature.CORRECTION,
            version=place,
            changes=(
                StatementChange(old=self._statement(old), new=self._statement(new)),
                QuantityChange(old=self._quantity(old), new=self._quantity(new)),
            ),
            notice=None if silent else Notice(text="An earlier version gave another number."),
            published_at=None if silent else _text(at),
            observed_at=_text(at) if silent else None,
        )
        return self._event(event, at)

    def _statement(self, value: int) -> str:
        return f"{value} vehicles were lost in matter {self.number}, the spokesperson said."

    def _quantity(self, value: int) -> Quantity:
        return Quantity(label="vehicles lost", value=Decimal(value), unit="vehicles")

    def _event(self, event: AnyEvent, at: datetime, parent: UUID | None = None) -> NewEvent:
        self.version += 1
        return _new(self.id, self.version, event, at, parent)


def _new(
    subject: UUID, version: int, event: AnyEvent, at: datetime | None, parent: UUID | None = None
) -> NewEvent:
    return NewEvent(subject, version, codec.type_of(event), codec.encode(event), at, parent)


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
