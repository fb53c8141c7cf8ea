"""Many who follow the log from one process, which is to cost little beside the server.

`python -m benchmarks.listeners` reads what is wanted as JSON (`Wanted`), subscribes, and says
"ready". Then each line of its standard input is a question (`Asked`), which it answers with `Told`
when everybody has received so many more events. Each event is to come once and in order: that is
checked for every one, and nothing else is decoded.
"""

from __future__ import annotations

import asyncio
import json
import os
import struct
import subprocess
import sys
import time
from array import array
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec
import uvloop

STAMP: Final = "sent={:.6f};"
"""How an event says when it was sent, on the system's clock that never jumps."""

MASK: Final = b"\x00\x00\x00\x00"
"""What a client says is masked; with this, it stays as it is."""

TENTH: Final = 10
"""A slow one takes so many times as long as events take to come."""

PATIENCE: Final = 300.0
"""Seconds after which something is wrong."""


class Wanted(msgspec.Struct):
    """What is listened to."""

    port: int
    query: str
    connections: int = 1
    slow: int = 0
    """How many of them are slow."""
    rate: float = 0.0
    """Events that come a second, of which the slow ones read a tenth."""
    sse: bool = False
    """Over server-sent events instead of a WebSocket."""


class Asked(msgspec.Struct):
    """When to answer."""

    events: int
    fast: bool = False
    """Only those who are not slow are waited for; otherwise nobody is slow from now on."""


class Told(msgspec.Struct):
    """What was measured since the last answer, in milliseconds; of those who are not slow."""

    latencies: list[float]
    """From sending an event to when somebody had it: of each, or of a thousand picked evenly."""
    last: list[float]
    """From sending an event to when the last one had it, in the order of events."""
    seconds: float
    """From subscribing, or the first event since the last answer, to the last event."""
    behind: int
    """How many events the slowest was behind when everybody else had them."""


def read(data: bytes, start: int, end: int) -> tuple[int, float] | None:
    """The position and the stamp of an event."""
    at = data.find(b'"position":', start, end)
    if at < 0:
        return None
    at += 11
    stop = at
    while 48 <= data[stop] < 58:
        stop += 1
    sent = data.find(b"sent=", stop, end)
    stamp = 0.0 if sent < 0 else float(data[sent + 5 : data.index(b";", sent)])
    return int(data[at:stop]), stamp


