"""Any object by its global id."""

from __future__ import annotations

from uuid import UUID

import pytest

from api.ids import global_id
from domain.ids import Subject, resolve
from tests.api.conftest import Ask

NODE = """query($id: ID!) {
  node(id: $id) {
    __typename
    id
    ... on Claim { statement status report { headline } }
    ... on Report { headline urls }
    ... on Source { name }
    ... on Story { slug counts { total } }
  }
}"""


@pytest.mark.parametrize(
    ("subject", "ref", "told"),
    [
        (
            Subject.CLAIM,
            "off",
            {
                "__typename": "Claim",
                "statement": "The talks are off.",
                "status": "CORRECTED",
                "report": {"headline": "Talks are off"},
            },
        ),
        (
            Subject.REPORT,
            "table",
            {"__typename": "Report", "headline": None, "urls": ["https://staff.example/18"]},
        ),
        (Subject.SOURCE, "staff", {"__typename": "Source", "name": "General Staff"}),
        (Subject.STORY, "talks", {"__typename": "Story", "slug": "talks", "counts": {"total": 3}}),
    ],
)
def test_an_object_of_any_sort_is_found_by_its_id(
    ask: Ask, subject: Subject, ref: str, told: dict[str, object]
) -> None:
    identity = global_id(subject, resolve(subject, ref))
    answer = ask(NODE, id=identity)
    assert answer["data"]["node"] == {**told, "id": identity}
    assert answer["extensions"]["basis"]["reportedAt"] is None


def test_a_cursor_within_the_node_settles_the_moment_of_all_of_it(ask: Ask) -> None:
    identity = global_id(Subject.STORY, resolve(Subject.STORY, "talks"))
    asked = ask(
        """query($asOf: AsOf) {
          story(slug: "talks", asOf: $asOf) { claims(first: 1) { pageInfo { endCursor } } }
        }""",
        asOf={"reportedAt": "2024-08-16"},
    )
    cursor = asked["data"]["story"]["claims"]["pageInfo"]["endCursor"]
    answer = ask(
        """query($id: ID!, $after: String) {
          node(id: $id) {
            ... on Story { counts { total } claims(after: $after) { nodes { id } } }
          }
        }""",
        id=identity,
        after=cursor,
    )
    assert answer["data"]["node"] == {"counts": {"total": 1}, "claims": {"nodes": []}}
    assert answer["extensions"]["basis"] == asked["extensions"]["basis"]


def test_a_node_that_is_not_there_is_null(ask: Ask) -> None:
    for subject in Subject:
        answer = ask(NODE, id=global_id(subject, UUID(int=7)))
        assert answer["data"] == {"node": None}
        assert "errors" not in answer


@pytest.mark.parametrize(
    "identity", ["", "apc", "claim~", "claim~x", "event~AAAAAAAAAAAAAAAAAAAAAA", "é~ü", "claim~\0"]
)
def test_an_id_that_this_api_never_gave_out_is_refused(ask: Ask, identity: str) -> None:
    (error,) = ask(NODE, id=identity)["errors"]
    assert error["extensions"] == {"code": "INVALID_ID", "field": "id"}
    assert error["path"] == ["node"]


def test_the_id_alone_is_enough_to_ask_for(ask: Ask) -> None:
    identity = global_id(Subject.CLAIM, resolve(Subject.CLAIM, "apc"))
    answer = ask(
        "query($id: ID!) {a: node(id: $id) {id} b: node(id: $id) {__typename}}", id=identity
    )
    assert answer["data"] == {"a": {"id": identity}, "b": {"__typename": "Claim"}}
