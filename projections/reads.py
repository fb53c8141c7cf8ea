"""The door of the read side: questions about any moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Self, cast
from uuid import UUID

from msgspec.json import Decoder
from psycopg import Connection, IsolationLevel
from psycopg_pool import ConnectionPool

from domain.catalogue import Source, Story
from domain.events import ClaimEvent
from domain.history import Entry, in_effect, voided
from domain.ids import Subject
from domain.ids import resolve as resolve_id
from domain.moments import precision_given
from eventlog.decoding import entries_of
from eventlog.entries import LoggedEvent
from eventlog.log import EVENT
from projections import hydrate, pages
from projections.basis import AsOf, Basis, extent, parameters, resolve
from projections.changes import compare
from projections.pages import ClaimFilter
from projections.projector import lag
from projections.views import (
    Changes,
    ClaimPage,
    ClaimView,
    HistoryItem,
    ReportView,
    SourceView,
    StoryView,
    Summary,
)

__all__ = ["ClaimFilter", "Reads", "View"]

POOL: Final = 8
"""Connections kept for readers at most."""

PATIENCE: Final = 10.0
"""Seconds to wait for a free connection."""

_story = Decoder(Story)
_source = Decoder(Source)

HISTORY = f"""{EVENT}
WHERE l.stream_id = ANY(%(ids)s) AND l.position <= %(position)s
ORDER BY l.position
"""
"""Every event of some claims up to a position."""

SOURCES_BY_NAME = """
SELECT source_id, state::text FROM read.sources
WHERE source_id = canonical_id AND position_from <= %(position)s AND position_to > %(position)s
    AND (%(search)s::text IS NULL
         OR strpos(lower(name), lower(%(search)s)) > 0
         OR EXISTS (SELECT FROM jsonb_array_elements_text(state -> 'aliases') a
                    WHERE strpos(lower(a), lower(%(search)s)) > 0))
