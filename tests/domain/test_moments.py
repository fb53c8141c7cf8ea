"""Times as people give them: moments, as-of questions, and what a statement is about."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.moments import TICK, Precision, last_instant, parse_about, parse_moment
from domain.refusals import InvalidTime

naive = st.datetimes().filter(lambda time: 1 < time.year < 9998)
offsets = st.integers(-24 * 60 + 1, 24 * 60 - 1)
dates = st.dates(date(1, 1, 2), date(9998, 12, 30))
SHAPED = st.from_regex(
    r"\d{4}(-\d\d(-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,7})?)?)?)?)?(Z|[+-]\d\d:\d\d)?", fullmatch=True
)
"""Mostly no times, but close."""


def zoned(minutes: int) -> str:
    sign, size = "-" if minutes < 0 else "+", abs(minutes)
    return f"{sign}{size // 60:02}:{size % 60:02}"


@given(naive, offsets)
def test_an_exact_time_is_read_back_in_any_zone(local: datetime, minutes: int) -> None:
    text = local.isoformat(timespec="microseconds") + zoned(minutes)
    moment = parse_moment(text)
    assert moment.start == local.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert moment.start.tzinfo is moment.end.tzinfo is UTC
    assert moment.end - moment.start == TICK
    assert (moment.text, moment.precision) == (text, Precision.SECOND)
    assert last_instant(text) == moment.start


@given(naive)
def test_a_time_without_a_zone_is_utc(local: datetime) -> None:
    text = local.isoformat()
    assert parse_moment(text).start == parse_moment(text + "Z").start == local.replace(tzinfo=UTC)
    assert parse_moment(text.replace("T", " ")).start == local.replace(tzinfo=UTC)


@given(naive, st.integers(1, 6))
def test_a_fraction_keeps_as_many_digits_as_it_has(local: datetime, digits: int) -> None:
    fraction = f"{local.microsecond:06}"[:digits]
    text = f"{local.replace(microsecond=0).isoformat()}.{fraction}"
    microsecond = int(fraction.ljust(6, "0"))
    assert parse_moment(text).start == local.replace(microsecond=microsecond, tzinfo=UTC)


@given(naive, offsets)
def test_a_minute_is_sixty_seconds(local: datetime, minutes: int) -> None:
    moment = parse_moment(local.strftime("%Y").zfill(4) + local.strftime("-%m-%dT%H:%M+00:00"))
    assert moment.precision is Precision.MINUTE
    assert moment.start == local.replace(second=0, microsecond=0, tzinfo=UTC)
    assert moment.end - moment.start == timedelta(minutes=1)


@given(dates, offsets)
def test_a_day_is_that_day_in_its_zone(day: date, minutes: int) -> None:
    text = day.isoformat() + zoned(minutes)
    zone = timezone(timedelta(minutes=minutes))
    moment = parse_moment(text)
    assert moment.precision is Precision.DAY
    assert moment.start == datetime(day.year, day.month, day.day, tzinfo=zone)
    assert moment.end - moment.start == timedelta(days=1)
    assert last_instant(text) == moment.end - TICK
    assert last_instant(text).astimezone(zone).date() == day


@given(dates)
def test_months_and_years_reach_to_their_ends(day: date) -> None:
    month, year = parse_moment(day.isoformat()[:7]), parse_moment(day.isoformat()[:4])
    assert (month.precision, year.precision) == (Precision.MONTH, Precision.YEAR)
    assert month.start == datetime(day.year, day.month, 1, tzinfo=UTC)
    assert (month.end - month.start).days == monthrange(day.year, day.month)[1]
    assert year.start == datetime(day.year, 1, 1, tzinfo=UTC)
    assert year.end == datetime(day.year + 1, 1, 1, tzinfo=UTC)
    assert year.start <= month.start < month.end <= year.end


@given(st.text() | SHAPED)
@example("9999")
@example("9999-12-31")
@example("0001-01-01+14:00")
@example("9999-12-31T23:59-01:00")
@example("0000")
@example("٢٠٢٤")
@example("2024-08-20\n")
@example("\ud800")
def test_a_text_is_a_time_or_an_invalid_time_and_never_anything_else(text: str) -> None:
    try:
        moment = parse_moment(text)
    except InvalidTime:
        return
    assert moment.text == text
    assert moment.start < moment.end
    assert last_instant(text) == moment.end - TICK


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 2024",
        "20240820",
        "2024-8-20",
        "2024-13",
        "2024-02-30",
        "2023-02-29",
        "2024-08-20T24:00",
        "2024-08-20T05",
        "2024-08-20T05:60",
        "2024-08-20T23:59:60",
        "2024-08-20t05:12",
        "2024-08-20T05:12z",
        "2024-08-20T05:12:00.1234567",
        "2024-08-20T05:12+3",
        "2024-08-20T05:12+03:60",
        "2024-08-20T05:12+24:00",
        "+2024",
        "-2024",
        "12024",
        "now",
    ],
)
def test_what_is_no_day_of_the_calendar_or_no_time_of_the_day_is_refused(text: str) -> None:
    for read in (parse_moment, last_instant):
        with pytest.raises(InvalidTime, match="is not a time"):
            read(text)


def test_the_leap_day_is_a_day_of_its_year() -> None:
    assert parse_moment("2024-02-29").start == datetime(2024, 2, 29, tzinfo=UTC)


qualifiers = st.sampled_from(["", "~", "?", "%"])


@given(dates, st.sampled_from([4, 7, 10]), qualifiers)
def test_a_date_is_about_the_days_that_it_holds(day: date, length: int, mark: str) -> None:
    text = day.isoformat()[:length] + mark
    about = parse_about(text)
    assert about.text == text
    assert about.earliest is not None
    assert about.latest is not None
    assert about.earliest <= day.isoformat() <= about.latest
    assert about.earliest[:length] == about.latest[:length] == day.isoformat()[:length]
    moment = parse_moment(day.isoformat()[:length])
    assert about.earliest == moment.start.date().isoformat()
    assert about.latest == (moment.end - TICK).date().isoformat()


@given(dates, dates, qualifiers, qualifiers)
def test_an_interval_reaches_from_its_first_day_to_its_last(
    one: date, other: date, mark: str, other_mark: str
) -> None:
    first, last = sorted((one, other))
    about = parse_about(f"{first.isoformat()}{mark}/{last.isoformat()}{other_mark}")
    assert (about.earliest, about.latest) == (first.isoformat(), last.isoformat())


@given(dates, st.integers(1, 5000))
def test_an_interval_that_ends_before_it_starts_is_refused(day: date, length: int) -> None:
    try:
        earlier = day - timedelta(days=length)
    except OverflowError:
        return
    with pytest.raises(InvalidTime, match="ends before it starts"):
        parse_about(f"{day.isoformat()}/{earlier.isoformat()}")


@pytest.mark.parametrize(
    ("text", "earliest", "latest"),
    [
        ("2024-08-06/..", "2024-08-06", None),
        ("2024-08-06/", "2024-08-06", None),
        ("../2024-08", None, "2024-08-31"),
        ("/2024", None, "2024-12-31"),
        ("2024-08-20/2024-08", "2024-08-20", "2024-08-31"),
        ("2024-02/2024-02", "2024-02-01", "2024-02-29"),
        ("2024~/2025?", "2024-01-01", "2025-12-31"),
    ],
)
def test_an_interval_may_be_open_coarse_or_uncertain(
    text: str, earliest: str | None, latest: str | None
) -> None:
    about = parse_about(text)
    assert (about.earliest, about.latest) == (earliest, latest)


@given(st.text() | st.text("0123456789-/.~?%", max_size=24) | SHAPED)
@example("9999")
@example("0000/2024")
@example("\ud800/..")
def test_a_text_is_an_about_or_an_invalid_time_and_never_anything_else(text: str) -> None:
    try:
        about = parse_about(text)
    except InvalidTime:
        return
    assert about.text == text
    assert about.earliest is not None or about.latest is not None
    if about.earliest is not None and about.latest is not None:
        assert about.earliest <= about.latest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "../..",
        "/..",
        "..",
        "2024/2025/2026",
        "2024-08-20T05:12",
        "2024Z",
        "2024~~",
        "~2024",
        "2024-02-30",
        "2024-13/..",
        "202X",
        "summer",
    ],
)
def test_what_is_no_edtf_is_refused(text: str) -> None:
    with pytest.raises(InvalidTime):
        parse_about(text)
