"""Finished answers from the live generation, one statement each, and news of its position."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from heapq import heappop, heappush
from itertools import count
from types import TracebackType
from typing import Any, Final, Self

import msgspec
import psycopg
from psycopg import AsyncConnection

from eventlog import tracing
from eventlog.listening import connected
from projections.readers import Readers, connect

CHANNEL: Final = "dateline_read"
"""Where the projector announces each batch that can be read."""

RECONNECT: Final = 0.5
"""Seconds between attempts to listen again."""

POLL: Final = 1.0
"""Seconds after which the position is looked at although nothing was announced."""

SILENCE: Final = 5.0
"""Seconds after which a connection that does not say what the position is has been lost."""

SETTINGS: Final = (
    "SELECT set_config('plan_cache_mode', 'force_generic_plan', false),"
    " set_config('jit', 'off', false),"
    # Every join here follows keys from row to row. With lists whose length it cannot know, the
    # planner would otherwise read whole tables of sources to find a handful.
    " set_config('enable_hashjoin', 'off', false),"
    " set_config('enable_mergejoin', 'off', false),"
    " set_config('enable_material', 'off', false),"
    # The tables and indexes that are asked about lie in memory: a step from one page to another
    # costs no more than to the next.
    " set_config('random_page_cost', '1', false),"
    " set_config('default_transaction_read_only', 'on', false),"
    " set_config('statement_timeout', %s, false)"
)

POSITION_AT: Final = (
    b"SELECT dateline.position_at($1::timestamptz), p.position,"
    # Nothing is ever recorded at or before the last of what was, even where the clock has stepped
    # back behind it.
    b" coalesce(p.recorded_at >= $1::timestamptz, false),"
    b" greatest(clock_timestamp(), p.recorded_at) >= $1::timestamptz FROM read.progress p"
)

STANDING: Final = (
    b"SELECT json_build_object("
    b"'log_position', coalesce((SELECT max(position) FROM dateline.log), 0),"
    b" 'position', p.position, 'lag_seconds', greatest(0, extract(epoch FROM clock_timestamp()"
    b" - (SELECT l.recorded_at FROM dateline.log l WHERE l.position = p.position + 1))),"
    b" 'shape', p.shape, 'migration', (SELECT max(number) FROM dateline.migrations)),"
    b" p.position FROM read.progress p"
)

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """What a statement gave."""

    body: bytes
    """The finished text, UTF-8."""
    position: int
    """How far the log was projected in its snapshot."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The last position recorded at or before a moment."""

    position: int
    settled: bool
    """It will never be another: the moment is over and all of it is projected."""
    over: bool
    """The moment is over."""


class Standing(msgspec.Struct, frozen=True):
    """Where the record stands."""

    log_position: int
    position: int
    """How far the log is projected."""
    lag_seconds: float
    """Age of the oldest event that is not yet projected; 0 where there is none."""
    shape: str
    """What the tables and the fold of the live generation look like."""
    migration: int
    """The last migration of the log."""

    @property
    def lag_events(self) -> int:
        """How many events are not yet projected."""
        return max(self.log_position - self.position, 0)


class Behind(psycopg.OperationalError):
    """The read model does not hold what it is known to have held. When PostgreSQL is stopped at
    once, what was projected last can be lost; it must not be passed over before it is there."""


