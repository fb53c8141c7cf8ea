"""Pages of lists, after the Relay cursor connections specification: keyset paging in SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from api.compiler import Field, definition_of
from api.cursors import cursor_sql, read_cursor
from api.fields import Paged
from api.listing import Listing, Order
from api.moments import Moment, moment_asked, moment_of_cursor
from api.parameters import Given, Parameter, Variables
from domain.refusals import InvalidInput
from projections.refusals import InvalidCursor

DEFAULT_PAGE: Final = 20


def moment_of_root(field: Field, argument: str = "asOf", *, settled: bool = True) -> Moment:
    """The moment that a root field asks about, and all that is in it: now, where it has no argument
    for it. Raises Refused.

    A cursor settles it, of the field itself or of a list at any depth within it; where there are
    several, they have to agree. Those of a list that only grows at its end settle nothing.
    """
    as_of = field.given(argument) if argument in field.definition.args else None
    compiling = field.compiling
    cursor = next(_cursors(field), None) if settled else None
    if cursor is None:
        moment = moment_asked(as_of)
    else:
        compiling.settling[field.path[0]] = cursor
        if compiling.cursors_are_now:
            moment = Moment()
        else:
            moment = moment_of_cursor(cursor, as_of)
            compiling.cursors.append(moment)
    compiling.moments[field.path[0]] = moment
    return moment


def _cursors(field: Field) -> Iterator[Given]:
    """The cursors that are given to a field, and to those within it."""
    for name in ("after", "before"):
        if name in field.definition.args:
            cursor = field.given(name)
            if cursor.there:
                yield cursor
    for one in field.selected():
        yield from _cursors(one)


@dataclass(slots=True)
class _Page:
    """A page on its way: what is worked out for each of its rows."""

    listing: Listing
    size: int
    backward: bool
    counted: bool
    """One row more than the page holds is read, to tell whether there is a next page."""
    bounded: tuple[bool, bool]
    """Whether `after` and `before` were given."""
    columns: list[str]

    def column(self, sql: str) -> str:
        """Something worked out for each row: the name of the array of them."""
        if self.counted and not self.backward:
            # The row too many is only there to be counted.
            sql = f"CASE WHEN {self.listing.row}.n <= {self.size} THEN {sql} END"
        if sql not in self.columns:
            self.columns.append(sql)
        return f"x.c{self.columns.index(sql)}"

    @property
    def first(self) -> str:
        """The index of the page's first row."""
        if self.counted and self.backward:
            return f"greatest(x.found - {self.size}, 0)::int + 1"
        return "1"

    @property
    def last(self) -> str:
        """The index of the page's last row."""
        return "x.found::int" if self.backward else f"least(x.found, {self.size})::int"


def connection(field: Field, listing: Listing) -> str:
    """A page as JSON text. Raises Refused for a size or a cursor that cannot be."""
    size, backward = _size(field, listing.largest)
    counted = _is_counted(field)
    after, before = field.given("after"), field.given("before")
    page = _Page(listing, size, backward, counted, (after.there, before.there), [])
    written = field.at(listing.row).assembled(lambda one: _part(one, page))
    if not page.columns:
        return written
    rows = _rows(field, page, size + 1 if counted else size)
    columns = ", ".join(f"{sql} AS c{number}" for number, sql in enumerate(page.columns))
    arrays = ", ".join(f"array_agg(y.c{n}) AS c{n}" for n in range(len(page.columns)))
    return (
        f"(SELECT {written} FROM (SELECT {arrays}, count(*) AS found FROM"
        f" (SELECT {columns} FROM {rows}) y) x)"
    )


def _is_counted(field: Field) -> bool:
    wanted: list[str] = []

    def look(one: Field) -> str:
        if one.name == "pageInfo" and one.asks_for("hasNextPage", "hasPreviousPage"):
            wanted.append(one.name)
        return ""

    field.assembled(look)
    return bool(wanted)


def _rows(field: Field, page: _Page, limit: int) -> str:
    """The rows of the page, in order, under the listing's name."""
    listing = page.listing
    row, order = listing.row, listing.order
    bounds = "".join(f" AND {bound}" for bound in _bounds(field, listing))
    picked = _ordered(order, row, reverse=page.backward)
    past = field.moment != Moment()
    if listing.identity and (listing.narrowed or past):
        keys = listing.first(listing.identity, bounds, picked, limit, past=past)
        rows = f"({listing.fetched(keys)} ORDER BY {_ordered(order, row)}) {row}"
    else:
        rows = f"({listing.first(('*',), bounds, picked, limit)}) {row}"
        if page.backward:
            rows = f"(SELECT {row}.* FROM {rows} ORDER BY {_ordered(order, row)}) {row}"
    if page.counted and not page.backward:
        return f"(SELECT {row}.*, row_number() OVER () AS n FROM {rows}) {row}"
    return rows


def _ordered(order: Order, row: str, *, reverse: bool = False) -> str:
    direction = "DESC" if order.descending is not reverse else "ASC"
    return ", ".join(f"{key.sql.format(row=row)} {direction}" for key in order.keys)


