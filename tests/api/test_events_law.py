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
from domain import codec
from domain.claim import claim_as_of
from domain.events import ClaimEvent, ReportEvent, ReportPublished, SourceEvent, StoryEvent
from domain.history import ALWAYS, Entry
from domain.ids import Subject, resolve
from domain.moments import last_instant
from domain.touch import named_by, named_in
from tests.api.living import Living, living
from tests.projections.commands import CLAIMS, REPORTS, SOURCES
from tests.projections.oracle import Oracle
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


def touched(known: Oracle, subject: UUID, entry: Entry) -> set[UUID]:
    """Whom an event touches, from the entries alone."""
    found = {subject, *named_by(entry.event)}
    if subject in known.claims:
        state = claim_as_of(known.claims[subject], None, entry.position)
        assert state is not None
        found |= set(named_in(state))
        carrier: UUID | None = state.report
    else:
        carrier = subject if subject in known.reports else None
    if carrier is not None:
        (published, *_) = known.reports[carrier]
        assert isinstance(published.event, ReportPublished)
        if published.event.outlet is not None:
            found.add(published.event.outlet)
    return found


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_events_are_those_of_the_log_told_as_of_their_own_position(
    record: Living, data: st.DataObject
) -> None:
    known, start = record.live(data)
    logged = record.logged(start)
    head = logged[-1][1].position
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
        ref = f"{known.prefix}{letter}{number}"
        chosen = data.draw(
            st.fixed_dictionaries(
                {},
                optional={
                    subject.value: st.just(ref),
                    "kind": st.lists(st.sampled_from(EventKind), min_size=4).map(
                        lambda kinds: [kind.name for kind in kinds]
                    ),
                },
            )
        )
        back = data.draw(st.none() | st.integers(0, 40))
        position = None if back is None else max(head - back, start)
        day = data.draw(st.none() | st.integers(1, 11).map(lambda day: f"2024-08-{day:02}"))
        at = None if day is None else last_instant(day)
        expected = [
            (identity, entry)
            for identity, entry in logged
            if matches(known, identity, entry, chosen, subject, position or head)
            and (position is None or entry.position <= position)
            and (at is None or entry.reported_at <= at)
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


def matches(
    known: Oracle,
    identity: UUID,
    entry: Entry,
    chosen: dict[str, Any],
    subject: Subject,
    position: int,
) -> bool:
    """Whether a filter chooses an event."""
    kinds = chosen.get("kind")
    if kinds is not None and EventKind(codec.type_of(entry.event)).name not in kinds:
        return False
    if subject.value not in chosen:
        return True
    wanted = resolve(subject, chosen[subject.value])
    them = touched(known, identity, entry)
    if subject is not Subject.SOURCE:
        return wanted in them
    if position < known.sources[wanted][0].position:
        return wanted in them
    same = known.canonical(wanted, position)
    return any(
        position >= known.sources[one][0].position and known.canonical(one, position) == same
        for one in them & known.sources.keys()
    )


def check(
    known: Oracle, node: dict[str, Any], identity: UUID, entry: Entry, at: datetime | None
) -> None:
    """An event is told as of its own position."""
    assert node["sequence"] == entry.sequence
    sort = Subject(codec.type_of(entry.event).partition(".")[0])
    assert node["subjectId"] == global_id(sort, identity)
    assert node["__typename"] == type(entry.event).__name__
    if identity in known.sources:
        then = known.canonical(identity, entry.position)
        assert node["source"]["id"] == global_id(Subject.SOURCE, then)
    if identity not in known.claims:
        assert (entry.reported_at == ALWAYS) is (sort in (Subject.SOURCE, Subject.STORY))
        return
    state = claim_as_of(known.claims[identity], at, entry.position)
    assert state is not None
    shown = node["claim"]
    assert shown["id"] == node["subjectId"]
    assert shown["version"] == state.version
    assert shown["status"] == state.status.name
    assert shown["statement"] == state.statement
    assert datetime.fromisoformat(shown["lastChangedAt"]) == state.last_changed_at
    assert shown["contested"] is (identity in known.contested(at, entry.position))
    report = known.report(state, at, entry.position)
    assert (shown["report"]["withdrawal"] is None) is (report.withdrawal is None)
    assert node["version"] == sum(
        (one.reported_at, one.position) <= (entry.reported_at, entry.position)
        and one.position <= entry.position
        for one in known.claims[identity]
    )


def test_every_event_of_the_domain_has_its_kind() -> None:
    sorts = (SourceEvent, StoryEvent, ReportEvent, ClaimEvent)
    events = [event for sort in sorts for event in get_args(sort) or (sort,)]
    assert {event.__struct_config__.tag for event in events} == {one.value for one in EventKind}
    told = {one.__name__ for one in (*EVENT_TYPES, *RECORD_EVENT_TYPES)}
    assert {event.__name__ for event in events} == told
