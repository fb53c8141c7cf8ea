"""Connections that read: each prepares a statement once, and sends it again with other values.

They speak to libpq without the layers of the driver in between. An answer is finished text, so
there is nothing to convert; and what a cursor, a pool and a check of the connection take for each
statement is as much again as the database needs to answer a small question.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Final, LiteralString

import psycopg
from psycopg import AsyncConnection, pq
from psycopg.errors import error_from_result

PREPARED: Final = 500
"""Statements that a connection keeps prepared."""

GRACE: Final = 5.0
"""Seconds beyond a statement's time after which a connection that says nothing is given up."""

RECONNECT: Final = 0.5
"""Seconds between attempts to connect again."""

Connect = Callable[[], Awaitable[AsyncConnection[Any]]]
Values = Sequence[str | bytes | None]
"""Of parameters: text, or what PostgreSQL takes in binary."""

_logger = logging.getLogger(__name__)


async def connect(
    conninfo: str, settings: LiteralString, values: Sequence[str] = ()
) -> AsyncConnection[Any]:
    """A connection that commits each statement, set up by the first one. Raises psycopg.Error."""
    connection = await AsyncConnection.connect(conninfo, autocommit=True)
    try:
        await connection.execute(settings, values)
    except BaseException:  # stopped while it starts: nobody else would close it
        await connection.close()
        raise
    return connection


class Crowded(Exception):
    """So many statements wait for a connection that another one would wait too long."""


class Unreachable(psycopg.OperationalError):
    """There is no connection, and there has been none for some time."""


class Reader:
    """One connection, for one statement at a time."""

    def __init__(
        self, connection: AsyncConnection[Any], on_broken: Callable[[Reader], None]
    ) -> None:
        self._connection = connection
        self._on_broken = on_broken
        self._libpq = connection.pgconn
        self._libpq.nonblocking = 1
        self._loop = asyncio.get_running_loop()
        self._socket = self._libpq.socket
        self._prepared: OrderedDict[bytes, bytes] = OrderedDict()
        self._number = 0
        self._awaited: asyncio.Future[None] | None = None
        self._loop.add_reader(self._socket, self._readable)
        self.broken = False
        """Nothing can be read with it any more."""
        self.deadline = float("inf")
        """When, on the clock of the loop, it has to have answered."""

    async def fetch(self, sql: bytes, values: Values) -> pq.abc.PGresult:
        """The rows of a statement. Raises psycopg.Error."""
        encoded = [value.encode() if isinstance(value, str) else value for value in values]
        formats = [isinstance(value, bytes) for value in values]
        name = self._prepared.get(sql)
        if name is None:
            name = await self._prepare(sql)
        else:
            self._prepared.move_to_end(sql)
        self._libpq.send_query_prepared(name, encoded, formats)
        return await self._result()

    async def _prepare(self, sql: bytes) -> bytes:
        if len(self._prepared) >= PREPARED:
            _, oldest = self._prepared.popitem(last=False)
            self._libpq.send_query(b"DEALLOCATE " + oldest)
            await self._result()
        self._number += 1
        name = b"s%d" % self._number
        self._libpq.send_prepare(name, sql)
        await self._result()
        self._prepared[sql] = name
        return name

    async def _result(self) -> pq.abc.PGresult:
        libpq, last = self._libpq, None
        if libpq.flush():
            await self._flushed()
        while True:
            while libpq.is_busy():
                await self._more()
            result = libpq.get_result()
            if result is None:
                break
            last = result
        if last is None:
            raise psycopg.OperationalError("the connection gave no answer")
        if last.status == pq.ExecStatus.FATAL_ERROR:
            raise error_from_result(last)
        return last

    async def _flushed(self) -> None:
        """Wait until all is sent: it is more than the system takes at once."""
        while self._libpq.flush():
            self._loop.add_writer(self._socket, self._go_on)
            try:
                await self._more()
            finally:
                if not self.broken:
                    self._loop.remove_writer(self._socket)

    async def _more(self) -> None:
        self._awaited = self._loop.create_future()
        await self._awaited

    def _go_on(self, error: psycopg.Error | None = None) -> None:
        awaited = self._awaited
        if awaited is not None and not awaited.done():
            if error is None:
                awaited.set_result(None)
            else:
                awaited.set_exception(error)

    def _readable(self) -> None:
        try:
            self._libpq.consume_input()
        except psycopg.Error as error:
            self.close()
            self._go_on(error)
        else:
            if not self._libpq.is_busy():
                self._go_on()
                return
            # Of a part of an answer with a reset right behind it uvloop tells once, and watches
            # the socket no longer. Watched anew, it tells of the reset, too.
            self._loop.remove_reader(self._socket)
            self._loop.add_reader(self._socket, self._readable)

    def give_up(self) -> None:
        """Have whoever waits for it wait no longer."""
        self.close()
        self._go_on(psycopg.OperationalError("the database says nothing any more"))

    def close(self) -> None:
        """Cut the connection."""
        if not self.broken:
            self.broken = True
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._libpq.finish()
            self._on_broken(self)


