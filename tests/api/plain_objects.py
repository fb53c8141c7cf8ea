"""Types of the schema by plain means: an `Obj` has its fields by name, values or functions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from api.ids import global_id
from domain import values
from domain.claim import Claim, Review
from domain.events import Erased
from domain.history import Entry
from domain.ids import Subject
from domain.moments import Precision
from domain.words import LinkKind, Status
from tests.api import plain_bearing, plain_events, plain_lists
from tests.api.plain_filter import involves
from tests.api.plain_pages import Fields, Obj
from tests.api.plain_record import View, precision_of

# A claim has events, and an event has its claim: the modules go round in a ring as the types do.


def erasure_obj(entry: Entry) -> Obj:
    """That content was erased."""
    event: Any = entry.event
    return Obj(
        "Erasure",
        {
            "at": event.first_erased_at or entry.recorded_at,
            "ground": event.ground,
            "reference": event.reference,
            "position": entry.position,
        },
    )


def last_erasure(view: View, subject: UUID) -> Obj | None:
    """The last erasure of a subject, whenever it was."""
    found = [entry for entry in view.record.subjects[subject] if isinstance(entry.event, Erased)]
    return erasure_obj(found[-1]) if found else None


def erasure_of(view: View, subject: UUID, sequence: int) -> Obj | None:
    """The erasure of one event of a subject."""
    for entry in view.record.subjects[subject]:
        if isinstance(entry.event, Erased) and sequence in entry.event.events:
            return erasure_obj(entry)
    return None


def source_obj(view: View, source: UUID) -> Obj:
    """A source, as what it goes under."""
    identity = view.canonical(source)
    shown, same = view.sources[identity], view.same(identity)
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
            "claims": lambda **asked: plain_lists.claims_page(
                view,
                [one for one, claim in view.claims.items() if involves(view, claim, same)],
                asked,
            ),
            "reports": lambda **asked: plain_lists.reports_page(
                view, [one for one, report in view.reports.items() if report.outlet in same], asked
            ),
            "erased": lambda: last_erasure(view, identity),
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

    def gathered() -> list[UUID]:
        return [one for one, claim in view.claims.items() if claim.story == identity]

    return Obj(
        "Story",
        {
            "id": global_id(Subject.STORY, identity),
            "slug": story.ref,
            "title": story.title,
            "summary": story.summary,
            "topics": list(story.topics),
            "counts": lambda: counts_obj(view.claims[one] for one in gathered()),
            "claims": lambda **asked: plain_lists.claims_page(view, gathered(), asked),
            "reports": lambda **asked: plain_lists.reports_page(
                view, {view.claims[one].report for one in gathered()}, asked
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
            "claims": lambda **asked: plain_lists.claims_page(
                view, [one for one, claim in view.claims.items() if claim.report == identity], asked
            ),
            "erased": lambda: last_erasure(view, identity),
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

    def repeated(asked: Fields) -> set[UUID]:
        copies = plain_bearing.copies(view, identity)
        if asked.get("standing") is None:
            return copies
        standing = plain_bearing.standing(view, identity)
        return standing if asked["standing"] else copies - standing

    def bearing(kind: LinkKind) -> Any:
        return lambda **asked: plain_lists.claims_page(
            view, plain_bearing.bearing_on(view, kind, identity), asked
        )

    return Obj(
        "Claim",
        {
            "id": global_id(Subject.CLAIM, identity),
            "ref": claim.ref,
            "version": claim.version,
            "status": claim.status,
            "contested": lambda: view.is_contested(identity),
            "reviewed": bool(claim.reviews),
            "kind": claim.kind,
            "statement": claim.statement,
            "erased": lambda: last_erasure(view, identity),
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
            "links": lambda: [link_obj(view, link.kind, link.to) for link in claim.links],
            "reviews": lambda: [review_obj(view, review) for review in claim.reviews],
            "history": lambda: plain_events.history_of(view, identity),
            "corrections": lambda: plain_events.corrections_of(view, identity),
            "warnings": lambda: [
                warning_obj(view, one) for one in plain_bearing.fallen_origins(view, identity)
            ],
            "repeatedBy": lambda **asked: plain_lists.claims_page(view, repeated(asked), asked),
            **{name: bearing(kind) for name, kind in BEARING.items()},
        },
    )


BEARING = {
    "contradictedBy": LinkKind.CONTRADICTS,
    "supportedBy": LinkKind.SUPPORTS,
    "supersededBy": LinkKind.SUPERSEDES,
}


def link_obj(view: View, kind: LinkKind, to: UUID) -> Obj:
    """A bearing of a claim on another."""
    return Obj(
        "ClaimLink",
        {
            "kind": kind,
            "claimId": global_id(Subject.CLAIM, to),
            "claim": lambda: claim_obj(view, to) if to in view.claims else None,
        },
    )


def review_obj(view: View, review: Review) -> Obj:
    """A checker's finding."""
    return Obj(
        "Review",
        {
            "reviewer": lambda: source_obj(view, review.reviewer),
            "rating": review.rating,
            "words": review.words,
            "url": review.url,
            "reportedAt": review.at,
        },
    )


def warning_obj(view: View, origin: UUID) -> Obj:
    """What became of an origin."""
    return Obj(
        "OriginWarning",
        {
            "origin": lambda: claim_obj(view, origin),
            "status": view.claims[origin].status,
            "since": plain_bearing.fallen_since(view, origin),
        },
    )
