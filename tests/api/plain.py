"""The plain executor: what every compiled answer has to equal, over the record in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLResolveInfo,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionNode,
    build_schema,
    execute_sync,
    get_directive_values,
    value_from_ast_untyped,
)

from api.scalars import written_instant, written_number
from api.schema import text
from domain.ids import Subject
from domain.moments import last_instant
from tests.api.plain_difference import changes_page
from tests.api.plain_events import events_page
from tests.api.plain_lists import claims_page, reports_page
from tests.api.plain_objects import claim_obj, counts_obj, report_obj, source_obj, story_obj
from tests.api.plain_pages import BY_NAME, BY_TITLE, Fields, Obj, connection, moment_of, named
from tests.api.plain_record import PlainRecord, View, read
from tests.api.plain_time import intervals, points_page

__all__ = ["execute", "read"]


def resolve_field(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    """Look a field up. Raises KeyError for one that this model does not have."""
    if info.context is not None:
        info.context.add(f"{info.parent_type.name}.{info.field_name}")
    if isinstance(source, Obj):
        found = source.fields[info.field_name]
        return _leaf(found(**arguments) if callable(found) else found)
    name = info.field_name
    as_of = arguments.pop("to" if name == "changes" else "asOf", None)
    # A list that only grows at its end is about no other moment for its cursors.
    cursor = None if name == "events" else next(_cursors(info.field_nodes, info), None)
    return ROOT[name](view_of(source, as_of, cursor), arguments)


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


def _cursors(selected: Any, info: GraphQLResolveInfo[Any]) -> Iterator[str]:
    """The cursors that are given to some fields, and to those within them at any depth."""
    node: SelectionNode
    for node in selected:
        skipped = get_directive_values(GraphQLSkipDirective, node, info.variable_values)
        included = get_directive_values(GraphQLIncludeDirective, node, info.variable_values)
        if (skipped or {}).get("if") or (included or {"if": True})["if"] is False:
            continue
        inside: Any = node
        match node:
            case FieldNode():
                for one in node.arguments or ():
                    if one.name.value in ("after", "before"):
                        cursor = value_from_ast_untyped(one.value, info.variable_values.coerced)
                        if isinstance(cursor, str):
                            yield cursor
            case FragmentSpreadNode():
                inside = info.fragments[node.name.value]
            case InlineFragmentNode():
                pass
        if inside.selection_set is not None:
            yield from _cursors(inside.selection_set.selections, info)


SCHEMA = build_schema(text())
"""The schema as a client sees it."""


def execute(
    record: PlainRecord, query: DocumentNode, variables: Fields, asked: set[str] | None = None
) -> Any:
    """What the plain executor answers; it adds the fields that it was asked for, as `Type.field`.
    Raises the first error."""
    result = execute_sync(
        SCHEMA,
        query,
        root_value=record,
        context_value=asked,
        variable_values=variables,
        field_resolver=resolve_field,
        type_resolver=resolve_type,
    )
    if result.errors:
        raise result.errors[0].original_error or result.errors[0]
    return result.data


def view_of(record: PlainRecord, as_of: Fields | None, cursor: str | None = None) -> View:
    """The moment that a question is about, which a cursor settles."""
    if cursor is not None:
        return record.view(*moment_of(cursor))
    return moment_asked(record, as_of or {}, record.view())


def moment_asked(record: PlainRecord, asked: Fields, otherwise: View) -> View:
    """The moment that is asked about; what is left out is as it is otherwise."""
    at, position = otherwise.at, otherwise.position
    if asked.get("reportedAt") is not None:
        at = last_instant(asked["reportedAt"])
    if asked.get("recordedAt") is not None:
        position = record.position_at(last_instant(asked["recordedAt"]))
    if asked.get("position") is not None:
        position = asked["position"]
    return record.view(at, position)


def claim(view: View, asked: Fields) -> Obj | None:
    """A claim by its id or reference."""
    identity = named(Subject.CLAIM, asked["id"])
    return claim_obj(view, identity) if identity in view.claims else None


def story(view: View, asked: Fields) -> Obj | None:
    """A story by its slug or id."""
    identity = named(Subject.STORY, asked["slug"])
    return story_obj(view, identity) if identity in view.stories else None


def stories(view: View, asked: Fields) -> Obj:
    """A page of stories."""
    rows = [((view.stories[one].title, one), one) for one in view.stories]
    return connection("Story", view, BY_TITLE, rows, lambda one: story_obj(view, one), asked)


def source(view: View, asked: Fields) -> Obj | None:
    """A source by its id or reference."""
    identity = named(Subject.SOURCE, asked["id"])
    return source_obj(view, identity) if identity in view.sources else None


def sources(view: View, asked: Fields) -> Obj:
    """A page of sources, without those merged into others."""
    alone = [one for one in view.sources if view.canonical(one) == one]
    rows = [((view.sources[one].name or "", one), one) for one in alone]
    return connection("Source", view, BY_NAME, rows, lambda one: source_obj(view, one), asked)


def report(view: View, asked: Fields) -> Obj | None:
    """A report by its id or reference, or by an address at which it was ever found."""
    by = asked["by"]
    if by.get("id") is not None:
        identity = named(Subject.REPORT, by["id"])
        return report_obj(view, identity) if identity in view.reports else None
    found = [
        one
        for one in view.reports
        if any(getattr(it.event, "url", None) == by["url"] for it in view.record.subjects[one])
    ]
    return report_obj(view, found[0]) if found else None


def log(view: View, _: Fields) -> Obj:
    """The log, and how much is in the record."""
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
        "recordedAt": view.record.recorded_at.get(view.position),
        "projectedPosition": view.record.position,
        "lag": Obj("Lag", {"events": 0, "seconds": 0.0}),
        "counts": Obj("RecordCounts", counted),
    }
    return Obj("Log", fields)


def node(view: View, asked: Fields) -> Obj | None:
    """Whatever has an id."""
    sort = Subject(asked["id"].partition("~")[0])
    find, name = {
        Subject.CLAIM: (claim, "id"),
        Subject.REPORT: (lambda view, asked: report(view, {"by": asked}), "id"),
        Subject.SOURCE: (source, "id"),
        Subject.STORY: (story, "slug"),
    }[sort]
    return find(view, {name: asked["id"]})


def changes(view: View, asked: Fields) -> Obj:
    """What differs between two moments."""
    earlier = moment_asked(view.record, asked["from"], view)
    return changes_page(earlier, view, asked)


ROOT: dict[str, Callable[[View, Fields], Any]] = {
    "claim": claim,
    "claims": lambda view, asked: claims_page(view, view.claims, asked),
    "story": story,
    "stories": stories,
    "source": source,
    "sources": sources,
    "report": report,
    "reports": lambda view, asked: reports_page(view, view.reports, asked),
    "log": log,
    "node": node,
    "events": events_page,
    "changes": changes,
    "reporting": intervals,
    "quantitySeries": points_page,
}
"""The fields of the query type."""