class Readers:
    """So many connections, each given out to one statement at a time. Whoever finds none waits for
    one, in turn."""

    def __init__(
        self, connect: Connect, *, connections: int, timeout: float, waiting: int, patience: float
    ) -> None:
        """`timeout`: seconds that the server works at a statement. `waiting`: how many may wait for
        a connection, and `patience`: how many seconds."""
        self._connect = connect
        self._timeout = timeout
        self._most_waiting = waiting
        self._patience = patience
        self._free: list[Reader] = []
        self._busy: set[Reader] = set()
        self._waiting: deque[asyncio.Future[Reader]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self.size = connections
        self.waits = 0
        """Statements that found no connection and had to wait, so far."""
        self.turned_away = 0
        """Statements that waited too long, or found too many waiting, so far."""

    @property
    def in_use(self) -> int:
        """Connections with a statement."""
        return len(self._busy)

    @property
    def waiting(self) -> int:
        """Statements that wait for a connection."""
        return len(self._waiting)

    def open(self) -> None:
        """Begin to connect."""
        self._loop = asyncio.get_running_loop()
        for _ in range(self.size):
            self._start(self._join())
        self._start(self._watch())

    async def close(self) -> None:
        """Cut all connections."""
        self._closed = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for reader in (*self._free, *self._busy):
            reader.close()

    async def fetch(self, sql: bytes, values: Values) -> pq.abc.PGresult:
        """The rows of a statement. Raises psycopg.Error, and Crowded."""
        try:
            return await self.once(sql, values)
        except psycopg.OperationalError as error:
            if isinstance(error, psycopg.errors.QueryCanceled | Unreachable):
                raise
            # The connection may have been cut while nobody used it, and so may the others that
            # are not used. To read twice does no harm.
            for reader in list(self._free):
                reader.close()
            return await self.once(sql, values)

    async def once(self, sql: bytes, values: Values) -> pq.abc.PGresult:
        """The same, for what may not be done twice: whether it was done is not known where an error
        is raised that did not come from the server."""
        reader = self._free.pop() if self._free else await self._next()
        self._busy.add(reader)
        reader.deadline = self._loop.time() + self._timeout + GRACE
        try:
            return await reader.fetch(sql, values)
        except BaseException as error:
            if not isinstance(error, psycopg.Error) or _is_fatal(error):
                # Also where somebody went away in the middle: what comes next on it would be taken
                # for the answer to another question.
                reader.close()
            raise
        finally:
            self._busy.discard(reader)
            if not reader.broken:
                self._release(reader)

    async def _next(self) -> Reader:
        if len(self._waiting) >= self._most_waiting:
            self.turned_away += 1
            raise Crowded
        self.waits += 1
        turn: asyncio.Future[Reader] = self._loop.create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._patience):
                return await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self._release(turn.result())  # it came in the same instant
            if isinstance(error, TimeoutError):
                self.turned_away += 1
                raise (Crowded if self._busy else Unreachable) from None
            raise
        finally:
            turn.cancel()

    def _release(self, reader: Reader) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(reader)
                return
        self._free.append(reader)

    def _lost(self, reader: Reader) -> None:
        """Have another connection take the place of one that is broken."""
        if reader in self._free:
            self._free.remove(reader)
        if not self._closed:
            self._start(self._join())

    async def _join(self) -> None:
        """Connect, however long that takes, and join the others."""
        while True:
            try:
                reader = Reader(await self._connect(), self._lost)
            except psycopg.Error as error:
                _logger.warning("the database cannot be reached: %s", error)
                await asyncio.sleep(RECONNECT)
            else:
                self._release(reader)
                return

    async def _watch(self) -> None:
        """Give up connections that say nothing any more."""
        while True:
            await asyncio.sleep(1)
            now = self._loop.time()
            for reader in [one for one in self._busy if one.deadline < now]:
                reader.give_up()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _is_fatal(error: psycopg.Error) -> bool:
    """Whether a connection is of no use after an error."""
    return isinstance(error, psycopg.OperationalError) and not isinstance(
        error, psycopg.errors.QueryCanceled
    )
