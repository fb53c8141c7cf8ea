"""Events, whatever has happened, against what the log's entries say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.event_list import EventKind
from api.history import EVENT_TYPES
from api.ids import global_id
from api.record_events import RECORD_EVENT_TYPES
from domain.events import ClaimEvent, ReportEvent, SourceEvent, StoryEvent
from domain.history import ALWAYS, Entry
from domain.ids import Subject
from domain.moments import last_instant
from domain.words import Status
from tests.api.living import Living, living
from tests.api.plain_events import fitting, sort_of
from tests.api.plain_record import PlainRecord
from tests.projections.commands import CLAIMS, REPORTS, SOURCES, TOPICS
from tests.servers import Server

PAGE = """query($filter: EventFilter, $first: Int, $after: String, $last: Int, $before: String,
  $asOf: AsOf) {
  events(filter: $filter, first: $first, after: $after, last: $last, before: $before, asOf: $asOf) {
    totalCount
    edges { cursor node {
      __typename position sequence subjectId
      ... on ClaimEvent { version claim {
        id version status statement contested lastChangedAt report { withdrawal { because } }
      } }
      ... on SourceEvent { source { id } }
    } }
    pageInfo { hasNextPage hasPreviousPage }
  }
}"""


@pytest.fixture(scope="module")
def record(server: Server) -> Iterator[Living]:
    with living(server) as opened:
        yield opened


def whole(
    record: Living, size: int, start: int, *, backward: bool, **asked: Any
) -> list[dict[str, Any]]:
    """All edges after a position, page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        if backward:
            paged = {"last": size, "before": cursor, "after": str(start)}
        else:
            paged = {"first": size, "after": cursor or str(start)}
        page = record.ask(PAGE, **paged, **asked)["data"]["events"]
        found = [*page["edges"], *found] if backward else [*found, *page["edges"]]
        if not page["pageInfo"]["hasPreviousPage" if backward else "hasNextPage"]:
            return found
        cursor = page["edges"][0 if backward else -1]["cursor"]


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_events_are_those_of_the_log_told_as_of_their_own_position(
    record: Living, data: st.DataObject
) -> None:
    lived = record.live(data)
    known, start = lived.record, lived.start
    head = known.position
    for _ in range(2):
        letter, count, subject = data.draw(
            st.sampled_from(
                [
                    ("c", CLAIMS, Subject.CLAIM),
                    ("r", REPORTS, Subject.REPORT),
                    ("s", SOURCES, Subject.SOURCE),
                    ("story", 0, Subject.STORY),
                ]
            )
        )
        number = str(data.draw(st.integers(0, count - 1))) if count else ""
        ref = f"{lived.prefix}{letter}{number}"
        chosen = data.draw(
            st.fixed_dictionaries(
                {},
                optional={
                    subject.value: st.just(ref),
                    "kind": st.lists(st.sampled_from(EventKind), min_size=4).map(
                        lambda kinds: [kind.name for kind in kinds]
                    ),
                    "topic": st.sampled_from(TOPICS),
                    "status": st.lists(
                        st.sampled_from([one.name for one in Status]), min_size=1, unique=True
                    ),
                },
            )
        )
        back = data.draw(st.none() | st.integers(0, 40))
        position = None if back is None else max(head - back, start)
        day = data.draw(st.none() | st.integers(1, 11).map(lambda day: f"2024-08-{day:02}"))
        at = None if day is None else last_instant(day)
        expected = [
            item for item in fitting(known.view(at, position), chosen) if item[1].position > start
        ]
        as_of = {"position": position, "reportedAt": day}
        asked = {"filter": chosen, "asOf": {k: v for k, v in as_of.items() if v is not None}}
        size = data.draw(st.integers(3, 30))
        forward = whole(record, size, start, backward=False, **asked)
        assert [edge["node"]["position"] for edge in forward] == [
            entry.position for _, entry in expected
        ]
        assert whole(record, size, start, backward=True, **asked) == forward
        for edge, (identity, entry) in zip(forward, expected, strict=True):
            check(known, edge["node"], identity, entry, at)


def check(
    known: PlainRecord, node: dict[str, Any], identity: UUID, entry: Entry, at: datetime | None
) -> None:
    """An event is told as of its own position."""
    assert node["sequence"] == entry.sequence
    sort, view = sort_of(entry), known.view(at, entry.position)
    assert node["subjectId"] == global_id(sort, identity)
    assert node["__typename"] == type(entry.event).__name__
    if sort is Subject.SOURCE:
        assert node["source"]["id"] == global_id(sort, view.canonical(identity))
    if sort is not Subject.CLAIM:
        assert (entry.reported_at == ALWAYS) is (sort in (Subject.SOURCE, Subject.STORY))
        return
    state, shown = view.claims[identity], node["claim"]
    assert shown["id"] == node["subjectId"]
    assert shown["version"] == state.version
    assert shown["status"] == state.status.name
    assert shown["statement"] == state.statement
    assert datetime.fromisoformat(shown["lastChangedAt"]) == state.last_changed_at
    assert shown["contested"] is view.is_contested(identity)
    report = view.reports[state.report]
    assert (shown["report"]["withdrawal"] is None) is (report.withdrawal is None)
    assert node["version"] == sum(
        (one.reported_at, one.position) <= (entry.reported_at, entry.position)
        and one.position <= entry.position
        for one in known.subjects[identity]
    )


def test_every_event_of_the_domain_has_its_kind() -> None:
    sorts = (SourceEvent, StoryEvent, ReportEvent, ClaimEvent)
    events = [event for sort in sorts for event in get_args(sort) or (sort,)]
    assert {event.__struct_config__.tag for event in events} == {one.value for one in EventKind}
    told = {one.__name__ for one in (*EVENT_TYPES, *RECORD_EVENT_TYPES)}
    assert {event.__name__ for event in events} == told
