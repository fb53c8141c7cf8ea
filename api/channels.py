"""Reading streams page by page, each page once for all who want it.

Nobody has a queue. A subscriber has a place and asks for the page after it, at whatever pace; who
asks for the same page at the same time waits for the same reading of it, and shares its messages,
finished as they are. So a slow subscriber holds up nobody and misses nothing, history and what
comes next are one thing, and what is held in memory does not depend on how many listen.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import psycopg

from api.streams import Place, Stream
from projections.readers import Crowded
from projections.statements import Head, Statements

MESSAGES: Final = 500
"""The most messages of a page."""

PAGE: Final = 256_000
"""Bytes that a page is to have, about."""

KEPT: Final = 2_000_000
"""Bytes of the pages that are kept of a stream, for those who are a little behind."""

KEPT_IN_ALL: Final = 64_000_000
"""Bytes of the pages that are kept of all streams, about: each has an equal part."""

TOGETHER: Final = 50
"""Subscribers that are woken at once."""

RETRY: Final = 0.5
"""Seconds before a page is read again that could not be."""

Message = tuple[str, str]
"""The place after a message, as a client names it, and the result of an execution as JSON."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Page:
    """Some messages, and the place after them."""

    messages: Sequence[Message]
    end: Place
    full: bool
    """There may be more at once."""

    @property
    def size(self) -> int:
        """Bytes, about."""
        return 200 + sum(200 + len(body) for _, body in self.messages)


@dataclass(slots=True, eq=False)
class Reading:
    """Whoever waits for the messages after a place, which are being read."""

    task: asyncio.Task[None]
    waiting: list[asyncio.Future[Page]] = field(default_factory=list)


Key = tuple[bytes, tuple[str | None, ...]]
"""A statement, and the values that say what is wanted."""


@dataclass(slots=True)
class Channel:
    """A stream of messages, for all who want the same."""

    stream: Stream
    values: tuple[str | None, ...]
    statements: Statements
    head: Head
    allowed: Callable[[], int]
    """Bytes of its pages that may be kept."""
    listening: int = 0
    """Subscribers."""
    read: int = 0
    """Pages that were read so far."""
    _limit: int = field(default_factory=lambda: MESSAGES)
    _kept: OrderedDict[Place, Page] = field(default_factory=OrderedDict)
    _size: int = 0
    _reading: dict[Place, Reading] = field(default_factory=dict)
    _forgotten: int = 0
    """How often what was kept was dropped."""
    _quiet: tuple[int, int] = (-1, -1)
    """Between these positions there is nothing to tell: who is after one is after the other."""

    async def after(self, place: Place) -> Page:
        """The page after a place, as soon as there is a message. Raises psycopg.Error where it
        cannot be read however often that is tried."""
        since, until = self._quiet
        if not place.upto and since <= place.after < until:
            place = Place(until)
        page = self._kept.get(place)
        if page is not None:
            await asyncio.sleep(0)  # what is kept comes at once: others are to have their turn
            return page
        waiting: asyncio.Future[Page] = asyncio.get_running_loop().create_future()
        self._read(place).waiting.append(waiting)
        return await waiting

    def ahead(self, place: Place) -> None:
        """Begin to read a page that will be asked for."""
        if place not in self._kept and self.allowed() > PAGE:  # or it would be read in vain
            self._read(place)

    def forget(self) -> None:
        """Drop what is kept: it may say what it must not any more."""
        self._kept.clear()
        self._size = 0
        self._forgotten += 1  # what is being read is read again

    def close(self) -> None:
        """Stop to read: nobody listens any more."""
        for reading in self._reading.values():
            reading.task.cancel()

    def _read(self, place: Place) -> Reading:
        reading = self._reading.get(place)
        if reading is None:
            task = asyncio.create_task(self._follow(place))
            reading = self._reading[place] = Reading(task)
        return reading

    async def _follow(self, place: Place) -> None:
        """Read on from a place until there is a message, and give the page to those who wait."""
        try:
            while not (page := await self._page(place)).messages:
                if not place.upto:
                    since, until = self._quiet
                    began = since if since <= place.after <= until else place.after
                    self._quiet = began, page.end.after
                reading = self._reading.pop(place)
                place = page.end
                if (other := self._reading.setdefault(place, reading)) is not reading:
                    other.waiting += reading.waiting
                    return
        except Exception as error:
            for one in self._reading.pop(place).waiting:
                if not one.done():  # whoever waited may have gone away
                    one.set_exception(error)
            return
        self._kept[place] = page
        self._size += page.size
        while self._size > self.allowed():
            _, dropped = self._kept.popitem(last=False)
            self._size -= dropped.size
        for number, one in enumerate(self._reading.pop(place).waiting, start=1):
            if not one.done():
                one.set_result(page)
            if number % TOGETHER == 0:
                # What the first are sent is on its way before the last are woken, and whoever asks
                # for something else has a turn.
                await asyncio.sleep(0)

    async def _page(self, place: Place) -> Page:
        while True:
            upto = place.upto or await self.head.beyond(place.after)
            limit = self._limit
            values = self.stream.page(self.values, place, upto, limit)
            forgotten = self._forgotten
            try:
                messages = await self.statements.rows(self.stream.sql, values, upto)
            except psycopg.errors.QueryCanceled:
                if limit == 1:
                    raise
                self._limit = max(limit // 4, 1)
            except (psycopg.OperationalError, Crowded) as error:
                _logger.warning("a stream waits for the database: %s", error)
                await asyncio.sleep(RETRY)
            else:
                if forgotten == self._forgotten:
                    break
        self.read += 1
        full = len(messages) == limit
        if full:
            size = sum(len(body) for _, body in messages) // limit + 1
            self._limit = min(max(PAGE // size, 1), MESSAGES)
            end = self.stream.place(messages[-1][0])
        else:
            end = Place(upto)
        return Page(messages, end, full)


class Channels:
    """The streams that somebody listens to."""

    def __init__(self, statements: Statements, head: Head) -> None:
        self._statements = statements
        self._head = head
        self._channels: dict[Key, Channel] = {}

    @property
    def listening(self) -> int:
        """How many subscriptions there are."""
        return sum(channel.listening for channel in self._channels.values())

    @property
    def streams(self) -> int:
        """How many different ones."""
        return len(self._channels)

    @asynccontextmanager
    async def listen(
        self, stream: Stream, values: tuple[str | None, ...]
    ) -> AsyncIterator[Channel]:
        """The channel of a stream, kept until the last who listens has left."""
        key = stream.sql, values
        channel = self._channels.get(key)
        if channel is None:
            channel = self._channels[key] = Channel(
                stream, values, self._statements, self._head, self._allowed
            )
        channel.listening += 1
        try:
            yield channel
        finally:
            channel.listening -= 1
            if not channel.listening:
                del self._channels[key]
                channel.close()

    def _allowed(self) -> int:
        return min(KEPT, KEPT_IN_ALL // len(self._channels)) if self._channels else 0

    def forget(self) -> None:
        """Drop what is kept: the read model was rebuilt, or something was erased."""
        for channel in self._channels.values():
            channel.forget()
