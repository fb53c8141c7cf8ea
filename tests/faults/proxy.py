"""A real proxy between two that speak over TCP, which cuts connections in the middle."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread

Connect = Callable[[], Awaitable[tuple[StreamReader, StreamWriter]]]

RESET = struct.pack("ii", 1, 0)
"""Has a socket closed with a reset instead of an orderly end."""


class Line:
    """One connection through the proxy."""

    def __init__(self, ends: tuple[StreamWriter, StreamWriter]) -> None:
        self.ends = ends
        self.ended = asyncio.Event()
        self.doomed = False
        """It is cut in the middle of what goes over it next."""
        self.hushed = False
        """Whatever is said over it is lost."""

    def cut(self, *, reset: float = 0.5) -> None:
        """End it on both sides, now, with a reset instead of an end that often."""
        for end in self.ends:
            if random.random() < reset:
                with suppress(OSError):  # a socket of another sort has no such option
                    end.get_extra_info("socket").setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, RESET
                    )
            end.transport.abort()


class Proxy:
    """Passes on what is said, until a connection is cut."""

    def __init__(self, connect: Connect) -> None:
        self.port = 0
        self.cuts = 0
        """Connections cut so far in the middle of something."""
        self.every: float | None = None
        """Seconds after which the next connection is chosen to be cut; None: none is."""
        self.reset = 0.5
        """How often a connection is cut with a reset instead of an orderly end."""
        self.away = False
        """Whether nobody gets through: who connects is cut off, and so is who says something."""
        self.only_answers = False
        """Whether connections are cut in the middle of an answer alone, never of a request."""
        self.delay = 0.0
        """Seconds that everything takes longer, up to."""
        self._connect = connect
        self._lines: set[Line] = set()

    async def run(self, stopped: asyncio.Event, ready: Callable[[], None]) -> None:
        """Serve until stopped."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        dooming = asyncio.create_task(self._doom())
        ready()
        await stopped.wait()
        dooming.cancel()
        server.close()
        for line in list(self._lines):
            line.cut()
        await asyncio.gather(*(line.ended.wait() for line in list(self._lines)))

    def doom(self) -> None:
        """Have every connection cut in the middle of what goes over it next."""
        for line in list(self._lines):
            line.doomed = True

    def hush(self) -> None:
        """Have whatever is said over every connection be lost, and none of them end."""
        for line in list(self._lines):
            line.hushed = True

    async def _doom(self) -> None:
        while True:
            await asyncio.sleep(self.every or 0.05)
            if self.every is not None and self._lines:
                random.choice(list(self._lines)).doomed = True

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            if self.away:
                raise ConnectionRefusedError
            far_reader, far_writer = await self._connect()
        except OSError:
            writer.transport.abort()
            return
        line = Line((writer, far_writer))
        self._lines.add(line)
        try:
            await asyncio.gather(
                self._pump(line, reader, far_writer, answers=False),
                self._pump(line, far_reader, writer, answers=True),
            )
        finally:
            self._lines.discard(line)
            line.cut()
            line.ended.set()

    async def _pump(
        self, line: Line, reader: StreamReader, writer: StreamWriter, *, answers: bool
    ) -> None:
        with suppress(OSError):
            while (said := await reader.read(65_536)) and not self.away:
                if line.hushed:
                    continue
                if self.delay:
                    await asyncio.sleep(random.uniform(0, self.delay))
                if line.doomed and (answers or not self.only_answers):
                    writer.write(said[: random.randrange(len(said))])
                    self.cuts += 1
                    line.cut(reset=self.reset)
                    return
                writer.write(said)
                await writer.drain()
        line.cut()


@contextmanager
def proxy(connect: Connect) -> Iterator[Proxy]:
    """A proxy to where a function connects, until the block is left."""
    loop = asyncio.new_event_loop()
    stopped = asyncio.Event()
    started = asyncio.Event()
    made = Proxy(connect)
    running = loop.create_task(made.run(stopped, started.set))
    loop.run_until_complete(started.wait())
    thread = Thread(target=loop.run_until_complete, args=(running,), name="proxy")
    thread.start()
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
