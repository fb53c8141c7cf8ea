"""A list that can be paged through, and the queries for its rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from api.claim_search import Search
from api.moments import Moment

LARGEST_PAGE: Final = 100
"""Entries, unless a list says otherwise."""

FEW: Final = 1_500
"""Up to so many rows are fetched from where an index names them, and sorted."""

NEAR: Final = 2_000
"""So many rows are read in the order of the list, in the hope that a page of them fits."""


@dataclass(frozen=True, slots=True)
class Key:
    """One of the values that order a list."""

    sql: str
    """Of `{row}`; not null."""
    cast: str
    """Its type in PostgreSQL."""
    written: str = "{}::text"
    """How it is written into a cursor, as text."""
    read: Callable[[str], str] = str
    """Checks what a cursor says of it. Raises InvalidCursor."""


@dataclass(frozen=True, slots=True)
class Order:
    """An order without ties: the last of its keys is unique."""

    name: str
    keys: tuple[Key, ...]
    descending: bool = False
    plain: bool = False
    """A place may also be given as its one key, in digits."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that can be paged through.

    How many rows its filters leave, and where in its order they lie, cannot be known when the
    statement is planned, and the wrong plan takes a hundred times as long as the right one. So the
    statement holds several, and finds out which of them to run.
    """

    row: str
    """The name of its rows."""
    table: str
    """What they are read from."""
    conditions: tuple[str, ...]
    """What is asked of them, over the index that has their order."""
    order: Order
    identity: tuple[str, ...] = ()
    """The columns that tell one row from the others. Where they are given, keys are picked from an
    index first, and the rows fetched after."""
    filters: tuple[str, ...] = ()
    """What else is asked of them."""
    among: tuple[str, ...] = ()
    """Queries over other indexes, each of which gives the first column of the identity of every row
    that fits, and of others."""
    status: str | None = None
    """One more filter, whose victims are counted."""
    status_among: str | None = None
    """Such a query for the status."""
    in_order: str | None = None
    """What the rows are read from in their order, if not from the table."""
    search: Search | None = None
    """The search that it is the outcome of."""
    shown: Moment | None = None
    """The moment that each row is shown at, where that is one of its own. Then its cursor is a
    place alone, and settles no moment: what comes after it may have been recorded since."""
    largest: int = LARGEST_PAGE
    """The most entries of a page."""

    def where(self, *, every_status: bool = False) -> str:
        """All that is asked of its rows, over whichever index."""
        return self._fits(every_status)

    def all(self, *, every_status: bool = False, further: str = "") -> str:
        """A query for all rows that fit, each as 1."""
        return self.columns("1", every_status=every_status, further=further)

    def columns(self, columns: str, *, every_status: bool = False, further: str = "") -> str:
        """A query for columns of all rows that fit a further condition as well."""
        source = f"SELECT {columns} FROM {self.table} {self.row} WHERE"
        fits = self._fits(every_status) + (f" AND {further}" if further else "")
        queries, branches, others = self._few(source, fits, every_status)
        if not queries:
            return f"{source} {fits}"
        branches.append(f"({source} {others}{fits})")
        return _either(queries, branches)

    def first(
        self, columns: tuple[str, ...], bounds: str, order: str, limit: int, *, past: bool = False
    ) -> str:
        """A query for columns of the first rows that fit, within bounds, in an order. In the `past`
        most rows that an index has did not hold at the moment asked about."""
        row, then = self.row, f"{bounds} ORDER BY {order} LIMIT {limit}"
        named = ", ".join(f"{row}.{column}" for column in columns)
        walked = f"FROM {self.in_order or self.table} {row} WHERE"
        source = f"SELECT {named} FROM {self.table} {row} WHERE"
        fits = f"{self._fits()}{then}"
        queries, branches, others = self._few(source, fits)
        if not queries:
            return f"SELECT {named} {walked} {fits}"
        # Many rows may fit, and yet all of them lie far down in the order: those of a year ago.
        settled, filters = " AND ".join(self.conditions), " AND ".join(self._filters()) or "true"
        nearest = f"SELECT {row}.* {walked} {settled}{bounds} ORDER BY {order} LIMIT {NEAR}"
        if past and self.in_order is None:
            # Joined by the keys of the order too, the rows are known to come in that order: they
            # are fetched one by one until a page is full.
            ordering = (key.sql.removeprefix("{row}.") for key in self.order.keys)
            names = tuple(dict.fromkeys((*self.identity, *ordering)))
            picked = ", ".join(f"{row}.{name}" for name in names)
            nearest = self.fetched(nearest.replace(f"{row}.*", picked, 1), names)
        queries.append(
            f"near AS MATERIALIZED (SELECT {named} FROM ({nearest}) {row} WHERE {filters}"
            f" ORDER BY {order} LIMIT {limit})"
        )
        is_near = f"(SELECT count(*) = {limit} FROM near)"
        branches.append(f"(SELECT {', '.join(columns)} FROM near WHERE {others}{is_near})")
        start = self._start(self._among()[0])
        branches.append(f"({source} {others}NOT {is_near} AND {start} AND {fits})")
        return _either(queries, branches)

    @property
    def narrowed(self) -> bool:
        """Whether rows are looked for that lie scattered over the list."""
        return bool(self.among or self.status_among or self.search)

    def fetched(self, keys: str, names: tuple[str, ...] = ()) -> str:
        """A query for the rows of which a query gives the identity, or so many columns."""
        same = " AND ".join(f"{self.row}.{name} = k.{name}" for name in names or self.identity)
        return f"SELECT {self.row}.* FROM ({keys}) k JOIN {self.table} {self.row} ON {same}"

    def _few(
        self, source: str, fits: str, every_status: bool = False
    ) -> tuple[list[str], list[str], str]:
        """Queries that give few rows or are broken off, a branch for each that gives few, and the
        condition that none does."""
        queries, branches, others = [], [], ""
        for n, query in enumerate(self._among(every_status)):
            name = self.identity[0]
            queries.append(f"few{n} AS MATERIALIZED (SELECT f.{name} FROM ({query} LIMIT {FEW}) f)")
            is_few = f"(SELECT count(*) < {FEW} FROM few{n})"
            start = self._start(f"SELECT {name} FROM few{n}")
            branches.append(f"({source} {others}{is_few} AND {start} AND {fits})")
            others += f"NOT {is_few} AND "
        return queries, branches, others

    def _start(self, query: str) -> str:
        return f"{self.row}.{self.identity[0]} = ANY (ARRAY({query}))"

    def _fits(self, every_status: bool = False) -> str:
        return " AND ".join((*self.conditions, *self._filters(every_status)))

    def _filters(self, every_status: bool = False) -> tuple[str, ...]:
        status = () if self.status is None or every_status else (self.status,)
        return (*self.filters, *status)

    def _among(self, every_status: bool = False) -> tuple[str, ...]:
        status = () if self.status_among is None or every_status else (self.status_among,)
        return (*self.among, *status)


def _either(queries: list[str], branches: list[str]) -> str:
    """A query of branches of which the conditions let one be run."""
    return f"WITH {', '.join(queries)} {' UNION ALL '.join(branches)}"