def _bounds(field: Field, listing: Listing) -> list[str]:
    bounds = []
    for name, comes_after in (("after", True), ("before", False)):
        cursor = field.given(name)
        if cursor.there:
            sign = "<" if listing.order.descending is comes_after else ">"
            keys = ", ".join(key.sql.format(row=listing.row) for key in listing.order.keys)
            values = ", ".join(
                _key_given(field, listing, cursor, number, key.cast)
                for number, key in enumerate(listing.order.keys)
            )
            bounds.append(f"({keys}) {sign} ({values})")
    return bounds


def _key_given(field: Field, listing: Listing, cursor: Given, number: int, cast: str) -> str:
    encode = key_of_cursor(listing.order, number)
    if listing.shown is not None:
        return cursor.parameter(encode, cast)
    root = field.path[0]
    settling = field.compiling.settling.get(root)
    # A list at another moment than that of its root has no cursor that could settle it.
    if settling is None or field.moment != field.compiling.moments.get(root):
        raise cursor.refuse(InvalidCursor(f"there are no further pages here within {root}"))

    def both(variables: Variables) -> tuple[Any, Any]:
        return cursor.take(variables), settling.take(variables)

    def agreeing(given: tuple[Any, Any]) -> str:
        mine, other = map(read_cursor, given)
        if (mine.position, mine.reported_at) != (other.position, other.reported_at):
            raise InvalidCursor("it belongs to another moment than a cursor beside it")
        return encode(given[0])

    made = Parameter(both, agreeing, cursor.name, cursor.path)
    return cursor.parameters.add(made, (cursor.key, settling.key, encode), cast)


@cache
def key_of_cursor(order: Order, number: int) -> Callable[[Any], str]:
    """What one of the keys of a cursor's place is read by. It raises InvalidCursor."""

    def encode(text: Any) -> str:
        if order.plain and text.isdecimal():
            return order.keys[number].read(text)
        cursor = read_cursor(text)
        if cursor.order != order.name or len(cursor.keys) != len(order.keys):
            raise InvalidCursor("it is a place in another list, or in another order")
        return order.keys[number].read(cursor.keys[number])

    return encode


def _size(field: Field, largest: int) -> tuple[int, bool]:
    first, last = field.given("first"), field.given("last")
    if first.there and last.there:
        raise last.refuse(InvalidInput("give first or last, not both"))
    asked = last if last.there else first
    size = asked.value if asked.there else DEFAULT_PAGE
    if not 1 <= size <= largest:
        raise asked.refuse(InvalidInput(f"a page has 1 to {largest} entries, not {size}"))
    return size, last.there


def _part(one: Field, page: _Page) -> str:
    """A field of the connection."""
    definition = definition_of(one.definition)
    if isinstance(definition, Paged) and definition.write is not None:
        return definition.write(one, page.listing)
    match one.name:
        case "nodes":
            element = one.element(page.listing.row, page.listing.shown)
            return _list(page.column(element), page)
        case "edges":
            return _list(page.column(one.assembled(lambda inner: edge(inner, page.listing))), page)
        case "pageInfo":
            return one.assembled(lambda inner: _info(inner, page))
        case "totalCount":
            return f"(SELECT count(*) FROM ({page.listing.all()}) x)"
    raise TypeError(f"{one.name} is no field of a connection")


def _list(column: str, page: _Page) -> str:
    found = column if page.first == "1" else f"{column}[{page.first}:]"
    return f"'[' || coalesce(array_to_string({found}, ','), '') || ']'"


def edge(one: Field, listing: Listing) -> str:
    """A field of an edge."""
    definition = definition_of(one.definition)
    if isinstance(definition, Paged) and definition.write is not None:
        return definition.write(one, listing)
    match one.name:
        case "cursor":
            return _cursor(one, listing)
        case "node":
            return one.inside(listing.row, listing.shown)
    return one.sql()


def _cursor(one: Field, listing: Listing) -> str:
    order, moment = listing.order, one.moment
    keys = [key.written.format(key.sql.format(row=listing.row)) for key in order.keys]
    if listing.shown is not None:
        return cursor_sql(order.name, keys, "0", "'null'")
    return cursor_sql(order.name, keys, moment.head, moment.reported)


def _info(one: Field, page: _Page) -> str:
    after, before = (str(bounded).lower() for bounded in page.bounded)
    more = f"(x.found > {page.size})::text"
    match one.name:
        case "hasNextPage":
            known = f"'{before}'" if page.backward else more
        case "hasPreviousPage":
            known = more if page.backward else f"'{after}'"
        case "startCursor":
            cursors = page.column(_cursor(one, page.listing))
            return f"coalesce({cursors}[{page.first}], 'null')"
        case "endCursor":
            cursors = page.column(_cursor(one, page.listing))
            return f"coalesce({cursors}[{page.last}], 'null')"
    if page.counted and not page.columns:
        page.column("'1'")
    return known
