"""From the events of a claim, as they are read, to their GraphQL types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, assert_never, cast
from uuid import UUID

import strawberry

from api import changes, history
from api.catalogue import Source, Story
from api.ids import global_id
from api.parts import AttributionStep, Quantity
from api.scalars import Edtf
from domain import events, values
from domain.ids import Subject
from projections.views import HistoryItem, SourceView, StoryView

# Objects of these types are read off views and values by attribute, never made; a cast says that
# the one stands for the other.


@dataclass(frozen=True, slots=True)
class Named:
    """Whom and what the events of a page name, as of the moment at hand."""

    sources: dict[UUID, SourceView]
    """By the id in the event; the source it goes under now, where it was merged."""
    stories: dict[UUID, StoryView]

    def source(self, identity: UUID) -> Source:
        """The source that an event names."""
        return cast(Source, self.sources[identity])

    def story(self, identity: UUID | None) -> Story | None:
        """The story that an event names, if it names one."""
        return None if identity is None else cast(Story, self.stories[identity])

    def step(self, step: values.Step) -> AttributionStep:
        """One step of a chain."""
        return AttributionStep(
            source=self.source(step.source), verb=step.verb, role=step.role, named_as=None
        )

    def steps(self, steps: Iterable[values.Step]) -> list[AttributionStep]:
        """A chain."""
        return [self.step(step) for step in steps]


def names_in(items: Iterable[HistoryItem]) -> tuple[set[UUID], set[UUID]]:
    """The sources and the stories that events name."""
    sources: set[UUID] = set()
    stories: set[UUID] = set()
    for item in items:
        for part in _parts(item.event):
            match part:
                case values.Step():
                    sources.add(part.source)
                case values.Notice() if part.issuer is not None:
                    sources.add(part.issuer)
                case events.ClaimReviewed():
                    sources.add(part.reviewer)
                case values.StoryChange():
                    stories.update(story for story in (part.old, part.new) if story is not None)
    return sources, stories


def _parts(event: events.AnyEvent) -> Iterator[object]:
    yield event
    yield getattr(event, "notice", None)
    if isinstance(event, events.ClaimReported):
        yield from event.attribution
    for change in getattr(event, "changes", ()):
        yield change
        if isinstance(change, values.AttributionChange):
            yield from (*change.old, *change.new)


def claim_event(item: HistoryItem, named: Named) -> history.ClaimEvent:
    """An event as its GraphQL type."""
    event = item.event
    common: dict[str, Any] = {
        "sequence": item.sequence,
        "version": item.version,
        "position": item.position,
        "recorded_at": item.recorded_at,
        "reported_at": item.reported_at,
        "precision": item.precision,
        "published_at": getattr(event, "published_at", None),
        "observed_at": getattr(event, "observed_at", None),
        "actor": item.actor,
        "reason": item.reason,
        "voided": item.voided,
    }
    match event:
        case events.ClaimReported():
            return history.ClaimReported(
                **common,
                kind=event.kind,
                statement=event.statement,
                about=_edtf(event.about),
                attribution=named.steps(event.attribution),
                quantities=cast(list[Quantity], event.quantities),
                topics=list(event.topics),
            )
        case events.ClaimCorrected():
            return history.ClaimCorrected(
                **common,
                **_notice(event.notice, named),
                correction_nature=event.nature,
                corrects_version=event.version,
                changes=[claim_change(change, named) for change in event.changes],
            )
        case events.ConcernExpressed():
            return history.ConcernExpressed(**common, **_notice(event.notice, named))
        case events.ConcernLifted():
            return history.ConcernLifted(**common, **_notice(event.notice, named))
        case events.ClaimRetracted():
            return history.ClaimRetracted(
                **common,
                **_notice(event.notice, named),
                scope=event.scope,
                retraction_nature=event.nature,
                by=event.by,
                because=event.because,
                part=event.part,
                with_report=event.with_report is not None,
            )
        case events.ClaimReinstated():
            return history.ClaimReinstated(**common, **_notice(event.notice, named))
        case events.ClaimLinked():
            other = strawberry.ID(global_id(Subject.CLAIM, event.to))
            return history.ClaimLinked(**common, link_kind=event.kind, claim_id=other)
        case events.ClaimReviewed():
            return history.ClaimReviewed(
                **common,
                reviewer=named.source(event.reviewer),
                rating=event.rating,
                words=event.words,
                url=event.url,
            )
        case events.ClaimAmended():
            return history.ClaimAmended(
                **common,
                amends=event.amends,
                voids=event.void,
                changes=[claim_change(change, named) for change in event.changes],
            )
    raise TypeError(f"{type(event).__name__} is no event of a claim")


def _edtf(text: str | None) -> Edtf | None:
    return None if text is None else Edtf(text)


def _notice(notice: values.Notice | None, named: Named) -> dict[str, Any]:
    if notice is None:
        return {"declared": False, "notice": None}
    issuer = None if notice.issuer is None else named.source(notice.issuer)
    return {
        "declared": True,
        "notice": history.Notice(text=notice.text, url=notice.url, issuer=issuer),
    }


def claim_change(change: values.Change, named: Named) -> changes.ClaimChange:
    """One field of a claim, before and after, as its GraphQL type."""
    match change:
        case values.StatementChange():
            return changes.StatementChange(old_statement=change.old, new_statement=change.new)
        case values.KindChange():
            return changes.KindChange(old_kind=change.old, new_kind=change.new)
        case values.AboutChange():
            return changes.AboutChange(old_about=_edtf(change.old), new_about=_edtf(change.new))
        case values.QuantityChange():
            return changes.QuantityChange(
                old_quantity=cast(Quantity | None, change.old),
                new_quantity=cast(Quantity | None, change.new),
            )
        case values.AttributionChange():
            return changes.AttributionChange(
                old_attribution=named.steps(change.old), new_attribution=named.steps(change.new)
            )
        case values.TopicsChange():
            return changes.TopicsChange(old_topics=list(change.old), new_topics=list(change.new))
        case values.StoryChange():
            return changes.StoryChange(
                old_story=named.story(change.old), new_story=named.story(change.new)
            )
    assert_never(change)
