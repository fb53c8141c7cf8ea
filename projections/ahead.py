"""Reading the log a batch ahead: the next one is fetched while the one before is projected."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from eventlog.entries import LoggedEvent
from eventlog.log import Log


class ReadAhead:
    """The events of a log, batch after batch. Used inside `with`, by one thread."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")
        self._next: tuple[int, int, Future[list[LoggedEvent]]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._reader.shutdown(cancel_futures=True)

    def read(self, after: int, limit: int) -> list[LoggedEvent]:
        """Up to `limit` events after a position. Raises what `Log.read` raises."""
        expected, self._next = self._next, None
        if expected is not None and expected[:2] == (after, limit):
            events = expected[2].result()
        else:
            events = self._log.read(after, limit)
        if len(events) == limit:  # there may be more
            last = events[-1].position
            self._next = last, limit, self._reader.submit(self._log.read, last, limit)
        return events
