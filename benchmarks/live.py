"""From recording something to everybody who follows the log having it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import Final

import psycopg

from benchmarks import peers
from benchmarks.ground import Ground
from benchmarks.grown import grown
from benchmarks.listeners import STAMP, Told, Wanted, listening
from benchmarks.rounds import Goal, Table
from benchmarks.served import serving
from benchmarks.writes import begin
from domain.commands import Envelope, ReportClaim
from eventlog.database import Database
from eventlog.record import Record
from projections.generations import ensure_generation

RECORDING: Final = "dateline, recording"

REPORTED: Final = (
    "subscription { events(filter: {kind: [CLAIM_REPORTED]})"
    " { node { position ... on ClaimReported { statement } } } }"
)
EVERYTHING: Final = (
    'subscription { events(after: "0") { cursor node'
    " { __typename position subjectId sequence recordedAt actor } } }"
)
INSERTED: Final = "subscription { events { node { position statement } } }"

TABLE: Final = """
CREATE TABLE told (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, statement text NOT NULL);
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_notify('told', NEW.id::text); RETURN NEW; END $$;
CREATE TRIGGER told AFTER INSERT ON told FOR EACH ROW EXECUTE FUNCTION tell();
"""
STATEMENT: Final = STAMP + " The officials counted vehicles near the crossing."

REST: Final = 0.05
"""Seconds before the next event."""

SETTLE: Final = 3.0
"""Seconds until whoever has asked for a stream surely has it."""

RATE: Final = 500
"""Appends a second of the steady load."""

WRITERS: Final = 16
"""Who append under the steady load."""

MEDIAN: Final = "median"
LAST: Final = "99th percentile"
DATELINE: Final = "Dateline"
NODE: Final = "Node, graphql-ws"

Append = Callable[[], None]

_numbers = count()


def measure(ground: Ground, small: bool) -> Iterator[Table]:
    """Each figure is from before an event is appended: it is durable and projected in between.

    All who listen do so from one other process, which takes its own time to hear of each message.
    """
    database = ground.lasting_record()
    ensure_generation(database)
    begin(database)
    with Record(database) as record:
        yield from _at_rest(database, partial(_append, record), 30 if small else 500)
        yield from _to_many(ground, database, partial(_append, record), small)
        yield from _idle(database, 200 if small else 1_000)
        yield from _steady(database, partial(_append, record), *((1, 3.0) if small else (3, 10.0)))
    yield from _history(ground, 10_000 if small else 100_000)


def _append(record: Record) -> None:
    command = ReportClaim(
        claim=f"live-{next(_numbers)}",
        report="report",
        story="story",
        statement=STATEMENT.format(time.monotonic()),
    )
    record.execute(Envelope(command=command, actor="benchmarks"))


@contextmanager
def _followed(wanted: Wanted) -> Iterator[Callable[..., Told]]:
    with listening(wanted) as ask:
        time.sleep(SETTLE)
        yield ask


def _at_rest(database: Database, append: Append, samples: int) -> Iterator[Table]:
    goals = (Goal(MEDIAN, most=10), Goal(LAST, most=30))
    with serving(database, RECORDING) as (port, _):
        for way in ("WebSocket", "server-sent events"):
            wanted = Wanted(port, REPORTED, sse=way != "WebSocket")
            with _followed(wanted) as ask:
                latencies = _one_by_one(ask, append, samples)
            yield Table(f"Append to received, at rest, {way}", "ms", _spread(latencies), goals)


def _one_by_one(ask: Callable[..., Told], append: Append, samples: int) -> list[float]:
    """When the last one had each event."""
    for _ in range(10):
        append()
    ask(10)
    found = []
    for _ in range(samples):
        time.sleep(REST)
        append()
        found += ask(1).last
    return found


def _spread(latencies: list[float]) -> dict[str, float]:
    return {MEDIAN: median(latencies), LAST: quantiles(latencies, n=100)[-1]}


def _to_many(ground: Ground, database: Database, append: Append, small: bool) -> Iterator[Table]:
    many, samples = (100, 10) if small else (1_000, 50)
    goals = [Goal(DATELINE, most=150)]
    with (
        serving(database, RECORDING) as (port, _),
        _followed(Wanted(port, REPORTED, many)) as ask,
    ):
        figures = {DATELINE: _one_by_one(ask, append, samples)}
    title = f"One event to the last of {many:,} subscribers"
    if (absent := peers.missing()) is None:
        with ground.empty() as url, psycopg.connect(url, autocommit=True) as own:
            own.execute(TABLE)

            def insert() -> None:
                statement = STATEMENT.format(time.monotonic())
                own.execute("INSERT INTO told (statement) VALUES (%s)", (statement,))

            with (
                peers.serving("subscriptions.js", url) as port,
                _followed(Wanted(port, INSERTED, many)) as ask,
            ):
                figures[NODE] = _one_by_one(ask, insert, samples)
        goals.append(Goal(DATELINE, NODE, most=1))
    else:
        title += f" (without {NODE}: {absent})"
    yield Table(title, "ms", {name: median(one) for name, one in figures.items()}, tuple(goals))
    spread = {f"{name}, {LAST}": _spread(one)[LAST] for name, one in figures.items()}
    yield Table("The same", "ms", spread)


def _idle(database: Database, many: int) -> Iterator[Table]:
    with serving(database, RECORDING) as (port, process), _followed(Wanted(port, REPORTED)):
        before = _memory(process)
        with _followed(Wanted(port, REPORTED, many)):
            each = (_memory(process) - before) / many
    side = f"each of {many:,}"
    yield Table("Memory of an idle subscriber", "kB", {side: each}, (Goal(side, most=40),))


def _memory(process: int, what: str = "VmRSS") -> float:
    """Resident memory of a process, kB. Linux alone tells it."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return float(line.split()[1]) * 1.024
    raise RuntimeError("the system does not tell the memory of a process")


