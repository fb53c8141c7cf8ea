"""Bulk import: a file of interchange lines into an empty record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec
import psycopg
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import StoredEvent

from benchmarks import library
from benchmarks.ground import Ground
from benchmarks.rounds import ROUNDS, Goal, Table, in_turn
from cli.importing import BATCH, Outcome, record_all
from eventlog.entries import Append, NewEvent
from eventlog.log import Log
from eventlog.record import Record
from feeds.interchange import read
from feeds.items import Refused

REPORTS: Final = 6_000
"""Reports in the file; each comes with four claims, three corrections and one retraction."""
AT_ONCE: Final = 500
"""Events in one transaction of the library (of aggregates made beforehand: about so many)."""

DATELINE: Final = "Dateline, from the file"
DATELINE_LOG: Final = "Dateline's log alone, events encoded beforehand"
LIBRARY: Final = "eventsourcing, from the file"
LIBRARY_SAVING: Final = "eventsourcing, aggregates made beforehand"
LIBRARY_LOG: Final = "eventsourcing's log alone, events encoded beforehand"
LIMIT: Final = "COPY of the log's rows (the limit)"

COLUMNS: Final = (
    "position, recorded_at, reported_at, stream_id, parent_id, version, type, actor, reason, key,"
    " digest"
)


def measure(ground: Ground, small: bool) -> Iterator[Table]:
    """Events per second into an empty log.

    Dateline does what `dateline import` does up to the projections, which come afterwards: it
    reads the lines, looks at what is there, decides, and appends, with idempotency keys. Beside
    it stands its log alone, given the very same events, decided and encoded beforehand, with keys.

    The library, from the same file: each line is decoded and makes an aggregate, or changes the
    one that it names, and what has changed is saved. It checks nothing, holds every aggregate in
    memory, and keeps no keys, record times, actors or digests. In the rows below it reads nothing
    either: it saves aggregates, made beforehand, whose events are as many and as long, or its
    recorder is handed the very same events, encoded already.

    COPY puts the finished rows of the log, and their content, into two tables of the same columns
    that have no index and no rule.
    """
    with ExitStack() as stack:
        path = Path(stack.enter_context(TemporaryDirectory())) / "import.jsonl"
        path.write_text("".join(f"{json.dumps(line)}\n" for line in _lines(small)), "utf-8")
        made = _Made(stack, ground, path)
        sides: dict[str, Callable[[], float]] = {
            DATELINE: lambda: _dateline(ground, made, path),
            DATELINE_LOG: lambda: _dateline_log(ground, made),
            LIBRARY: lambda: _library(ground, path),
            LIBRARY_SAVING: lambda: _library_saving(ground, made),
            LIBRARY_LOG: lambda: _library_log(ground, made),
            LIMIT: lambda: _copy(ground, made),
        }
        medians = in_turn(sides, 1 if small else ROUNDS, warm=not small)
    goals = (Goal(DATELINE, LIBRARY, least=1.5), Goal(DATELINE, LIBRARY_SAVING))
    yield Table(f"Bulk import of {len(made.events):,} events", "events/s", medians, goals)


def _lines(small: bool) -> Iterator[dict[str, Any]]:
    """Sources and stories, and reports on them whose claims are corrected and retracted."""
    for number in range(20):
        yield {
            "command": "register_source",
            "source": f"source-{number}",
            "name": f"Source number {number}",
            "kind": "outlet" if number < 10 else "official_body",
        }
        yield {"command": "open_story", "story": f"story-{number}", "title": f"Story {number}"}
    for number in range(REPORTS // 10 if small else REPORTS):
        yield from _report(number)


def _report(number: int) -> Iterator[dict[str, Any]]:
    day = f"2024-{number // 28 % 12 + 1:02}-{number % 28 + 1:02}"
    yield {
        "command": "publish_report",
        "report": f"report-{number}",
        "outlet": f"source-{number % 10}",
        "headline": f"What the officials said on {day}, as far as is known",
        "language": "en",
        "url": f"https://outlet.example/{day}/{number}",
        "published_at": f"{day}T08:00:00Z",
    }
    claims = [f"report-{number}:claim-{place}" for place in range(4)]
    for place, claim in enumerate(claims):
        yield {
            "command": "report_claim",
            "claim": claim,
            "report": f"report-{number}",
            "story": f"story-{number % 20}",
            "kind": "figure",
            "statement": f"The officials counted {number + place} vehicles near crossing {place}.",
            "language": "en",
            "about": day,
            "attribution": [{"source": f"source-{10 + number % 10}", "verb": "claimed"}],
            "quantities": [{"label": "vehicles", "value": str(number + place)}],
        }
    for place, claim in enumerate(claims[:3]):
        yield {
            "command": "correct_claim",
            "claim": claim,
            "version": 1,
            "statement": f"The officials counted {number + 10} vehicles near crossing {place}.",
            "quantities": [{"label": "vehicles", "value": str(number + 10)}],
            "published_at": f"{day}T12:00:00Z",
        }
    yield {"command": "retract_claim", "claim": claims[3], "published_at": f"{day}T18:00:00Z"}


class _Made:
    """What an import of the file comes to, for those who only have to store it."""

    def __init__(self, stack: ExitStack, ground: Ground, path: Path) -> None:
        database = stack.enter_context(ground.record())
        with Record(database) as record:
            _import(record, path)
        with Log(database.conninfo) as log:
            self.events = log.read(0, log.head().position)
        with psycopg.connect(database.owner_conninfo) as connection:
            self.rows = _copied(connection, f"SELECT {COLUMNS} FROM dateline.log")
            self.contents = _copied(connection, "SELECT * FROM dateline.log_content")


def _copied(connection: psycopg.Connection, query: str) -> bytes:
    with connection.cursor().copy(f"COPY ({query}) TO STDOUT (FORMAT binary)") as copy:
        return b"".join(copy)


def _import(record: Record, path: Path) -> None:
    """Import the file as `dateline import` does."""
    outcome = Outcome()
    with path.open("rb", buffering=0) as stream:
        results = read(stream, actor="benchmarks", tally=outcome.tally)
        record_all(record, results, outcome, _refuse, lambda: None)


def _refuse(refused: Refused) -> None:
    raise RuntimeError(f"line {refused.line_number}: {refused.reason}")


def _dateline(ground: Ground, made: _Made, path: Path) -> float:
    with ground.record() as database, Record(database) as record:
        began = perf_counter()
        _import(record, path)
        return len(made.events) / (perf_counter() - began)


def _dateline_log(ground: Ground, made: _Made) -> float:
    units = [
        Append(
            [
                NewEvent(
                    stands.stream_id,
                    stands.version,
                    stands.type,
                    stands.content or "",
                    stands.reported_at,
                    stands.parent_id,
                )
            ],
            actor=stands.actor,
            key=stands.key,
            request_digest=stands.digest,
        )
        for stands in made.events
    ]
    with ground.record() as database, Log(database.conninfo) as log:
        began = perf_counter()
        for batch in _batches(units, BATCH):
            log.append(batch)
        return len(units) / (perf_counter() - began)


class Told(Aggregate):
    """An aggregate whose events have one text each."""

    @event("Begun")
    def __init__(self, text: str) -> None:
        self.text = text

    @event("Changed")
    def change(self, text: str) -> None:
        """Say something else."""
        self.text = text


SUBJECTS: Final = ("claim", "report", "story", "source")
"""The fields of a line that name what it is about: the first of them that it has."""


def _library(ground: Ground, path: Path) -> float:
    found: dict[str, Told] = {}
    changed: dict[str, Told] = {}
    events = 0
    with ground.empty() as url, library.application(url) as application:
        began = perf_counter()
        with path.open("rb") as lines:
            for line in lines:
                command = msgspec.json.decode(line)
                subject = next(f"{name}:{command[name]}" for name in SUBJECTS if name in command)
                told = found.get(subject)
                if told is None:
                    told = found[subject] = Told(line.decode())
                else:
                    told.change(line.decode())
                changed[subject] = told
                events += 1
                if events % AT_ONCE == 0:
                    application.save(*changed.values())
                    changed.clear()
        application.save(*changed.values())
        return events / (perf_counter() - began)


def _library_saving(ground: Ground, made: _Made) -> float:
    found: dict[UUID, Told] = {}
    for stands in made.events:
        text = "x" * len(stands.content or "")
        if stands.stream_id in found:
            found[stands.stream_id].change(text)
        else:
            found[stands.stream_id] = Told(text)
    size = AT_ONCE * len(found) // len(made.events)
    with ground.empty() as url, library.application(url) as application:
        began = perf_counter()
        for batch in _batches(list(found.values()), size):
            application.save(*batch)
        return len(made.events) / (perf_counter() - began)


def _library_log(ground: Ground, made: _Made) -> float:
    stored = [
        StoredEvent(stands.stream_id, stands.version, stands.type, (stands.content or "").encode())
        for stands in made.events
    ]
    with ground.empty() as url, library.recorder(url) as recorder:
        began = perf_counter()
        for batch in _batches(stored, AT_ONCE):
            recorder.insert_events(batch)
        return len(stored) / (perf_counter() - began)


T = TypeVar("T")


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _copy(ground: Ground, made: _Made) -> float:
    with ground.record() as database, psycopg.connect(database.owner_conninfo) as connection:
        connection.execute("CREATE TABLE rows (LIKE dateline.log)")
        connection.execute("CREATE TABLE contents (LIKE dateline.log_content)")
        connection.commit()
        began = perf_counter()
        for table, rows in (("rows", made.rows), ("contents", made.contents)):
            with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT binary)") as copy:
                copy.write(rows)
        connection.commit()
        return len(made.events) / (perf_counter() - began)
