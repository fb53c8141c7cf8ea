"""A story's page, asked over GraphQL as of one moment after another.

A story's latest 20 claims, each with its source, its attribution and its history, over HTTP from a
server in a process of its own. Each question is about another story and another moment, so that
nothing can be answered from a cache.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from statistics import mean, median
from typing import Any, Final

import httpx

from benchmarks.grown import Grown
from benchmarks.workload import story_ref

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


Moment = dict[str, str] | None
"""An `AsOf`; None is now."""


@dataclass(slots=True)
class Asker:
    """Asks about random stories, one question after the other, and keeps how long answers were."""

    http: httpx.Client
    record: Grown
    random: Random
    full: bool = False
    """Whether every story had a page full of claims at the moments asked about."""
    _sizes: list[int] = field(default_factory=list)

    def latency(self, moments: Sequence[Moment]) -> float:
        """The median of the answers' times, in milliseconds."""
        took = []
        for moment in moments:
            story = story_ref(self.random.randrange(self.record.shape.stories))
            body = {"query": QUERY, "variables": {"story": story, "asOf": moment}}
            began = time.perf_counter()
            response = self.http.post("/graphql", json=body)
            took.append(time.perf_counter() - began)
            self._check(response.json())
            self._sizes.append(len(response.content))
        return median(took) * 1000

    @property
    def size(self) -> float:
        """The mean of the answers' sizes, in KiB."""
        return mean(self._sizes) / 1024

    def public(self, number: int, since: float = 0.0) -> list[Moment]:
        """What was public at random moments, as far as the record knows today."""
        return [
            {"reportedAt": str(moment.reported_at)}
            for moment in self.record.moments(number, self.random, since)
        ]

    def known(self, number: int, since: float = 0.0) -> list[Moment]:
        """Random moments on both axes."""
        return [
            {"reportedAt": str(moment.reported_at), "recordedAt": str(moment.recorded_at)}
            for moment in self.record.moments(number, self.random, since)
        ]

    def _check(self, answer: dict[str, Any]) -> None:
        if "errors" in answer or (self.full and len(answer["data"]["claims"]["nodes"]) != 20):
            raise RuntimeError(f"this is no page of 20 claims: {str(answer)[:500]}")
