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
    """What the ratio of one side to another is to reach."""

    side: str
    against: str
    least: float | None = None
    """The ratio is to be at least this."""
    most: float | None = None
    """The ratio is to be at most this."""

    def met(self, ratio: float) -> bool:
        """Whether a ratio reaches it."""
        return (self.least is None or ratio >= self.least) and (
            self.most is None or ratio <= self.most
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
            yield "| ratio | measured | to reach | |"
            yield "| --- | ---: | ---: | --- |"
        for goal in self.goals:
            ratio = self.medians[goal.side] / self.medians[goal.against]
            told = ("reached" if goal.met(ratio) else "**missed**") if str(goal) else ""
            yield f"| {goal.side} / {goal.against} | {ratio:.2f} | {goal} | {told} |"
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
