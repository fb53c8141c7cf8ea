"""What a decision looks at, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from msgspec import Struct

from domain.catalogue import Report, Source, Story, report_as_of, source_as_of, story_as_of
from domain.claim import Claim, claim_as_of
from domain.events import AnyEvent
from domain.history import ALWAYS, Entry
from domain.ids import Subject, resolve
from domain.moments import SKEW, Moment, parse_moment
from domain.refusals import InvalidTime, NotFound

S = TypeVar("S")


class Draft(Struct, frozen=True, gc=False):
    """An event that a decision wants recorded."""

    subject: UUID
    sequence: int
    event: AnyEvent
    reported_at: datetime
    parent: UUID | None = None
    """The report that a claim belongs to, on the claim's first event."""


class Decision(Struct, frozen=True, gc=False):
    """The events that follow from a command: all of them are recorded, or none.

    `relies_on` names other subjects, each with the number of its events that the decision has
    seen; `childless_since` names reports, each with the position up to which its claims were seen.
    If more has been recorded by then, the decision no longer holds and is taken anew.
    """

    drafts: tuple[Draft, ...]
    relies_on: tuple[tuple[UUID, int], ...] = ()
    childless_since: tuple[tuple[UUID, int], ...] = ()


class Children(Struct, frozen=True, gc=False):
    """The claims of a report, and the position of the last of them."""

    claims: tuple[UUID, ...]
    position: int


@dataclass(slots=True)
class World:
    """The subjects that a command touches, as they stand, and the time of the decision (UTC)."""

    now: datetime
    subjects: dict[UUID, list[Entry]] = field(default_factory=dict)
    children: dict[UUID, Children] = field(default_factory=dict)
    """The claims of the reports that a withdrawal may take back."""
    lengths: dict[UUID, int] = field(default_factory=dict)
    """How many events a subject has, where that is more than can still be read (erasure)."""
    _states: dict[tuple[int, object], tuple[list[Entry], int, Any]] = field(default_factory=dict)
    """What lists of entries come to by a fold, with how many of them have been folded. Anybody
    may name a claim where a source is meant, so the fold is part of the key. The lists go by
    their identity, which is looked up faster than a UUID, and are held here so that it is kept."""

    def entries(self, subject: UUID) -> list[Entry]:
        """All that can be read of a subject; nothing if it is not in the record."""
        return self.subjects.get(subject, [])

    def length(self, subject: UUID) -> int:
        """How many events have been recorded of a subject, erased ones too."""
        entries = self.subjects.get(subject)
        last = entries[-1].sequence if entries else 0
        return max(last, self.lengths.get(subject, 0)) if self.lengths else last

    def source(self, ref: str, *, field: str) -> tuple[UUID, Source]:
        """The source that `ref` means. Raises NotFound, naming the command's field."""
        subject = resolve(Subject.SOURCE, ref)
        source = self._state(subject, source_as_of)
        if source is None:
            raise NotFound(f"no source {ref!r} is in the record", field=field)
        return subject, source

    def story(self, ref: str, *, field: str) -> tuple[UUID, Story]:
        """The story that `ref` means. Raises NotFound."""
        subject = resolve(Subject.STORY, ref)
        story = self._state(subject, story_as_of)
        if story is None:
            raise NotFound(f"no story {ref!r} is in the record", field=field)
        return subject, story

    def report(self, ref: str, *, field: str) -> tuple[UUID, Report]:
        """The report that `ref` means, as it is now known. Raises NotFound."""
        subject = resolve(Subject.REPORT, ref)
        report = self._state(subject, report_as_of)
        if report is None:
            raise NotFound(f"no report {ref!r} is in the record", field=field)
        return subject, report

    def claim(self, ref: str, *, field: str) -> tuple[UUID, Claim]:
        """The claim that `ref` means, as it is now known. Raises NotFound."""
        subject = resolve(Subject.CLAIM, ref)
        claim = self._state(subject, claim_as_of)
        if claim is None:
            raise NotFound(f"no claim {ref!r} is in the record", field=field)
        return subject, claim

    def _state(self, subject: UUID, fold: Callable[[list[Entry]], S | None]) -> S | None:
        """What a subject is now known to be. The commands of a batch look at the same ones again
        and again, so each is folded when there is more of it alone."""
        entries = self.subjects.get(subject)
        if not entries:
            return None
        place = id(entries), fold
        known = self._states.get(place)
        if known is None or known[1] != len(entries):
            known = self._states[place] = entries, len(entries), fold(entries)
        state: S | None = known[2]
        return state

    def draft(
        self,
        subject: UUID,
        event: AnyEvent,
        reported_at: datetime = ALWAYS,
        parent: UUID | None = None,
    ) -> Draft:
        """The next event of a subject."""
        return Draft(subject, self.length(subject) + 1, event, reported_at, parent)

    def take(self, drafts: Iterable[Draft]) -> None:
        """Count drafts as recorded, so that the next command of the same batch sees them.

        Their positions are provisional: they only keep the order.
        """
        for draft in drafts:
            entries = self.subjects.setdefault(draft.subject, [])
            last = entries[-1].position if entries else 0
            entries.append(
                Entry(last + 1, self.now, draft.reported_at, draft.sequence, draft.event)
            )

    def reporting_time(
        self,
        published_at: str | None,
        observed_at: str | None,
        *,
        earliest: datetime | None = None,
        what: str = "",
    ) -> datetime:
        """The instant an event counts from (UTC): when it was public, or else when it was seen.

        A coarse time counts from its start. Where its stretch also holds the `earliest` instant
        allowed (the claim was published at noon, its correction is known to the day only), it
        counts from there. Raises InvalidTime if neither is given, if it lies after the moment of
        recording (5 minutes of skew allowed), or if it lies before `earliest`.
        """
        if published_at is None and observed_at is None:
            raise InvalidTime("neither published_at nor observed_at is given", field="published_at")
        if observed_at is not None:
            observed = self._past(observed_at, "observed_at")
        if published_at is not None:
            moment, name = self._past(published_at, "published_at"), "published_at"
        else:
            moment, name = observed, "observed_at"
        if earliest is not None and moment.start < earliest:
            if moment.end <= earliest:
                raise InvalidTime(
                    f"{moment.text!r} is before {what} ({earliest.isoformat()})", field=name
                )
            return earliest
        return moment.start

    def _past(self, text: str, field: str) -> Moment:
        try:
            moment = parse_moment(text)
        except InvalidTime as error:
            raise InvalidTime(str(error), field=field) from None
        if moment.start > self.now + SKEW:
            raise InvalidTime(f"{text!r} is in the future", field=field)
        return moment
