"""Types of the schema by plain means: an `Obj` has its fields by name, values or functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from api.ids import global_id
from domain import events, values
from domain.claim import Claim
from domain.history import Entry
from domain.ids import Subject
from domain.moments import Precision
from domain.words import Status
from tests.api.plain_record import View, precision_of

Fields = dict[str, Any]


@dataclass(slots=True)
class Obj:
    """An object of a type of the schema."""

    type: str
    fields: Fields


def source_obj(view: View, source: UUID) -> Obj:
    """A source, as what it goes under."""
    identity = view.canonical(source)
    shown = view.sources[identity]
    return Obj(
        "Source",
        {
            "id": global_id(Subject.SOURCE, identity),
            "ref": shown.ref,
            "name": shown.name,
            "kind": shown.kind,
            "aliases": list(shown.aliases),
            "url": shown.url,
            "country": shown.country,
        },
    )


def optional_source(view: View, source: UUID | None) -> Obj | None:
    """A source, if there is one."""
    return None if source is None else source_obj(view, source)


def counts_obj(claims: Iterable[Claim]) -> Obj:
    """Claims counted by status."""
    statuses = [claim.status for claim in claims]
    fields: Fields = {"total": len(statuses)}
    names = ("standing", "corrected", "underConcern", "partiallyRetracted", "retracted")
    for name, status in zip(names, Status, strict=True):
        fields[name] = statuses.count(status)
    return Obj("ClaimCounts", fields)


def story_obj(view: View, identity: UUID) -> Obj:
    """A story."""
    story = view.stories[identity]
    return Obj(
        "Story",
        {
            "id": global_id(Subject.STORY, identity),
            "slug": story.ref,
            "title": story.title,
            "summary": story.summary,
            "topics": list(story.topics),
            "counts": lambda: counts_obj(
                claim for claim in view.claims.values() if claim.story == identity
            ),
        },
    )


def report_obj(view: View, identity: UUID) -> Obj:
    """A report."""
    report = view.reports[identity]
    withdrawal = report.withdrawal
    return Obj(
        "Report",
        {
            "id": global_id(Subject.REPORT, identity),
            "ref": report.ref,
            "outlet": lambda: optional_source(view, report.outlet),
            "kind": report.kind,
            "headline": report.headline,
            "byline": list(report.byline),
            "credits": list(report.credits),
            "language": report.language,
            "caution": report.caution,
            "urls": list(report.urls),
            "publishedAt": report.published_at,
            "observedAt": report.observed_at,
            "reportedAt": report.first_reported_at,
            "precision": precision_of(report.published_at, report.observed_at) or Precision.SECOND,
            "withdrawal": None
            if withdrawal is None
            else Obj(
                "Withdrawal",
                {
                    "nature": withdrawal.nature,
                    "because": withdrawal.because,
                    "declared": withdrawal.declared,
                    "reportedAt": withdrawal.at,
                },
            ),
        },
    )


def step_obj(view: View, step: values.Step) -> Obj:
    """One step of a chain."""
    own = view.sources[step.source]
    renamed = view.canonical(step.source) != step.source
    return Obj(
        "AttributionStep",
        {
            "source": lambda: source_obj(view, step.source),
            "verb": step.verb,
            "role": step.role,
            "namedAs": own.name if renamed else None,
        },
    )


def steps_of(view: View, steps: Iterable[values.Step]) -> list[Obj]:
    """A chain."""
    return [step_obj(view, step) for step in steps]


def quantity_obj(number: values.Quantity | None) -> Obj | None:
    """A number, if there is one."""
    if number is None:
        return None
    names = ("label", "value", "unit", "hedge", "low", "high")
    return Obj("Quantity", {name: getattr(number, name) for name in names})


def claim_obj(view: View, identity: UUID) -> Obj:
    """A claim."""
    claim = view.claims[identity]
    retraction = claim.retraction
    return Obj(
        "Claim",
        {
            "id": global_id(Subject.CLAIM, identity),
            "ref": claim.ref,
            "version": claim.version,
            "status": claim.status,
            "contested": identity in view.contested,
            "reviewed": bool(claim.reviews),
            "kind": claim.kind,
            "statement": claim.statement,
            "language": claim.language,
            "about": claim.about,
            "attribution": lambda: steps_of(view, claim.attribution),
            "quantities": [quantity_obj(number) for number in claim.quantities],
            "topics": list(claim.topics),
            "report": lambda: report_obj(view, claim.report),
            "outlet": lambda: optional_source(view, view.outlet_of(claim)),
            "story": lambda: None if claim.story is None else story_obj(view, claim.story),
            "publishedAt": claim.published_at,
            "observedAt": claim.observed_at,
            "reportedAt": claim.first_reported_at,
            "precision": precision_of(claim.published_at, claim.observed_at) or Precision.SECOND,
            "lastChangedAt": claim.last_changed_at,
            "declaredChanges": claim.declared_changes,
            "silentChanges": claim.silent_changes,
            "concernSince": claim.concern_since,
            "retraction": None
            if retraction is None
            else Obj(
                "Retraction",
                {
                    "scope": retraction.scope,
                    "nature": retraction.nature,
                    "by": retraction.by,
                    "because": retraction.because,
                    "declared": retraction.declared,
                    "part": retraction.part,
                    "withReport": retraction.with_report is not None,
                    "reportedAt": retraction.at,
                },
            ),
            "links": [
                Obj(
                    "ClaimLink",
                    {
                        "kind": link.kind,
                        "claimId": global_id(Subject.CLAIM, link.to),
                        "claim": lambda to=link.to: (
                            claim_obj(view, to) if to in view.claims else None
                        ),
                    },
                )
                for link in claim.links
            ],
            "reviews": lambda: [
                Obj(
                    "Review",
                    {
                        "reviewer": source_obj(view, review.reviewer),
                        "rating": review.rating,
                        "words": review.words,
                        "url": review.url,
                        "reportedAt": review.at,
                    },
                )
                for review in claim.reviews
            ],
            "history": lambda: [
                event_obj(view, identity, *item) for item in view.history(identity)
            ],
        },
    )


EVENT_FIELDS: dict[type[Any], Callable[[View, Any], Fields]] = {
    events.ClaimReported: lambda view, event: {
        "kind": event.kind,
        "statement": event.statement,
        "about": event.about,
        "attribution": steps_of(view, event.attribution),
        "quantities": [quantity_obj(number) for number in event.quantities],
        "topics": list(event.topics),
    },
    events.ClaimCorrected: lambda view, event: {
        "correctionNature": event.nature,
        "correctsVersion": event.version,
        "changes": [change_obj(view, change) for change in event.changes],
    },
    events.ConcernExpressed: lambda *_: {},
    events.ConcernLifted: lambda *_: {},
    events.ClaimRetracted: lambda _, event: {
        "scope": event.scope,
        "retractionNature": event.nature,
        "by": event.by,
        "because": event.because,
        "part": event.part,
        "withReport": event.with_report is not None,
    },
    events.ClaimReinstated: lambda *_: {},
    events.ClaimLinked: lambda _, event: {
        "linkKind": event.kind,
        "claimId": global_id(Subject.CLAIM, event.to),
    },
    events.ClaimReviewed: lambda view, event: {
        "reviewer": source_obj(view, event.reviewer),
        "rating": event.rating,
        "words": event.words,
        "url": event.url,
    },
    events.ClaimAmended: lambda view, event: {
        "amends": event.amends,
        "voids": event.void,
        "changes": [change_obj(view, change) for change in event.changes],
    },
}


def event_obj(view: View, claim: UUID, version: int, entry: Entry, void: bool) -> Obj:
    """An event of a claim."""
    event: Any = entry.event
    published_at = getattr(event, "published_at", None)
    observed_at = getattr(event, "observed_at", None)
    fields: Fields = {
        "subjectId": global_id(Subject.CLAIM, claim),
        "claim": lambda: claim_obj(view, claim),
        "sequence": entry.sequence,
        "version": version,
        "position": entry.position,
        "recordedAt": entry.recorded_at,
        "reportedAt": entry.reported_at,
        "precision": precision_of(published_at, observed_at),
        "publishedAt": published_at,
        "observedAt": observed_at,
        "actor": entry.actor,
        "reason": entry.reason,
        "voided": void,
    }
    if hasattr(event, "notice"):
        notice = event.notice
        fields["declared"] = notice is not None
        fields["notice"] = (
            None
            if notice is None
            else Obj(
                "Notice",
                {
                    "text": notice.text,
                    "url": notice.url,
                    "issuer": optional_source(view, notice.issuer),
                },
            )
        )
    return Obj(type(event).__name__, fields | EVENT_FIELDS[type(event)](view, event))


def change_obj(view: View, change: values.Change) -> Obj:
    """One field of a claim, before and after."""
    name = type(change).__name__
    what = name.removesuffix("Change")

    def shown(value: Any) -> Any:
        match change:
            case values.QuantityChange():
                return quantity_obj(value)
            case values.AttributionChange():
                return steps_of(view, value)
            case values.TopicsChange():
                return list(value)
            case values.StoryChange():
                return None if value is None else story_obj(view, value)
        return value

    return Obj(name, {f"old{what}": shown(change.old), f"new{what}": shown(change.new)})
