"""What a page about a past moment costs over GraphQL, beside the same page about now.

A story's latest 20 claims, each with its source, its attribution and its history, over HTTP from a
server in a process of its own. Each question is about another story, and each past one about
another moment, so that nothing can be answered from a cache. The moments lie in the later half of
the record, where a story has claims enough to fill the page.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from random import Random
from statistics import mean, median
from typing import Any, Final

import httpx

from benchmarks.ground import Ground
from benchmarks.grown import Grown, grown
from benchmarks.rounds import ROUNDS, Goal, Table, in_turn
from benchmarks.served import served
from benchmarks.workload import story_ref

TURNS: Final = 15
"""How often it is each side's turn, to be asked twenty questions."""

QUERY: Final = """
query Page($story: ID!, $asOf: AsOf) {
  claims(filter: {story: $story}, first: 20, asOf: $asOf) {
    nodes {
      id version status statement reportedAt
      outlet { name }
      attribution { source { name kind } verb role }
      history {
        __typename version reportedAt recordedAt
        ... on ClaimCorrected {
          declared correctionNature
          changes {
            __typename
            ... on StatementChange { oldStatement newStatement }
            ... on QuantityChange { oldQuantity { value } newQuantity { value } }
          }
        }
      }
    }
    totalCount
  }
}
"""


@dataclass(slots=True)
class _Client:
    """Asks questions one after the other, and keeps how long the answers were."""

    http: httpx.Client
    record: Grown
    random: Random
    questions: int
    sizes: dict[str, list[int]] = field(default_factory=dict)

    def latency(self, side: str, moments: Callable[[], list[dict[str, str] | None]]) -> float:
        """The median of some answers' times, in milliseconds."""
        took = []
        for moment in moments():
            story = story_ref(self.random.randrange(self.record.shape.stories))
            body = {"query": QUERY, "variables": {"story": story, "asOf": moment}}
            began = time.perf_counter()
            response = self.http.post("/graphql", json=body)
            took.append(time.perf_counter() - began)
            _check(response.json())
            self.sizes.setdefault(side, []).append(len(response.content))
        return median(took) * 1000

    def now(self) -> list[dict[str, str] | None]:
        """No moment at all, over and over."""
        return [None] * self.questions

    def public_then(self) -> list[dict[str, str] | None]:
        """What was public at a random moment, as far as the record knows today."""
        return [
            {"reportedAt": str(moment.reported_at)}
            for moment in self.record.moments(self.questions, self.random, since=0.5)
        ]

    def known_then(self) -> list[dict[str, str] | None]:
        """Random moments on both axes."""
        return [
            {"reportedAt": str(moment.reported_at), "recordedAt": str(moment.recorded_at)}
            for moment in self.record.moments(self.questions, self.random, since=0.5)
        ]


def measure(ground: Ground, small: bool) -> Iterator[Table]:
    """Milliseconds from the question to the whole answer."""
    record = grown(ground, 10_000 if small else 100_000)
    with served(record.database) as url, httpx.Client(base_url=url, timeout=60) as http:
        client = _Client(http, record, Random(1), 20)
        now, public, known = "about now", "as of a reported moment", "as of both moments"
        sides = {now: client.now, public: client.public_then, known: client.known_then}
        medians = in_turn(
            {side: partial(client.latency, side, at) for side, at in sides.items()},
            ROUNDS if small else TURNS,
        )
    yield Table(
        f"A story's latest 20 claims over GraphQL, {record.shape.events:,} events",
        "ms, median",
        medians,
        (Goal(public, now, most=1.3), Goal(known, now, most=1.3)),
    )
    sizes = {side: mean(found) / 1024 for side, found in client.sizes.items()}
    yield Table("The answers to that", "KiB, mean", sizes)


def _check(answer: dict[str, Any]) -> None:
    if "errors" in answer or len(answer["data"]["claims"]["nodes"]) != 20:
        raise RuntimeError(f"this is no page of 20 claims: {str(answer)[:500]}")
