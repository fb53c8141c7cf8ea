"""What differs between two moments, whatever has happened, against states folded in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.ids import global_id
from domain.commands import AmendClaim, AnyCommand, LinkClaims, RetractClaim
from domain.ids import Subject, resolve
from domain.moments import last_instant
from domain.words import LinkKind
from eventlog.record import Record
from projections.basis import AsOf
from projections.projector import project_all
from projections.reads import Reads
from tests.api.living import Lived, Living, living
from tests.api.plain_difference import changed
from tests.projections.commands import enveloped, opening
from tests.servers import Server

CHANGES = """query($from: AsOf!, $to: AsOf, $filter: ClaimFilter,
  $first: Int, $after: String, $last: Int, $before: String) {
  changes(from: $from, to: $to, filter: $filter,
          first: $first, after: $after, last: $last, before: $before) {
    totalCount
    edges { cursor node { kinds before { ...State } after { id ...State } } }
    pageInfo { hasNextPage hasPreviousPage }
  }
}
fragment State on Claim {
  version status statement contested report { urls } history { position }
}"""


@pytest.fixture(scope="module")
def record(server: Server) -> Iterator[Living]:
    with living(server) as opened:
        yield opened


def whole(record: Living, size: int, *, backward: bool, **asked: Any) -> list[dict[str, Any]]:
    """All edges, page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        paged = {"last": size, "before": cursor} if backward else {"first": size, "after": cursor}
        page = record.ask(CHANGES, **paged, **asked)["data"]["changes"]
        found = [*page["edges"], *found] if backward else [*found, *page["edges"]]
        if not page["pageInfo"]["hasPreviousPage" if backward else "hasNextPage"]:
            assert page["totalCount"] == len(found)
            return found
        cursor = page["edges"][0 if backward else -1]["cursor"]


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_changes_are_what_differs_between_states_folded_in_memory(
    record: Living, data: st.DataObject
) -> None:
    lived = record.live(data)
    start, head = lived.start, lived.record.position
    for _ in range(2):
        low, high = sorted(data.draw(st.tuples(st.integers(0, 40), st.integers(0, 40))))
        early, late = max(head - high, start), max(head - low, start)
        days = sorted(data.draw(st.tuples(st.integers(1, 11), st.integers(1, 11))))
        first, second = (f"2024-08-{day:02}" for day in days)
        axes = data.draw(st.sampled_from(["both", "recorded", "reported", "reported until now"]))
        until = {"reportedAt": second, "position": late}
        since = {"reportedAt": first, "position": early}
        if axes == "recorded":
            del since["reportedAt"]
            first = second
        elif axes.startswith("reported"):
            del since["position"]
            early = late
        if axes == "reported until now":
            del until["position"]
            early = late = head
        by_story = data.draw(st.booleans())
        chosen = {"story": f"{lived.prefix}story"} if by_story else {}
        expected = Expected(lived, (first, early), (second, late), chosen)
        asked = {"from": since, "to": until, "filter": chosen}
        size = data.draw(st.integers(2, 6))
        forward = whole(record, size, backward=False, **asked)
        mine = [edge["node"] for edge in forward if edge["node"]["after"]["id"] in expected.ids]
        assert [(node["after"]["id"], node["kinds"]) for node in mine] == expected.kinds
        assert whole(record, size, backward=True, **asked) == forward
        for node in mine:
            expected.check(node)
        if not by_story and axes != "recorded":
            as_the_command_line_tells_it(record, expected, (first, early), (second, late))


class Expected:
    """The differences between two moments, worked out in memory."""

    def __init__(
        self, lived: Lived, earlier: tuple[str, int], later: tuple[str, int], asked: dict[str, Any]
    ) -> None:
        self.views = [
            lived.record.view(last_instant(day), position) for day, position in (earlier, later)
        ]
        self.ids = {global_id(Subject.CLAIM, one): one for one in lived.claims}
        before, after = self.views
        found = changed(before, after, asked)
        mine = sorted(
            found.keys() & set(lived.claims),
            key=lambda one: (after.claims[one].last_changed_at, one),
        )
        self.kinds = [(global_id(Subject.CLAIM, one), found[one]) for one in mine]

    def check(self, node: dict[str, Any]) -> None:
        """Both sides of a change are the claim as of their moments."""
        identity = self.ids[node["after"]["id"]]
        for side, view in zip(("before", "after"), self.views, strict=True):
            state, shown = view.claims.get(identity), node[side]
            assert (shown is None) is (state is None)
            if state is None:
                continue
            assert shown["version"] == state.version == len(shown["history"])
            assert shown["status"] == state.status.name
            assert shown["statement"] == state.statement
            assert shown["contested"] is view.is_contested(identity)
            assert tuple(shown["report"]["urls"]) == view.reports[state.report].urls