def _steady(database: Database, append: Append, rounds: int, seconds: float) -> Iterator[Table]:
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        for slow in (0, 10):
            figures = _under_load(database, append, slow, seconds)
            for name, figure in figures.items():
                found.setdefault(f"{slow} slow, {name}", []).append(figure)
    goals = (
        Goal(f"10 slow, {MEDIAN}", f"0 slow, {MEDIAN}", most=2),
        Goal(f"10 slow, {LAST}", f"0 slow, {LAST}", most=2),
    )
    medians = {name: median(figures) for name, figures in found.items()}
    yield Table(f"{RATE} appends/s to 200 subscribers", "ms", medians, goals)


def _under_load(database: Database, append: Append, slow: int, seconds: float) -> dict[str, float]:
    """What those who are not slow see of it."""
    with serving(database, RECORDING) as (port, _):
        wanted = Wanted(port, REPORTED, 200, slow=slow, rate=RATE)
        with _followed(wanted) as ask:
            began = time.monotonic()
            appended = _offered(append, seconds)
            took = time.monotonic() - began
            told = ask(appended, fast=True)
            ask(0)  # the slow ones, too, are to have everything
    return {
        **_spread(told.latencies),
        "appends/s": appended / took,
        "events that the slowest was behind": told.behind,
    }


def _offered(append: Append, seconds: float) -> int:
    """Append at the rate of the steady load, from several writers: how often."""
    appends = round(RATE * seconds)
    began = time.monotonic()

    def write(first: int) -> None:
        for number in range(first, appends, WRITERS):
            time.sleep(max(0.0, began + number / RATE - time.monotonic()))
            append()

    with ThreadPoolExecutor(WRITERS) as pool:
        for one in [pool.submit(write, first) for first in range(WRITERS)]:
            one.result()
    return appends


def _history(ground: Ground, events: int) -> Iterator[Table]:
    made = grown(ground, events)
    with serving(made.database) as (port, process):
        with _followed(Wanted(port, EVERYTHING)) as ask:
            told = ask(made.shape.events)
        first = _memory(process, "VmHWM")
        with _followed(Wanted(port, EVERYTHING)) as ask:
            told = ask(made.shape.events)
        more = (_memory(process, "VmHWM") - first) / 1_000
    rate = made.shape.events / told.seconds
    title = f"History of {made.shape.events:,} events to one subscriber"
    yield Table(title, "events/s", {DATELINE: rate}, (Goal(DATELINE, least=20_000),))
    yield Table("Memory that doing it once more took", "MB", {DATELINE: more})
