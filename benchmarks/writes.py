"""What recording costs over GraphQL, beside a plain insert of one row.

Dateline's `reportClaim` is decided, durable, projected and read back when it is answered; the
peer's mutation inserts one row and reads it back. One server process each, durable PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import count
from typing import Any, Final

import psycopg
from msgspec import json

from benchmarks import peers
from benchmarks.ground import Ground
from benchmarks.http_load import rate
from benchmarks.rounds import ROUNDS, Goal, Table, in_turn
from benchmarks.served import served
from domain.commands import Envelope, OpenStory, PublishReport, RegisterSource
from domain.words import SourceKind
from eventlog.database import Database
from eventlog.record import Record
from projections.generations import ensure_generation

CLIENTS: Final = (1, 8, 32)
TOGETHER: Final = 100
"""Commands of one batch."""

ONE: Final = (
    "mutation Report($input: ReportClaimInput!) { reportClaim(input: $input)"
    " { position readable claim { id statement status } refusal { __typename } } }"
)
MANY: Final = (
    "mutation Report($input: RecordBatchInput!) { recordBatch(input: $input)"
    " { position readable refusal { __typename } } }"
)
INSERT: Final = (
    "mutation Insert($input: CreateInsertedInput!) { createInserted(input: $input)"
    " { inserted { rowId statement status } } }"
)
TABLE: Final = """
CREATE SCHEMA plain;
CREATE TABLE plain.inserted (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    ref text NOT NULL UNIQUE,
    report text NOT NULL,
    story text NOT NULL,
    statement text NOT NULL,
    status text NOT NULL DEFAULT 'standing',
    recorded_at timestamptz NOT NULL DEFAULT now()
);
"""
STATEMENT: Final = "The officials counted {} vehicles near the crossing."

DATELINE: Final = "Dateline, reportClaim"
POSTGRAPHILE: Final = "PostGraphile, an insert"
BATCHES: Final = "recordBatch of 100, commands"
SINGLE: Final = "reportClaim, commands"

_numbers = count()


def measure(ground: Ground, small: bool) -> Iterator[Table]:
    """Mutations answered a second."""
    seconds, rounds = (1.0, 1) if small else (4.0, ROUNDS)
    database = ground.lasting_record()
    ensure_generation(database)
    begin(database)
    absent = peers.missing()
    with ExitStack() as stack:
        address = stack.enter_context(served(database, "dateline, recording"))
        port = int(address.rpartition(":")[2])
        other = None
        if absent is None:
            with psycopg.connect(database.owner_conninfo, autocommit=True) as owner:
                owner.execute(TABLE)
            other = stack.enter_context(peers.postgraphile(database))
        for clients in CLIENTS:
            sides: dict[str, Callable[[], float]] = {
                DATELINE: partial(_load, port, _claim, seconds, clients)
            }
            goals: tuple[Goal, ...] = ()
            if other is not None:
                sides[POSTGRAPHILE] = partial(_load, other, _insert, seconds, clients)
                goals = (Goal(DATELINE, POSTGRAPHILE, least=1),)
            medians = in_turn(sides, rounds, warm=not small)
            yield Table(
                f"Recording a claim, {clients} client{'s' if clients > 1 else ''}",
                "mutations/s",
                medians,
                goals,
            )
        batched: dict[str, Callable[[], float]] = {
            SINGLE: partial(_load, port, _claim, seconds, 8),
            BATCHES: lambda: TOGETHER * _load(port, _batch, seconds, 8, 4_000),
        }
        medians = in_turn(batched, rounds, warm=not small)
        goal = Goal(BATCHES, SINGLE, least=8)
        yield Table("Recording claims in batches, 8 clients", "commands/s", medians, (goal,))


def begin(database: Database) -> None:
    """Record what claims are reported in."""
    with Record(database) as record:
        record.execute_many(
            [
                Envelope(command=command, actor="benchmarks")
                for command in (
                    RegisterSource(source="outlet", name="Outlet", kind=SourceKind.OUTLET),
                    OpenStory(story="story", title="Story"),
                    PublishReport(report="report", outlet="outlet", published_at="2024-08-01"),
                )
            ]
        )


def _load(
    port: int,
    body: Callable[[int], dict[str, Any]],
    seconds: float,
    clients: int,
    most: int = 40_000,
) -> float:
    """How many requests are answered a second. Each records something of its own."""
    bodies = [json.encode(body(next(_numbers))) for _ in range(min(most, int(8_000 * seconds)))]
    return rate(port, bodies, seconds, clients)


def _given(number: int) -> dict[str, Any]:
    return {
        "claim": f"claim-{number}",
        "report": "report",
        "story": "story",
        "statement": STATEMENT.format(number),
    }


def _claim(number: int) -> dict[str, Any]:
    return {"query": ONE, "variables": {"input": _given(number)}}


def _batch(_: int) -> dict[str, Any]:
    commands = [{"reportClaim": _given(next(_numbers))} for _ in range(TOGETHER)]
    return {"query": MANY, "variables": {"input": {"commands": commands}}}


def _insert(number: int) -> dict[str, Any]:
    row = {
        "ref": f"claim-{number}",
        "report": "report",
        "story": "story",
        "statement": STATEMENT.format(number),
    }
    return {"query": INSERT, "variables": {"input": {"inserted": row}}}
