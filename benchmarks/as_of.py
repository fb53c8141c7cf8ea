"""What a question about the past costs as the record grows.

A story's page as of random moments on both axes, over GraphQL. A story has 100 claims at every
size, each corrected five times, a third of that late; the larger record has more stories.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from random import Random
from typing import Final

import httpx

from benchmarks.asker import Asker
from benchmarks.ground import Ground
from benchmarks.grown import grown
from benchmarks.rounds import ROUNDS, Goal, Table, in_turn
from benchmarks.served import served

QUESTIONS: Final = 60
"""Asked of one record before it is the next one's turn: an answer takes a few milliseconds, so a
long turn would measure what else the machine did meanwhile."""

TURNS: Final = 15
"""How often it is each record's turn."""


def measure(ground: Ground, small: bool) -> Iterator[Table]:
    """Milliseconds an answer, at three sizes."""
    sizes = (2_000, 10_000, 30_000) if small else (10_000, 100_000, 1_000_000)
    with ExitStack() as stack:
        sides: dict[str, Callable[[], float]] = {}
        for size in sizes:
            record = grown(ground, size)
            url = stack.enter_context(served(record.database, "dateline without kept answers"))
            http = stack.enter_context(httpx.Client(base_url=url, timeout=60))
            name = f"{record.shape.events:,} events, {record.shape.stories:,} stories"
            sides[name] = partial(_turn, Asker(http, record, Random(size)))
        least, *others = sides
        yield Table(
            "A story's latest 20 claims as of a random moment (reported, recorded)",
            "ms, median",
            in_turn(sides, ROUNDS if small else TURNS),
            tuple(Goal(other, least, most=1.5) for other in others),
        )


def _turn(asker: Asker) -> float:
    return asker.latency(asker.known(QUESTIONS))