def as_the_command_line_tells_it(
    record: Living, expected: Expected, earlier: tuple[str, int], later: tuple[str, int]
) -> None:
    """The command line's own computation finds nothing else, but for three things: it takes a
    source that was merged meanwhile for an amendment, it overlooks that a claim is contested no
    more where the contradiction was recorded in error, and it tells each kind by itself."""
    with Reads(record.database.conninfo, pool_size=1) as reads:
        found = reads.changes(
            AsOf(reported_at=earlier[0], position=earlier[1]),
            AsOf(reported_at=later[0], position=later[1]),
        )
    told = {
        (global_id(Subject.CLAIM, change.after.id), change.kind.name)
        for change in found.items
        if global_id(Subject.CLAIM, change.after.id) in expected.ids
    }
    mine = {(identity, kind) for identity, kinds in expected.kinds for kind in kinds}
    assert {kind for _, kind in told - mine} <= {"AMENDED"}
    assert {kind for _, kind in mine - told} <= {"NO_LONGER_CONTESTED", "NEWLY_CONTESTED"}


@pytest.mark.parametrize("by_story", [False, True])
def test_a_claim_changes_with_what_contradicts_it_although_nothing_happened_to_it(
    record: Living, by_story: bool
) -> None:
    prefix = f"contest-{by_story}-"
    contradicting, disputed = f"{prefix}c0", f"{prefix}c1"
    others = f"{prefix}c2", f"{prefix}c3"

    def after(*commands: AnyCommand) -> int:
        with Record(record.database) as opened:
            opened.execute_many([enveloped(one) for one in commands])
        return project_all(record.database)

    def between(start: int, end: int, **days: str) -> dict[str, list[str]]:
        since: dict[str, Any] = {"position": start}
        if days:
            since["reportedAt"] = days["first"]
        until = {"position": end, **({"reportedAt": days["last"]} if days else {})}
        chosen = {"story": f"{prefix}story"} if by_story else {}
        page = record.ask(CHANGES, **{"from": since, "to": until, "filter": chosen})["data"]
        names = {
            global_id(Subject.CLAIM, resolve(Subject.CLAIM, f"{prefix}c{number}")): number
            for number in range(5)
        }
        return {
            f"c{names[edge['node']['after']['id']]}": edge["node"]["kinds"]
            for edge in page["changes"]["edges"]
            if edge["node"]["after"]["id"] in names
        }

    quiet = after(*opening(prefix))
    linked = after(
        LinkClaims(
            claim=contradicting,
            kind=LinkKind.CONTRADICTS,
            to=disputed,
            published_at="2024-08-05",
        ),
        LinkClaims(
            claim=others[0], kind=LinkKind.CONTRADICTS, to=others[1], published_at="2024-08-05"
        ),
    )
    retracted = after(RetractClaim(claim=contradicting, published_at="2024-08-07"))
    voided = after(AmendClaim(claim=others[0], amends=2, void=True))
    # Those of even numbers belong to no story.
    told = {
        (quiet, linked): {"c1": ["NEWLY_CONTESTED"], "c3": ["NEWLY_CONTESTED"]}
        | ({} if by_story else {"c0": ["LINKED"], "c2": ["LINKED"]}),
        (linked, retracted): {"c1": ["NO_LONGER_CONTESTED"]}
        | ({} if by_story else {"c0": ["RETRACTED"]}),
        (retracted, voided): {"c3": ["NO_LONGER_CONTESTED"]},
        (quiet, voided): {} if by_story else {"c0": ["RETRACTED", "LINKED"]},
    }
    for (start, end), expected in told.items():
        assert between(start, end) == expected
    assert between(voided, voided, first="2024-08-06", last="2024-08-08") == told[linked, retracted]
    assert (
        between(retracted, retracted, first="2024-08-04", last="2024-08-06") == told[quiet, linked]
    )
