"""From the rows of claims to claims as they are shown, with one query for each sort of subject."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from msgspec.json import Decoder
from psycopg import Connection

from domain.catalogue import Report, Source, Story
from domain.claim import Claim
from domain.moments import Precision, precision_given
from domain.words import ErasureGround, LinkKind, Status
from projections.basis import Basis, extent, parameters
from projections.views import (
    ClaimView,
    ErasureView,
    ReportView,
    RetractionView,
    ReviewView,
    SourceView,
    StepView,
    StoryView,
    WithdrawalView,
)

T = TypeVar("T")

_claim = Decoder(Claim)
_report = Decoder(Report)
_source = Decoder(Source)
_story = Decoder(Story)

SOURCES = """
SELECT source_id, own_name, canonical_id, shown::text FROM read.sources
WHERE source_id = ANY(%(ids)s) AND position_from <= %(position)s AND position_to > %(position)s
"""
"""Some sources by their own id: their own name, and the source under whose name they go."""

ERASURES = """
SELECT DISTINCT ON (e.subject_id) e.subject_id,
       coalesce((e.body ->> 'first_erased_at')::timestamptz, e.recorded_at),
       e.body ->> 'ground', e.body ->> 'reference'
FROM read.events e
WHERE e.subject_id = ANY(%(ids)s)
    AND e.type IN ('claim.erased', 'report.erased', 'source.erased')
