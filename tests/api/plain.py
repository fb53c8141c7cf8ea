# ruff: noqa: A002, N803 - arguments are called as in the schema
"""The record in memory, read by plain means: what every compiled answer has to equal.

It folds the log's entries by the specification and nothing else, and answers field by field
through graphql-core's own executor. A type of the schema is an `Obj` here: its fields by name,
each a value or a function of the field's arguments.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID

from graphql import build_schema, execute_sync, parse
from msgspec import json

from api.ids import global_id
from api.scalars import written_instant, written_number
from api.schema import text
from domain import events, values
from domain.catalogue import Report, Source, Story, report_as_of, source_as_of, story_as_of
from domain.claim import Claim, claim_as_of
from domain.history import Entry, in_effect, voided
from domain.ids import Subject, resolve
from domain.moments import Precision, last_instant, parse_moment
from domain.words import LinkKind, Status
from eventlog.decoding import entries_of
from eventlog.log import Log

Fields = dict[str, Any]


@dataclass(slots=True)
class Obj:
    """An object of a type of the schema."""

    type: str
    fields: Fields


def resolve_field(source: Any, info: Any, **arguments: Any) -> Any:
    """Look a field up. Raises KeyError for one that this model does not have."""
    found = (source if isinstance(source, Obj) else Obj("Query", source)).fields[info.field_name]
    return _leaf(found(**arguments) if callable(found) else found)


def _leaf(value: Any) -> Any:
    match value:
        case StrEnum():
            return value.name
        case datetime():
            return written_instant(value)
        case Decimal():
            return written_number(value)
    return value


def resolve_type(value: Any, *_: Any) -> str:
    """The type of an object where the schema leaves it open."""
    name: str = value.type
    return name


SCHEMA = build_schema(text())
"""The schema as a client sees it."""


def execute(record: PlainRecord, query: str, variables: Fields) -> Any:
    """What the plain executor answers. Raises the first error."""
    result = execute_sync(
        SCHEMA,
        parse(query),
        root_value=root(record),
        variable_values=variables,
        field_resolver=resolve_field,
        type_resolver=resolve_type,
    )
    if result.errors:
        raise result.errors[0].original_error or result.errors[0]
    return result.data


@dataclass
class PlainRecord:
    """Every entry of the log, by subject."""

    subjects: dict[UUID, list[Entry]]
    recorded_at: dict[int, datetime]

    @property
    def position(self) -> int:
        """The last position."""
        return max(self.recorded_at, default=0)

    def of(self, first: type[Any]) -> list[UUID]:
        """The subjects that began with a kind of event."""
        return [
            subject
            for subject, entries in self.subjects.items()
            if isinstance(entries[0].event, first)
        ]


def read(log: Log) -> PlainRecord:
    """The whole log."""
    subjects: dict[UUID, list[Entry]] = {}
    times: dict[int, datetime] = {}
    after = 0
    while batch := log.read(after, 1000):
        for logged in batch:
            times[logged.position] = logged.recorded_at
            subjects.setdefault(logged.stream_id, []).extend(entries_of([logged]))
        after = batch[-1].position
    return PlainRecord(subjects, times)


def precision_of(published_at: str | None, observed_at: str | None) -> Precision | None:
    """How exactly a reporting time is known; None where none was given."""
    text = published_at or observed_at
    return parse_moment(text).precision if text else None


@dataclass
class View:
    """The record as of a moment."""

    record: PlainRecord
    at: datetime | None
    position: int
    now: bool
    """No limit on the position was asked for."""

    @cached_property
    def claims(self) -> dict[UUID, Claim]:
        """Every claim that was reported by then."""
        found = {
            subject: claim_as_of(self.record.subjects[subject], self.at, self.position)
            for subject in self.record.of(events.ClaimReported)
        }
        return {subject: claim for subject, claim in found.items() if claim is not None}

    @cached_property
    def reports(self) -> dict[UUID, Report]:
        """Every report that was public by then."""
        found = {
            subject: report_as_of(self.record.subjects[subject], self.at, self.position)
            for subject in self.record.of(events.ReportPublished)
        }
        return {subject: report for subject, report in found.items() if report is not None}

    @cached_property
    def sources(self) -> dict[UUID, Source]:
        """Every source that was known by then, by itself."""
        found = {
            subject: source_as_of(self.record.subjects[subject], self.position)
            for subject in self.record.of(events.SourceRegistered)
        }
        return {subject: source for subject, source in found.items() if source is not None}

    @cached_property
    def stories(self) -> dict[UUID, Story]:
        """Every story that was open by then."""
        found = {
            subject: story_as_of(self.record.subjects[subject], self.position)
            for subject in self.record.of(events.StoryOpened)
        }
        return {subject: story for subject, story in found.items() if story is not None}

    @cached_property
    def contested(self) -> set[UUID]:
        """The claims that one which is not wholly retracted contradicts."""
        return {
            link.to
            for claim in self.claims.values()
            if claim.status is not Status.RETRACTED
            for link in claim.links
            if link.kind is LinkKind.CONTRADICTS
        }

    def canonical(self, source: UUID) -> UUID:
        """Under whose name a source goes."""
        into = self.sources[source].merged_into
        return source if into is None else self.canonical(into)

    def outlet_of(self, claim: Claim) -> UUID | None:
        """Who published the report of a claim."""
        return self.reports[claim.report].outlet

    def history(self, claim: UUID) -> list[tuple[int, Entry, bool]]:
        """The events of a claim that count: version, entry, and whether it is void."""
        entries = in_effect(self.record.subjects[claim], self.at, self.position)
        void = voided(entries)
        return [
            (version, entry, entry.sequence in void) for version, entry in enumerate(entries, 1)
        ]


# Objects of the schema


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
                    {"kind": link.kind, "claimId": global_id(Subject.CLAIM, link.to)},
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
            "history": lambda: [event_obj(view, *item) for item in view.history(identity)],
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


def event_obj(view: View, version: int, entry: Entry, void: bool) -> Obj:
    """An event of a claim."""
    event: Any = entry.event
    published_at = getattr(event, "published_at", None)
    observed_at = getattr(event, "observed_at", None)
    fields: Fields = {
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


# The root


def root(record: PlainRecord) -> Fields:
    """The fields of the query type."""

    def view_of(asOf: Fields | None, cursor: str | None = None) -> View:
        asked = asOf or {}
        reported_at, position = asked.get("reportedAt"), asked.get("position")
        if (recorded_at := asked.get("recordedAt")) is not None:
            until = last_instant(recorded_at)
            position = max((p for p, at in record.recorded_at.items() if at <= until), default=0)
        at = None if reported_at is None else last_instant(reported_at)
        if cursor is not None:
            at, position = moment_of(cursor)
        return View(record, at, record.position if position is None else position, position is None)

    def claim(id: str, asOf: Fields | None = None) -> Obj | None:
        view, identity = view_of(asOf), named(Subject.CLAIM, id)
        return claim_obj(view, identity) if identity in view.claims else None

    def claims(filter: Fields | None = None, asOf: Fields | None = None, **paging: Any) -> Obj:
        view = view_of(asOf, paging.get("after") or paging.get("before"))
        wanted = [
            identity for identity in view.claims if fits(view, identity, filter or {}, "status")
        ]
        chosen = [identity for identity in wanted if fits(view, identity, filter or {})]
        chosen.sort(key=lambda one: (view.claims[one].first_reported_at, one), reverse=True)
        keys = [[written(view.claims[one].first_reported_at), str(one)] for one in chosen]
        page = connection("Claim", view, "r", chosen, keys, claim_obj, paging)
        page.fields["leftOut"] = len(wanted) - len(chosen)
        return page

    def story(slug: str, asOf: Fields | None = None) -> Obj | None:
        view, identity = view_of(asOf), named(Subject.STORY, slug)
        return story_obj(view, identity) if identity in view.stories else None

    def stories(asOf: Fields | None = None, **paging: Any) -> Obj:
        view = view_of(asOf, paging.get("after") or paging.get("before"))
        ordered = sorted(view.stories, key=lambda one: (view.stories[one].title, one))
        keys = [[view.stories[one].title, str(one)] for one in ordered]
        return connection("Story", view, "t", ordered, keys, story_obj, paging)

    def source(id: str, asOf: Fields | None = None) -> Obj | None:
        view, identity = view_of(asOf), named(Subject.SOURCE, id)
        return source_obj(view, identity) if identity in view.sources else None

    def sources(asOf: Fields | None = None, **paging: Any) -> Obj:
        view = view_of(asOf, paging.get("after") or paging.get("before"))
        alone = [one for one in view.sources if view.canonical(one) == one]
        alone.sort(key=lambda one: (view.sources[one].name, one))
        keys = [[view.sources[one].name, str(one)] for one in alone]
        return connection("Source", view, "n", alone, keys, source_obj, paging)

    def report(by: Fields, asOf: Fields | None = None) -> Obj | None:
        view = view_of(asOf)
        if by.get("id") is not None:
            identity = named(Subject.REPORT, by["id"])
            return report_obj(view, identity) if identity in view.reports else None
        found = [one for one in view.reports if by["url"] in all_urls(record, one)]
        return report_obj(view, found[0]) if found else None

    def reports(asOf: Fields | None = None, **paging: Any) -> Obj:
        view = view_of(asOf, paging.get("after") or paging.get("before"))
        ordered = sorted(
            view.reports, key=lambda one: (view.reports[one].first_reported_at, one), reverse=True
        )
        keys = [[written(view.reports[one].first_reported_at), str(one)] for one in ordered]
        return connection("Report", view, "r", ordered, keys, report_obj, paging)

    def log(asOf: Fields | None = None) -> Obj:
        view = view_of(asOf)
        counted = {
            "sources": len(view.sources),
            "stories": len(view.stories),
            "reports": len(view.reports),
            "claims": len(view.claims),
            "events": view.position,
            "claimsByStatus": counts_obj(view.claims.values()),
        }
        fields = {
            "position": view.position,
            "recordedAt": record.recorded_at.get(view.position),
            "projectedPosition": record.position,
            "lag": Obj("Lag", {"events": 0, "seconds": 0.0}),
            "counts": Obj("RecordCounts", counted),
        }
        return Obj("Log", fields)

    return {
        "claim": claim,
        "claims": claims,
        "story": story,
        "stories": stories,
        "source": source,
        "sources": sources,
        "report": report,
        "reports": reports,
        "log": log,
    }


def named(subject: Subject, text: str) -> UUID:
    """What a client names a thing by."""
    sort, mark, rest = text.partition("~")
    if mark and sort == subject.value:
        return UUID(bytes=_unpadded(rest))
    return resolve(subject, text)


def _unpadded(text: str) -> bytes:
    return urlsafe_b64decode(text + "==")


def all_urls(record: PlainRecord, report: UUID) -> set[str | None]:
    """Every address at which a report was ever found."""
    return {getattr(entry.event, "url", None) for entry in record.subjects[report]}


def fits(view: View, identity: UUID, wanted: Fields, but: str | None = None) -> bool:
    """Whether a claim is one of those that a filter chooses; `but` for one of its conditions."""
    claim = view.claims[identity]

    def same(ref: str) -> set[UUID]:
        source = named(Subject.SOURCE, ref)
        if source not in view.sources:
            return {source}
        return {one for one in view.sources if view.canonical(one) == view.canonical(source)}

    def holds(name: str, value: Any) -> bool:
        match name:
            case "story":
                return claim.story == named(Subject.STORY, value)
            case "outlet":
                return view.outlet_of(claim) in same(value)
            case "source":
                named_in = {view.outlet_of(claim), *(step.source for step in claim.attribution)}
                return bool(named_in & same(value))
            case "status":
                return claim.status.name in value
        raise KeyError(name)

    return all(
        holds(name, value) for name, value in wanted.items() if value is not None and name != but
    )


def written(instant: datetime) -> str:
    """An instant as PostgreSQL writes it, in UTC."""
    text = instant.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
    return (text.rstrip("0") if "." in text else text) + "+00"


def cursor_of(view: View, order: str, keys: Sequence[str]) -> str:
    """The cursor of a row."""
    at = None
    if view.at is not None:
        at = written(view.at).replace(" ", "T").removesuffix("+00") + "Z"
    plain = json.encode([order, keys, view.position, at])
    return urlsafe_b64encode(plain).rstrip(b"=").decode()


def moment_of(cursor: str) -> tuple[datetime | None, int]:
    """The moment that a cursor belongs to."""
    _, _, position, at = json.decode(_unpadded(cursor))
    return (None if at is None else datetime.fromisoformat(at)), position


def connection(
    of: str,
    view: View,
    order: str,
    ordered: list[UUID],
    keys: list[list[str]],
    made: Callable[[View, UUID], Obj],
    paging: Fields,
) -> Obj:
    """A page of things in their order."""
    cursors = [cursor_of(view, order, key) for key in keys]
    start, end = 0, len(ordered)
    after, before = paging.get("after"), paging.get("before")
    if after is not None:
        start = cursors.index(after) + 1
    if before is not None:
        end = cursors.index(before)
    first, last = paging.get("first"), paging.get("last")
    window = range(start, max(start, end))
    if last is not None:
        page = window[max(len(window) - last, 0) :]
        more_before, more_after = len(window) > last, before is not None
    else:
        page = window[: first or 20]
        more_before, more_after = after is not None, len(window) > len(page)
    return Obj(
        f"{of}Connection",
        {
            "totalCount": len(ordered),
            "nodes": [made(view, ordered[one]) for one in page],
            "edges": [
                Obj(
                    f"{of}Edge",
                    {"cursor": cursors[one], "node": made(view, ordered[one])},
                )
                for one in page
            ],
            "pageInfo": Obj(
                "PageInfo",
                {
                    "hasNextPage": more_after,
                    "hasPreviousPage": more_before,
                    "startCursor": cursors[page[0]] if page else None,
                    "endCursor": cursors[page[-1]] if page else None,
                },
            ),
        },
    )
