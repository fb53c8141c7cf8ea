"""The one door to the log: append, read, follow, verify. Synchronous, and safe for threads."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from threading import Event
from typing import Any, Final, LiteralString, Self
from uuid import UUID

from eventsourcing.persistence import OperationalError
from psycopg.rows import tuple_row
from psycopg_pool import PoolTimeout

from eventlog import tracing
from eventlog.entries import Append, Children, Head, LoggedEvent, Mismatch, Outcome, SeenKey
from eventlog.errors import DatabaseUnreachable
from eventlog.faults import named_faults
from eventlog.groupcommit import GroupCommit
from eventlog.persistence import LogDatastore, LogRecorder
from eventlog.tail import Tail
from eventlog.validation import check_append
from eventlog.wire import texts, uuids

# What remains of an erased event is looked up for those alone.
EVENT: Final[LiteralString] = """
SELECT l.position, l.recorded_at, l.stream_id, l.version, l.type,
       coalesce(c.content, (SELECT e.remains FROM dateline.erasures e
                            WHERE e.position = l.position)),
       l.reported_at, l.parent_id, l.actor, l.reason, l.key, l.digest, c.content IS NULL
FROM dateline.log l LEFT JOIN dateline.log_content c ON c.position = l.position
"""
"""The fields of a LoggedEvent, in order."""

# Events in the order of recording, after one position and up to another.
_READ = EVENT + "WHERE l.position > %s AND l.position <= %s ORDER BY l.position LIMIT %s"

# Every event of some streams, in the order of recording. Each content is looked up by itself: to
# join them, the planner reads the content of the whole log, until it has counted the log's rows.
STREAMS: Final[LiteralString] = """
SELECT l.position, l.recorded_at, l.stream_id, l.version, l.type,
       coalesce(c.content, (SELECT e.remains FROM dateline.erasures e
                            WHERE e.position = l.position)),
       l.reported_at, l.parent_id, l.actor, l.reason, l.key, l.digest, c.content IS NULL
FROM dateline.log l
LEFT JOIN LATERAL (
    SELECT o.content FROM dateline.log_content o WHERE o.position = l.position OFFSET 0
) c ON true
WHERE l.stream_id = ANY (%b::uuid[]) ORDER BY l.position
"""

# The streams that began under a parent, and the last position that names it.
_CHILDREN = """
SELECT coalesce(array_agg(stream_id ORDER BY position) FILTER (WHERE version = 1), '{}'),
       coalesce(max(position), 0)
