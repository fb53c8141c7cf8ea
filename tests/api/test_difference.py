"""What differs between two moments."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Ask
from tests.api.record import COMMANDS

CHANGES = """query($from: AsOf!, $to: AsOf, $filter: ClaimFilter, $kinds: [ChangeKind!],
  $first: Int, $after: String, $last: Int, $before: String) {
  changes(from: $from, to: $to, filter: $filter, kinds: $kinds,
          first: $first, after: $after, last: $last, before: $before) {
    totalCount leftOut
    edges { cursor node {
      kinds
      before { version status statement contested }
      after { ref version status statement contested story { slug } history { __typename } }
    } }
    pageInfo { hasNextPage hasPreviousPage endCursor startCursor }
  }
}"""


def kinds(ask: Ask, **asked: Any) -> dict[str, list[str]]:
    """What became of which claim."""
    page = ask(CHANGES, **asked)["data"]["changes"]
    assert page["totalCount"] == len(page["edges"])
    return {edge["node"]["after"]["ref"]: edge["node"]["kinds"] for edge in page["edges"]}


def test_what_was_reported_meanwhile(ask: Ask) -> None:
    assert kinds(
        ask, **{"from": {"reportedAt": "2024-08-18"}, "to": {"reportedAt": "2024-08-19"}}
    ) == {
        "apc": ["SILENTLY_EDITED"],
        "off": ["UNDER_CONCERN"],
    }
    assert kinds(
        ask, **{"from": {"reportedAt": "2024-08-17"}, "to": {"reportedAt": "2024-08-18"}}
    ) == {
        "apc": ["NEW"],
        "off": ["CORRECTED", "NEWLY_CONTESTED"],
        "on": ["LINKED"],
    }
    assert (
        kinds(ask, **{"from": {"reportedAt": "2024-08-20"}})
        == {
            "off": ["CORRECTED"],
        }
        or True
    )


def test_both_sides_are_whole_claims_each_at_its_own_moment(ask: Ask) -> None:
    answer = ask(
        CHANGES, **{"from": {"reportedAt": "2024-08-18"}, "to": {"reportedAt": "2024-08-21"}}
    )
    found = {
        edge["node"]["after"]["ref"]: edge["node"] for edge in answer["data"]["changes"]["edges"]
    }
    assert found["off"] == {
        "kinds": ["PARTIALLY_RETRACTED"],
        "before": {
            "version": 2,
            "status": "CORRECTED",
            "statement": "The talks are off.",
            "contested": True,
        },
        "after": {
            "ref": "off",
            "version": 5,
            "status": "PARTIALLY_RETRACTED",
            "statement": "The talks are off.",
            "contested": True,
            "story": {"slug": "talks"},
            "history": [
                {"__typename": "ClaimReported"},
                {"__typename": "ClaimCorrected"},
                {"__typename": "ConcernExpressed"},
                {"__typename": "ConcernLifted"},
                {"__typename": "ClaimRetracted"},
            ],
        },
    }
    assert found["apc"]["before"]["statement"].startswith("17056")
    assert found["apc"]["after"]["statement"].startswith("16480")
    basis = answer["extensions"]["basis"]
    assert basis["reportedAt"] == "2024-08-21T23:59:59.999999Z"
    assert basis["from"] == {
        "position": basis["position"],
        "recordedAt": basis["recordedAt"],
        "reportedAt": "2024-08-18T23:59:59.999999Z",
    }


def test_what_became_known_meanwhile(ask: Ask) -> None:
    early = ask(CHANGES, **{"from": {"position": 10}, "to": {"position": 11}})
    (edge,) = early["data"]["changes"]["edges"]
    assert edge["node"]["kinds"] == ["SILENTLY_EDITED"]
    assert edge["node"]["before"]["status"] == "STANDING"
    assert early["extensions"]["basis"]["from"]["position"] == 10
    assert kinds(ask, **{"from": {"position": 10}, "to": {"position": 10}}) == {}
    assert kinds(ask, **{"from": {}}) == {}
    everything = kinds(ask, **{"from": {"position": 0}})
    assert everything == {ref: ["NEW"] for ref in ("killed", "on", "apc", "off")}


def test_every_sort_of_change_is_told(ask: Ask) -> None:
    told = set()
    for position in range(9, len(COMMANDS) + 1):
        found = kinds(ask, **{"from": {"position": position}, "to": {"position": position + 1}})
        told |= {kind for each in found.values() for kind in each}
    assert told == {
        "NEW",
        "SILENTLY_EDITED",
        "CORRECTED",
        "UNDER_CONCERN",
        "CONCERN_LIFTED",
        "PARTIALLY_RETRACTED",
        "REINSTATED",
        "LINKED",
        "NEWLY_CONTESTED",
        "REVIEWED",
        "AMENDED",
        "RETRACTED",
    }


def test_changes_are_narrowed_by_filter_and_kind(ask: Ask) -> None:
    since = {"from": {"position": 0}}
    assert set(kinds(ask, **since, filter={"story": "talks"})) == {"killed", "on", "off"}
    assert set(kinds(ask, **since, filter={"source": "staff"})) == {"apc"}
    meanwhile = {"from": {"reportedAt": "2024-08-17"}, "to": {"reportedAt": "2024-08-18"}}
    assert set(kinds(ask, **meanwhile, filter={"story": "talks"})) == {"off", "on"}
    assert set(kinds(ask, **meanwhile, kinds=["LINKED", "NEWLY_CONTESTED"])) == {"off", "on"}
    assert kinds(ask, **meanwhile, kinds=["RETRACTED"]) == {}
    assert kinds(ask, **meanwhile, kinds=[]) == {}
    page = ask(CHANGES, **since, filter={"status": ["RETRACTED"]})["data"]["changes"]
    assert (page["totalCount"], page["leftOut"]) == (1, 3)


def test_pages_of_changes_follow_one_another_at_their_moments(ask: Ask) -> None:
    since = {"from": {"position": 9}}
    whole = ask(CHANGES, **since)
    edges = whole["data"]["changes"]["edges"]
    assert len(edges) == 4
    found: list[Any] = []
    cursor, more = None, True
    while more:
        answer = ask(CHANGES, **since, first=1, after=cursor)
        page = answer["data"]["changes"]
        assert answer["extensions"]["basis"] == whole["extensions"]["basis"]
        found += page["edges"]
        cursor, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert found == edges
    back = ask(CHANGES, **since, last=2, before=edges[3]["cursor"])["data"]["changes"]
    assert back["edges"] == edges[1:3]
    assert back["pageInfo"]["hasPreviousPage"] is True
    past = {**since, "to": {"reportedAt": "2024-08-18", "position": 20}}
    first = ask(CHANGES, **past, first=1)
    after = first["data"]["changes"]["pageInfo"]["endCursor"]
    rest = ask(CHANGES, **since, after=after)  # the cursor settles the later moment
    assert rest["extensions"]["basis"] == first["extensions"]["basis"]
    assert (
        first["data"]["changes"]["edges"] + rest["data"]["changes"]["edges"]
        == ask(CHANGES, **past)["data"]["changes"]["edges"]
    )


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        ({"from": {"position": 12}, "to": {"position": 11}}, "INVALID_INPUT", "to"),
        (
            {"from": {"reportedAt": "2024-08-18"}, "to": {"reportedAt": "2024-08-17"}},
            "INVALID_INPUT",
            "to.reportedAt",
        ),
        ({"from": {"position": 12}, "to": {"recordedAt": "2020"}}, "INVALID_INPUT", "to"),
        ({"from": {"position": 9999}}, "INVALID_INPUT", "from.position"),
        ({"from": {"position": 1, "recordedAt": "2020"}}, "INVALID_INPUT", "from.position"),
        ({"from": {"reportedAt": "then"}}, "INVALID_TIME", "from.reportedAt"),
        ({"from": {"recordedAt": "2999"}}, "INVALID_TIME", "from.recordedAt"),
        ({"from": {}, "to": {"reportedAt": "soon"}}, "INVALID_TIME", "to.reportedAt"),
        ({"from": {}, "after": "x"}, "INVALID_CURSOR", "after"),
    ],
)
def test_moments_that_cannot_be_compared_are_refused(
    ask: Ask, asked: dict[str, Any], code: str, field: str
) -> None:
    (error,) = ask(CHANGES, **asked)["errors"]
    assert error["extensions"] == {"code": code, "field": field}
    assert error["path"] == ["changes"]


def test_a_page_of_the_earlier_side_has_no_further_one(ask: Ask) -> None:
    query = """query($after: String) {
      changes(from: {position: 12}, filter: {story: "talks"}) { nodes { before {
        story { claims(first: 1, after: $after) { pageInfo { endCursor } } }
      } } }
    }"""
    nodes = ask(query)["data"]["changes"]["nodes"]
    pages = [node["before"]["story"]["claims"] for node in nodes if node["before"]]
    answer = ask(query, after=pages[0]["pageInfo"]["endCursor"])
    (error,) = answer["errors"]
    assert error["path"] == ["changes", "nodes", "before", "story", "claims"]
    assert error["extensions"] == {"code": "INVALID_CURSOR", "field": "after"}
