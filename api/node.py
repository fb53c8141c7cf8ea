"""Any object of the record by its global id: what Relay refetches by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from api.compiler import Field
from api.ids import named
from api.paging import moment_of_root
from domain.ids import Subject

ROWS: Final = {
    Subject.CLAIM: ("Claim", "read.claims {row} WHERE {row}.claim_id = $id AND {held}"),
    Subject.REPORT: ("Report", "read.reports {row} WHERE {row}.report_id = $id AND {held}"),
    Subject.SOURCE: ("Source", "read.sources {row} WHERE {row}.source_id = $id AND {known}"),
    Subject.STORY: ("Story", "read.stories {row} WHERE {row}.story_id = $id AND {known}"),
}
"""Of each sort of object its type, and the row that it is read off."""


def encode_sort(text: Any) -> str:
    """Of which sort the object of a global id is. Raises InvalidId."""
    return named(text)[0].value


def encode_identity(text: Any) -> str:
    """The UUID in a global id. Raises InvalidId."""
    return str(named(text)[1])


def node(field: Field) -> str:
    """An object of any sort, by its global id. Raises Refused."""
    at = field.at(field.row, moment_of_root(field))
    given = field.given("id")
    sort = given.parameter(encode_sort, "text")
    identity = given.parameter(encode_identity, "uuid")
    return object_of(at, ROWS, sort, identity)


def object_of(
    field: Field, rows: Mapping[Subject, tuple[str, str]], sort: str | None, identity: str
) -> str:
    """An object of one of some sorts, by its UUID; null where there is none. `sort` may be left
    out where there is only one."""
    row = field.compiling.row()
    found = {
        subject: f"(SELECT {field.as_type(name, row)}"
        f" FROM {field.rows(template, row).replace('$id', identity)})"
        for subject, (name, template) in rows.items()
    }
    if sort is None:
        (alone,) = found.values()
        return f"coalesce({alone}, 'null')"
    # Which of the branches is taken is known before any of them is read.
    branches = "".join(f" WHEN '{subject.value}' THEN {sql}" for subject, sql in found.items())
    return f"coalesce(CASE {sort}{branches} END, 'null')"
