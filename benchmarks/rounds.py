"""Measuring sides in turn: a machine's speed drifts, so each round measures every side once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Final

ROUNDS: Final = 3
"""How often each side is measured; the median counts."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What the ratio of one side to another is to reach, or the figure of a side alone."""

    side: str
    against: str | None = None
    least: float | None = None
    """It is to be at least this."""
    most: float | None = None
    """It is to be at most this."""

    @property
    def name(self) -> str:
        """What is to be reached by what."""
        return self.side if self.against is None else f"{self.side} / {self.against}"

    def measured(self, medians: Mapping[str, float]) -> float:
        """What came of it."""
        against = 1.0 if self.against is None else medians[self.against]
        return medians[self.side] / against

    def met(self, measured: float) -> bool:
        """Whether that reaches it."""
        return (self.least is None or measured >= self.least) and (
            self.most is None or measured <= self.most
        )

    def __str__(self) -> str:
        if self.least is not None:
            return f">= {self.least:g}"
        return f"<= {self.most:g}" if self.most is not None else ""


@dataclass(frozen=True, slots=True)
class Table:
    """The medians of one measure, with its unit, and what they were to reach."""

    title: str
    unit: str
    medians: Mapping[str, float]
    goals: tuple[Goal, ...] = ()

    def lines(self) -> Iterator[str]:
        """As Markdown."""
        yield f"#### {self.title}"
        yield ""
        yield f"| side | {self.unit} |"
        yield "| --- | ---: |"
        for name, value in self.medians.items():
            yield f"| {name} | {value:,.4g} |" if value < 100 else f"| {name} | {value:,.0f} |"
        if self.goals:
            yield ""
            yield "| goal | measured | to reach | |"
            yield "| --- | ---: | ---: | --- |"
        for goal in self.goals:
            measured = goal.measured(self.medians)
            told = ("reached" if goal.met(measured) else "**missed**") if str(goal) else ""
            yield f"| {goal.name} | {measured:.2f} | {goal} | {told} |"
        yield ""


def in_turn(
    sides: Mapping[str, Callable[[], float]], rounds: int = ROUNDS, *, warm: bool = True
) -> dict[str, float]:
    """The median of each side's figure over some rounds, each of which runs every side once; a
    round before them, which is not counted, warms up."""
    figures: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds + warm):
        for name, run in sides.items():
            figure = run()
            if number >= warm:
                figures[name].append(figure)
    return {name: median(values) for name, values in figures.items()}
