"""What a question about the past costs as the record grows.

A story's latest 20 claims as of a random moment on both axes, with the page's totals and every
source that it names, asked through `projections.reads`. A story has 100 claims at every size, each
corrected five times, a third of that late; the larger record has more stories.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from random import Random
from statistics import median
from typing import Final

from benchmarks.ground import Ground
from benchmarks.grown import Grown, grown
from benchmarks.rounds import ROUNDS, Goal, Table, in_turn
from benchmarks.workload import story_ref
from projections.reads import ClaimFilter, Reads

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
            reads = stack.enter_context(Reads(record.database.conninfo, pool_size=1))
            random = Random(size)
            name = f"{record.shape.events:,} events, {record.shape.stories:,} stories"
            sides[name] = partial(_latency, record, reads, random)
        least, *others = sides
        yield Table(
            "A story's latest 20 claims as of a random moment (reported, recorded)",
            "ms, median",
            in_turn(sides, ROUNDS if small else TURNS),
            tuple(Goal(other, least, most=1.5) for other in others),
        )


def _latency(record: Grown, reads: Reads, random: Random) -> float:
    took = []
    for moment in record.moments(QUESTIONS, random):
        story = ClaimFilter(story=story_ref(random.randrange(record.shape.stories)))
        began = time.perf_counter()
        with reads.at(moment) as view:
            view.claims(story, first=20)
        took.append(time.perf_counter() - began)
    return median(took) * 1000