class Statements:
    """Asynchronous readers of the live generation. Used inside `async with`."""

    def __init__(
        self,
        conninfo: str,
        *,
        connections: int,
        timeout: float,
        waiting: int = 200,
        patience: float = 5.0,
    ) -> None:
        """`timeout`: seconds that the database works at a statement. `waiting`: statements that may
        wait for a connection, and `patience`: how many seconds each."""
        self._conninfo = conninfo
        self._timeout = timeout
        self.readers = Readers(
            self._connected,
            connections=connections,
            timeout=timeout,
            waiting=waiting,
            patience=patience,
        )

    async def _connected(self) -> AsyncConnection[Any]:
        return await connect(self._conninfo, SETTINGS, (f"{round(self._timeout * 1000)}ms",))

    async def __aenter__(self) -> Self:
        self.readers.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.readers.close()

    async def fetch(self, sql: bytes, parameters: Sequence[str | None]) -> Found:
        """The row (text, position) that a statement gives. Raises psycopg.Error, and Crowded."""
        if tracing.tracer is None:
            result = await self.readers.fetch(sql, parameters)
        else:
            with tracing.statement(sql):
                result = await self.readers.fetch(sql, parameters)
        return Found(result.get_value(0, 0) or b"", int(result.get_value(0, 1) or 0))

    async def standing(self) -> Standing:
        """Where the record stands. Raises psycopg.Error, and Crowded."""
        return msgspec.json.decode((await self.fetch(STANDING, ())).body, type=Standing)

    async def rows(
        self, sql: bytes, parameters: Sequence[str | None], upto: int
    ) -> list[tuple[str, str]]:
        """The rows of two texts that a statement gives behind the position up to which the log was
        projected in its snapshot. Raises psycopg.Error and Crowded, and Behind where that is not
        as far as the position `upto`."""
        result = await self.readers.fetch(sql, parameters)
        if int(result.get_value(0, 0) or 0) < upto:
            raise Behind("what was projected last was lost, and is projected again")
        rows = range(result.ntuples if result.get_value(0, 1) is not None else 0)
        return [
            ((result.get_value(n, 1) or b"").decode(), (result.get_value(n, 2) or b"").decode())
            for n in rows
        ]

    async def position_at(self, moment: datetime) -> Resolved:
        """What had been recorded by a moment. Raises psycopg.Error, and Crowded."""
        result = await self.readers.fetch(POSITION_AT, (moment.isoformat(),))
        found, head = (int(result.get_value(0, column) or 0) for column in (0, 1))
        past, over = (result.get_value(0, column) == b"t" for column in (2, 3))
        return Resolved(min(found, head), settled=past and found <= head, over=over)


class Head:
    """The position up to which the log is projected, as far as this process has been told."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self.position: int | None = None
        """None while nobody is listening, and it may have moved unnoticed."""
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        """Those who wait, the one for the earliest position first; with a number in between, so
        that no two are compared further."""
        self._numbers = count()
        self._moved = asyncio.Event()

    async def reached(self, position: int, patience: float) -> bool:
        """Wait until the log is projected up to a position; false after so many seconds."""
        if self.position is not None and position <= self.position:
            return True
        if tracing.tracer is None:
            return await self._reached(position, patience)
        with tracing.span("wait until readable", **{"dateline.position": position}):
            return await self._reached(position, patience)

    async def _reached(self, position: int, patience: float) -> bool:
        moved: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (position, next(self._numbers), moved))
        try:
            async with asyncio.timeout(patience):
                await moved
        except TimeoutError:
            return False
        return True

    async def beyond(self, position: int) -> int:
        """Wait until the log is projected further than a position: how far it is."""
        while self.position is None or self.position <= position:
            await self._moved.wait()
        return self.position

    def advance(self, position: int) -> None:
        """The projector says that it has come so far."""
        if self.position is not None and position > self.position:
            self._set(position)

    def _set(self, position: int | None) -> None:
        if position != self.position:
            self.position = position
            self._moved.set()  # wakes whoever waits now, and nobody who comes later
            self._moved.clear()
        while self._waiting and (
            self._waiting[0][2].done() or self._waiting[0][0] <= (position or 0)
        ):
            _, _, moved = heappop(self._waiting)
            if not moved.done():  # whoever waited may have gone away
                moved.set_result(None)

    async def follow(self, on_rebuilt: Callable[[], None]) -> None:
        """Listen until cancelled. `on_rebuilt` is told when the read model may be another one."""
        while True:
            try:
                async with connected(self._conninfo) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    on_rebuilt()
                    while True:
                        await self._look(connection)
                        await self._hear(connection, on_rebuilt)
            except (psycopg.Error, TimeoutError) as error:
                reason = error if isinstance(error, psycopg.Error) else "the database says nothing"
                _logger.warning("nobody listens for new positions: %s", reason)
            finally:
                self._set(None)
            await asyncio.sleep(RECONNECT)

    async def _look(self, connection: AsyncConnection[Any]) -> None:
        known = self.position
        async with asyncio.timeout(SILENCE):
            cursor = await connection.execute("SELECT position FROM read.progress")
            row = await cursor.fetchone()
        if self.position == known:  # or it is out of date already
            self._set(row[0] if row else None)

    async def _hear(self, connection: AsyncConnection[Any], on_rebuilt: Callable[[], None]) -> None:
        with suppress(TimeoutError):
            async for heard in connection.notifies(timeout=POLL):
                if heard.payload == "rebuilt":
                    on_rebuilt()
                    return
                self.advance(int(heard.payload))
