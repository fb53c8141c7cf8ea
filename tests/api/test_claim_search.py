"""Words looked for in claims: which are found, in which order, and how they are shown."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from json import dumps
from typing import Any

import httpx
import pytest

from api.app import create_app
from domain.commands import (
    AnyCommand,
    CorrectClaim,
    Envelope,
    OpenStory,
    PublishReport,
    RegisterSource,
    ReportClaim,
    RetractClaim,
)
from domain.words import SourceKind
from eventlog.record import Record
from projections.generations import ensure_generation
from projections.projector import project_all
from tests.api.serving import served
from tests.servers import Server

MARKUP = """<script>alert("1")</script> & the <b>depot's</b> loss, &lt;said"""

COMMANDS: list[AnyCommand] = [
    RegisterSource(source="paper", name="The Paper", kind=SourceKind.OUTLET),
    OpenStory(story="war", title="War"),
    *(
        PublishReport(report=f"day-{day}", outlet="paper", published_at=f"2024-08-{day:02}")
        for day in range(1, 10)
    ),
    ReportClaim(claim="two", report="day-1", statement="The depot burned, and the depot is lost."),
    ReportClaim(claim="one", report="day-2", story="war", statement="A depot was burning at dawn."),
    ReportClaim(claim="same", report="day-3", statement="A depot was burning at noon."),
    ReportClaim(
        claim="houses", report="day-4", language="de-AT", statement="Die Häuser wurden zerstört."
    ),
    ReportClaim(claim="markup", report="day-5", story="war", statement=MARKUP),
    ReportClaim(claim="gone", report="day-6", statement="The bridge was retracting at night."),
    RetractClaim(claim="gone", published_at="2024-08-07"),
    CorrectClaim(
        claim="one", version=1, statement="A bakery was burning.", published_at="2024-08-08"
    ),
    ReportClaim(
        claim="long",
        report="day-9",
        statement="Nobody saw it. " * 40 + "A sluice opened. " + "Nobody heard it. " * 40,
    ),
]

SEARCH = """
query($search: String, $language: String, $filter: ClaimFilter, $orderBy: ClaimOrder, $asOf: AsOf,
      $first: Int, $after: String, $last: Int, $before: String) {
  claims(search: $search, language: $language, filter: $filter, orderBy: $orderBy, asOf: $asOf,
         first: $first, after: $after, last: $last, before: $before) {
    totalCount leftOut
    edges { rank snippet cursor node { ref } }
    facets { byStatus { total retracted } byOutlet { outlet { name } count } }
  }
}
"""

Search = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def answer(server: Server) -> Iterator[Search]:
    """Search the record above and take the whole answer."""
    with server.fresh_database() as database:
        with Record(database) as record:
            for command in COMMANDS:
                record.execute(Envelope(command=command, actor="tester"))
        ensure_generation(database)
        project_all(database)
        with (
            served(create_app(database)) as url,
            httpx.Client(base_url=url, timeout=20) as client,
        ):

            def asking(search: str | None = None, **variables: object) -> dict[str, Any]:
                given = {"search": search, **variables}
                response = client.post("/graphql", json={"query": SEARCH, "variables": given})
                found: dict[str, Any] = response.json()
                return found

            yield asking


@pytest.fixture(scope="module")
def search(answer: Search) -> Search:
    """Search the record above and take the list."""

    def searching(search: str | None = None, **variables: object) -> dict[str, Any]:
        whole = answer(search, **variables)
        assert "errors" not in whole, whole
        found: dict[str, Any] = whole["data"]["claims"]
        return found

    return searching


def refs(page: dict[str, Any]) -> list[str]:
    return [edge["node"]["ref"] for edge in page["edges"]]


def test_a_word_is_found_in_any_of_its_forms_and_the_best_comes_first(search: Search) -> None:
    found = search("depots")
    assert refs(found) == ["two", "markup", "same"]
    ranks = [edge["rank"] for edge in found["edges"]]
    assert ranks == sorted(ranks, reverse=True)
    assert ranks[-1] > 0
    assert found["totalCount"] == 3
    assert refs(search("retract")) == ["gone"]


