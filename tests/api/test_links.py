"""Who repeats whom, what became of it, and the lists within objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.app import create_app
from domain.commands import ReportClaim
from eventlog.database import Database
from tests.api.conftest import Ask, asking
from tests.api.copied import COMMANDS, COPIES, OUTLETS, record
from tests.api.serving import served
from tests.servers import Server


@pytest.fixture(scope="module")
def copied(server: Server) -> Iterator[Database]:
    with server.fresh_database() as database:
        record(database, COMMANDS)
        yield database


@pytest.fixture(scope="module")
def ask(copied: Database) -> Iterator[Ask]:
    with served(create_app(copied)) as url, httpx.Client(base_url=url, timeout=20) as client:
        yield asking(client)


def refs(page: dict[str, Any]) -> set[str]:
    """Which claims or reports are on a page, each of them once."""
    found = [node["ref"] for node in page["nodes"]]
    assert len(set(found)) == len(found)
    return set(found)


COPIES_OF = """query($id: ID!, $standing: Boolean, $asOf: AsOf) {
  claim(id: $id, asOf: $asOf) { repeatedBy(standing: $standing) { totalCount nodes { ref } } }
}"""


def test_copies_are_found_through_others_each_once(ask: Ask) -> None:
    found = ask(COPIES_OF, id="agency")["data"]["claim"]["repeatedBy"]
    assert refs(found) == set(COPIES)
    assert found["totalCount"] == len(COPIES)
    assert refs(ask(COPIES_OF, id="early")["data"]["claim"]["repeatedBy"]) == {
        "second-hand",
        "unsure",
    }
    assert refs(ask(COPIES_OF, id="unsure")["data"]["claim"]["repeatedBy"]) == set()


def test_a_ring_of_copies_ends_and_no_claim_is_its_own_copy(ask: Ask) -> None:
    for one in ("a", "b", "c"):
        found = ask(COPIES_OF, id=one)["data"]["claim"]["repeatedBy"]
        assert refs(found) == {"a", "b", "c"} - {one}
    warned = ask('{claim(id: "b") {warnings {origin {ref}} status}}')["data"]["claim"]
    assert warned == {"warnings": [], "status": "RETRACTED"}


def test_a_copy_stands_until_it_is_corrected_after_its_origin(ask: Ask) -> None:
    def standing(at: str, *, standing: bool = True) -> set[str]:
        answer = ask(COPIES_OF, id="agency", standing=standing, asOf={"reportedAt": at})
        return refs(answer["data"]["claim"]["repeatedBy"])

    # While the agency stands by its claim, whoever has corrected a copy has left it.
    assert standing("2024-09-03") == {"second-hand", "careful", "unsure"}
    # What was mended before the agency's correction still carries what the agency has corrected.
    assert standing("2024-09-04T12:00Z") == {"early", "second-hand", "careful", "unsure"}
    # One has followed; one only brought something new, which is no correction.
    assert standing("2024-09-05") == {"early", "second-hand", "unsure"}
    # One is under concern. The retraction counts anew: nobody has followed it yet.
    assert standing("2024-09-07") == {"early", "second-hand", "careful"}
    assert standing("2024-09-07", standing=False) == {"unsure"}
    # One came later still; that it was corrected is void.
    assert standing("2024-09-10") == {"early", "second-hand", "careful", "afterwards"}


def test_nobody_has_repeated_what_no_link_said_yet(ask: Ask) -> None:
    linked = next(n for n, one in enumerate(COMMANDS, 1) if getattr(one, "to", "") == "agency")
    for as_of in ({"position": linked - 1}, {"reportedAt": "2024-09-01T09:00Z"}):
        found = ask(COPIES_OF, id="agency", asOf=as_of)["data"]["claim"]["repeatedBy"]
        assert (refs(found), found["totalCount"]) == (set(), 0)
    found = ask(COPIES_OF, id="agency", asOf={"position": linked})["data"]["claim"]["repeatedBy"]
    assert refs(found) == {"early"}


def test_a_copy_is_warned_of_what_became_of_its_origins(ask: Ask) -> None:
    query = """query($asOf: AsOf) {
      claim(id: "unsure", asOf: $asOf) { warnings { origin { ref outlet { name } } status since } }
    }"""
    now = ask(query)["data"]["claim"]["warnings"]
    assert now == [
        {
            "origin": {"ref": "agency", "outlet": {"name": "agency"}},
            "status": "RETRACTED",
            "since": "2024-09-07T00:00:00Z",
        },
        {
            "origin": {"ref": "early", "outlet": {"name": "early"}},
            "status": "CORRECTED",
            "since": "2024-09-03T00:00:00Z",
        },
    ]
    then = ask(query, asOf={"reportedAt": "2024-09-05"})["data"]["claim"]["warnings"]
    assert [(one["origin"]["ref"], one["status"], one["since"]) for one in then] == [
        ("agency", "CORRECTED", "2024-09-04T08:00:00Z"),
        ("early", "CORRECTED", "2024-09-03T00:00:00Z"),
    ]
    # What only supports a claim is no origin of it, nor is what it contradicts.
    bears = ask('{contradicts: claim(id: "contradicts") {warnings {status}}}')
    assert bears["data"]["contradicts"]["warnings"] == []


def test_corrections_carry_their_lag_and_their_reach(ask: Ask) -> None:
    query = """query($id: ID!, $asOf: AsOf) {
      claim(id: $id, asOf: $asOf) { corrections {
        __typename version reportedAt declared lag
        reach { repeats changed underConcern standing }
        ... on ClaimCorrected { correctionNature changes { __typename } }
        ... on ClaimRetracted { retractionNature }
      } }
    }"""
    now = ask(query, id="agency")["data"]["claim"]["corrections"]
    assert now == [
        {
            "__typename": "ClaimCorrected",
            "version": 2,
            "reportedAt": "2024-09-04T08:00:00Z",
            "declared": False,
            "lag": 3 * 86400,
            "reach": {"repeats": 4, "changed": 1, "underConcern": 1, "standing": 2},
            "correctionNature": "CORRECTION",
            "changes": [{"__typename": "StatementChange"}],
        },
        {
            "__typename": "ClaimRetracted",
            "version": 3,
            "reportedAt": "2024-09-07T00:00:00Z",
            "declared": True,
            "lag": 5 * 86400 + 16 * 3600,
            "reach": {"repeats": 4, "changed": 0, "underConcern": 1, "standing": 3},
            "retractionNature": "RETRACTION",
        },
    ]
    then = ask(query, id="agency", asOf={"reportedAt": "2024-09-04T08:00Z"})["data"]["claim"]
    assert [one["reach"] for one in then["corrections"]] == [
        {"repeats": 4, "changed": 0, "underConcern": 0, "standing": 4}
    ]
    update = ask(query, id="second-hand")["data"]["claim"]["corrections"]
    assert [one["correctionNature"] for one in update] == ["UPDATE"]


def test_what_never_happened_is_no_correction(ask: Ask) -> None:
    query = """query($asOf: AsOf) {
      claim(id: "afterwards", asOf: $asOf) { corrections { version } history { voided } }
    }"""
    now = ask(query)["data"]["claim"]
    assert now["corrections"] == []
    assert [one["voided"] for one in now["history"]] == [False, False, True, False]
    amended = next(n for n, one in enumerate(COMMANDS, 1) if getattr(one, "amends", None) == 3)
    before = ask(query, asOf={"position": amended - 1})["data"]["claim"]
    assert before["corrections"] == [{"version": 3}]


def test_the_links_of_a_claim_lead_both_ways(ask: Ask) -> None:
    query = """query($filter: ClaimFilter, $asOf: AsOf) {
      claim(id: "a", asOf: $asOf) {
        links { kind claim { ref } }
        contradictedBy(filter: $filter) { leftOut nodes { ref links { claim { ref } } } }
        supportedBy { nodes { ref } }
        supersededBy { nodes { ref } }
      }
    }"""
    now = ask(query)["data"]["claim"]
    assert now == {
        "links": [{"kind": "REPEATS", "claim": {"ref": "b"}}],
        "contradictedBy": {
            "leftOut": 0,
            "nodes": [{"ref": "contradicts", "links": [{"claim": {"ref": "a"}}]}],
        },
        "supportedBy": {"nodes": [{"ref": "supports"}]},
        "supersededBy": {"nodes": [{"ref": "supersedes"}]},
    }
    without = ask(query, filter={"status": ["STANDING"]})["data"]["claim"]["contradictedBy"]
    assert without == {"leftOut": 1, "nodes": []}
    before = ask(query, asOf={"reportedAt": "2024-08-03"})["data"]["claim"]
    assert [
        before[name]["nodes"] for name in ("contradictedBy", "supportedBy", "supersededBy")
    ] == [
        [],
        [],
        [],
    ]


def test_what_belongs_to_a_source_a_report_or_a_story_is_listed_in_it(ask: Ask) -> None:
    query = """query($asOf: AsOf) {
      source(id: "owner", asOf: $asOf) { claims { nodes { ref } } reports { nodes { ref } } }
      report(by: {id: "ring"}, asOf: $asOf) { claims { nodes { ref } } }
      story(slug: "bridge", asOf: $asOf) {
        claims(filter: {outlet: "early"}) { totalCount nodes { ref } }
        reports(first: 3) { totalCount nodes { ref } }
      }
    }"""
    now = ask(query)["data"]
    others = {"contradicts", "supports", "supersedes"}
    assert refs(now["source"]["claims"]) == {"a", "b", "c", *others}
    assert refs(now["source"]["reports"]) == {"ring"}
    assert refs(now["report"]["claims"]) == {"a", "b", "c"}
    assert now["story"]["claims"] == {"totalCount": 1, "nodes": [{"ref": "early"}]}
    assert now["story"]["reports"]["totalCount"] == len(OUTLETS)
    latest = [node["ref"] for node in now["story"]["reports"]["nodes"]]
    assert latest[:2] == ["afterwards", "unsure"]
    before = ask(query, asOf={"position": len(COMMANDS) - 1})["data"]
    # The merge is the last of them.
    assert before["source"]["claims"]["nodes"] == before["source"]["reports"]["nodes"] == []
    early = ask(query, asOf={"reportedAt": "2024-09-01"})["data"]["story"]["reports"]
    assert refs(early) == {"agency", "early"}


PAGE = """query($first: Int, $after: String, $last: Int, $before: String, $asOf: AsOf) {
  story(slug: "bridge", asOf: $asOf) {
    title
    claims(first: $first, after: $after, last: $last, before: $before) {
      totalCount
      nodes { ref }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}"""


def test_pages_within_an_object_follow_one_another(ask: Ask) -> None:
    whole = [node["ref"] for node in ask(PAGE)["data"]["story"]["claims"]["nodes"]]
    assert set(whole) == set(OUTLETS)
    found: list[str] = []
    cursor = None
    while True:
        page = ask(PAGE, first=2, after=cursor)["data"]["story"]["claims"]
        assert page["totalCount"] == len(whole)
        assert page["pageInfo"]["hasPreviousPage"] is bool(found)
        found += [node["ref"] for node in page["nodes"]]
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == whole
    back = ask(PAGE, last=2, before=cursor)["data"]["story"]["claims"]
    assert [node["ref"] for node in back["nodes"]] == whole[-3:-1]


def test_a_cursor_within_settles_the_moment_of_the_whole_question(ask: Ask) -> None:
    then = {"reportedAt": "2024-09-02", "position": len(COMMANDS)}
    page = ask(PAGE, first=1, asOf=then)
    after = page["data"]["story"]["claims"]["pageInfo"]["endCursor"]
    following = ask(PAGE, after=after)
    assert following["extensions"]["basis"] == page["extensions"]["basis"]
    assert following["data"]["story"]["claims"]["totalCount"] == 4
    assert ask(PAGE, after=after, asOf=then)["data"] == following["data"]


def refusal(answer: dict[str, Any]) -> tuple[str, str, list[str]]:
    """What is told of the one thing that was refused."""
    assert answer["data"] is None
    (error,) = answer["errors"]
    return error["extensions"]["code"], error["extensions"]["field"], error["path"]


def test_a_cursor_within_that_belongs_to_another_moment_is_refused(ask: Ask) -> None:
    def cursor(**as_of: object) -> str:
        page = ask(PAGE, first=1, asOf=as_of)["data"]["story"]["claims"]
        found: str = page["pageInfo"]["endCursor"]
        return found

    then, now = cursor(reportedAt="2024-09-02"), cursor()
    told = refusal(ask(PAGE, after=then, asOf={"reportedAt": "2024-09-03"}))
    assert told == ("INVALID_CURSOR", "after", ["story", "claims"])
    told = refusal(ask(PAGE, before=now, asOf={"position": 30}))
    assert told == ("INVALID_CURSOR", "before", ["story", "claims"])
    told = refusal(ask(PAGE, before=now, asOf={"recordedAt": "2024-01-01"}))
    assert told == ("INVALID_CURSOR", "before", ["story", "claims"])
    told = refusal(ask(PAGE, after=now, before=then))
    assert told == ("INVALID_CURSOR", "before", ["story", "claims"])
    query = """query($one: String, $other: String) { shown: stories(after: $one) { nodes {
      some: claims { nodes { copies: repeatedBy(after: $other) { nodes { ref } } } }
    } } }"""
    stories = ask("{stories {pageInfo {endCursor}}}")["data"]["stories"]
    told = refusal(ask(query, one=stories["pageInfo"]["endCursor"], other=then))
    path = ["shown", "nodes", "some", "nodes", "copies"]
    assert told == ("INVALID_CURSOR", "after", path)
    told = refusal(ask(query, other="none of ours"))
    assert told == ("INVALID_CURSOR", "after", path)
    # A place in another list is none in this one, whatever the moment.
    told = refusal(ask(PAGE, after=stories["pageInfo"]["endCursor"]))
    assert told == ("INVALID_CURSOR", "after", ["story", "claims"])


@pytest.mark.parametrize(("size", "field"), [({"first": 101}, "first"), ({"last": 0}, "last")])
def test_a_page_within_an_object_has_the_same_limits(
    ask: Ask, size: dict[str, int], field: str
) -> None:
    assert refusal(ask(PAGE, **size)) == ("INVALID_INPUT", field, ["story", "claims"])


def test_the_next_page_within_belongs_to_the_moment_of_the_first_however_the_record_grows(
    server: Server,
) -> None:
    with server.fresh_database() as database:
        record(database, COMMANDS)
        with served(create_app(database)) as url, httpx.Client(base_url=url, timeout=20) as client:
            ask = asking(client)
            first = ask(PAGE, first=2)
            whole = [node["ref"] for node in ask(PAGE)["data"]["story"]["claims"]["nodes"]]
            later = ReportClaim(claim="later", report="early", story="bridge", statement="It did.")
            head = record(database, [later])
            assert ask("{log {projectedPosition}}")["data"]["log"] == {"projectedPosition": head}
            after = first["data"]["story"]["claims"]["pageInfo"]["endCursor"]
            rest = ask(PAGE, after=after)
            assert rest["extensions"]["basis"] == first["extensions"]["basis"]
            nodes = rest["data"]["story"]["claims"]["nodes"]
            assert [node["ref"] for node in nodes] == whole[2:]
            assert rest["data"]["story"]["claims"]["totalCount"] == len(whole)
            grown = ask(PAGE, first=50)["data"]["story"]["claims"]
            assert grown["totalCount"] == len(whole) + 1
