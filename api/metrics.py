"""What is counted and measured, as Prometheus reads it: `/metrics`.

Each application has a registry of its own. What is known anyway, as how many wait, is looked up
when somebody reads; only what happens is counted as it happens.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from projections.statements import Standing

NAMES: Final = 200
"""Operation names that are told apart. A client can make up any number of them."""

LONGEST_NAME: Final = 100
"""Characters of an operation's name."""

OTHER: Final = "other"
"""Stands for the names beyond these."""

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
TOGETHER: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500)
EVENTS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)

Numbers = Callable[[], Iterable[Metric]]
"""Gives what is looked up when somebody reads."""


class _Counted:
    """Requests of one operation with one outcome.

    Plain numbers, told as a histogram when somebody reads: the library's own, with its locks,
    takes three times as long, and this is done for each request, all in one thread.
    """

    __slots__ = ("buckets", "seconds")

    def __init__(self) -> None:
        self.buckets = [0] * (len(SECONDS) + 1)
        self.seconds = 0.0


class Metrics:
    """The metrics of one application."""

    def __init__(self, version: str, names: Iterable[str] = ()) -> None:
        """`names`: of operations that are told apart in any case."""
        self.registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self.registry)
        self._names = set(names)
        self._counted: dict[tuple[str, str, str], _Counted] = {}
        self._commands = Counter(
            "dateline_commands",
            "Commands given over GraphQL, by command and outcome.",
            ("command", "outcome"),
            registry=self.registry,
        )
        self._appended_commands = Histogram(
            "dateline_append_batch_commands",
            "Commands that were recorded together, in one round trip.",
            buckets=TOGETHER,
            registry=self.registry,
        )
        self._appended_events = Histogram(
            "dateline_append_batch_events",
            "Events that such a batch added to the log.",
            buckets=EVENTS,
            registry=self.registry,
        )
        self._append_seconds = Histogram(
            "dateline_append_seconds",
            "Time that such a batch took to be decided and appended.",
            buckets=SECONDS,
            registry=self.registry,
        )
        self.standing: Standing | None = None
        """Where the record stood when it was last looked at; None where it cannot be reached."""
        self.read = _Read(version, lambda: self.standing)
        self.read.numbers.append(self._requests)
        self.registry.register(self.read)

    def answered(self, kind: str, name: str, outcome: str, seconds: float, known: bool) -> None:
        """A request was answered. `known`: there is an operation of this name."""
        counted = self._counted.get((kind, name, outcome))
        if counted is None:
            counted = self._first(kind, self._label(name, known), outcome)
        counted.buckets[bisect_left(SECONDS, seconds)] += 1
        counted.seconds += seconds

    def _first(self, kind: str, label: str, outcome: str) -> _Counted:
        return self._counted.setdefault((kind, label, outcome), _Counted())

    def _requests(self) -> Iterator[Metric]:
        labels = ("operation", "kind", "outcome")
        requests = CounterMetricFamily("dateline_requests", "Requests answered.", labels=labels)
        seconds = HistogramMetricFamily(
            "dateline_request_seconds",
            "From the head of a request to the end of its answer.",
            labels=labels,
        )
        for (kind, name, outcome), counted in list(self._counted.items()):
            sums = list(accumulate(counted.buckets))
            requests.add_metric((name, kind, outcome), sums[-1])
            bounds = (*map(str, map(float, SECONDS)), "+Inf")
            seconds.add_metric(
                (name, kind, outcome),
                buckets=list(zip(bounds, sums, strict=True)),
                sum_value=counted.seconds,
            )
        yield from (requests, seconds)

    def _label(self, name: str, known: bool) -> str:
        if name not in self._names:
            # Whatever is refused costs a client nothing: it gives no name its place.
            if not known or len(self._names) >= NAMES or len(name) > LONGEST_NAME:
                return OTHER
            self._names.add(name)
        return name

    def commanded(self, command: str, outcome: str) -> None:
        """A command was recorded, replayed or refused, or failed."""
        self._commands.labels(command, outcome).inc()

    def appended(self, commands: int, events: int, seconds: float) -> None:
        """A batch of commands was recorded."""
        self._appended_commands.observe(commands)
        self._appended_events.observe(events)
        self._append_seconds.observe(seconds)


class _Read(Collector):
    """What is looked up when somebody reads."""

    def __init__(self, version: str, standing: Callable[[], Standing | None]) -> None:
        self._version = version
        self._standing = standing
        self.numbers: list[Numbers] = []

    def collect(self) -> Iterator[Metric]:
        """Everything, as it is now."""
        built = GaugeMetricFamily(
            "dateline_build_info", "The version that runs.", labels=("version",)
        )
        built.add_metric((self._version,), 1)
        yield built
        standing = self._standing()
        yield gauge(
            "dateline_database_up",
            "Whether the record could be read for this scrape.",
            int(standing is not None),
        )
        if standing is not None:
            yield gauge(
                "dateline_log_position", "The last position in the log.", standing.log_position
            )
            yield gauge(
                "dateline_projected_position",
                "The last position that can be read.",
                standing.position,
            )
            yield gauge(
                "dateline_projection_lag_events",
                "Events in the log that cannot be read yet.",
                standing.lag_events,
            )
            yield gauge(
                "dateline_projection_lag_seconds",
                "Age of the oldest of these.",
                standing.lag_seconds,
            )
        for numbers in self.numbers:
            yield from numbers()


def gauge(name: str, meaning: str, value: float) -> Metric:
    """A number that goes up and down."""
    return GaugeMetricFamily(name, meaning, value=value)


def counter(name: str, meaning: str, **values: float) -> Metric:
    """A number that only goes up; several where it is told apart by `result`."""
    if set(values) == {"value"}:
        return CounterMetricFamily(name, meaning, value=values["value"])
    family: Any = CounterMetricFamily(name, meaning, labels=("result",))
    for result, value in values.items():
        family.add_metric((result,), value)
    made: Metric = family
    return made