def test_claims_that_fit_alike_come_latest_first(search: Search) -> None:
    before = search("depot burning", asOf={"reportedAt": "2024-08-07"})
    assert refs(before)[1:] == ["same", "one"]
    assert before["edges"][1]["rank"] == before["edges"][2]["rank"]


def test_words_can_be_quoted_excluded_and_offered_as_alternatives(search: Search) -> None:
    assert refs(search('"depot is lost"')) == ["two"]
    assert refs(search("depot -noon -burned")) == ["markup"]
    assert set(refs(search("bakery or bridge"))) == {"one", "gone"}


def test_only_words_that_everybody_uses_find_nothing(search: Search) -> None:
    found = search("the")
    assert (found["edges"], found["totalCount"]) == ([], 0)


def test_each_claim_is_read_in_its_own_language_and_the_query_in_the_one_given(
    search: Search,
) -> None:
    assert refs(search("zerstörte Haus", language="de")) == ["houses"]
    assert refs(search("zerstörte Haus")) == []


def test_the_wording_of_the_moment_is_searched(search: Search) -> None:
    assert "one" not in refs(search("depot"))
    before = search("depot", asOf={"reportedAt": "2024-08-07"})
    assert "one" in refs(before)
    assert "bakery" not in str(before)
    assert refs(search("bakery")) == ["one"]
    assert refs(search("bakery", asOf={"position": len(COMMANDS) - 2})) == []


def test_the_snippet_marks_what_was_found(search: Search) -> None:
    (edge,) = search("bakeries")["edges"]
    assert edge["snippet"] == "A <mark>bakery</mark> was burning."
    (edge,) = search("sluice")["edges"]
    assert "<mark>sluice</mark> opened" in edge["snippet"]
    assert len(edge["snippet"]) < 600


def test_a_snippet_is_safe_to_show_whatever_the_statement_holds(search: Search) -> None:
    (edge,) = search("depot loss")["edges"][:1]
    assert edge["node"]["ref"] == "markup"
    assert edge["snippet"] == (
        "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; the"
        " &lt;b&gt;<mark>depot</mark>&#39;s&lt;/b&gt; <mark>loss</mark>, &amp;lt;said"
    )


def test_without_a_search_nothing_is_ranked(search: Search) -> None:
    edges = search()["edges"]
    assert len(edges) == 7
    assert {(edge["rank"], edge["snippet"]) for edge in edges} == {(None, None)}


def test_a_search_can_be_filtered_ordered_and_counted(search: Search) -> None:
    assert refs(search("depot", filter={"story": "war"})) == ["markup"]
    assert refs(search("depot", orderBy="REPORTED_EARLIEST_FIRST")) == ["two", "same", "markup"]
    assert refs(search("depot", filter={"outlet": "paper"}, orderBy="CHANGED_LATEST_FIRST")) == [
        "markup",
        "same",
        "two",
    ]
    found = search("depot or bridge", filter={"status": ["RETRACTED"]})
    assert (refs(found), found["totalCount"], found["leftOut"]) == (["gone"], 1, 3)
    assert found["facets"] == {
        "byStatus": {"total": 4, "retracted": 1},
        "byOutlet": [{"outlet": {"name": "The Paper"}, "count": 1}],
    }


