"""Projecting what this process appends in the transaction that appends it.

A mutation waits until what it recorded can be read. Where the projector runs in the same process
and has nothing left to do, new reports and claims are folded before they are appended, as what
follows the last position that is projected, and both are one call of the database
(`append_and_write`). Where that cannot be, or turns out otherwise, they are appended as ever, and
the projector comes after them.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Lock
from types import TracebackType
from typing import Any, Final, Self

import psycopg
from psycopg import AsyncConnection

from eventlog import tracing
from eventlog.batching import Batch, next_batch
from eventlog.database import Database
from eventlog.entries import Append, Appended, LoggedEvent
from eventlog.persistence import APPENDING, appended_of, parameters_of
from projections.generations import LIVE, shape
from projections.projection import Projection
from projections.readers import Crowded, Readers, connect
from projections.statements import Head

AT_ONCE: Final = 50
"""Events that are appended together. More of them are better appended while those before them are
projected, and by another thread than that of the requests."""

PATIENCE: Final = 0.05
"""Seconds that the projector is waited for, where it has something left to do."""

PAUSE: Final = 1.0
"""Seconds in which it is not tried again after the projector had more to do than that, or after a
failure."""

STEP: Final = 0.0005
"""Seconds between looks at whether the projector has done."""

TIMEOUT: Final = 15.0
"""Seconds that the database may take."""

ANNOUNCED: Final = 0.01
"""Seconds after which others are told of what can be read, for all that came by then."""

ANNOUNCE: Final = b"SELECT pg_notify('dateline_log', $1), pg_notify('dateline_read', $1)"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBERS: Final = count(1)
_ROWS: Final = ", ".join(["%b::json"] * 16)
_CALL: Final = (
    "SELECT outcome, position, (extract(epoch FROM recorded_at) * 1000000)::bigint, written"  # noqa: S608
    f" FROM read.append_and_write({APPENDING}, %b::text, %b::bigint, {_ROWS})"
)
APPEND_AND_WRITE: Final = re.sub("%b", lambda _: f"${next(_NUMBERS)}", _CALL).encode()

_logger = logging.getLogger(__name__)


class Shared:
    """The projection of the live generation, which its projector shares with `Inline`."""

    def __init__(self) -> None:
        self._turn = Lock()
        self.projection: Projection | None = None
        """To be used by whose turn it is; None while nobody projects in this process."""

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Within the block nobody else uses the projection."""
        with self._turn:
            yield

    def take_turn(self) -> bool:
        """Whether it was nobody's turn and is now the caller's, until `release`."""
        return self._turn.acquire(blocking=False)

    def release(self) -> None:
        """The turn is over."""
        self._turn.release()

    @contextmanager
    def sharing(self, projection: Projection) -> Iterator[None]:
        """Within the block a projection is shared."""
        with self._turn:
            self.projection = projection
        try:
            yield
        finally:
            with self._turn:
                self.projection = None


class Inline:
    """Appends new reports and claims and projects them, one batch after the other. Used inside
    `async with`."""

    def __init__(
        self, database: Database, shared: Shared, head: Head, patience: float = PATIENCE
    ) -> None:
        """`shared`: what the projector shares. `patience`: how many seconds it is waited for."""
        self._conninfo = database.conninfo
        self._patience = patience
        self._shared = shared
        self._head = head
        self._readers = Readers(
            self._connected, connections=2, timeout=TIMEOUT, waiting=1, patience=STEP
        )
        self._announcing: asyncio.Task[None] | None = None
        self._written = self._announced = 0
        self._appended = 0
        self._not_before = 0.0
        self.batches = 0
        """Batches that could be read as soon as they were in the log, so far."""

    async def _connected(self) -> AsyncConnection[Any]:
        return await connect(self._conninfo, "SELECT set_config('search_path', %s, false)", (LIVE,))

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._readers.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._announcing is not None:
            self._announcing.cancel()
        await self._readers.close()

    def behind(self, position: int) -> None:
        """The log was appended to in another way, up to a position."""
        self._appended = max(self._appended, position)

    async def append(self, units: Sequence[Append]) -> list[Appended] | None:
        """Append units, each of which has a key, and project them. None where they were not
        appended, or that is not known: then they are to be appended in another way, which finds
        those that were by their keys."""
        batch, left = next_batch(list(enumerate(units)))
        if left or batch.last[-1] > AT_ONCE or not await self._take_turn():
            return None
        try:
            return await self._append(batch)
        finally:
            self._shared.release()

    async def _take_turn(self) -> bool:
        now = self._loop.time()
        if self._shared.projection is None or now < self._not_before:
            return False
        if await self._head.reached(self._appended, self._patience):
            while self._loop.time() < now + self._patience:
                if self._shared.take_turn():
                    return True
                await asyncio.sleep(STEP)
        self._not_before = self._loop.time() + PAUSE
        return False

    async def _append(self, batch: Batch) -> list[Appended] | None:
        projection = self._shared.projection
        if projection is None or projection.position is None:
            return None
        after = projection.position
        events = list(_following(after, batch))
        try:
            made = projection.foresee(events)
            if made is None:
                return None
            for row in made.events:
                row.recorded_at = None
            values = (*parameters_of(batch), shape(), str(after), *made.as_json())
            outcome, position, microseconds, written = await self._call(values)
        except BaseException as error:
            projection.forget()
            if not isinstance(error, Exception):
                raise
            # To record does not depend on the projection: what is wrong, the other way tells.
            self._not_before = self._loop.time() + PAUSE
            _logger.warning("appended without an inline projection: %s", type(error).__name__)
            return None
        if outcome != b"stored" or position is None or microseconds is None:
            projection.take_back(events)
            return None
        before = int(position)
        if written == b"t":
            self.batches += 1
            self._written = after + len(events)
            self._head.advance(self._written)
            if self._announcing is None or self._announcing.done():
                self._announcing = self._loop.create_task(self._announce())
        else:
            projection.forget()
            self._appended = before + len(events)
        recorded_at = _EPOCH + timedelta(microseconds=int(microseconds))
        return list(appended_of(batch, before, recorded_at).values())

    async def _announce(self) -> None:
        while self._announced < self._written:
            await asyncio.sleep(ANNOUNCED)
            self._announced = self._written
            # Whoever hears nothing looks for himself within a second.
            with suppress(psycopg.Error, Crowded):
                await self._readers.fetch(ANNOUNCE, (str(self._announced),))

    async def _call(self, values: Sequence[str | bytes | None]) -> list[bytes | None]:
        if tracing.tracer is None:
            result = await self._readers.once(APPEND_AND_WRITE, values)
        else:
            with tracing.statement(APPEND_AND_WRITE):
                result = await self._readers.once(APPEND_AND_WRITE, values)
        return [result.get_value(0, column) for column in range(4)]


def _following(after: int, batch: Batch) -> Iterator[LoggedEvent]:
    """The events of a batch as they will stand in the log behind a position, but for their times
    of recording and their digests, which only the database knows."""
    events = ((event, unit) for unit in batch.appends for event in unit.events)
    for position, (event, unit) in enumerate(events, after + 1):
        yield LoggedEvent(
            position,
            _EPOCH,
            event.stream_id,
            event.version,
            event.type,
            event.content,
            event.reported_at,
            event.parent_id,
            unit.actor,
            unit.reason,
            unit.key,
            digest=b"",
        )