FROM dateline.log WHERE parent_id = %s
"""

# What some idempotency keys stood for.
_KEYS = """
SELECT key, request_digest, first_position, last_position, recorded_at
FROM dateline.keys WHERE key = ANY (%b::text[])
"""

# The last event's place and time.
_HEAD = "SELECT position, recorded_at FROM dateline.log ORDER BY position DESC LIMIT 1"

# How much was erased by a stretch of the log.
_ERASED_BY = "SELECT count(*) FROM dateline.erasures WHERE event BETWEEN %s AND %s"

# Where a stretch of the log does not hold what it committed to.
VERIFY: Final[LiteralString] = """
WITH stretch AS (
    SELECT l.position, l.digest, l.recorded_at, c.salt, c.content, e.position AS erased,
           lag(l.position, 1, %(after)s) OVER later AS position_before,
           lag(l.recorded_at) OVER later AS recorded_before
    FROM dateline.log l
    LEFT JOIN dateline.log_content c ON c.position = l.position
    LEFT JOIN dateline.erasures e ON e.position = l.position
    WHERE l.position > %(after)s AND l.position <= %(upto)s
    WINDOW later AS (ORDER BY l.position)
)
SELECT s.position, p.problem
FROM stretch s, LATERAL (VALUES
    (s.position <> s.position_before + 1, 'a position before this one is missing'),
    (s.recorded_at <= s.recorded_before, 'recorded no later than the position before'),
    (s.content IS NULL AND s.erased IS NULL, 'content is missing and was not erased'),
    (s.content IS NOT NULL AND s.erased IS NOT NULL, 'content was erased and is still there'),
    (s.digest <> sha256(s.salt || convert_to(s.content, 'UTF8')), 'content differs from digest')
) AS p (found, problem)
WHERE p.found ORDER BY s.position
"""

_STRETCH = 20_000  # positions verified in one statement
_STOP_CHECK = 0.25  # seconds between looks at the stop event while nothing comes
_LARGEST_POSITION = 2**63 - 1


class Log:
    """An append-only log of events in one database.

    Every method raises DatabaseUnreachable where the database does not answer.
    """

    def __init__(self, conninfo: str, pool_size: int = 8, connect_timeout: float = 15) -> None:
        """Open nothing yet. ``conninfo`` should connect in the application's role.

        ``connect_timeout`` is how many seconds a call waits for a free connection.
        """
        self._datastore = LogDatastore(conninfo, pool_size, connect_timeout)
        self.recorder = LogRecorder(self._datastore)
        self._commits = GroupCommit(self.recorder)
        self._tail = Tail(conninfo)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._tail.close()
        self._datastore.close()

    def append(self, appends: Sequence[Append]) -> list[Outcome]:
        """Store the units, each whole or not at all, and give an outcome for each, in order.

        Units take effect as if one after the other. Calls from several threads share round trips
        and commits; a refused unit never fails its neighbours. A unit with a key is sent again
        when the connection is lost.

        Raises EntryInvalid before anything is stored; OutcomeUnknown where the connection was
        lost and a unit has no key; DatabaseFull; DatabaseRefused. After an error some units of
        the call may have been stored.
        """
        for unit in appends:
            check_append(unit)
        return self.append_checked(appends)

    def append_checked(self, appends: Sequence[Append]) -> list[Outcome]:
        """Store units that `check_append` would pass, without asking it; see ``append``."""
        return self._commits.append(appends) if appends else []

    def read(self, after: int, limit: int, upto: int | None = None) -> list[LoggedEvent]:
        """Give up to ``limit`` events after position ``after``, none of them after ``upto``."""
        last = _LARGEST_POSITION if upto is None else upto
        return [LoggedEvent(*row) for row in self._rows(_READ, (after, last, limit))]

    def streams(self, ids: Collection[UUID]) -> dict[UUID, list[LoggedEvent]]:
        """Give every event of each stream, in order; an empty list where there is no stream."""
        found: dict[UUID, list[LoggedEvent]] = {stream_id: [] for stream_id in ids}
        for row in self._rows(STREAMS, (uuids(list(found)),)):
            event = LoggedEvent(*row)
            found[event.stream_id].append(event)
        return found

    def children(self, parent_id: UUID) -> Children:
        """Give the streams whose first event names this parent, and the last position naming it."""
        stream_ids, position = self._rows(_CHILDREN, (parent_id,))[0]
        return Children(tuple(stream_ids), position)

    def keys(self, keys: Collection[str]) -> dict[str, SeenKey]:
        """Give what each of these idempotency keys stood for; unseen keys are left out."""
        return {row[0]: SeenKey(*row[1:]) for row in self._rows(_KEYS, (texts(list(keys)),))}

    def head(self) -> Head:
        """Give the end of the log: position 0 and no time while it is empty."""
        rows = self._rows(_HEAD, ())
        return Head(*rows[0]) if rows else Head(0, None)

    def position_at(self, recorded_at: datetime) -> int:
        """Give the last position recorded at or before a moment with a zone; 0 before the first."""
        if recorded_at.tzinfo is None:
            raise ValueError("recorded_at has no zone")
        position: int = self._rows("SELECT dateline.position_at(%s)", (recorded_at,))[0][0]
        return position

    def wait_for(self, position: int, timeout: float) -> bool:
        """Wait until ``position`` stands in the log; false when ``timeout`` seconds have passed."""
        return self._tail.wait_for(position, timeout)

    def follow(self, after: int, stop: Event, limit: int = 500) -> Iterator[list[LoggedEvent]]:
        """Give the events after ``after`` in lists of up to ``limit``, then new ones as they come.

        Ends when ``stop`` is set. A lost notification or connection delays, but loses nothing;
        while the database does not answer this waits for it.
        """
        while not stop.is_set():
            try:
                events = self.read(after, limit)
            except DatabaseUnreachable:
                stop.wait(_STOP_CHECK)
                continue
            if events:
                after = events[-1].position
                yield events
            else:
                self._tail.wait_for(after + 1, _STOP_CHECK)

    def erased_by(self, first: int, last: int) -> int:
        """How many events lost their content by the events from one position to another."""
        found: int = self._rows(_ERASED_BY, (first, last))[0][0]
        return found

    def verify(self) -> list[Mismatch]:
        """Recompute every digest whose content is present, and check that nothing is missing."""
        found: list[Mismatch] = []
        head = self.head().position
        for after in range(0, head, _STRETCH):
            # One position of overlap, so that times are compared across stretches too.
            stretch = {"after": max(0, after - 1), "upto": min(after + _STRETCH, head)}
            found += [Mismatch(*row) for row in self._rows(VERIFY, stretch) if row[0] > after]
        return found

    def _rows(self, query: LiteralString, parameters: Any) -> list[tuple[Any, ...]]:
        with named_faults():
            # After a restart of the server the pool's connections are dead; each try finds one.
            for _ in range(self._datastore.pool.max_size):
                try:
                    if tracing.tracer is None:
                        return self._rows_once(query, parameters)
                    with tracing.statement(query):
                        return self._rows_once(query, parameters)
                except OperationalError as error:
                    if isinstance(error.__cause__, PoolTimeout):
                        raise
            return self._rows_once(query, parameters)

    def _rows_once(self, query: LiteralString, parameters: Any) -> list[tuple[Any, ...]]:
        with (
            self._datastore.get_connection() as connection,
            connection.cursor(row_factory=tuple_row) as cursor,
        ):
            return cursor.execute(query, parameters, prepare=True, binary=True).fetchall()