ORDER BY e.subject_id, e.position DESC
"""
"""When and on what ground content of some subjects was last erased."""

STORIES = """
SELECT story_id, state::text FROM read.stories
WHERE story_id = ANY(%(ids)s) AND position_from <= %(position)s AND position_to > %(position)s
"""
"""Some stories."""


@dataclass(frozen=True, slots=True)
class Named:
    """A source as it is shown, and the name under which it was itself recorded."""

    view: SourceView
    own_name: str | None


def precision_of(published_at: str | None, observed_at: str | None) -> Precision:
    """How exactly a reporting time is known."""
    text = published_at or observed_at
    return precision_given(text) if text else Precision.SECOND


def sources(connection: Connection[Any], basis: Basis, ids: Iterable[UUID]) -> dict[UUID, Named]:
    """Some sources, by the id under which they are named."""
    wanted = list(set(ids))
    if not wanted:
        return {}
    found = connection.execute(SOURCES, {"ids": wanted, "position": basis.position}).fetchall()
    erased = erasures(connection, [canonical for _, _, canonical, _ in found])
    return {
        identity: Named(
            source_view(canonical, _source.decode(state), erased.get(canonical)), name or None
        )
        for identity, name, canonical, state in found
    }


def erasures(connection: Connection[Any], ids: Sequence[UUID]) -> dict[UUID, ErasureView]:
    """The last erasure of content of some claims, reports or sources."""
    found = connection.execute(ERASURES, {"ids": list(ids)})
    return {
        identity: ErasureView(at, ErasureGround(ground), reference)
        for identity, at, ground, reference in found
    }


def source_view(identity: UUID, source: Source, erased: ErasureView | None) -> SourceView:
    """A source as it is shown."""
    return SourceView(
        identity,
        source.ref,
        source.name,
        source.kind,
        source.aliases,
        source.url,
        source.country,
        source.merged_into,
        erased,
    )


def stories(
    connection: Connection[Any],
    basis: Basis,
    ids: Iterable[UUID],
    counts: Callable[[UUID], dict[Status, int]] | None = None,
) -> dict[UUID, StoryView]:
    """Some stories; without `counts` they are shown without their claims counted."""
    wanted = list(set(ids))
    if not wanted:
        return {}
    found = connection.execute(STORIES, {"ids": wanted, "position": basis.position}).fetchall()
    return {
        identity: story_view(identity, _story.decode(state), counts(identity) if counts else {})
        for identity, state in found
    }


def story_view(identity: UUID, story: Story, counts: dict[Status, int]) -> StoryView:
    """A story as it is shown."""
    return StoryView(identity, story.ref, story.title, story.summary, story.topics, counts)


def reports(
    connection: Connection[Any], basis: Basis, ids: Iterable[UUID]
) -> dict[UUID, ReportView]:
    """Some reports, with their outlets."""
    wanted = list(set(ids))
    if not wanted:
        return {}
    found = connection.execute(
        f"SELECT r.report_id, r.state::text FROM read.reports r"  # noqa: S608 - built from constants
        f" WHERE r.report_id = ANY(%(ids)s) AND {extent(basis, 'r')}",
        {"ids": wanted, **parameters(basis)},
    ).fetchall()
    states = {identity: _report.decode(state) for identity, state in found}
    outlets = sources(
        connection, basis, (state.outlet for state in states.values() if state.outlet is not None)
    )
    erased = erasures(connection, list(states))
    return {
        identity: report_view(identity, state, outlets, erased.get(identity))
        for identity, state in states.items()
    }


def report_view(
    identity: UUID, report: Report, outlets: dict[UUID, Named], erased: ErasureView | None
) -> ReportView:
    """A report as it is shown."""
    withdrawal = report.withdrawal
    return ReportView(
        id=identity,
        ref=report.ref,
        outlet=outlets[report.outlet].view if report.outlet is not None else None,
        kind=report.kind,
        headline=report.headline,
        byline=report.byline,
        credits=report.credits,
        language=report.language,
        caution=report.caution,
        urls=report.urls,
        published_at=report.published_at,
        observed_at=report.observed_at,
        reported_at=report.first_reported_at,
        precision=precision_of(report.published_at, report.observed_at),
        withdrawal=WithdrawalView(
            withdrawal.nature, withdrawal.because, withdrawal.declared, withdrawal.at
        )
        if withdrawal is not None
        else None,
        erased=erased,
    )


def contested(connection: Connection[Any], basis: Basis, ids: Sequence[UUID]) -> set[UUID]:
    """Which of some claims a claim that is not wholly retracted contradicts, as of the basis."""
    found = connection.execute(
        "SELECT DISTINCT l.to_id FROM read.claim_links l"  # noqa: S608 - built from constants
        " JOIN read.claims c ON c.claim_id = l.from_id"
        " WHERE l.to_id = ANY(%(ids)s) AND l.kind = %(kind)s"
        " AND l.to_id = ANY(c.contradicts) AND c.status <> %(retracted)s"
        f" AND {extent(basis, 'c')}",
        {
            "ids": list(ids),
            "kind": LinkKind.CONTRADICTS.value,
            "retracted": Status.RETRACTED.value,
            **parameters(basis),
        },
    )
    return {row[0] for row in found}


def claims(
    connection: Connection[Any], basis: Basis, rows: Sequence[tuple[UUID, str]]
) -> list[ClaimView]:
    """Claims as they are shown, from (id, state) in this order."""
    if not rows:
        return []
    states = [(identity, _claim.decode(state)) for identity, state in rows]
    known_reports = reports(connection, basis, (claim.report for _, claim in states))
    known_stories = stories(
        connection, basis, (claim.story for _, claim in states if claim.story is not None)
    )
    known_sources = sources(
        connection, basis, (source for _, claim in states for source in _named_in(claim))
    )
    disputed = contested(connection, basis, [identity for identity, _ in states])
    erased = erasures(connection, [identity for identity, _ in states])
    return [
        _claim_view(
            identity,
            claim,
            identity in disputed,
            erased.get(identity),
            known_reports,
            known_stories,
            known_sources,
        )
        for identity, claim in states
    ]


def _named_in(claim: Claim) -> Iterable[UUID]:
    yield from (step.source for step in claim.attribution)
    yield from (review.reviewer for review in claim.reviews)


def _claim_view(
    identity: UUID,
    claim: Claim,
    disputed: bool,
    erased: ErasureView | None,
    known_reports: dict[UUID, ReportView],
    known_stories: dict[UUID, StoryView],
    known_sources: dict[UUID, Named],
) -> ClaimView:
    report = known_reports[claim.report]
    retraction = claim.retraction
    steps = []
    for step in claim.attribution:
        source = known_sources[step.source]
        renamed = source.own_name if source.view.id != step.source else None
        steps.append(StepView(source.view, step.verb, step.role, renamed))
    return ClaimView(
        id=identity,
        ref=claim.ref,
        version=claim.version,
        status=claim.status,
        contested=disputed,
        reviewed=bool(claim.reviews),
        kind=claim.kind,
        statement=claim.statement,
        language=claim.language,
        about=claim.about,
        attribution=tuple(steps),
        quantities=claim.quantities,
        topics=claim.topics,
        report=report,
        outlet=report.outlet,
        story=known_stories[claim.story] if claim.story is not None else None,
        published_at=claim.published_at,
        observed_at=claim.observed_at,
        reported_at=claim.first_reported_at,
        precision=precision_of(claim.published_at, claim.observed_at),
        last_changed_at=claim.last_changed_at,
        declared_changes=claim.declared_changes,
        silent_changes=claim.silent_changes,
        concern_since=claim.concern_since,
        retraction=RetractionView(
            retraction.scope,
            retraction.nature,
            retraction.by,
            retraction.because,
            retraction.declared,
            retraction.part,
            retraction.with_report is not None,
            retraction.at,
        )
        if retraction is not None
        else None,
        links=claim.links,
        reviews=tuple(
            ReviewView(
                known_sources[review.reviewer].view,
                review.rating,
                review.words,
                review.url,
                review.at,
            )
            for review in claim.reviews
        ),
        erased=erased,
    )
