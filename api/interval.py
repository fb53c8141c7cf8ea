"""Stretches of the calendar that reports are counted by."""

from __future__ import annotations

from enum import StrEnum, unique

from api.words import declare


@unique
class Interval(StrEnum):
    """A stretch of time that reports are counted in."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


declare(
    Interval,
    "Interval",
    "A stretch of the calendar, in UTC.",
    {
        Interval.HOUR: "An hour.",
        Interval.DAY: "A day.",
        Interval.WEEK: "A week, from Monday on (ISO 8601).",
        Interval.MONTH: "A month.",
        Interval.YEAR: "A year.",
    },
)
