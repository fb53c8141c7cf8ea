"""Erasing over GraphQL: who may, what goes, what the answers say, and what caches give out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
import psycopg
import pytest

from api.app import ApiSettings, create_app
from domain.commands import (
    AddSourceAlias,
    AnyCommand,
    CorrectClaim,
    Erase,
    EraseClaim,
    EraseReport,
    EraseSource,
    LinkClaims,
    NoticeInput,
    OpenStory,
    PublishReport,
    RegisterSource,
    ReportClaim,
    RetractClaim,
    ReviewClaim,
    StepInput,
)
from domain.ids import Subject, resolve
from domain.words import ErasureGround, LinkKind, Rating, SourceKind, Verb
from eventlog.apikeys import make_key
from eventlog.database import Database
from eventlog.log import Log
from tests.api.mutations import Desk, desk, input_of
from tests.api.serving import served

LAW = ErasureGround.DATA_PROTECTION
DAY = "2024-08-01"
OPENING: tuple[AnyCommand, ...] = (
    RegisterSource(source="paper", name="SECRET paper", kind=SourceKind.OUTLET, country="SECRETIA"),
    RegisterSource(source="SECRET-mayor", name="SECRET mayor", kind=SourceKind.PERSON),
    AddSourceAlias(source="SECRET-mayor", alias="SECRET alias"),
    OpenStory(story="s", title="A story"),
    PublishReport(
        report="SECRET-r",
        outlet="paper",
        headline="SECRET headline",
        byline=("SECRET author",),
        url="https://paper.example/SECRET",
        published_at=DAY,
    ),
    ReportClaim(
        claim="SECRET-c",
        report="SECRET-r",
        story="s",
        statement="SECRET statement about bridges",
        about="2024-07",
        topics=("SECRET topic",),
        attribution=(StepInput(source="SECRET-mayor", verb=Verb.SAID, role="SECRET role"),),
    ),
    ReportClaim(claim="d", report="SECRET-r", statement="Something else about bridges"),
    LinkClaims(claim="d", kind=LinkKind.REPEATS, to="SECRET-c"),
    CorrectClaim(
        claim="SECRET-c",
        version=1,
        statement="SECRET wording about bridges",
        notice=NoticeInput(text="SECRET notice"),
        published_at="2024-08-02",
    ),
    ReviewClaim(
        claim="SECRET-c",
        reviewer="paper",
        rating=Rating.FALSE,
        words="SECRET words",
        published_at="2024-08-03",
    ),
    RetractClaim(claim="SECRET-c", published_at="2024-08-04"),
)
ERASURES: tuple[Erase, ...] = (
    EraseClaim(claim="SECRET-c", ground=LAW, reference="file 17"),
    EraseReport(report="SECRET-r", ground=LAW, with_claims=True),
    EraseSource(source="SECRET-mayor", ground=LAW),
    EraseSource(source="paper", ground=LAW),
)
DONE = "position readable replayed refusal { __typename ... on Refused { code message field } }"
EVERYTHING = """
query Everything($asOf: AsOf, $from: AsOf!) {
  claims(asOf: $asOf, first: 20) { nodes { ...Claim } facets { byTopic { topic count } } }
  sources(asOf: $asOf) { nodes { id ref name aliases url country erased { ...Erasure } } }
  reports(asOf: $asOf) { nodes { ...Report } }
  searched: claims(asOf: $asOf, search: "SECRET") { totalCount edges { snippet } }
  changes(from: $from, to: $asOf) { nodes { before { statement } after { statement } } }
  events(first: 100, asOf: $asOf) {
    nodes {
      __typename position sequence actor erased { ...Erasure }
      ... on SourceRegistered { name country }
      ... on SourceAliasAdded { alias }
      ... on ReportPublished { headline byline url }
      ... on ClaimReported { statement topics attribution { role } }
      ... on ClaimReviewed { words }
      ... on ClaimCorrected { notice { text } changes { ...Change } }
      ... on ClaimErased { ground reference erases withReport firstErasedAt }
      ... on ReportErased { ground reference erases withClaims firstErasedAt }
      ... on SourceErased { ground reference erases firstErasedAt }
    }
  }
}
fragment Erasure on Erasure { at ground reference position }
fragment Change on ClaimChange { ... on StatementChange { oldStatement newStatement } }
fragment Report on Report { id ref headline byline urls erased { ...Erasure } }
fragment Claim on Claim {
  id ref version status statement about topics erased { ...Erasure }
  attribution { role source { name } verb } report { ...Report } outlet { name }
  reviews { words rating } links { kind claimId }
  history { __typename version ... on ClaimReported { statement } }
}
"""


def settings(folder: Path, **more: Any) -> ApiSettings:
    return ApiSettings(erasures=folder / "erasures.jsonl", **more)


@contextmanager
def opened(database: Database, folder: Path, role: str = "admin") -> Iterator[Desk]:
    """A served record with what is to be erased in it."""
    with desk(database, role, settings=settings(folder)) as made:
        for command in OPENING:
            came = made.record(command)
            assert came["refusal"] is None, came
        yield made


def erase(writing: Desk, command: Erase, **more: Any) -> dict[str, Any]:
    """What came of an erasure."""
    kind = type(command).__name__
    name = kind[0].lower() + kind[1:]
    given = input_of(command) | {"ground": command.ground.name} | more
    what = name.removeprefix("erase").lower()
    document = (
        f"mutation($input: {kind}Input!) {{ did: {name}(input: $input) {{"
        f" {DONE} {what} {{ id erased {{ ground reference }} }} }} }}"
    )
    came: dict[str, Any] = writing.do(document, input=given)["did"]
    return came


def everything(ask: Callable[..., httpx.Response], as_of: dict[str, Any] | None) -> dict[str, Any]:
    """All that is told at a moment."""
    answer: dict[str, Any] = ask(EVERYTHING, asOf=as_of, **{"from": {"position": 1}}).json()
    assert "errors" not in answer, answer["errors"]
    return answer


def test_no_answer_at_any_date_gives_back_what_was_erased(fresh: Database, tmp_path: Path) -> None:
    with opened(fresh, tmp_path) as writing:
        with Log(fresh.conninfo) as log:
            head = log.head().position
        moments: list[dict[str, Any] | None] = [
            None,
            *({"position": position} for position in range(1, head + 1)),
            *({"reportedAt": f"2024-08-0{day}"} for day in range(1, 5)),
            {"reportedAt": "2024-08-02", "position": head},
        ]
        # All of them are asked before, so that the answers are kept where they can be.
        before = [everything(writing.post, moment) for moment in moments]
        assert "SECRET" in json.dumps(before[0])
        for command in ERASURES:
            came = erase(writing, command)
            assert came["refusal"] is None, came
            assert came["readable"]
        after = [everything(writing.post, moment) for moment in moments]
        assert "SECRET" not in json.dumps(after)
        now = after[0]["data"]
        claim = next(one for one in now["claims"]["nodes"] if one["status"] == "RETRACTED")
        assert claim["statement"] is None
        assert (claim["erased"]["ground"], claim["erased"]["reference"]) == (LAW.name, "file 17")
        assert [event["__typename"] for event in claim["history"]] == [
            "ClaimReported",
            "ClaimCorrected",
            "ClaimReviewed",
            "ClaimRetracted",
            "ClaimErased",
        ]
        assert now["searched"]["totalCount"] == 0
        kept = ("version", "status", "links")
        for old, new in zip(before[1:], after[1:], strict=True):
            was = {one["id"]: one for one in old["data"]["claims"]["nodes"]}
            then = {one["id"]: one for one in new["data"]["claims"]["nodes"]}
            assert was.keys() == then.keys()
            for identity, one in then.items():
                assert [one[name] for name in kept] == [was[identity][name] for name in kept]
                assert one["erased"] is not None


def test_an_erasure_is_told_where_the_claim_is_asked_for(fresh: Database, tmp_path: Path) -> None:
    with opened(fresh, tmp_path) as writing:
        came = erase(writing, ERASURES[0], reason="letter of 3 May")
        assert came["claim"]["erased"] == {"ground": LAW.name, "reference": "file 17"}
        again = erase(writing, ERASURES[0])
        assert again["refusal"]["code"] == "ALREADY_ERASED"
        assert again["refusal"]["field"] == "claim"
        unnamed = erase(writing, EraseClaim(claim="d", ground=ErasureGround.OTHER_LAW))
        assert (unnamed["refusal"]["code"], unnamed["refusal"]["field"]) == (
            "INVALID_INPUT",
            "reference",
        )
        found = writing.do(
            "{ events(last: 1) { nodes { __typename actor reason position ... on ClaimErased"
            " { ground reference erases } } } }"
        )
        assert found["events"]["nodes"] == [
            {
                "__typename": "ClaimErased",
                "actor": "desk",
                "reason": "letter of 3 May",
                "position": came["position"],
                "ground": LAW.name,
                "reference": "file 17",
                "erases": [1, 2, 3],
            }
        ]


def test_only_an_admin_erases(fresh: Database, tmp_path: Path) -> None:
    with opened(fresh, tmp_path, "editor") as writing:
        for command in ERASURES:
            came = erase(writing, command)
            assert came["refusal"]["code"] == "FORBIDDEN"
            assert "the role admin" in came["refusal"]["message"]
        ours, theirs = (resolve(Subject.SOURCE, name) for name in ("paper", "SECRET-mayor"))
        story = resolve(Subject.STORY, "s")
        limited_to: tuple[tuple[dict[str, Any], tuple[bool, ...]], ...] = (
            ({"sources": [theirs]}, (True, True, True, True)),
            ({"stories": [story]}, (False, True, True, True)),
            ({"sources": [ours]}, (False, False, True, True)),
        )
        for limits, refused in limited_to:
            _, token = make_key(fresh.owner_conninfo, "limited", "admin", **limits)
            limited = Desk(writing.client, token)
            deadline = monotonic() + 5
            while limited.post("{ __typename }").status_code == 401:
                assert monotonic() < deadline
            for command, is_refused in zip(ERASURES, refused, strict=True):
                refusal = erase(limited, command)["refusal"]
                assert ((refusal or {}).get("code") == "FORBIDDEN") is is_refused, command


def test_nothing_is_erased_without_a_list(fresh: Database) -> None:
    with desk(fresh, "admin") as writing:
        for command in OPENING:
            writing.record(command)
        answer = writing.post(
            "mutation($input: EraseClaimInput!) { eraseClaim(input: $input) { position } }",
            input={"claim": "SECRET-c", "ground": LAW.name},
        )
        assert answer.status_code == 503
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "ERASURE_LIST_UNUSABLE"
        found = writing.do('{ claim(id: "SECRET-c") { statement erased { at } } }')
        assert found["claim"]["statement"].startswith("SECRET")
        assert found["claim"]["erased"] is None


FIXED = '{ claim(id: "SECRET-c", asOf: {position: 9}) { statement } }'


def test_no_server_gives_out_a_kept_answer(fresh: Database, tmp_path: Path) -> None:
    """Two servers over one record, each with an answer in it that is kept for ever."""
    with opened(fresh, tmp_path) as writing, ExitStack() as stack:
        second = stack.enter_context(served(create_app(fresh, settings(tmp_path))))
        clients = [writing.client, stack.enter_context(httpx.Client(base_url=second, timeout=60))]
        known = [client.get("/graphql", params={"query": FIXED}) for client in clients]
        for response in known:
            assert "SECRET" in response.text
            assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert erase(writing, ERASURES[0])["readable"]
        assert "SECRET" not in clients[0].get("/graphql", params={"query": FIXED}).text
        deadline = monotonic() + 5
        while "SECRET" in clients[1].get("/graphql", params={"query": FIXED}).text:
            assert monotonic() < deadline
            sleep(0.005)
        for client, before in zip(clients, known, strict=True):
            headers = {"if-none-match": before.headers["etag"]}
            again = client.get("/graphql", params={"query": FIXED}, headers=headers)
            assert (again.status_code, again.json()["data"]) == (
                200,
                {"claim": {"statement": None}},
            )


def test_a_server_that_did_not_hear_of_it_drops_what_it_kept(
    fresh: Database, tmp_path: Path
) -> None:
    """Its connection is cut before, and the news is lost."""
    with opened(fresh, tmp_path) as writing:
        writing.client.get("/graphql", params={"query": FIXED})
        with psycopg.connect(fresh.owner_conninfo, autocommit=True) as owner:
            owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE '%dateline_read%'"
                " AND pid <> pg_backend_pid()"
            )
        deadline = monotonic() + 10
        while (came := erase(writing, ERASURES[0]))["refusal"] is not None:
            assert monotonic() < deadline
        assert came["position"] is not None
        while "SECRET" in writing.client.get("/graphql", params={"query": FIXED}).text:
            assert monotonic() < deadline
            sleep(0.01)


def test_how_long_an_answer_is_kept_outside_can_be_set(fresh: Database, tmp_path: Path) -> None:
    chosen = settings(tmp_path, fresh_for=600)
    with desk(fresh, "admin", settings=chosen) as writing:
        for command in OPENING:
            writing.record(command)
        response = writing.client.get("/graphql", params={"query": FIXED})
        assert response.headers["cache-control"] == "public, max-age=600, immutable"
        claim = writing.do('{ claim(id: "SECRET-c") { id } }')["claim"]["id"]
        address = f"/claims/{claim}@2024-08-01T00:00:00Z?position=9"
        memento = writing.client.get(address, follow_redirects=True)
        assert memento.headers["cache-control"] == "public, max-age=600, immutable"


@pytest.mark.parametrize("command", ERASURES[:1])
def test_a_memento_of_an_erased_claim_says_so(
    fresh: Database, tmp_path: Path, command: Erase
) -> None:
    with opened(fresh, tmp_path) as writing:
        claim = writing.do('{ claim(id: "SECRET-c") { id } }')["claim"]["id"]
        address = f"/claims/{claim}@2024-08-01T00:00:00Z?position=9"
        before = writing.client.get(address, follow_redirects=True)
        assert "SECRET" in before.text
        erase(writing, command)
        after = writing.client.get(
            address, headers={"if-none-match": before.headers["etag"]}, follow_redirects=True
        )
        assert after.status_code == 200
        assert "SECRET statement" not in after.text
        assert after.json()["claim"]["erased"]["ground"] == LAW.name