@pytest.mark.parametrize("as_of", [None, {"reportedAt": "2024-08-07"}])
def test_a_search_is_paged_both_ways_in_the_order_of_its_ranks(
    search: Search, as_of: dict[str, str] | None
) -> None:
    words = "depot or bridge or burning"
    whole = search(words, asOf=as_of)["edges"]
    assert len(whole) == 5
    forward: list[Any] = []
    backward: list[Any] = []
    for _ in whole:
        after = forward[-1]["cursor"] if forward else None
        before = backward[0]["cursor"] if backward else None
        forward += search(words, first=1, after=after, asOf=as_of)["edges"]
        backward = [*search(words, last=1, before=before, asOf=as_of)["edges"], *backward]
    assert forward == whole
    assert backward == whole
    assert search(words, first=1, after=forward[-1]["cursor"], asOf=as_of)["edges"] == []


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"search": " "}, "INVALID_INPUT", "search"),
        ({"search": "x" * 1_001}, "INVALID_INPUT", "search"),
        ({"search": "a\0b"}, "INVALID_INPUT", "search"),
        ({"search": "a", "language": "not a tag"}, "INVALID_INPUT", "language"),
        ({"language": "de"}, "INVALID_INPUT", "language"),
        ({"orderBy": "RELEVANCE"}, "INVALID_INPUT", "orderBy"),
        ({"filter": {"topic": ""}}, "INVALID_INPUT", "filter.topic"),
        ({"filter": {"topic": "a\0b"}}, "INVALID_INPUT", "filter.topic"),
        ({"filter": {"quantity": "x" * 1_001}}, "INVALID_INPUT", "filter.quantity"),
        ({"filter": {"about": {"overlaps": "soon"}}}, "INVALID_TIME", "filter.about.overlaps"),
        ({"filter": {"reported": {"from": "soon"}}}, "INVALID_TIME", "filter.reported.from"),
        ({"filter": {"changed": {"to": "24"}}}, "INVALID_TIME", "filter.changed.to"),
        (
            {"filter": {"changed": {"from": "2024-08-02", "to": "2024-08-01"}}},
            "INVALID_TIME",
            "filter.changed.to",
        ),
        ({"filter": {"source": "claim~AAAA"}}, "INVALID_ID", "filter.source"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(
    answer: Search, given: dict[str, Any], code: str, field: str
) -> None:
    (error,) = answer(**given)["errors"]
    assert error["extensions"] == {"code": code, "field": field}
    assert error["path"] == ["claims"]


@pytest.mark.parametrize("about", [{}, {"overlaps": "2024", "known": True}, {"known": None}])
def test_of_the_two_ways_to_choose_by_time_one_is_given(
    answer: Search, about: dict[str, Any]
) -> None:
    (error,) = answer(filter={"about": about})["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}


def test_a_cursor_is_good_for_its_own_order_alone(search: Search, answer: Search) -> None:
    cursors = {
        order: search("depot", orderBy=order)["edges"][0]["cursor"]
        for order in (
            "REPORTED_LATEST_FIRST",
            "REPORTED_EARLIEST_FIRST",
            "CHANGED_LATEST_FIRST",
            "CHANGED_EARLIEST_FIRST",
            "RELEVANCE",
        )
    }
    for order, cursor in cursors.items():
        for other in cursors:
            found = answer("depot", orderBy=other, after=cursor)
            if other == order:
                assert "errors" not in found
            else:
                assert found["errors"][0]["extensions"] == {
                    "code": "INVALID_CURSOR",
                    "field": "after",
                }


@pytest.mark.parametrize(
    ("order", "keys"),
    [
        ("r", ["soon", "6f4c3a52-5a0e-5d0b-9c1a-3a8f0f4f7a11"]),
        ("r", ["2024-08-01T00:00:00+00:00", "nobody"]),
        ("r", ["2024-08-01T00:00:00+00:00"]),
    ],
)
def test_a_forged_cursor_is_refused(answer: Search, order: str, keys: list[str]) -> None:
    (error,) = answer(after=forged(order, keys))["errors"]
    assert error["extensions"] == {"code": "INVALID_CURSOR", "field": "after"}


@pytest.mark.parametrize("rank", ["nan", "inf", "1e400", "1_0e", "high"])
def test_a_forged_rank_is_refused(answer: Search, rank: str) -> None:
    keys = [rank, "2024-08-01T00:00:00+00:00", "6f4c3a52-5a0e-5d0b-9c1a-3a8f0f4f7a11"]
    (error,) = answer("depot", after=forged("s", keys))["errors"]
    assert error["extensions"] == {"code": "INVALID_CURSOR", "field": "after"}


def forged(order: str, keys: list[str]) -> str:
    """A cursor that nobody gave out."""
    return urlsafe_b64encode(dumps([order, keys, 3, None]).encode()).decode().rstrip("=")
