"""Durable appends of one event each, from 1, 8 and 32 writers at once."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier, Thread
from time import perf_counter
from typing import Final
from uuid import uuid4

import psycopg
from eventsourcing.persistence import StoredEvent
from psycopg.conninfo import conninfo_to_dict

from benchmarks import library, peers
from benchmarks.ground import Ground
from benchmarks.rounds import Goal, Table, in_turn
from eventlog.embedded import wheel_programs
from eventlog.entries import Append, Appended, NewEvent
from eventlog.log import Log

WRITERS: Final = (1, 8, 32)
ROUNDS: Final = 7
SECONDS: Final = 0.5
"""How long every side appends in one round. Many short rounds, as other programs' load shifts."""

TYPE: Final = "claim.reported"
CONTENT: Final = json.dumps({"statement": "x" * 283})
"""What every event says: 300 bytes of JSON."""

DATELINE, LIBRARY, EMMETT = "Dateline", "eventsourcing (default)", "Emmett"
LIMIT: Final = "pgbench (the limit)"

Side = Callable[[float], float]
"""From seconds to the appends per second made in them."""


def measure(ground: Ground, small: bool) -> Iterator[Table]:
    """Every append is on disk before it is answered, and each event begins a stream of its own.

    Dateline and the library append through threads of this process, each writer waiting for its
    answer; Emmett through as many concurrent calls and connections in one Node process; pgbench
    inserts a row with an id and the same content through as many connections.
    """
    without = peers.missing()
    seconds = 0.2 if small else SECONDS
    for writers in WRITERS:
        title = f"Durable appends, {writers} writer{'s' if writers > 1 else ''}"
        goals = [Goal(DATELINE, LIBRARY, least=4)] if writers > 1 else []
        with ExitStack() as stack:
            sides = {
                DATELINE: _dateline(stack, ground, writers),
                LIBRARY: _library(stack, ground, writers),
            }
            if without is None:
                sides[EMMETT] = _emmett(stack, ground, writers)
                goals.append(Goal(DATELINE, EMMETT, least=1))
            else:
                title += f" (without Emmett: {without})"
            sides[LIMIT] = pgbench(stack, ground, writers)
            timed = {name: _for(side, seconds) for name, side in sides.items()}
            os.sync()  # or else what was set up would be written out while somebody is measured
            medians = in_turn(timed, 1 if small else ROUNDS, warm=not small)
        yield Table(title, "appends/s", medians, tuple(goals))


def _for(side: Side, seconds: float) -> Callable[[], float]:
    return lambda: side(seconds)


def _dateline(stack: ExitStack, ground: Ground, writers: int) -> Side:
    log = stack.enter_context(Log(stack.enter_context(ground.record()).conninfo))

    def append() -> None:
        event = NewEvent(uuid4(), 1, TYPE, CONTENT, reported_at=None)
        (outcome,) = log.append([Append([event], actor="the desk")])
        assert isinstance(outcome, Appended)

    return lambda seconds: at_once(writers, seconds, append)


def _library(stack: ExitStack, ground: Ground, writers: int) -> Side:
    recorder = stack.enter_context(
        library.recorder(stack.enter_context(ground.empty()), connections=writers)
    )
    state = CONTENT.encode()

    def append() -> None:
        recorder.insert_events([StoredEvent(uuid4(), 1, TYPE, state)])

    return lambda seconds: at_once(writers, seconds, append)


def at_once(writers: int, seconds: float, append: Callable[[], None]) -> float:
    """Appends per second of as many threads, each of which appends again when it has its answer."""
    counts = [0] * writers
    faults: list[BaseException] = []
    begin = Barrier(writers + 1)

    def write(writer: int) -> None:
        begin.wait()
        try:
            end = perf_counter() + seconds
            while perf_counter() < end:
                append()
                counts[writer] += 1
        except BaseException as fault:
            faults.append(fault)

    threads = [Thread(target=write, args=(writer,)) for writer in range(writers)]
    for thread in threads:
        thread.start()
    begin.wait()
    began = perf_counter()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return sum(counts) / (perf_counter() - began)


def _emmett(stack: ExitStack, ground: Ground, writers: int) -> Side:
    parts = conninfo_to_dict(stack.enter_context(ground.empty()))
    place = [str(parts[name]) for name in ("host", "port", "user", "dbname")]
    ask = stack.enter_context(peers.running("emmett.js", *place, str(writers)))
    content = json.loads(CONTENT)
    return lambda seconds: float(ask({"seconds": seconds, "content": content}))


def pgbench(stack: ExitStack, ground: Ground, writers: int) -> Side:
    """Inserts of one row, through as many connections."""
    url = stack.enter_context(ground.empty())
    with psycopg.connect(url) as connection:
        connection.execute(
            "CREATE TABLE entry (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, content text)"
        )
    script = Path(stack.enter_context(TemporaryDirectory())) / "insert.sql"
    script.write_text(f"INSERT INTO entry (content) VALUES ('{CONTENT}');\n")

    def run(seconds: float) -> float:
        # It counts in whole seconds.
        told = subprocess.run(
            [wheel_programs() / "pgbench", "--no-vacuum", "--protocol=prepared",
             f"--client={writers}", f"--time={max(1, round(seconds))}", f"--file={script}", url],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        found = re.search(r"^tps = ([\d.]+)", told, re.MULTILINE)
        assert found is not None, told
        return float(found[1])

    return run
