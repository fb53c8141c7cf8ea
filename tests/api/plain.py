# ruff: noqa: A002, N803 - arguments are called as in the schema
"""The plain executor: what every compiled answer has to equal, over the record in memory."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from graphql import build_schema, execute_sync, parse
from msgspec import json

from api.scalars import written_instant, written_number
from api.schema import text
from domain.ids import Subject, resolve
from domain.moments import last_instant
from tests.api.plain_objects import (
    Fields,
    Obj,
    claim_obj,
    counts_obj,
    report_obj,
    source_obj,
    story_obj,
)
from tests.api.plain_record import PlainRecord, View, read

__all__ = ["execute", "read"]


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
                    {
                        "cursor": cursors[one],
                        "node": made(view, ordered[one]),
                        "rank": None,
                        "snippet": None,
                    },
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
