"""How times are written, and what is said not to be known about them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cli.times import described, exact, short

AT = datetime(2024, 8, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("2024", "2024 (month and day not known; zone not stated, taken as UTC)"),
        ("2024-08", "2024-08 (day not known; zone not stated, taken as UTC)"),
        ("2024-08-18", "2024-08-18 (time of day not known; zone not stated, taken as UTC)"),
        ("2024-08-18Z", "2024-08-18Z (time of day not known)"),
        ("2024-08-20T05:12", "2024-08-20T05:12 (zone not stated, taken as UTC)"),
        ("2024-08-20T05:12Z", "2024-08-20T05:12Z"),
        ("2024-08-20T05:12+03:00", "2024-08-20T05:12+03:00 (2024-08-20 02:12 UTC)"),
        (
            "2024-08-20+03:00",
            "2024-08-20+03:00 (time of day not known; from 2024-08-19 21:00 UTC)",
        ),
    ],
)
def test_what_a_time_leaves_open_is_said(given: str, shown: str) -> None:
    assert described(given) == shown


@pytest.mark.parametrize(
    ("published", "observed", "shown"),
    [
        ("2024-08-18", None, "2024-08-18"),
        ("2024-08-18+03:00", None, "2024-08-18"),
        ("2024-08-18T05:12+03:00", "2024-08-19", "2024-08-18 02:12"),
        (None, "2024-08-18", "seen 2024-08-18"),
        (None, None, "2024-08-18 00:00"),
    ],
)
def test_a_column_holds_the_day_as_given_or_the_minute_in_utc(
    published: str | None, observed: str | None, shown: str
) -> None:
    assert short(published, observed, AT) == shown


def test_programs_get_every_microsecond() -> None:
    assert exact(datetime(2024, 8, 18, 5, 12, 0, 7, tzinfo=UTC)) == "2024-08-18T05:12:00.000007Z"
    assert exact(None) is None
