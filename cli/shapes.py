"""The shapes of `--json`. They are promised in `docs/reference/command-line-json.md`.

Names are those of the interchange format; instants are RFC 3339 in UTC, numbers of claims are
strings, exact to the last digit; what is not known is null.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec import to_builtins

from cli.times import exact
from cli.wording import differences
from domain.events import AnyEvent, ClaimAmended, ClaimCorrected
from domain.values import Change, Quantity, StatementChange
from domain.words import Status
from projections.basis import Basis
from projections.views import (
    ChangeKind,
    Changes,
    ClaimChange,
    ClaimPage,
    ClaimView,
    ErasureView,
    HistoryItem,
    ReportView,
    RetractionView,
    ReviewView,
    SourceView,
    StepView,
    StoryView,
    WithdrawalView,
)

Shape = dict[str, Any]


def number(value: Decimal | None) -> str | None:
    """A number of a claim, without an exponent."""
    return None if value is None else format(value, "f")


def basis_shape(basis: Basis) -> Shape:
    """On what an answer stands."""
    return {
        "position": basis.position,
        "recorded_at": exact(basis.recorded_at),
        "reported_at": exact(basis.reported_at),
    }


def source_shape(source: SourceView | None) -> Shape | None:
    """A source, in short; null where it is not known."""
    if source is None:
        return None
    return {
        "id": str(source.id),
        "ref": source.ref,
        "name": source.name,
        "kind": source.kind.value,
        "erased": erasure_shape(source.erased),
    }


def erasure_shape(erased: ErasureView | None) -> Shape | None:
    """When and on what ground content was erased; null where none was."""
    if erased is None:
        return None
    return {
        "at": exact(erased.at),
        "ground": erased.ground.value,
        "reference": erased.reference,
    }


def step_shape(step: StepView) -> Shape:
    """One step of an attribution chain."""
    return {
        "source": source_shape(step.source),
        "named_as": step.named_as,
        "verb": step.verb.value,
        "role": step.role,
    }


def quantity_shape(quantity: Quantity) -> Shape:
    """A number inside a claim."""
    return {
        "label": quantity.label,
        "value": number(quantity.value),
        "unit": quantity.unit,
        "hedge": quantity.hedge.value,
        "low": number(quantity.low),
        "high": number(quantity.high),
    }


def report_shape(report: ReportView) -> Shape:
    """A publication."""
    return {
        "id": str(report.id),
        "ref": report.ref,
        "outlet": source_shape(report.outlet),
        "kind": report.kind.value,
        "headline": report.headline,
        "byline": list(report.byline),
        "credits": list(report.credits),
        "language": report.language,
        "caution": report.caution,
        "urls": list(report.urls),
        "published_at": report.published_at,
        "observed_at": report.observed_at,
        "reported_at": exact(report.reported_at),
        "precision": report.precision.value,
        "withdrawal": _withdrawal_shape(report.withdrawal),
        "erased": erasure_shape(report.erased),
    }


def _withdrawal_shape(withdrawal: WithdrawalView | None) -> Shape | None:
    if withdrawal is None:
        return None
    return {
        "nature": withdrawal.nature.value,
        "because": withdrawal.because.value,
        "declared": withdrawal.declared,
        "reported_at": exact(withdrawal.reported_at),
    }


def _retraction_shape(retraction: RetractionView | None) -> Shape | None:
    if retraction is None:
        return None
    return {
        "scope": retraction.scope.value,
        "nature": retraction.nature.value,
        "by": retraction.by.value,
        "because": retraction.because.value,
        "declared": retraction.declared,
        "part": retraction.part,
        "with_report": retraction.with_report,
        "reported_at": exact(retraction.reported_at),
    }


def _review_shape(review: ReviewView) -> Shape:
    return {
        "reviewer": source_shape(review.reviewer),
        "rating": review.rating.value,
        "words": review.words,
        "url": review.url,
        "reported_at": exact(review.reported_at),
    }


def story_shape(story: StoryView) -> Shape:
    """A story with its claims counted by status."""
    return {
        "id": str(story.id),
        "slug": story.slug,
        "title": story.title,
        "summary": story.summary,
        "topics": list(story.topics),
        "counts": {status.value: story.counts.get(status, 0) for status in Status},
    }


def claim_shape(claim: ClaimView) -> Shape:
    """A claim as of the basis."""
    return {
        "id": str(claim.id),
        "ref": claim.ref,
        "version": claim.version,
        "status": claim.status.value,
        "contested": claim.contested,
        "reviewed": claim.reviewed,
        "kind": claim.kind.value,
        "statement": claim.statement,
        "language": claim.language,
        "about": claim.about,
        "attribution": [step_shape(step) for step in claim.attribution],
        "quantities": [quantity_shape(quantity) for quantity in claim.quantities],
        "topics": list(claim.topics),
        "report": report_shape(claim.report),
        "outlet": source_shape(claim.outlet),
        "story": {"slug": claim.story.slug, "title": claim.story.title} if claim.story else None,
        "published_at": claim.published_at,
        "observed_at": claim.observed_at,
        "reported_at": exact(claim.reported_at),
        "precision": claim.precision.value,
        "last_changed_at": exact(claim.last_changed_at),
        "declared_changes": claim.declared_changes,
        "silent_changes": claim.silent_changes,
        "concern_since": exact(claim.concern_since),
        "retraction": _retraction_shape(claim.retraction),
        "links": [{"kind": link.kind.value, "to": str(link.to)} for link in claim.links],
        "reviews": [_review_shape(review) for review in claim.reviews],
        "erased": erasure_shape(claim.erased),
    }


def page_shape(page: ClaimPage, basis: Basis) -> Shape:
    """A page of claims."""
    return {
        "basis": basis_shape(basis),
        "claims": [claim_shape(claim) for claim in page.items],
        "total": page.total,
        "left_out": page.left_out,
        "next": page.cursors[-1] if page.has_next_page else None,
    }


def change_shape(change: Change) -> Shape:
    """One field, old and new; for a statement also the differences in words."""
    shape: Shape = to_builtins(change)
    if isinstance(change, StatementChange) and change.old and change.new:
        shape["differences"] = [
            {"op": stretch.op.value, "text": stretch.text}
            for stretch in differences(change.old, change.new)
        ]
    return shape


def event_shape(event: AnyEvent) -> Shape:
    """The event as the log keeps it, with its changes spelt out."""
    shape: Shape = to_builtins(event)
    if isinstance(event, ClaimCorrected | ClaimAmended):
        shape["changes"] = [change_shape(change) for change in event.changes]
    return shape


def history_shape(item: HistoryItem) -> Shape:
    """One event of a claim."""
    return {
        "sequence": item.sequence,
        "version": item.version,
        "position": item.position,
        "recorded_at": exact(item.recorded_at),
        "reported_at": exact(item.reported_at),
        "precision": item.precision.value if item.precision else None,
        "declared": item.declared,
        "voided": item.voided,
        "actor": item.actor,
        "reason": item.reason,
        "event": event_shape(item.event),
    }


def claim_change_shape(change: ClaimChange) -> Shape:
    """What became of one claim between two moments."""
    before, after = change.before, change.after
    wordings = None
    if before and before.statement and after.statement and before.statement != after.statement:
        wordings = [
            {"op": stretch.op.value, "text": stretch.text}
            for stretch in differences(before.statement, after.statement)
        ]
    return {
        "kind": change.kind.value,
        "before": claim_shape(before) if before else None,
        "after": claim_shape(after),
        "differences": wordings,
    }


def changes_shape(changes: Changes, kinds: frozenset[ChangeKind]) -> Shape:
    """What differs between two moments; with kinds, those changes alone."""
    chosen = [change for change in changes.items if not kinds or change.kind in kinds]
    return {
        "from": basis_shape(changes.earlier),
        "to": basis_shape(changes.later),
        "changes": [claim_change_shape(change) for change in chosen],
        "left_out": len(changes.items) - len(chosen),
    }
