"""Lists of claims by any filter and in any order, against a plain filter over what is worked out in
memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api import listing
from api.app import create_app
from api.ids import global_id
from api.scalars import written_instant
from domain.ids import Subject
from domain.moments import last_instant
from domain.words import Status
from eventlog.database import Database
from eventlog.log import Log
from eventlog.record import Record
from projections.generations import ensure_generation
from projections.projector import project_all
from tests.api.plain_lists import by_interval, by_outlet, by_topic, narrowed
from tests.api.plain_pages import CLAIM_ORDERS
from tests.api.plain_record import PlainRecord, View, read
from tests.api.serving import served
from tests.projections.commands import LABELS, SOURCES, TOPICS, commands, enveloped, opening

LIST = """
query List(
  $filter: ClaimFilter, $search: String, $orderBy: ClaimOrder, $asOf: AsOf,
  $first: Int, $after: String, $last: Int, $before: String
) {
  claims(
    filter: $filter, search: $search, orderBy: $orderBy, asOf: $asOf,
    first: $first, after: $after, last: $last, before: $before
  ) { nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }
}
"""

COUNTS = """
query Counts($filter: ClaimFilter, $search: String, $asOf: AsOf) {
  claims(filter: $filter, search: $search, asOf: $asOf) {
    totalCount leftOut
    facets {
      byStatus { total standing corrected underConcern partiallyRetracted retracted }
      byOutlet(first: 100) { outlet { id } count }
      byTopic { topic count }
      byInterval { start count }
    }
  }
}
"""

_numbers = count(1)


@dataclass
class Lists:
    """A record that grows while it is asked, with all that is known of it."""

    database: Database
    client: httpx.Client
    prefixes: list[str]
    """Those of the subjects to which something has happened, the last of them last."""
    narrowed: int = 0
    """How many of the lists asked for held some claims, and left out others."""

    def ask(self, query: str, **variables: object) -> Any:
        answer = self.client.post("/graphql", json={"query": query, "variables": variables}).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def live(self, data: st.DataObject) -> PlainRecord:
        """Let random things happen to some more claims: all that is known then."""
        prefix = f"l{next(_numbers)}-"
        wanted = data.draw(st.lists(commands(prefix), min_size=5, max_size=25))
        with Record(self.database) as record:
            record.execute_many([enveloped(one) for one in (*opening(prefix), *wanted)])
        head = project_all(self.database)
        self.prefixes.append(prefix)
        deadline = monotonic() + 20
        while self.ask("{log {projectedPosition}}")["log"]["projectedPosition"] != head:
            assert monotonic() < deadline
            sleep(0.01)
        with Log(self.database.conninfo) as log:
            return read(log)


@pytest.fixture(
    params=[(listing.FEW, listing.NEAR), (2, listing.NEAR), (2, 3)],
    ids=["few fit", "some fit nearby", "many fit far away"],
)
def lists(
    database: Database, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lists]:
    few, near = request.param
    monkeypatch.setattr(listing, "FEW", few)
    monkeypatch.setattr(listing, "NEAR", near)
    ensure_generation(database)
    with (
        served(create_app(database)) as url,
        httpx.Client(base_url=url, timeout=20) as client,
    ):
        asked = Lists(database, client, [])
        yield asked
    assert asked.narrowed > 5


days = st.integers(1, 10).map(lambda day: f"2024-08-{day:02}")
ranges = st.one_of(
    days.map(lambda day: {"from": day}),
    days.map(lambda day: {"to": day}),
    st.tuples(days, days).map(lambda two: {"from": min(two), "to": max(two)}),
)
abouts = st.one_of(
    st.booleans().map(lambda known: {"known": known}),
    st.sampled_from(["2024-08-03", "2024-08", "2023", "2024-08-06/..", "../2024-07-15"]).map(
        lambda text: {"overlaps": text}
    ),
)


def filters(prefix: str) -> st.SearchStrategy[dict[str, Any]]:
    """Filters of one part or two."""
    sources = st.integers(0, SOURCES - 1).map(lambda number: f"{prefix}s{number}")
    parts: dict[str, st.SearchStrategy[Any]] = {
        "story": st.just(f"{prefix}story"),
        "topic": st.sampled_from([*TOPICS, *TOPICS, "nothing"]),
        "source": sources,
        "outlet": sources,
        "status": st.sets(st.sampled_from([one.name for one in Status]), max_size=3).map(sorted),
        "kind": st.lists(st.sampled_from(["ASSERTION", "FIGURE", "DENIAL", "RUMOUR"]), max_size=2),
        "contested": st.booleans(),
        "reviewed": st.booleans(),
        "quantity": st.sampled_from([*LABELS, "nothing"]),
        "about": abouts,
        "reported": ranges,
        "changed": ranges,
        "change": st.lists(st.sampled_from(["DECLARED", "SILENT"]), max_size=2),
    }
    chosen = st.lists(st.sampled_from(sorted(parts)), min_size=1, max_size=2, unique=True)
    return chosen.flatmap(
        lambda names: st.fixed_dictionaries({name: parts[name] for name in names})
    )


def whole(lists: Lists, size: int, *, backward: bool, **asked: object) -> list[str]:
    """A list read page by page."""
    pages: list[list[str]] = []
    cursor: str | None = None
    while True:
        ends = {"last": size, "before": cursor} if backward else {"first": size, "after": cursor}
        page = lists.ask(LIST, **asked, **ends)["claims"]
        ids = [node["id"] for node in page["nodes"]]
        info = page["pageInfo"]
        if backward:
            pages.insert(0, ids)
            assert info["hasNextPage"] is (cursor is not None)
            more, cursor = info["hasPreviousPage"], info["startCursor"]
        else:
            pages.append(ids)
            assert info["hasPreviousPage"] is (cursor is not None)
            more, cursor = info["hasNextPage"], info["endCursor"]
        if not more:
            return [one for page_ids in pages for one in page_ids]
        assert len(ids) == size


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_every_list_is_a_plain_filter_of_the_states_in_memory(
    lists: Lists, data: st.DataObject
) -> None:
    record = lists.live(data)
    for _ in range(8):
        back = data.draw(st.just(0) | st.integers(0, 20))
        day = data.draw(st.none() | days)
        prefix = data.draw(st.sampled_from(lists.prefixes[:-5:-1]))
        asked = data.draw(st.just({}) | filters(prefix))
        as_of: dict[str, Any] = {"reportedAt": day} if day else {}
        if back:
            as_of["position"] = max(record.position - back, 0)
        view = record.view(None if day is None else last_instant(day), as_of.get("position"))
        word = data.draw(st.none() | st.sampled_from(["wording", "statement", "third"]))
        name = data.draw(st.sampled_from(sorted(CLAIM_ORDERS)))
        order, column = CLAIM_ORDERS[name]
        every, fitting = narrowed(view, view.claims, {"filter": asked, "search": word})
        wanted = sorted(
            fitting,
            key=lambda identity: (getattr(view.claims[identity], column), identity),
            reverse=order.descending,
        )
        lists.narrowed += 0 < len(wanted) < len(view.claims)
        size = max(data.draw(st.integers(1, 4)), len(wanted) // 5)
        for backward in (False, True):
            given = {"filter": asked, "search": word, "asOf": as_of}
            found = whole(lists, size, backward=backward, orderBy=name, **given)
            ids = [global_id(Subject.CLAIM, identity) for identity in wanted]
            assert found == ids
            if word is not None:
                best_first = whole(lists, size, backward=backward, orderBy="RELEVANCE", **given)
                assert sorted(best_first) == sorted(ids)
        counted = lists.ask(COUNTS, filter=asked, search=word, asOf=as_of)["claims"]
        check_counts(view, every, wanted, counted)


def check_counts(
    view: View, every: list[UUID], wanted: list[UUID], counted: dict[str, Any]
) -> None:
    """Totals, what the status left out, and how the list is spread."""
    assert counted["totalCount"] == len(wanted)
    assert counted["leftOut"] == len(every) - len(wanted)
    facets = counted["facets"]
    statuses = Counter(view.claims[identity].status for identity in every)
    assert list(facets["byStatus"].values()) == [len(every), *(statuses[one] for one in Status)]
    assert [
        (one["outlet"] and one["outlet"]["id"], one["count"]) for one in facets["byOutlet"]
    ] == [
        (outlet and global_id(Subject.SOURCE, outlet), found)
        for outlet, found in by_outlet(view, wanted)
    ]
    assert [(one["topic"], one["count"]) for one in facets["byTopic"]] == by_topic(view, wanted)
    assert [(one["start"], one["count"]) for one in facets["byInterval"]] == [
        (written_instant(start), found) for start, found in by_interval(view, wanted, "DAY")
    ]
