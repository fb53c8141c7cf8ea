"""A page of a list of claims: keys picked from a covering index first, rows fetched after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from psycopg import Connection

from domain.ids import Subject
from domain.ids import resolve as resolve_id
from domain.refusals import InvalidInput
from domain.words import Status
from projections import cursors, hydrate
from projections.basis import Basis, at_position, extent, parameters
from projections.cursors import Cursor
from projections.refusals import InvalidCursor
from projections.views import ClaimPage

DEFAULT_PAGE: Final = 20
LARGEST_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class ClaimFilter:
    """Which claims are asked for. What is left out does not matter; the rest must all hold.

    Subjects are named by reference or by id. A source stands for every source that was merged
    into it, and for the one that it was merged into.
    """

    story: str | None = None
    source: str | None = None
    """The outlet, or anybody in the chain."""
    outlet: str | None = None
    statuses: frozenset[Status] | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """A filter as SQL: conditions on the row `c`, without and with that on the status."""

    conditions: tuple[str, ...]
    status: str | None
    values: dict[str, Any]

    def sql(self, *, every_status: bool = False) -> str:
        """The conditions, to be put after others."""
        status = () if self.status is None or every_status else (self.status,)
        return "".join(f" AND {condition}" for condition in (*self.conditions, *status))


def chosen(connection: Connection[Any], basis: Basis, filter: ClaimFilter) -> Chosen:  # noqa: A002
    """Look up what a filter names, as of the basis."""
    conditions: list[str] = []
    values: dict[str, Any] = parameters(basis)
    if filter.story is not None:
        conditions.append("c.story_id = %(story)s")
        values["story"] = resolve_id(Subject.STORY, filter.story)
    if filter.outlet is not None:
        conditions.append("c.outlet_id = ANY(%(outlets)s)")
        values["outlets"] = same_source(connection, basis, filter.outlet)
    if filter.source is not None:
        # The first narrows by an index over everybody who was ever in the chain; the second says
        # who is in it at the moment asked about.
        conditions.append(
            "c.claim_id IN (SELECT s.claim_id FROM read.claim_sources s"
            " WHERE s.source_id = ANY(%(sources)s))"
        )
        conditions.append("c.sources && %(sources)s::uuid[]")
        values["sources"] = same_source(connection, basis, filter.source)
    status = None
    if filter.statuses is not None:
        status = "c.status = ANY(%(statuses)s)"
        values["statuses"] = [one.value for one in filter.statuses]
    return Chosen(tuple(conditions), status, values)


def same_source(connection: Connection[Any], basis: Basis, ref: str) -> list[UUID]:
    """Every source that goes under the same name as `ref`, as of the basis."""
    identity = resolve_id(Subject.SOURCE, ref)
    found = connection.execute(
        "SELECT o.source_id FROM read.sources s JOIN read.sources o"
        " ON o.canonical_id = s.canonical_id"
        " WHERE s.source_id = %(id)s"
        " AND s.position_from <= %(position)s AND s.position_to > %(position)s"
        " AND o.position_from <= %(position)s AND o.position_to > %(position)s",
        {"id": identity, "position": basis.position},
    )
    return [row[0] for row in found] or [identity]


def page(
    connection: Connection[Any],
    basis: Basis,
    filter: ClaimFilter,  # noqa: A002 - the field's word
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> ClaimPage:
    """A page of the claims that a filter chooses, those first reported last before the others.

    A cursor fixes the moment: what has been recorded since does not shift its page. Raises
    InvalidInput for a page size out of 1 to 100, for `first` together with `last`, and
    InvalidCursor for a cursor that is not ours or belongs to another moment.
    """
    size, backward = _size(first, last)
    start = cursors.read(after, "after") if after is not None else None
    end = cursors.read(before, "before") if before is not None else None
    basis = _settled(connection, basis, start, end)
    wanted = chosen(connection, basis, filter)
    values = dict(wanted.values)
    bounds = ""
    if start is not None:
        bounds += " AND (c.first_reported_at, c.claim_id) < (%(start_at)s, %(start_id)s)"
        values |= {"start_at": cursors.instant(start.at), "start_id": start.claim}
    if end is not None:
        bounds += " AND (c.first_reported_at, c.claim_id) > (%(end_at)s, %(end_id)s)"
        values |= {"end_at": cursors.instant(end.at), "end_id": end.claim}
    direction = "ASC" if backward else "DESC"
    rows = connection.execute(
        "WITH picked AS ("  # noqa: S608 - built from constants
        "SELECT c.claim_id, c.position_from, c.reported_from, c.first_reported_at"
        f" FROM read.claims c WHERE {extent(basis, 'c')}{wanted.sql()}{bounds}"
        f" ORDER BY c.first_reported_at {direction}, c.claim_id {direction} LIMIT %(limit)s"
        ") SELECT c.claim_id, c.state::text, c.first_reported_at FROM picked p JOIN read.claims c"
        " ON c.claim_id = p.claim_id AND c.position_from = p.position_from"
        " AND c.reported_from = p.reported_from"
        f" ORDER BY p.first_reported_at {direction}, p.claim_id {direction}",
        {**values, "limit": size + 1},
    ).fetchall()
    more = len(rows) > size
    rows = rows[:size]
    if backward:
        rows.reverse()
    total, left_out = _totals(connection, basis, wanted)
    return ClaimPage(
        items=hydrate.claims(connection, basis, [(row[0], row[1]) for row in rows]),
        cursors=[_cursor(basis, row[2], row[0]) for row in rows],
        has_next_page=end is not None if backward else more,
        has_previous_page=more if backward else start is not None,
        total=total,
        left_out=left_out,
        basis=basis,
    )


def _size(first: int | None, last: int | None) -> tuple[int, bool]:
    if first is not None and last is not None:
        raise InvalidInput("give first or last, not both", field="last")
    name, size = ("last", last) if last is not None else ("first", first)
    if size is None:
        size = DEFAULT_PAGE
    if not 1 <= size <= LARGEST_PAGE:
        raise InvalidInput(f"a page has 1 to {LARGEST_PAGE} claims, not {size}", field=name)
    return size, last is not None


def _settled(
    connection: Connection[Any], basis: Basis, start: Cursor | None, end: Cursor | None
) -> Basis:
    """The moment of the cursors, where there are any."""
    if start is not None and end is not None and _moment(start) != _moment(end):
        raise InvalidCursor("the two cursors belong to different moments", field="before")
    cursor, field = (start, "after") if start is not None else (end, "before")
    if cursor is None:
        return basis
    reported_at = cursors.instant(cursor.reported_at) if cursor.reported_at is not None else None
    if basis.now:
        if cursor.position > basis.position:
            raise InvalidCursor("it is from a later state of the record", field=field)
        if cursor.position == basis.position:
            return replace(basis, reported_at=reported_at, now=reported_at is None)
        return at_position(connection, cursor.position, reported_at)
    if (cursor.position, reported_at) != (basis.position, basis.reported_at):
        raise InvalidCursor("it belongs to another moment than asOf asks for", field=field)
    return basis


def _moment(cursor: Cursor) -> tuple[int, int | None]:
    return cursor.position, cursor.reported_at


def _cursor(basis: Basis, at: Any, claim: UUID) -> str:
    reported_at = cursors.micros(basis.reported_at) if basis.reported_at is not None else None
    return cursors.write(Cursor(cursors.micros(at), claim, basis.position, reported_at))


def _totals(connection: Connection[Any], basis: Basis, wanted: Chosen) -> tuple[int, int]:
    matching = wanted.status or "true"
    row = connection.execute(
        f"SELECT count(*) FILTER (WHERE {matching}), count(*) FILTER (WHERE NOT ({matching}))"  # noqa: S608 - built from constants
        f" FROM read.claims c WHERE {extent(basis, 'c')}{wanted.sql(every_status=True)}",
        wanted.values,
    ).fetchone()
    return (row[0], row[1]) if row else (0, 0)


def counts_by_status(
    connection: Connection[Any], basis: Basis, story: UUID | None = None
) -> dict[Status, int]:
    """How many claims have which status, of one story or of the whole record."""
    condition = "" if story is None else " AND c.story_id = %(story)s"
    found = connection.execute(
        "SELECT c.status, count(*) FROM read.claims c"  # noqa: S608 - built from constants
        f" WHERE {extent(basis, 'c')}{condition} GROUP BY c.status",
        {**parameters(basis), "story": story},
    )
    counted = {Status(status): count for status, count in found}
    return {status: counted.get(status, 0) for status in Status}


def rows_of(
    connection: Connection[Any], basis: Basis, ids: Sequence[UUID]
) -> list[tuple[UUID, str]]:
    """Some claims as (id, state), as of the basis."""
    return connection.execute(
        "SELECT c.claim_id, c.state::text FROM read.claims c"  # noqa: S608 - built from constants
        f" WHERE c.claim_id = ANY(%(ids)s) AND {extent(basis, 'c')}",
        {**parameters(basis), "ids": list(ids)},
    ).fetchall()
