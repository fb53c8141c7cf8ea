"""Records of several sizes, each made and projected once and shared by the measures that need it.

`python -m benchmarks.grown` projects a record in a process of its own, so that the memory which
that takes can be told: it reads a Database as JSON and answers with what it took.
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Final

import psycopg
from msgspec import json

from benchmarks.ground import Ground
from benchmarks.workload import START, YEAR, Shape, fill, of_events
from eventlog.database import Database
from projections.basis import AsOf
from projections.generations import connect, ensure_generation, tidy
from projections.projector import project_all

_grown: Final[dict[tuple[int, int], Grown]] = {}


@dataclass(frozen=True, slots=True)
class Projected:
    """What projecting a record from nothing took."""

    seconds: float
    peak: int
    """The most memory that the process ever had resident, KiB."""


@dataclass(frozen=True, slots=True)
class Grown:
    """A record, written and projected."""

    database: Database
    shape: Shape
    projected: Projected

    def moments(self, number: int, random: Random, since: float = 0.0) -> list[AsOf]:
        """Random moments on both axes, none of them before that share of the record."""
        head = self.shape.events
        positions = [random.randint(max(1, int(since * head)), head) for _ in range(number)]
        with psycopg.connect(self.database.conninfo) as connection:
            found: dict[int, datetime] = dict(
                connection.execute(
                    "SELECT position, recorded_at FROM dateline.log WHERE position = ANY(%s)",
                    (positions,),
                ).fetchall()
            )
        return [
            AsOf(
                reported_at=(START + YEAR * random.uniform(since, 1.0)).isoformat(),
                recorded_at=found[position].isoformat(),
            )
            for position in positions
        ]


def grown(ground: Ground, events: int) -> Grown:
    """The record of about so many events, made when it is first asked for."""
    key = id(ground), events
    if key not in _grown:
        database, shape = ground.lasting_record(), of_events(events)
        fill(database, shape)
        _grown[key] = Grown(database, shape, projected(database))
        with connect(database) as connection:
            # A short catch-up leaves this to the server, which comes round to it in a minute.
            tidy(connection)
    return _grown[key]


def projected(database: Database) -> Projected:
    """Project a record from nothing, in a process of its own."""
    with psycopg.connect(database.owner_conninfo, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS read CASCADE")
    ensure_generation(database)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.grown"],
        input=json.encode(database),
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.decode(done.stdout, type=Projected)


def _peak() -> int:
    """The most memory that this process ever had resident, KiB. Linux alone tells it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise RuntimeError("the system does not tell the peak of a process's memory")


def main() -> None:
    """Project the record named on standard input, and tell what it took."""
    database = json.decode(sys.stdin.buffer.read(), type=Database)
    began = time.perf_counter()
    project_all(database)
    took = Projected(time.perf_counter() - began, _peak())
    sys.stdout.buffer.write(json.encode(took))


if __name__ == "__main__":
    main()
