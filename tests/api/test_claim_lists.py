"""Lists of claims by any filter and in any order, against a plain filter over what is worked out in
memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
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
from domain.claim import Claim
from domain.ids import Subject, resolve
from domain.moments import last_instant, parse_about, parse_moment
from domain.words import Status
from eventlog.database import Database
from eventlog.log import Log
from eventlog.record import Record
from projections.generations import ensure_generation
from projections.projector import project_all
from tests.api.serving import served
from tests.projections.commands import LABELS, SOURCES, TOPICS, commands, enveloped, opening
from tests.projections.oracle import Oracle, oracle

ORDERS = {
    "REPORTED_LATEST_FIRST": (True, "first_reported_at"),
    "REPORTED_EARLIEST_FIRST": (False, "first_reported_at"),
    "CHANGED_LATEST_FIRST": (True, "last_changed_at"),
    "CHANGED_EARLIEST_FIRST": (False, "last_changed_at"),
}

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
    known: list[Oracle]
    narrowed: int = 0
    """How many of the lists asked for held some claims, and left out others."""

    def ask(self, query: str, **variables: object) -> Any:
        answer = self.client.post("/graphql", json={"query": query, "variables": variables}).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def live(self, data: st.DataObject) -> int:
        """Let random things happen to some more claims: the last position."""
        prefix = f"l{next(_numbers)}-"
        wanted = data.draw(st.lists(commands(prefix), min_size=5, max_size=25))
        with Record(self.database) as record:
            record.execute_many([enveloped(one) for one in (*opening(prefix), *wanted)])
        head = project_all(self.database)
        with Log(self.database.conninfo) as log:
            self.known.append(oracle(log, prefix))
        deadline = monotonic() + 20
        while self.ask("{log {projectedPosition}}")["log"]["projectedPosition"] != head:
            assert monotonic() < deadline
            sleep(0.01)
        return head


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


@dataclass
class Moment:
    """All that was known at a moment."""

    known: list[Oracle]
    at: datetime | None
    position: int

    def __post_init__(self) -> None:
        self.states: dict[UUID, Claim] = {}
        self.outlets: dict[UUID, UUID | None] = {}
        self.chains: dict[UUID, set[UUID]] = {}
        self.contested: set[UUID] = set()
        for one in self.known:
            found = one.states(self.at, self.position)
            self.states |= found
            self.contested |= one.contested(self.at, self.position)
            for identity, claim in found.items():
                outlet = one.report(claim, self.at, self.position).outlet
                chain = {step.source for step in claim.attribution} | (
                    {outlet} if outlet else set()
                )
                self.outlets[identity] = outlet and one.canonical(outlet, self.position)
                self.chains[identity] = {one.canonical(it, self.position) for it in chain}

    def canonical(self, ref: str) -> UUID:
        """Under whose name a source goes."""
        identity = resolve(Subject.SOURCE, ref)
        (one,) = (one for one in self.known if identity in one.sources)
        entries = one.sources[identity]
        return (
            identity
            if entries[0].position > self.position
            else one.canonical(identity, self.position)
        )

    def fitting(
        self, asked: dict[str, Any], word: str | None, *, every_status: bool = False
    ) -> list[UUID]:
        """The claims that a filter and a search for a word choose."""
        return [
            identity
            for identity, claim in self.states.items()
            if (word is None or word in claim.statement.lower().split())
            and all(
                self._fits(identity, claim, name, value)
                for name, value in asked.items()
                if not (every_status and name == "status")
            )
        ]

    def _fits(self, identity: UUID, claim: Claim, name: str, value: Any) -> bool:
        match name:
            case "story":
                return claim.story == resolve(Subject.STORY, value)
            case "topic":
                return value in claim.topics
            case "source":
                return self.canonical(value) in self.chains[identity]
            case "outlet":
                return self.outlets[identity] == self.canonical(value)
            case "status":
                return claim.status.name in value
            case "kind":
                return claim.kind.name in value
            case "contested":
                return (identity in self.contested) is value
            case "reviewed":
                return bool(claim.reviews) is value
            case "quantity":
                return value in {quantity.label for quantity in claim.quantities}
            case "about":
                return speaks_of(claim.about, value)
            case "reported":
                return lies_in(claim.first_reported_at, value)
            case "changed":
                return lies_in(claim.last_changed_at, value)
            case "change":
                declared, silent = claim.declared_changes > 0, claim.silent_changes > 0
                return ("DECLARED" in value and declared) or ("SILENT" in value and silent)
        raise AssertionError(name)


def lies_in(at: datetime, asked: dict[str, str]) -> bool:
    after = "from" not in asked or at >= parse_moment(asked["from"]).start
    return after and ("to" not in asked or at <= last_instant(asked["to"]))


def speaks_of(about: str | None, asked: dict[str, Any]) -> bool:
    if "known" in asked:
        return (about is not None) is asked["known"]
    if about is None:
        return False
    (first, last), (start, end) = reach(about), reach(asked["overlaps"])
    return first <= end and start <= last


def reach(text: str) -> tuple[date, date]:
    """The first and the last day that something can speak of."""
    found = parse_about(text)
    return (
        date.fromisoformat(found.earliest) if found.earliest else date.min,
        date.fromisoformat(found.latest) if found.latest else date.max,
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
    head = lists.live(data)
    for _ in range(8):
        back = data.draw(st.just(0) | st.integers(0, 20))
        day = data.draw(st.none() | days)
        of = lists.known[-1 - min(data.draw(st.integers(0, 3)), len(lists.known) - 1)]
        asked = data.draw(st.just({}) | filters(of.prefix))
        as_of: dict[str, Any] = {"reportedAt": day} if day else {}
        if back:
            as_of["position"] = max(head - back, 0)
        known = Moment(
            lists.known, None if day is None else last_instant(day), as_of.get("position", head)
        )
        word = data.draw(st.none() | st.sampled_from(["wording", "statement", "third"]))
        order = data.draw(st.sampled_from(sorted(ORDERS)))
        descending, column = ORDERS[order]
        wanted = sorted(
            known.fitting(asked, word),
            key=lambda identity: (getattr(known.states[identity], column), identity.bytes),
            reverse=descending,
        )
        lists.narrowed += 0 < len(wanted) < len(known.states)
        size = max(data.draw(st.integers(1, 4)), len(wanted) // 5)
        for backward in (False, True):
            given = {"filter": asked, "search": word, "asOf": as_of}
            found = whole(lists, size, backward=backward, orderBy=order, **given)
            ids = [global_id(Subject.CLAIM, identity) for identity in wanted]
            assert found == ids
            if word is not None:
                best_first = whole(lists, size, backward=backward, orderBy="RELEVANCE", **given)
                assert sorted(best_first) == sorted(ids)
        check_counts(lists, known, asked, word, as_of)


def check_counts(
    lists: Lists, known: Moment, asked: dict[str, Any], word: str | None, as_of: dict[str, Any]
) -> None:
    """Totals, what the status left out, and how the list is spread."""
    wanted = known.fitting(asked, word)
    every = known.fitting(asked, word, every_status=True)
    counted = lists.ask(COUNTS, filter=asked, search=word, asOf=as_of)["claims"]
    assert counted["totalCount"] == len(wanted)
    assert counted["leftOut"] == len(every) - len(wanted)
    facets = counted["facets"]
    statuses = Counter(known.states[identity].status for identity in every)
    assert list(facets["byStatus"].values()) == [len(every), *(statuses[one] for one in Status)]
    outlets = Counter(known.outlets[identity] for identity in wanted)
    assert [
        (one["outlet"] and one["outlet"]["id"], one["count"]) for one in facets["byOutlet"]
    ] == [
        (outlet and global_id(Subject.SOURCE, outlet), found)
        for outlet, found in sorted(
            outlets.items(), key=lambda it: (-it[1], it[0] is None, it[0].bytes if it[0] else b"")
        )
    ]
    topics = Counter(topic for one in wanted for topic in set(known.states[one].topics))
    assert [(one["topic"], one["count"]) for one in facets["byTopic"]] == sorted(
        topics.items(), key=lambda it: (-it[1], it[0])
    )
    reported = Counter(known.states[one].first_reported_at.date() for one in wanted)
    assert [(one["start"], one["count"]) for one in facets["byInterval"]] == [
        (f"{day}T00:00:00Z", found) for day, found in sorted(reported.items(), reverse=True)
    ]
