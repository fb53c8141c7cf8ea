"""What a page about a past moment costs over GraphQL, beside the same page about now.

The moments lie in the later half of the record, where a story has claims enough to fill the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Final

import httpx

from benchmarks.asker import Asker, Moment
from benchmarks.ground import Ground
from benchmarks.grown import grown
from benchmarks.rounds import ROUNDS, Goal, Table, in_turn
from benchmarks.served import served

TURNS: Final = 15
"""How often it is each side's turn."""

QUESTIONS: Final = 20
"""Asked at each turn."""


def measure(ground: Ground, small: bool) -> Iterator[Table]:
    """Milliseconds from the question to the whole answer."""
    record = grown(ground, 10_000 if small else 100_000)
    with (
        served(record.database, "dateline without kept answers") as url,
        httpx.Client(base_url=url, timeout=60) as http,
    ):
        now, public, known = (Asker(http, record, Random(1), full=True) for _ in range(3))
        moments: dict[str, tuple[Asker, Callable[[], list[Moment]]]] = {
            "about now": (now, lambda: [None] * QUESTIONS),
            "as of a reported moment": (public, lambda: public.public(QUESTIONS, since=0.5)),
            "as of both moments": (known, lambda: known.known(QUESTIONS, since=0.5)),
        }
        medians = in_turn(
            {side: partial(_turn, asker, chosen) for side, (asker, chosen) in moments.items()},
            ROUNDS if small else TURNS,
        )
    least, *others = medians
    yield Table(
        f"A story's latest 20 claims over GraphQL, {record.shape.events:,} events",
        "ms, median",
        medians,
        tuple(Goal(other, least, most=1.3) for other in others),
    )
    sizes = {side: asker.size for side, (asker, _) in moments.items()}
    yield Table("The answers to that", "KiB, mean", sizes)


def _turn(asker: Asker, moments: Callable[[], list[Moment]]) -> float:
    return asker.latency(moments())
