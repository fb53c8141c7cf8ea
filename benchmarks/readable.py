"""From sending a mutation to a query on another connection that shows what it recorded.

`python -m benchmarks.readable PORT RATE` reports so many claims a second, whatever becomes of them,
until its standard input is closed.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from itertools import count
from statistics import median, quantiles
from typing import Any, Final
from uuid import uuid4

import uvloop
from msgspec import json

from benchmarks.ground import Ground
from benchmarks.http_load import exchange
from benchmarks.rounds import Goal, Table
from benchmarks.served import served
from benchmarks.writes import STATEMENT, begin
from projections.generations import ensure_generation

OFFERED: Final = 500
"""Writes a second of other clients."""

CONNECTIONS: Final = 64
"""Connections of the other clients: as many writes can be in flight."""

PAUSE: Final = 0.001
"""Seconds between questions whether it can be read."""

REST: Final = 0.02
"""Seconds before the next one is recorded."""

WARM: Final = 3.0
"""Seconds that the other clients write before anything is measured."""

PATIENCE: Final = 10.0
"""Seconds after which something is wrong."""

MUTATION: Final = (
    "mutation Report($input: ReportClaimInput!) { reportClaim(input: $input)"
    " { position refusal { __typename } } }"
)
QUERY: Final = "query Claim($claim: ID!) { claim(id: $claim) { statement } }"

MEDIAN: Final = "median"
LAST: Final = "99th percentile"


def measure(ground: Ground, small: bool) -> Iterator[Table]:
    """Asked again every millisecond until it is there, so a figure is up to that and one answer
    too high."""
    samples = 50 if small else 1_000
    database = ground.lasting_record()
    ensure_generation(database)
    begin(database)
    goals = (Goal(MEDIAN, most=10), Goal(LAST, most=50))
    with served(database, "dateline, recording") as address:
        port = int(address.rpartition(":")[2])
        _latencies(port, 20)
        yield Table("Write to readable, at rest", "ms", _latencies(port, samples), goals)
        with _others(port) as answered:
            figures = _latencies(port, samples)
    title = f"Write to readable, {OFFERED} writes/s of others ({answered[0]:,.0f} were answered)"
    yield Table(title, "ms", figures, goals)


def _latencies(port: int, samples: int) -> dict[str, float]:
    writer, reader = (HTTPConnection("127.0.0.1", port, timeout=PATIENCE) for _ in range(2))
    took = []
    for _ in range(samples):
        time.sleep(REST)
        given = _given()
        began = time.perf_counter()
        _send(writer, MUTATION, input=given)
        while (claim := _ask(reader, claim=given["claim"])) is None:
            if time.perf_counter() - began > PATIENCE:
                raise RuntimeError(f"{given} cannot be read")
            time.sleep(PAUSE)
        took.append((time.perf_counter() - began) * 1_000)
        if claim["statement"] != given["statement"]:
            raise RuntimeError(f"{claim} is not {given}")
        writer.getresponse().read()
    writer.close()
    reader.close()
    return {MEDIAN: median(took), LAST: quantiles(took, n=100)[-1]}


def _ask(connection: HTTPConnection, **variables: object) -> dict[str, Any] | None:
    _send(connection, QUERY, **variables)
    claim: dict[str, Any] | None = json.decode(connection.getresponse().read())["data"]["claim"]
    return claim


def _send(connection: HTTPConnection, query: str, **variables: object) -> None:
    body = json.encode({"query": query, "variables": variables})
    connection.request("POST", "/graphql", body, {"content-type": "application/json"})


def _given() -> dict[str, Any]:
    claim = f"claim-{uuid4()}"
    return {
        "claim": claim,
        "report": "report",
        "story": "story",
        "statement": STATEMENT.format(claim),
    }


@contextmanager
def _others(port: int) -> Iterator[list[float]]:
    """Other clients, until the block is left. Then the list has how many of their writes were
    answered a second."""
    answered: list[float] = []
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.readable", str(port), str(OFFERED)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as others:
        time.sleep(WARM)
        yield answered
        told, _ = others.communicate()
    if others.returncode:
        raise RuntimeError("a write was not answered as it should be")
    answered.append(float(told))


async def _offer(port: int, rate: float) -> float:
    waiting: asyncio.Queue[bytes] = asyncio.Queue()
    answered = 0

    async def client() -> None:
        nonlocal answered
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while True:
            await exchange(reader, writer, await waiting.get())
            answered += 1

    clients = [asyncio.create_task(client()) for _ in range(CONNECTIONS)]
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
    began = time.perf_counter()
    for number in count():
        if ended.done():
            break
        waiting.put_nowait(json.encode({"query": MUTATION, "variables": {"input": _given()}}))
        await asyncio.sleep(max(0.0, began + (number + 1) / rate - time.perf_counter()))
        for one in clients:
            if one.done():
                one.result()
    return answered / (time.perf_counter() - began)


def main() -> None:
    """Offer writes, and print how many were answered a second."""
    port, rate = sys.argv[1:]
    print(uvloop.run(_offer(int(port), float(rate))))


if __name__ == "__main__":
    main()
