"""Commands in process, 32 at once: what deciding and recording costs beside a plain insert."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from time import perf_counter
from typing import Final

import uvloop

from api.recording import Recording
from benchmarks.appends import ROUNDS, Side, at_once, pgbench
from benchmarks.ground import Ground
from benchmarks.rounds import Goal, Table, in_turn
from benchmarks.writes import STATEMENT, begin
from domain.commands import Envelope, ReportClaim
from eventlog.plan import Recorded, Result
from eventlog.record import Record

WRITERS: Final = 32

SERVED: Final = "as a server records them"
THREADS: Final = "from threads"
LIMIT: Final = "pgbench, single-row inserts (the limit)"

_numbers = count()


def measure(ground: Ground, small: bool) -> Iterator[Table]:
    """Each command reports a claim under a key of its own, and is answered when it is on disk.

    A server has one task for each request and one thread that records for all of them; a program
    of one's own may call the record from threads. pgbench inserts one row of 300 bytes, through as
    many connections.
    """
    seconds = 1.0
    with ExitStack() as stack:
        sides = {
            SERVED: _served(stack, ground),
            THREADS: _threads(stack, ground),
            LIMIT: pgbench(stack, ground, WRITERS),
        }
        os.sync()  # or else what was set up would be written out while somebody is measured
        timed = {name: lambda side=side: side(seconds) for name, side in sides.items()}
        medians = in_turn(timed, 1 if small else ROUNDS, warm=not small)
    yield Table(
        f"Claims reported in process, {WRITERS} at once",
        "commands/s",
        medians,
        (Goal(SERVED, LIMIT, least=0.4), Goal(THREADS, LIMIT)),
    )


def _envelope() -> Envelope:
    number = next(_numbers)
    command = ReportClaim(
        claim=f"claim-{number}",
        report="report",
        story="story",
        statement=STATEMENT.format(number),
    )
    return Envelope(command=command, actor="benchmarks", key=f"key-{number}")


def _check(result: Result) -> None:
    if not isinstance(result, Recorded):
        raise RuntimeError(f"it was not recorded: {result}")


def _served(stack: ExitStack, ground: Ground) -> Side:
    database = stack.enter_context(ground.record())
    begin(database)
    runner = stack.enter_context(asyncio.Runner(loop_factory=uvloop.new_event_loop))
    recording = Recording(Record(database))
    runner.run(recording.__aenter__())
    stack.callback(lambda: runner.run(recording.__aexit__()))

    async def write(end: float) -> int:
        done = 0
        while perf_counter() < end:
            _check(await recording.record(_envelope()))
            done += 1
        return done

    async def load(seconds: float) -> float:
        began = perf_counter()
        counts = await asyncio.gather(*(write(began + seconds) for _ in range(WRITERS)))
        return sum(counts) / (perf_counter() - began)

    return lambda seconds: runner.run(load(seconds))


def _threads(stack: ExitStack, ground: Ground) -> Side:
    database = stack.enter_context(ground.record())
    begin(database)
    record = stack.enter_context(Record(database))
    return lambda seconds: at_once(WRITERS, seconds, lambda: _check(record.execute(_envelope())))