ORDER BY name, source_id LIMIT %(limit)s
"""
"""Sources that are not merged away, with a text in their name or one of their aliases."""


class View:
    """The record as of one moment, in one snapshot."""

    def __init__(self, connection: Connection[Any], basis: Basis) -> None:
        self._connection = connection
        self.basis = basis

    def claim(self, ref: str) -> ClaimView | None:
        """A claim by its reference or id; None if it was not reported, or not recorded, then."""
        identity = resolve_id(Subject.CLAIM, ref)
        rows = pages.rows_of(self._connection, self.basis, [identity])
        found = hydrate.claims(self._connection, self.basis, rows)
        return found[0] if found else None

    def claims(
        self,
        filter: ClaimFilter | None = None,  # noqa: A002 - the field's word
        *,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> ClaimPage:
        """A page of claims; see `projections.pages.page`."""
        return pages.page(
            self._connection, self.basis, filter or ClaimFilter(), first, after, last, before
        )

    def history(self, claim: UUID) -> list[HistoryItem]:
        """What made a claim what it was then, each event in turn, in the order of the fold."""
        return self.histories([claim])[claim]

    def histories(self, claims: Collection[UUID]) -> dict[UUID, list[HistoryItem]]:
        """The histories of several claims, in one query."""
        events: defaultdict[UUID, list[LoggedEvent]] = defaultdict(list)
        for row in self._connection.execute(
            HISTORY, {"ids": list(claims), "position": self.basis.position}
        ):
            logged = LoggedEvent(*row)
            events[logged.stream_id].append(logged)
        return {claim: self._items(entries_of(events[claim])) for claim in claims}

    def _items(self, entries: list[Entry]) -> list[HistoryItem]:
        counted = in_effect(entries, self.basis.reported_at, self.basis.position)
        void = voided(counted)
        return [
            _item(entry, version, entry.sequence in void)
            for version, entry in enumerate(counted, start=1)
        ]

    def story(self, ref: str) -> StoryView | None:
        """A story by its slug or id, with its claims counted by status."""
        identity = resolve_id(Subject.STORY, ref)
        return hydrate.stories(self._connection, self.basis, [identity], self._counts).get(identity)

    def stories(self) -> list[StoryView]:
        """Every story, by title."""
        found = self._connection.execute(
            "SELECT story_id, state::text FROM read.stories"
            " WHERE position_from <= %(position)s AND position_to > %(position)s"
            " ORDER BY title, story_id",
            {"position": self.basis.position},
        ).fetchall()
        return [
            hydrate.story_view(identity, _story.decode(state), self._counts(identity))
            for identity, state in found
        ]

    def _counts(self, story: UUID) -> dict[Any, int]:
        return pages.counts_by_status(self._connection, self.basis, story)

    def stories_by_id(self, ids: Collection[UUID]) -> dict[UUID, StoryView]:
        """Some stories, without their claims counted."""
        return hydrate.stories(self._connection, self.basis, ids)

    def source(self, ref: str) -> SourceView | None:
        """A source by its reference or id; one that was merged is shown as what it became."""
        identity = resolve_id(Subject.SOURCE, ref)
        return self.sources_by_id([identity]).get(identity)

    def sources_by_id(self, ids: Collection[UUID]) -> dict[UUID, SourceView]:
        """Some sources, by the id under which they are named."""
        found = hydrate.sources(self._connection, self.basis, ids)
        return {identity: named.view for identity, named in found.items()}

    def sources(self, search: str | None = None, limit: int = 100) -> list[SourceView]:
        """Sources with a text in their name or an alias, by name."""
        found = self._connection.execute(
            SOURCES_BY_NAME,
            {"position": self.basis.position, "search": search, "limit": limit},
        ).fetchall()
        erased = hydrate.erasures(self._connection, [identity for identity, _ in found])
        return [
            hydrate.source_view(identity, _source.decode(state), erased.get(identity))
            for identity, state in found
        ]

    def report(self, ref: str) -> ReportView | None:
        """A report by its reference, its id, or an address at which it was ever found."""
        found = self._connection.execute(
            "SELECT u.report_id FROM read.report_urls u JOIN read.reports r USING (report_id)"  # noqa: S608
            f" WHERE md5(u.url) = md5(%(url)s) AND u.url = %(url)s AND {extent(self.basis, 'r')}"
            " ORDER BY r.reported_from DESC, r.report_id LIMIT 1",
            {"url": ref, **parameters(self.basis)},
        ).fetchone()
        identity = found[0] if found else resolve_id(Subject.REPORT, ref)
        return hydrate.reports(self._connection, self.basis, [identity]).get(identity)

    def summary(self) -> Summary:
        """Where the record stands, and how much was in it then."""
        behind = lag(self._connection)
        head = self._connection.execute(
            "SELECT position, recorded_at FROM dateline.log ORDER BY position DESC LIMIT 1"
        ).fetchone() or (0, None)
        counted = self._connection.execute(
            "SELECT (SELECT count(*) FROM read.sources"  # noqa: S608 - built from constants
            " WHERE position_from <= %(position)s AND position_to > %(position)s),"
            " (SELECT count(*) FROM read.stories"
            " WHERE position_from <= %(position)s AND position_to > %(position)s),"
            f" (SELECT count(*) FROM read.reports r WHERE {extent(self.basis, 'r')})",
            parameters(self.basis),
        ).fetchone() or (0, 0, 0)
        by_status = pages.counts_by_status(self._connection, self.basis)
        return Summary(
            position=head[0],
            recorded_at=head[1],
            projected_position=head[0] - behind.events,
            lag_events=behind.events,
            lag_seconds=behind.seconds,
            events=head[0] if self.basis.now else self.basis.position,
            sources=counted[0],
            stories=counted[1],
            reports=counted[2],
            claims=sum(by_status.values()),
            claims_by_status=by_status,
        )


def _item(entry: Entry, version: int, void: bool) -> HistoryItem:
    event = cast(ClaimEvent, entry.event)
    text = getattr(event, "published_at", None) or getattr(event, "observed_at", None)
    return HistoryItem(
        sequence=entry.sequence,
        version=version,
        position=entry.position,
        recorded_at=entry.recorded_at,
        reported_at=entry.reported_at,
        precision=precision_given(text) if text else None,
        event=event,
        declared=event.notice is not None if hasattr(event, "notice") else None,
        voided=void,
        actor=entry.actor,
        reason=entry.reason,
    )


class Reads:
    """A pool of read-only connections to the live generation."""

    def __init__(self, conninfo: str, pool_size: int = POOL) -> None:
        self._pool: ConnectionPool[Connection[Any]] = ConnectionPool(
            conninfo,
            min_size=1,
            max_size=pool_size,
            timeout=PATIENCE,
            configure=_configure,
            check=ConnectionPool.check_connection,
            open=True,
            name="reads",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._pool.close()

    @contextmanager
    def at(self, as_of: AsOf | None = None) -> Iterator[View]:
        """The record at a moment. Everything asked of the view is answered from one snapshot.

        Raises InvalidTime and InvalidInput where there is no such moment.
        """
        with self._pool.connection() as connection:
            yield View(connection, resolve(connection, as_of or AsOf()))

    def changes(
        self,
        earlier: AsOf,
        later: AsOf,
        filter: ClaimFilter | None = None,  # noqa: A002 - the field's word
    ) -> Changes:
        """What differs between two moments, on either axis or both.

        Raises InvalidInput where the later moment is before the earlier one on an axis.
        """
        with self._pool.connection() as connection:
            return compare(
                connection,
                resolve(connection, earlier),
                resolve(connection, later),
                filter or ClaimFilter(),
            )

    def summary(self) -> Summary:
        """Where the record stands now, and how much is in it."""
        with self.at() as view:
            return view.summary()


def _configure(connection: Connection[Any]) -> None:
    # One snapshot for all that is read of a moment: a page, its sources, its counts.
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    connection.read_only = True
