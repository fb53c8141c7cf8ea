"""Times in a reader's words, with what is not known about them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from domain.moments import Precision, parse_moment

_ZONED = re.compile(r"(?:Z|[+-]\d\d:\d\d)$")

_UNKNOWN = {
    Precision.YEAR: "month and day not known",
    Precision.MONTH: "day not known",
    Precision.DAY: "time of day not known",
}


def instant(moment: datetime) -> str:
    """An instant to the second, in UTC: `2024-08-18 05:12:00 UTC`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def exact(moment: datetime | None) -> str | None:
    """An instant for programs, in UTC and to the microsecond (RFC 3339)."""
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def short(published_at: str | None, observed_at: str | None, reported_at: datetime) -> str:
    """A reporting time for a column: the day as it was given, or the minute in UTC. `seen` says
    that it was seen then, and that nobody knows when it was published."""
    text = published_at or observed_at
    if text is None:
        return f"{reported_at.astimezone(UTC):%Y-%m-%d %H:%M}"
    moment = parse_moment(text)
    coarse = moment.precision in _UNKNOWN
    when = _ZONED.sub("", text) if coarse else f"{moment.start:%Y-%m-%d %H:%M}"
    return when if published_at else f"seen {when}"


def described(text: str) -> str:
    """A time as it was given, what it comes to in UTC, and what it leaves open."""
    moment = parse_moment(text)
    zoned = _ZONED.search(text)
    open_points = [_UNKNOWN[moment.precision]] if moment.precision in _UNKNOWN else []
    if zoned is None:
        open_points.append("zone not stated, taken as UTC")
    elif zoned.group() not in ("Z", "+00:00"):
        in_utc = f"{moment.start:%Y-%m-%d %H:%M} UTC"
        open_points.append(f"from {in_utc}" if open_points else in_utc)
    return f"{text} ({'; '.join(open_points)})" if open_points else text
