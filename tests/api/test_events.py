"""The log's events of every sort: as they are told, page by page, and by filter."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
import pytest
from graphql import build_schema

from api.app import create_app
from api.history import EVENT_TYPES
from api.ids import global_id
from api.record_events import RECORD_EVENT_TYPES
from api.schema import text
from domain.commands import PublishReport, ReviseReport
from domain.ids import Subject, resolve
from tests.api.conftest import Ask, asking
from tests.api.record import COMMANDS, fill
from tests.api.serving import served
from tests.api.test_questions import everything
from tests.servers import Server

PAGE = """query($filter: EventFilter, $first: Int, $after: String, $last: Int, $before: String,
  $asOf: AsOf) {
  events(filter: $filter, first: $first, after: $after, last: $last, before: $before, asOf: $asOf) {
    totalCount
    edges { cursor node { __typename position } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""


def told(ask: Ask, **filters: Any) -> list[str]:
    """The sorts of all events that a filter chooses."""
    page = ask(PAGE, first=100, filter=filters)["data"]["events"]
    assert page["totalCount"] == len(page["edges"])
    return [edge["node"]["__typename"] for edge in page["edges"]]


def test_events_of_every_sort_come_in_the_order_of_recording(ask: Ask) -> None:
    page = ask(PAGE, first=100)["data"]["events"]
    positions = [edge["node"]["position"] for edge in page["edges"]]
    assert positions == list(range(1, len(positions) + 1))
    assert page["totalCount"] == len(positions) == len(COMMANDS) + 1  # a report and its claim
    assert {edge["node"]["__typename"] for edge in page["edges"]} == {
        "SourceRegistered",
        "StoryOpened",
        "ReportPublished",
        "ClaimReported",
        "ClaimCorrected",
        "ConcernExpressed",
        "ConcernLifted",
        "ClaimRetracted",
        "ClaimReinstated",
        "ClaimLinked",
        "ClaimReviewed",
        "ClaimAmended",
        "ReportWithdrawn",
        "SourceMerged",
    }


def test_every_event_says_who_recorded_it_why_and_of_what(ask: Ask) -> None:
    nodes = ask(
        "{events(first: 100) {nodes {position recordedAt actor reason sequence subjectId}}}"
    )["data"]["events"]["nodes"]
    assert {(node["actor"], node["reason"]) for node in nodes} == {("tester", "to be asked about")}
    assert nodes[0]["subjectId"] == global_id(Subject.SOURCE, resolve(Subject.SOURCE, "staff"))
    assert nodes[4]["subjectId"] == global_id(Subject.STORY, resolve(Subject.STORY, "losses"))
    assert nodes[6]["subjectId"] == global_id(Subject.REPORT, resolve(Subject.REPORT, "table"))
    assert nodes[10]["subjectId"] == global_id(Subject.CLAIM, resolve(Subject.CLAIM, "apc"))
    assert (nodes[9]["sequence"], nodes[10]["sequence"]) == (1, 2)
    times = [node["recordedAt"] for node in nodes]
    assert times == sorted(set(times), key=datetime.fromisoformat)


def test_events_of_sources_stories_and_reports_tell_what_was_recorded(ask: Ask) -> None:
    answer = ask(
        """{events(first: 100, filter: {kind: [SOURCE_REGISTERED, STORY_OPENED, REPORT_PUBLISHED,
                                               REPORT_WITHDRAWN, SOURCE_MERGED]}) {nodes {
          __typename
          ... on SourceEvent { source { name } }
          ... on StoryEvent { story { title counts { total } } }
          ... on ReportEvent { reportedAt precision publishedAt observedAt
                               report { urls withdrawal { nature } } }
          ... on SourceRegistered { name sourceKind url country }
          ... on StoryOpened { slug title summary topics }
          ... on ReportPublished { outlet { name } reportKind headline byline credits language url }
          ... on ReportWithdrawn { retractionNature because declared notice { text } }
          ... on SourceMerged { name into { name } }
        }}}"""
    )
    nodes = answer["data"]["events"]["nodes"]
    assert nodes[1] == {
        "__typename": "SourceRegistered",
        "source": {"name": "The Paper"},
        "name": "The Paper",
        "sourceKind": "OUTLET",
        "url": None,
        "country": "GB",
    }
    assert nodes[4] == {
        "__typename": "StoryOpened",
        "story": {"title": "Losses", "counts": {"total": 0}},  # as it was then
        "slug": "losses",
        "title": "Losses",
        "summary": "What was lost.",
        "topics": ["war"],
    }
    assert nodes[7] == {
        "__typename": "ReportPublished",
        "reportedAt": "2024-08-17T10:00:00Z",
        "precision": "SECOND",
        "publishedAt": "2024-08-17T10:00:00Z",
        "observedAt": None,
        "report": {"urls": [], "withdrawal": None},
        "outlet": {"name": "The Paper"},
        "reportKind": "ARTICLE",
        "headline": "Talks are off",
        "byline": ["A Writer"],
        "credits": [],
        "language": "en",
        "url": None,
    }
    assert nodes[8]["outlet"] == {"name": "Paper, The"}  # not yet merged
    assert nodes[9] == {
        "__typename": "ReportWithdrawn",
        "reportedAt": "2024-08-17T00:00:00Z",
        "precision": "DAY",
        "publishedAt": "2024-08-17",
        "observedAt": None,
        "report": {"urls": [], "withdrawal": {"nature": "WITHDRAWAL"}},
        "retractionNature": "WITHDRAWAL",
        "because": "NOT_STATED",
        "declared": False,
        "notice": None,
    }
    assert nodes[10] == {
        "__typename": "SourceMerged",
        "source": {"name": "The Paper"},
        "name": "Paper, The",
        "into": {"name": "The Paper"},
    }


def test_a_revision_tells_all_of_the_report_from_then_on_with_what_stayed(server: Server) -> None:
    with server.fresh_database() as database:
        fill(
            database,
            [
                PublishReport(
                    report="one",
                    headline="First",
                    byline=("A Writer",),
                    language="en",
                    published_at="2024-08-01",
                ),
                ReviseReport(report="one", headline="Third", published_at="2024-08-03"),
                # It comes late, and what it says of the caution was then in print as well.
                ReviseReport(report="one", caution="Old news", published_at="2024-08-02"),
                ReviseReport(report="one", byline=(), published_at="2024-08-04"),
            ],
        )
        with served(create_app(database)) as url, httpx.Client(base_url=url, timeout=20) as client:
            answer = asking(client)(
                """{events(filter: {kind: REPORT_REVISED}) {nodes {
                  ... on ReportRevised { headline byline credits language caution }
                }}}"""
            )
    first = {"headline": "First", "byline": ["A Writer"], "credits": [], "language": "en"}
    assert answer["data"]["events"]["nodes"] == [
        {**first, "headline": "Third", "caution": None},
        {**first, "caution": "Old news"},
        {**first, "headline": "Third", "byline": [], "caution": "Old news"},
    ]


def test_a_claims_event_comes_with_the_claim_as_it_was_then(ask: Ask) -> None:
    nodes = ask(
        """{events(first: 100, filter: {claim: "off"}) {nodes {
          __typename
          ... on ClaimEvent { version claim { version status contested story { slug }
                                              history { position } } position }
          ... on ClaimCorrected { declared changes { __typename } }
        }}}"""
    )["data"]["events"]["nodes"]
    assert [(node["__typename"], node["claim"]["status"]) for node in nodes] == [
        ("ClaimReported", "STANDING"),
        ("ClaimCorrected", "CORRECTED"),
        ("ConcernExpressed", "UNDER_CONCERN"),
        ("ConcernLifted", "CORRECTED"),
        ("ClaimRetracted", "PARTIALLY_RETRACTED"),
        ("ClaimReinstated", "CORRECTED"),
        ("ClaimLinked", "STANDING"),  # another claim, which contradicts it
    ]
    for node in nodes:
        assert node["version"] == node["claim"]["version"]
        assert node["claim"]["history"][-1]["position"] == node["position"]
        assert not node["claim"]["contested"]  # nothing contradicted it yet


def test_events_are_found_by_what_they_touch(ask: Ask) -> None:
    assert told(ask, story="losses") == [
        "StoryOpened",
        "ClaimReported",
        "ClaimCorrected",
        "ClaimReported",
        "ClaimLinked",
        "ClaimReviewed",
        "ClaimAmended",  # which took the claim away to another story
    ]
    assert told(ask, report="kill") == [
        "ReportPublished",
        "ClaimReported",
        "ReportWithdrawn",
        "ClaimRetracted",
    ]
    assert told(ask, source="checker") == ["SourceRegistered", "ClaimReviewed"]
    assert set(told(ask, source="the-paper")) == set(told(ask, source="paper"))
    assert told(ask, source="nobody") == []
    assert told(ask, story="losses", source="checker") == ["ClaimReviewed"]
    assert told(ask, kind=["CLAIM_AMENDED", "CONCERN_LIFTED"]) == ["ConcernLifted", "ClaimAmended"]
    assert told(ask, kind=[]) == []
    assert told(ask, actor="somebody") == []
    assert len(told(ask, actor="tester")) == len(COMMANDS) + 1


def test_events_are_found_by_when_they_were_recorded(ask: Ask) -> None:
    nodes = ask("{events(first: 100) {nodes {recordedAt __typename}}}")["data"]["events"]["nodes"]
    third, fifth = nodes[2]["recordedAt"], nodes[4]["recordedAt"]
    names = [node["__typename"] for node in nodes]
    assert told(ask, recorded={"from": third, "to": fifth}) == names[2:5]
    assert told(ask, recorded={"to": third}) == names[:3]
    assert told(ask, recorded={"from": fifth}) == names[4:]
    assert told(ask, recorded={"from": "0001"}) == names
    assert told(ask, recorded={"to": "2020"}) == []


def test_a_page_follows_the_last_event_that_is_known(ask: Ask) -> None:
    whole = ask(PAGE, first=100)["data"]["events"]["edges"]
    known: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = ask(PAGE, first=7, after=cursor)["data"]["events"]
        known += page["edges"]
        assert page["pageInfo"]["hasPreviousPage"] is (cursor is not None)
        if not page["pageInfo"]["hasNextPage"]:
            break
        cursor = page["pageInfo"]["endCursor"]
    assert known == whole
    back = ask(PAGE, last=3, before=whole[10]["cursor"])["data"]["events"]
    assert back["edges"] == whole[7:10]
    assert back["pageInfo"]["hasPreviousPage"] is True
    assert ask(PAGE, last=2)["data"]["events"]["edges"] == whole[-2:]
    assert ask(PAGE, first=2, after="5")["data"]["events"]["edges"] == whole[5:7]
    assert ask(PAGE, first=2, after="0")["data"]["events"]["edges"] == whole[:2]


def test_a_cursor_of_an_event_is_the_same_whatever_else_is_asked(ask: Ask) -> None:
    whole = {
        edge["node"]["position"]: edge["cursor"]
        for edge in ask(PAGE, first=100)["data"]["events"]["edges"]
    }
    for asked in (
        {"filter": {"story": "talks"}},
        {"asOf": {"position": 20}},
        {"asOf": {"reportedAt": "2024-08-18"}},
    ):
        edges = ask(PAGE, **asked)["data"]["events"]["edges"]
        assert edges
        for edge in edges:
            assert edge["cursor"] == whole[edge["node"]["position"]]


def test_the_moment_limits_which_events_are_told(ask: Ask) -> None:
    early = ask(PAGE, first=100, asOf={"position": 12})
    assert [edge["node"]["position"] for edge in early["data"]["events"]["edges"]] == list(
        range(1, 13)
    )
    assert early["extensions"]["basis"]["position"] == 12
    nodes = ask(
        """{events(first: 100, asOf: {reportedAt: "2024-08-17T09:00:00Z"}) {nodes {
          __typename ... on ReportEvent {reportedAt} ... on ClaimEvent {reportedAt}
        }}}"""
    )["data"]["events"]["nodes"]
    assert {node.get("reportedAt", "")[:10] for node in nodes} == {"", "2024-08-16", "2024-08-17"}
    assert "SourceMerged" in {node["__typename"] for node in nodes}


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"after": "99999"}, "INVALID_INPUT", "after"),
        ({"before": "99999"}, "INVALID_INPUT", "before"),
        ({"after": "9" * 30}, "INVALID_CURSOR", "after"),
        ({"after": "x"}, "INVALID_CURSOR", "after"),
        ({"after": "WyJyIixbIjEiXSwxLG51bGxd"}, "INVALID_CURSOR", "after"),
        ({"first": 101}, "INVALID_INPUT", "first"),
        ({"filter": {"claim": "story~AAAA"}}, "INVALID_ID", "filter.claim"),
        ({"filter": {"recorded": {"from": "soon"}}}, "INVALID_TIME", "filter.recorded.from"),
        ({"filter": {"recorded": {"to": "soon"}}}, "INVALID_TIME", "filter.recorded.to"),
        ({"filter": {"actor": "\0"}}, "INVALID_INPUT", "filter.actor"),
        ({"filter": {"kind": ["REMOVED"]}}, "BAD_USER_INPUT", None),
    ],
)
def test_what_cannot_be_meant_is_refused(
    ask: Ask, given: dict[str, Any], code: str, field: str | None
) -> None:
    (error,) = ask(PAGE, **given)["errors"]
    assert error["extensions"].get("code") == code
    assert error["extensions"].get("field") == field


@pytest.mark.parametrize("sort", [one.__name__ for one in (*EVENT_TYPES, *RECORD_EVENT_TYPES)])
def test_every_field_of_every_event_is_answered(ask: Ask, sort: str) -> None:
    schema = build_schema(text())
    selected = everything(schema, schema.type_map[sort], ("ClaimEvent",))
    assert "subjectId" in selected
    answer = ask(f"{{ events(first: 30) {{ nodes {{ ... on {sort} {selected} }} }} }}")
    assert "errors" not in answer
