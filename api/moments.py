"""The moments that one operation asks about, and what it reads at each of them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import Self
from uuid import UUID

from projections.basis import AsOf, Basis
from projections.reads import Reads, View
from projections.views import ClaimView, HistoryItem


class Operation:
    """What the resolvers of one operation share. Used in a `with` block, by one thread.

    An operation holds one view, and with it one connection, at a time: were it to hold several,
    operations could wait for each other's connections for ever. Root fields are resolved one after
    the other, each to its end, so one is enough. The first view settles the position of the whole
    operation: a field that comes later is not answered from a later state of the record.
    """

    def __init__(self, reads: Reads) -> None:
        self.reads = reads
        self.bases: dict[str, Basis] = {}
        """The basis of each root field, by its response key."""
        self._open = ExitStack()
        self._as_of: AsOf | None = None
        self._view: View | None = None
        self._head: int | None = None
        self._page: tuple[UUID, ...] = ()
        self._histories: dict[UUID, list[HistoryItem]] = {}

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

    def _opened(self, as_of: AsOf) -> View:
        self._open.close()
        self._view, self._histories = None, {}
        without_limit = as_of.recorded_at is None and as_of.position is None
        if without_limit and self._head is not None:
            return self._open.enter_context(self.reads.at(replace(as_of, position=self._head)))
        view = self._open.enter_context(self.reads.at(as_of))
        if without_limit:
            self._head = view.basis.position
        return view

    def page(self, claims: Iterable[ClaimView]) -> None:
        """Say which claims are answered together, so that their histories are read together."""
        self._page = tuple(claim.id for claim in claims)

    def history(self, claim: UUID) -> list[HistoryItem]:
        """The events of a claim of the page at hand, as of the moment at hand."""
        if claim not in self._histories:
            if self._view is None:
                raise RuntimeError("a claim's history is read at the moment that the claim is")
            self._histories |= self._view.histories(self._page)
        return self._histories[claim]
