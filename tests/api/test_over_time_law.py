"""Reporting and numbers over time, whatever has happened, against states folded in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.ids import global_id
from domain.ids import Subject, resolve
from domain.moments import last_instant
from tests.api.living import Living, living
from tests.api.plain_time import points, source_of
from tests.servers import Server

ASKED = """query($filter: ClaimFilter, $from: Moment!, $to: Moment, $asOf: AsOf) {
  reporting(interval: DAY, from: $from, to: $to, filter: $filter, asOf: $asOf) {
    start counts { total standing corrected underConcern partiallyRetracted retracted }
  }
  values: quantitySeries(label: "count", filter: $filter, first: 1000, asOf: $asOf) {
    totalCount nodes { ...Point }
  }
  revisions: quantitySeries(
    label: "count", revisions: true, filter: $filter, first: 1000, asOf: $asOf
  ) { totalCount nodes { ...Point } }
}
fragment Point on QuantityPoint { time value since until source { id } status claim { id } }"""


@pytest.fixture(scope="module")
def record(server: Server) -> Iterator[Living]:
    with living(server) as opened:
        yield opened


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_what_is_told_over_time_is_what_the_states_say(record: Living, data: st.DataObject) -> None:
    lived = record.live(data)
    head = lived.record.position
    for _ in range(2):
        position = max(head - data.draw(st.integers(0, 30)), lived.start)
        day = data.draw(st.none() | st.integers(1, 11).map(lambda day: f"2024-08-{day:02}"))
        as_of: dict[str, Any] = {"position": position}
        at = None
        if day is not None:
            as_of["reportedAt"], at = day, last_instant(day)
        low, high = sorted(data.draw(st.tuples(st.integers(1, 9), st.integers(1, 9))))
        story = f"{lived.prefix}story"
        view = lived.record.view(at, position)
        answer = record.ask(
            ASKED,
            filter={"story": story},
            asOf=as_of,
            **{"from": f"2024-08-{low:02}", "to": f"2024-08-{high:02}"},
        )["data"]
        chosen = {
            identity: state
            for identity, state in view.claims.items()
            if state.story == resolve(Subject.STORY, story)
        }
        first = datetime(2024, 8, low, tzinfo=UTC)
        counted = Counter((claim.first_reported_at, claim.status) for claim in chosen.values())
        assert [instant(each["start"]) for each in answer["reporting"]] == [
            first + timedelta(days=number) for number in range(high - low + 1)
        ]
        for each in answer["reporting"]:
            told = dict(each["counts"])
            mine = {
                status.value: number
                for (reported, status), number in counted.items()
                if reported == instant(each["start"])
            }
            assert told.pop("total") == sum(mine.values())
            assert {snake(name): number for name, number in told.items() if number} == mine
        values = [one for claim in chosen for one in points(view, "count", None, claim)]
        expected = sorted(values, key=lambda one: one.keys)
        for name, wanted in (
            ("revisions", expected),
            ("values", [one for one in expected if one.until is None]),
        ):
            assert answer[name]["totalCount"] == len(wanted)
            assert [
                (point["claim"]["id"], point["value"], point["since"], point["until"])
                for point in answer[name]["nodes"]
            ] == [
                (
                    global_id(Subject.CLAIM, one.claim),
                    str(one.quantity.value),
                    written(one.since),
                    written(one.until),
                )
                for one in wanted
            ]
            for point, one in zip(answer[name]["nodes"], wanted, strict=True):
                state = chosen[one.claim]
                assert instant(point["time"]) == one.time
                assert point["status"] == state.status.name
                whose = source_of(view, state)
                assert (point["source"] is None) is (whose is None)
                if whose is not None:
                    canonical = view.canonical(whose)
                    assert point["source"]["id"] == global_id(Subject.SOURCE, canonical)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
