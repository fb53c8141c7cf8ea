"""Times as people give them: how exact they are, and the instant that they count from.

Three readings, which are kept apart:

* a *moment* is when something was public or was seen; a coarse one counts from its start;
* an *about* says what time a statement speaks of, in EDTF (ISO 8601-2:2019);
* an *as-of* moment asks a question, and a coarse one means its last microsecond.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum, unique
from functools import lru_cache

from domain.refusals import InvalidTime

SKEW = timedelta(minutes=5)
"""How far a reporter's clock may run ahead of the log's."""

TICK = timedelta(microseconds=1)
"""The resolution of every instant in the record; PostgreSQL's own."""


@unique
class Precision(StrEnum):
    """How exactly a time is known."""

    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    MINUTE = "minute"
    SECOND = "second"


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as it was given, and the stretch of instants that it can mean (UTC)."""

    text: str
    start: datetime
    end: datetime
    """The first instant that it cannot mean."""
    precision: Precision


_MOMENT = re.compile(
    r"(?P<year>\d{4})"
    r"(?:-(?P<month>\d\d)"
    r"(?:-(?P<day>\d\d)"
    r"(?:[T ](?P<hour>\d\d):(?P<minute>\d\d)"
    r"(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,6}))?)?)?)?)?"
    r"(?P<zone>Z|[+-]\d\d:\d\d)?",
    re.ASCII,
)


@lru_cache(maxsize=4096)
def parse_moment(text: str) -> Moment:
    """Read `2024`, `2024-08`, `2024-08-20`, `2024-08-20T05:12` or with seconds, each with or
    without `Z` or an offset such as `+03:00`. Without one it is taken as UTC.

    Raises InvalidTime if it is not such a time, or no day of the calendar.
    """
    given = _matched(text)
    part = given.groupdict()
    try:
        start = datetime(
            int(part["year"]),
            int(part["month"] or 1),
            int(part["day"] or 1),
            int(part["hour"] or 0),
            int(part["minute"] or 0),
            int(part["second"] or 0),
            int((part["fraction"] or "0").ljust(6, "0")),
            tzinfo=_zone(part["zone"]),
        )
        precision = _precision(given)
        match precision:
            case Precision.SECOND:
                # One that was given without a fraction is taken as its first instant.
                end = start + TICK
            case Precision.MINUTE:
                end = start + timedelta(minutes=1)
            case Precision.DAY:
                end = start + timedelta(days=1)
            case Precision.MONTH:
                end = _next_month(start)
            case _:
                end = start.replace(year=start.year + 1)
        return Moment(text, start.astimezone(UTC), end.astimezone(UTC), precision)
    except (ValueError, OverflowError) as error:
        raise InvalidTime(f"{text!r} is not a time: {error}") from None


def precision_given(text: str) -> Precision:
    """How exactly a time is given that `parse_moment` takes, at a fraction of its cost. Raises
    InvalidTime for a text of another form."""
    return _precision(_matched(text))


def _matched(text: str) -> re.Match[str]:
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise InvalidTime(
            f"{text!r} is not a time: write 2024-08-20, 2024-08-20T05:12 or "
            "2024-08-20T05:12:00+03:00"
        )
    return match


def _precision(match: re.Match[str]) -> Precision:
    _, month, day, _, minute, second, _, _ = match.groups()
    if second is not None:
        return Precision.SECOND
    if minute is not None:
        return Precision.MINUTE
    if day is not None:
        return Precision.DAY
    return Precision.YEAR if month is None else Precision.MONTH


def _zone(text: str | None) -> timezone:
    if text is None or text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:6])
    if minutes > 59:
        raise ValueError("the offset's minutes must be in 0..59")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def _next_month(start: datetime) -> datetime:
    if start.month == 12:
        return start.replace(year=start.year + 1, month=1)
    return start.replace(month=start.month + 1)


def last_instant(text: str) -> datetime:
    """The instant that an as-of question means (UTC): what is coarser than a second means its
    end, so that `2024-08-20` sees the whole of that day.

    Raises InvalidTime as `parse_moment` does.
    """
    moment = parse_moment(text)
    return moment.end - TICK


@dataclass(frozen=True, slots=True)
class About:
    """What time a statement speaks of, as the days that it can reach from and to (inclusive).

    None on one side: open, or not known.
    """

    text: str
    earliest: str | None
    latest: str | None


_EDTF_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?[~?%]?", re.ASCII)


@lru_cache(maxsize=4096)
def parse_about(text: str) -> About:
    """Read an EDTF date or interval: `2024-08-06`, `2024-08`, `2024`, `2024-06~`,
    `2024-08-06/2024-08-20`, `2024-08-06/..` (open), `/2024` (start not known).

    This is level 0 with the qualifiers and the open and unknown ends of level 1
    (Library of Congress, Extended Date/Time Format, 2019).

    Raises InvalidTime for anything else, and for an interval that ends before it starts.
    """
    ends = text.split("/")
    if len(ends) == 1:
        start, end = _days(text, text)
        return About(text, start, end)
    if len(ends) != 2 or all(end in ("", "..") for end in ends):
        raise _not_edtf(text)
    first, last = (None if end in ("", "..") else _days(end, text) for end in ends)
    if first is not None and last is not None and last[1] < first[0]:
        raise InvalidTime(f"{text!r} ends before it starts")
    return About(text, first and first[0], last and last[1])


def _days(text: str, whole: str) -> tuple[str, str]:
    match = _EDTF_DATE.fullmatch(text)
    if match is None:
        raise _not_edtf(whole)
    plain = "-".join(part for part in match.groups() if part)
    moment = parse_moment(plain)
    return moment.start.date().isoformat(), (moment.end - TICK).date().isoformat()


def _not_edtf(text: str) -> InvalidTime:
    return InvalidTime(
        f"{text!r} is no EDTF date or interval: write 2024-08-06, 2024-08, 2024~, "
        "2024-08-06/2024-08-20 or 2024-08-06/.."
    )
