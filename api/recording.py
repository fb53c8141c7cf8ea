"""Commands of many requests, recorded together: whoever comes while others are being recorded
shares the next commit with all who came by then."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Final, Self

from api.errors import Busy
from domain.commands import Batch, Envelope
from eventlog import tracing
from eventlog.plan import Recorded, Result
from eventlog.record import Record
from projections.inline import AT_ONCE, Inline

if TYPE_CHECKING:
    from opentelemetry.trace import Span

TOGETHER: Final = 500
"""Commands that are decided together and appended in one round trip."""

WAITING: Final = 2_000
"""Commands that may wait for their turn."""

OnBatch = Callable[[int, int, float], None]
"""Told of each batch that was recorded: its commands, their events, and seconds."""

Waiting = tuple[Envelope, "asyncio.Future[Result]", "Span | None"]


class Recording:
    """The one way to the log of a process that serves. Used inside `async with`.

    Every command gets an answer of its own: a refusal, or where it was recorded.
    """

    def __init__(
        self,
        record: Record,
        inline: Inline | None = None,
        *,
        together: int = TOGETHER,
        waiting: int = WAITING,
        on_batch: OnBatch | None = None,
    ) -> None:
        """`inline`: appends new reports and claims and projects them at once, where that can be."""
        self._record = record
        self.inline = inline
        self._on_batch = on_batch
        self._together = together
        self._most = waiting
        self._waiting: deque[Waiting] = deque()
        self._come = asyncio.Event()
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recording")
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *_: object) -> None:
        # What is being recorded is recorded to its end; nobody is left who waits for the rest.
        self._stopping = True
        self._come.set()
        if self._task is not None:
            await self._task
        await asyncio.get_running_loop().run_in_executor(None, self._executor.shutdown)
        self._record.close()

    @property
    def waiting(self) -> int:
        """Commands that wait for their turn."""
        return len(self._waiting)

    async def record(self, envelope: Envelope) -> Result:
        """Record a command, durably, or say why not. Raises Busy where too many wait, and the
        errors of `eventlog.errors` where the database cannot take it."""
        if len(self._waiting) >= self._most:
            raise Busy
        if tracing.tracer is None:
            return await self._recorded(envelope, None)
        with tracing.span("record", **{"dateline.command": type(envelope.command).__name__}) as one:
            return await self._recorded(envelope, one)

    async def _recorded(self, envelope: Envelope, span: Span | None) -> Result:
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((envelope, answer, span))
        self._come.set()
        return await answer

    async def _follow(self) -> None:
        while not self._stopping:
            await self._come.wait()
            self._come.clear()
            while self._waiting and not self._stopping:
                await self._record_all(self._next())

    def _next(self) -> list[Waiting]:
        """Those whose turn it is: as many as can be projected inline, or all where not even the
        first can."""
        taken = [self._waiting.popleft()]
        size = size_of(taken[0][0])
        small = self.inline is not None and size <= AT_ONCE
        while self._waiting and len(taken) < self._together:
            size += size_of(self._waiting[0][0])
            if small and size > AT_ONCE:
                break
            taken.append(self._waiting.popleft())
        return taken

    async def _record_all(self, batch: list[Waiting]) -> None:
        envelopes = [envelope for envelope, _, _ in batch]
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            with tracing.together([span for _, _, span in batch if span is not None], "append"):
                results = await self._at_once(envelopes) or await self._in_turn(envelopes)
        except Exception as error:
            for _, answer, _ in batch:
                if not answer.done():
                    answer.set_exception(error)
            return
        if self._on_batch is not None:
            events = sum(events_of(result) for result in results)
            self._on_batch(len(batch), events, loop.time() - began)
        for (_, answer, _), result in zip(batch, results, strict=True):
            if not answer.done():  # a client that went away waits for nothing
                answer.set_result(result)

    async def _at_once(self, envelopes: Sequence[Envelope]) -> list[Result] | None:
        """Record commands so that they can be read with their answer, and without another thread.
        None where that cannot be."""
        plan = None
        if self.inline is not None and sum(map(size_of, envelopes)) <= AT_ONCE:
            plan = self._record.foresee(envelopes)
        if plan is None or self.inline is None:
            return None
        appended = await self.inline.append(plan.units)
        return None if appended is None else self._record.results(plan, appended)

    async def _in_turn(self, envelopes: Sequence[Envelope]) -> list[Result]:
        """Record commands, to be projected when they are in the log."""
        results = await asyncio.get_running_loop().run_in_executor(
            # In this context: what the thread sends to the database is a part of the span.
            self._executor,
            copy_context().run,
            self._record.execute_many,
            envelopes,
        )
        if self.inline is not None:
            last = max(
                (one.last_position for one in results if isinstance(one, Recorded)), default=0
            )
            self.inline.behind(last)
        return results


def size_of(envelope: Envelope) -> int:
    """How many commands there are in one."""
    command = envelope.command
    return len(command.commands) if isinstance(command, Batch) else 1


def events_of(result: Result) -> int:
    """How many events a command added to the log."""
    if not isinstance(result, Recorded) or result.replayed:
        return 0
    return result.last_position - result.first_position + 1