class Listener(asyncio.Protocol):
    """One connection."""

    def __init__(self, everybody: Everybody, slow: bool) -> None:
        self._everybody = everybody
        self._rest = b""
        self._open = False
        self.slow = slow
        self.count = 0
        self._position = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        self._transport: Any = transport
        wanted = self._everybody.wanted
        if wanted.sse:
            body = json.dumps({"query": wanted.query}).encode()
            transport.write(  # type: ignore[attr-defined]
                b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                b"Accept: text/event-stream\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            )
            return
        transport.write(  # type: ignore[attr-defined]
            b"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Protocol: graphql-transport-ws\r\nSec-WebSocket-Key: "
            + b64encode(os.urandom(16))
            + b"\r\n\r\n"
        )

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps(message).encode()
        size = len(data)
        head = bytes([0x81, 0x80 | size]) if size < 126 else struct.pack(">BBH", 0x81, 0xFE, size)
        self._transport.write(head + MASK + data)

    def data_received(self, data: bytes) -> None:
        """Take what is whole."""
        now = time.monotonic()
        before = self.count
        data = self._rest + data
        if not self._open:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._rest = data
                return
            if not data.startswith((b"HTTP/1.1 101", b"HTTP/1.1 200")):
                raise RuntimeError(data[:500])
            self._open, data = True, data[end + 4 :]
            if self._everybody.wanted.sse:
                self._everybody.opened()
            else:
                self._send({"type": "connection_init"})
        self._rest = (self._stream if self._everybody.wanted.sse else self._frames)(data, now)
        if self.slow and (came := self.count - before):
            self._transport.pause_reading()
            pause = came * TENTH / self._everybody.wanted.rate
            asyncio.get_running_loop().call_later(pause, self._transport.resume_reading)
        if self.count != before:
            self._everybody.took(self, now)

    def _stream(self, data: bytes, now: float) -> bytes:
        start = 0
        while (end := data.find(b"\n\n", start)) >= 0:
            self._take(read(data, start, end), now)
            start = end + 2
        return data[start:]

    def _frames(self, data: bytes, now: float) -> bytes:
        start, length = 0, len(data)
        while length - start >= 2:
            size, head = data[start + 1] & 127, 2
            if size == 126:
                size, head = int.from_bytes(data[start + 2 : start + 4], "big"), 4
            elif size == 127:
                size, head = int.from_bytes(data[start + 2 : start + 10], "big"), 10
            end = start + head + size
            if end > length:
                break
            kind = data[start] & 15
            if kind == 1:
                found = read(data, start + head, end)
                if found is None:
                    self._other(data[start + head : end])
                self._take(found, now)
            elif kind == 8:
                raise RuntimeError(data[start:end])
            start = end
        return data[start:]

    def _other(self, message: bytes) -> None:
        kind = json.loads(message)["type"]
        if kind == "connection_ack":
            query = self._everybody.wanted.query
            self._send({"type": "subscribe", "id": "1", "payload": {"query": query}})
            self._everybody.opened()
        elif kind not in ("ping", "pong"):
            raise RuntimeError(message)

    def _take(self, found: tuple[int, float] | None, now: float) -> None:
        if found is None:
            return
        position, stamp = found
        if self._position and position != self._position + 1:
            raise RuntimeError(f"after {self._position} came {position}")
        self._position = position
        self.count += 1
        if not self.slow:
            self._everybody.heard(position, 1_000 * (now - stamp))

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is to be cut off."""
        self._everybody.fail(RuntimeError(f"a connection was lost: {exc}"))


class Everybody:
    """All who listen."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = loop.create_future()
        self._opened = 0
        self._until = 0
        self._fast = True
        self._waiting: asyncio.Future[None] | None = None
        self._missing = 0
        self.listeners = [Listener(self, n < wanted.slow) for n in range(wanted.connections)]
        self.clear()

    def clear(self) -> None:
        """Begin to measure."""
        self.latencies = array("d")
        self.last: dict[int, float] = {}
        self.first_at = self.last_at = 0.0

    def opened(self) -> None:
        """One more has subscribed."""
        self._opened += 1
        if self._opened == self.wanted.connections:
            self.first_at = time.monotonic()
            self.ready.set_result(None)

    def heard(self, position: int, latency: float) -> None:
        """Somebody has an event."""
        self.latencies.append(latency)
        self.last[position] = latency  # who comes later has it later

    def took(self, one: Listener, now: float) -> None:
        """Somebody has some more events."""
        self.first_at = self.first_at or now
        self.last_at = now
        if (
            self._waiting is not None
            and one.count >= self._until
            and all(other.count >= self._until for other in self._awaited())
        ):
            self._waiting.set_result(None)
            self._waiting = None

    def _awaited(self) -> Iterator[Listener]:
        return (one for one in self.listeners if not (self._fast and one.slow))

    def fail(self, fault: Exception) -> None:
        """Something is not as it should be."""
        for waiting in (self._waiting, self.ready):
            if waiting is not None and not waiting.done():
                waiting.set_exception(fault)

    async def told(self, asked: Asked) -> Told:
        """Wait for so many more events."""
        self._until += asked.events
        self._fast = asked.fast
        if not asked.fast:
            for one in self.listeners:
                if one.slow:
                    one.slow = False
                    one._transport.resume_reading()
        if any(one.count < self._until for one in self._awaited()):
            self._waiting = asyncio.get_running_loop().create_future()
            async with asyncio.timeout(PATIENCE):
                await self._waiting
        latencies = sorted(self.latencies)
        step = max(1, len(latencies) // 1_000)
        told = Told(
            latencies[::step],
            [self.last[position] for position in sorted(self.last)],
            self.last_at - self.first_at,
            self._until - min(one.count for one in self.listeners),
        )
        self.clear()
        return told


async def _listen() -> None:
    loop = asyncio.get_running_loop()

    def line() -> bytes:
        return sys.stdin.buffer.readline()

    everybody = Everybody(msgspec.json.decode(line(), type=Wanted))
    loop.set_exception_handler(
        lambda _, told: everybody.fail(told.get("exception") or RuntimeError(told["message"]))
    )
    for one in everybody.listeners:
        await loop.create_connection(lambda one=one: one, "127.0.0.1", everybody.wanted.port)  # type: ignore[misc]
    await everybody.ready
    print("ready", flush=True)
    while asked := await loop.run_in_executor(None, line):
        told = await everybody.told(msgspec.json.decode(asked, type=Asked))
        print(msgspec.json.encode(told).decode(), flush=True)
    os._exit(0)  # without a word to the server: it is to notice by itself


@contextmanager
def listening(wanted: Wanted) -> Iterator[Callable[..., Told]]:
    """Listeners, until the block is left; give the answer to a question (`Asked`)."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.listeners"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        questions, answers = process.stdin, process.stdout
        assert questions is not None
        assert answers is not None

        def ask(events: int, *, fast: bool = False) -> Told:
            questions.write(msgspec.json.encode(Asked(events, fast)) + b"\n")
            questions.flush()
            answer = answers.readline()
            if not answer:
                raise RuntimeError("somebody did not hear what they should have heard")
            return msgspec.json.decode(answer, type=Told)

        questions.write(msgspec.json.encode(wanted) + b"\n")
        questions.flush()
        if answers.readline() != b"ready\n":
            raise RuntimeError("nobody listens")
        yield ask
        questions.close()


if __name__ == "__main__":
    uvloop.run(_listen())
