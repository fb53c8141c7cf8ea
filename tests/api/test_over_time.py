"""Reporting over time, and what was said of a number."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Ask

REPORTING = """query($interval: Interval!, $from: Moment!, $to: Moment, $filter: ClaimFilter,
  $asOf: AsOf) {
  reporting(interval: $interval, from: $from, to: $to, filter: $filter, asOf: $asOf) {
    start end counts { total standing corrected underConcern partiallyRetracted retracted }
  }
}"""


def totals(ask: Ask, **asked: Any) -> dict[str, int]:
    """How many claims there are by the day on which an interval starts."""
    intervals = ask(REPORTING, **asked)["data"]["reporting"]
    return {each["start"].partition("T")[0]: each["counts"]["total"] for each in intervals}


def test_claims_are_counted_by_the_interval_of_their_first_report(ask: Ask) -> None:
    answer = ask(REPORTING, interval="DAY", **{"from": "2024-08-15", "to": "2024-08-19"})
    intervals = answer["data"]["reporting"]
    assert [(each["start"], each["end"], each["counts"]["total"]) for each in intervals] == [
        ("2024-08-15T00:00:00Z", "2024-08-16T00:00:00Z", 0),
        ("2024-08-16T00:00:00Z", "2024-08-17T00:00:00Z", 1),
        ("2024-08-17T00:00:00Z", "2024-08-18T00:00:00Z", 2),
        ("2024-08-18T00:00:00Z", "2024-08-19T00:00:00Z", 1),
        ("2024-08-19T00:00:00Z", "2024-08-20T00:00:00Z", 0),
    ]
    assert intervals[2]["counts"] == {
        "total": 2,
        "standing": 1,
        "corrected": 1,
        "underConcern": 0,
        "partiallyRetracted": 0,
        "retracted": 0,
    }
    assert answer["extensions"]["basis"]["reportedAt"] is None


def test_intervals_follow_the_calendar(ask: Ask) -> None:
    assert totals(ask, interval="WEEK", **{"from": "2024-08-16", "to": "2024-08-20"}) == {
        "2024-08-12": 4,
        "2024-08-19": 0,
    }
    assert totals(ask, interval="MONTH", **{"from": "2024-07-31", "to": "2024-09"}) == {
        "2024-07-01": 0,
        "2024-08-01": 4,
        "2024-09-01": 0,
    }
    assert totals(ask, interval="YEAR", **{"from": "2023", "to": "2024"}) == {
        "2023-01-01": 0,
        "2024-01-01": 4,
    }


def test_intervals_go_on_to_the_last_report_where_no_end_is_set(ask: Ask) -> None:
    assert list(totals(ask, interval="DAY", **{"from": "2024-08-16"})) == [
        "2024-08-16",
        "2024-08-17",
        "2024-08-18",
    ]
    assert totals(ask, interval="DAY", **{"from": "2024-08-25"}) == {}


def test_reporting_is_counted_of_what_the_filter_chooses_at_the_moment(ask: Ask) -> None:
    span = {"interval": "DAY", "from": "2024-08-16", "to": "2024-08-18"}
    assert list(totals(ask, **span, filter={"story": "losses"}).values()) == [0, 0, 1]
    assert list(totals(ask, **span, filter={"source": "paper"}).values()) == [1, 2, 0]
    assert list(totals(ask, **span, filter={"status": ["RETRACTED"]}).values()) == [1, 0, 0]
    early = ask(REPORTING, **span, asOf={"reportedAt": "2024-08-16"})["data"]["reporting"]
    assert early[0]["counts"] | {"total": 1, "standing": 1, "retracted": 0} == early[0]["counts"]
    assert [each["counts"]["total"] for each in early] == [1, 0, 0]


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        ({"interval": "DAY", "from": "2020", "to": "2023"}, "INVALID_INPUT", "interval"),
        ({"interval": "DAY", "from": "1990"}, "INVALID_INPUT", "interval"),
        ({"interval": "YEAR", "from": "0001"}, "INVALID_INPUT", "interval"),
        ({"interval": "DAY", "from": "2024-08-02", "to": "2024-08-01"}, "INVALID_INPUT", "to"),
        ({"interval": "DAY", "from": "2999"}, "INVALID_INPUT", "from"),
        ({"interval": "DAY", "from": "then"}, "INVALID_TIME", "from"),
        ({"interval": "DAY", "from": "2024", "to": "soon"}, "INVALID_TIME", "to"),
    ],
)
def test_too_many_intervals_are_refused(
    ask: Ask, asked: dict[str, Any], code: str, field: str
) -> None:
    (error,) = ask(REPORTING, **asked)["errors"]
    assert error["extensions"] == {"code": code, "field": field}
    longer = {"interval": "WEEK", "from": "2008", "to": "2024-08"}
    assert len(totals(ask, **longer)) == 870


SERIES = """query($label: String!, $unit: String, $revisions: Boolean! = false,
  $filter: ClaimFilter, $first: Int, $after: String, $asOf: AsOf) {
  quantitySeries(label: $label, unit: $unit, revisions: $revisions, filter: $filter,
                 first: $first, after: $after, asOf: $asOf) {
    totalCount
    nodes {
      time value low high unit hedge since until source { name } status claim { ref version }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""


def test_a_numbers_values_come_with_who_claims_them_and_of_when(ask: Ask) -> None:
    page = ask(SERIES, label="APC")["data"]["quantitySeries"]
    assert page["totalCount"] == 1
    assert page["nodes"] == [
        {
            "time": "2024-08-18T00:00:00Z",
            "value": "16480",
            "low": None,
            "high": None,
            "unit": "vehicles",
            "hedge": "EXACTLY",
            "since": "2024-08-19T00:00:00Z",
            "until": None,
            "source": {"name": "General Staff"},
            "status": "CORRECTED",
            "claim": {"ref": "apc", "version": 2},
        }
    ]
    early = ask(SERIES, label="APC", asOf={"reportedAt": "2024-08-18"})["data"]["quantitySeries"]
    (first,) = early["nodes"]
    assert (first["value"], first["since"], first["status"]) == (
        "17056",
        "2024-08-18T00:00:00Z",
        "STANDING",
    )


def test_every_value_that_a_claim_has_given_can_be_told(ask: Ask) -> None:
    page = ask(SERIES, label="APC", revisions=True)["data"]["quantitySeries"]
    assert [(each["value"], each["since"], each["until"]) for each in page["nodes"]] == [
        ("17056", "2024-08-18T00:00:00Z", "2024-08-19T00:00:00Z"),
        ("16480", "2024-08-19T00:00:00Z", None),
    ]
    assert {each["status"] for each in page["nodes"]} == {"CORRECTED"}
    early = ask(SERIES, label="APC", revisions=True, asOf={"reportedAt": "2024-08-18"})
    assert [
        (each["value"], each["until"]) for each in early["data"]["quantitySeries"]["nodes"]
    ] == [("17056", None)]
    first = ask(SERIES, label="APC", revisions=True, first=1)["data"]["quantitySeries"]
    after = first["pageInfo"]["endCursor"]
    rest = ask(SERIES, label="APC", revisions=True, first=1000, after=after)
    assert first["nodes"] + rest["data"]["quantitySeries"]["nodes"] == page["nodes"]


def test_a_series_is_narrowed_by_unit_and_filter(ask: Ask) -> None:
    for asked, found in (
        ({"unit": "vehicles"}, 1),
        ({"unit": "people"}, 0),
        ({"filter": {"source": "staff"}}, 1),
        ({"filter": {"story": "talks"}}, 0),
    ):
        page = ask(SERIES, label="APC", **asked)["data"]["quantitySeries"]
        assert page["totalCount"] == len(page["nodes"]) == found
    assert ask(SERIES, label="apc")["data"]["quantitySeries"]["nodes"] == []


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        ({"label": ""}, "INVALID_INPUT", "label"),
        ({"label": "x" * 1001}, "INVALID_INPUT", "label"),
        ({"label": "APC", "unit": "\0"}, "INVALID_INPUT", "unit"),
        ({"label": "APC", "first": 1001}, "INVALID_INPUT", "first"),
        ({"label": "APC", "after": "x"}, "INVALID_CURSOR", "after"),
    ],
)
def test_a_series_that_cannot_be_meant_is_refused(
    ask: Ask, asked: dict[str, Any], code: str, field: str
) -> None:
    (error,) = ask(SERIES, **asked)["errors"]
    assert error["extensions"] == {"code": code, "field": field}
