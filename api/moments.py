"""The moments that one operation asks about, and what it reads at each of them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from types import TracebackType
from typing import Self
from uuid import UUID

from api.events import Named, names_in
from api.scalars import written_instant
from domain.moments import last_instant
from domain.refusals import InvalidInput
from domain.words import Status
from projections import cursors
from projections.basis import AsOf, Basis
from projections.reads import Reads, View
from projections.refusals import InvalidCursor
from projections.views import ClaimView, HistoryItem


def settled(as_of: AsOf, cursor: str, field: str) -> AsOf:
    """The moment of a cursor, which `as_of` may repeat but not contradict.

    What `as_of` leaves open, the cursor settles: a client that asks for the next page with the
    arguments of the first gets the page that belongs to it, however the record has grown. Raises
    InvalidCursor, naming the argument `field`.
    """
    held = cursors.read(cursor, field)
    reported_at = None if held.reported_at is None else cursors.instant(held.reported_at)
    other_position = as_of.position is not None and as_of.position != held.position
    if other_position or (
        as_of.reported_at is not None and last_instant(as_of.reported_at) != reported_at
    ):
        raise InvalidCursor("it belongs to another moment than asOf asks for", field=field)
    return AsOf(
        reported_at=None if reported_at is None else written_instant(reported_at),
        recorded_at=as_of.recorded_at,
        position=held.position if as_of.recorded_at is None else None,
    )


class Operation:
    """What the resolvers of one operation share. Used in a `with` block, by one thread.

    An operation holds one view, and with it one connection, at a time: were it to hold several,
    operations could wait for each other's connections for ever. Root fields are resolved one after
    the other, each to its end, so one is enough. The first view settles the position of the whole
    operation: a field that comes later is not answered from a later state of the record.
    """

    def __init__(self, reads: Reads) -> None:
        self.bases: dict[str, Basis] = {}
        """The basis of each root field, by its response key."""
        self._reads = reads
        self._open = ExitStack()
        self._as_of: AsOf | None = None
        self._view: View | None = None
        self._head: int | None = None
        self._page: tuple[UUID, ...] = ()
        self._histories: dict[UUID, list[HistoryItem]] = {}
        self._named = Named({}, {})
        self._counts: dict[UUID, dict[Status, int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open.close()

    def at(self, key: str, as_of: AsOf) -> View:
        """The record at a moment, for the root field that answers under `key`.

        Raises InvalidTime and InvalidInput where there is no such moment.
        """
        if self._view is None or as_of != self._as_of:
            self._view = self._opened(as_of)
            self._as_of = as_of
        self.bases[key] = self._view.basis
        return self._view

    def at_cursor(self, key: str, as_of: AsOf, cursor: str, field: str) -> View:
        """The record at the moment of a cursor. Raises InvalidCursor as well."""
        moment = settled(as_of, cursor, field)
        try:
            return self.at(key, moment)
        except InvalidInput:
            if moment.position is None or moment.position == as_of.position:
                raise
            raise InvalidCursor("it is from another record, or a later one", field=field) from None

    def _opened(self, as_of: AsOf) -> View:
        self._open.close()
        self._view = None
        self._histories, self._counts = {}, {}
        without_limit = as_of.recorded_at is None and as_of.position is None
        if without_limit and self._head is not None:
            return self._open.enter_context(self._reads.at(replace(as_of, position=self._head)))
        view = self._open.enter_context(self._reads.at(as_of))
        if without_limit:
            self._head = view.basis.position
        return view

    def page(self, claims: Iterable[ClaimView]) -> None:
        """Say which claims are answered together, so that their histories are read together."""
        self._page = tuple(claim.id for claim in claims)

    def history(self, claim: UUID) -> tuple[list[HistoryItem], Named]:
        """The events of a claim of the page at hand, and whom and what they name."""
        if claim not in self._histories:
            view = self._at_hand()
            self._histories = view.histories(self._page)
            sources, stories = names_in(chain.from_iterable(self._histories.values()))
            self._named = Named(view.sources_by_id(sources), view.stories_by_id(stories))
        return self._histories[claim], self._named

    def counts(self, story: UUID) -> dict[Status, int]:
        """The claims of a story by status."""
        if story not in self._counts:
            found = self._at_hand().story(str(story))
            self._counts[story] = found.counts if found is not None else {}
        return self._counts[story]

    def _at_hand(self) -> View:
        if self._view is None:
            raise RuntimeError("nothing is read before a root field has said as of when")
        return self._view
