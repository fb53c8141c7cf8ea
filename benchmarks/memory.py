"""How much memory the projector needs, and how fast it is, on a large log and one ten times larger.

The larger record is projected once: memory is no matter of a machine's mood.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from benchmarks.ground import Ground
from benchmarks.grown import grown, projected
from benchmarks.rounds import ROUNDS, Goal, Table


def measure(ground: Ground, small: bool) -> Iterator[Table]:
    """The peak of the memory of a process that catches up, and its rate."""
    fewer, more = (
        grown(ground, events) for events in ((10_000, 30_000) if small else (100_000, 1_000_000))
    )
    rounds = [projected(fewer.database) for _ in range(ROUNDS - 1)] + [fewer.projected]
    less, most = (f"{one.shape.events:,} events" for one in (fewer, more))
    peaks = {
        less: median(one.peak for one in rounds) / 1024,
        most: more.projected.peak / 1024,
    }
    yield Table(
        "Memory of the projector while it catches up",
        "MiB at the peak",
        peaks,
        # What is kept between batches is bounded, and a short trial does not come near the bound.
        () if small else (Goal(most, less, most=1.2),),
    )
    rates = {
        less: fewer.shape.events / median(one.seconds for one in rounds),
        most: more.shape.events / more.projected.seconds,
    }
    yield Table("The same, in a process of its own", "events/s", rates)
