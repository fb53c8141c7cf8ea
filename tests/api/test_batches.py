"""Many commands recorded as one; and what may be asked of what was recorded."""

from __future__ import annotations

from domain.commands import (
    CorrectClaim,
    OpenStory,
    PublishReport,
    RegisterSource,
    ReportClaim,
    WithdrawReport,
)
from domain.words import SourceKind
from eventlog.database import Database
from eventlog.log import Log
from tests.api.mutations import BATCH, batch, desk, input_of, logged

PAPER = RegisterSource(source="paper", name="The Paper", kind=SourceKind.OUTLET)
REPORT = PublishReport(report="r", outlet="paper", published_at="2024-08-01")
CLAIM = ReportClaim(claim="c", report="r", statement="A hundred tanks.")


def test_a_batch_is_recorded_as_one(fresh: Database) -> None:
    fixed = CorrectClaim(claim="c", version=1, statement="Ninety.", published_at="2024-08-02")
    gone = WithdrawReport(report="r", published_at="2024-08-05")
    with desk(fresh) as writing:
        given = batch(PAPER, REPORT, CLAIM, fixed, gone, idempotencyKey="all", reason="a test")
        did = writing.do(BATCH, input=given)["recordBatch"]
        assert (did["position"], did["readable"], did["refusal"]) == (6, True, None)
        assert [one["__typename"] for one in did["nodes"]] == [
            "Source", "Report", "Claim", "Claim", "Report"
        ]  # fmt: skip
        assert (did["nodes"][3]["version"], did["nodes"][3]["status"]) == (3, "RETRACTED")
        again = writing.do(BATCH, input=given)["recordBatch"]
        assert again == did | {"replayed": True}
        with Log(fresh.conninfo) as log:
            assert {(one.actor, one.reason) for one in log.read(0, 10)} == {("desk", "a test")}


def test_a_batch_is_recorded_wholly_or_not_at_all(fresh: Database) -> None:
    wrong = CorrectClaim(claim="c", version=3, statement="Ninety.", published_at="2024-08-02")
    with desk(fresh) as writing:
        did = writing.do(BATCH, input=batch(PAPER, REPORT, CLAIM, wrong))["recordBatch"]
        assert (did["position"], did["nodes"]) == (None, [])
        assert did["refusal"]["__typename"] == "StaleVersion"
        soon = PublishReport(report="r", published_at="2199-01-01")
        did = writing.do(BATCH, input=batch(PAPER, soon))["recordBatch"]
        assert did["refusal"]["field"] == "commands[1].publishedAt"
        unreadable = batch(PAPER, ReportClaim(claim="", report="r", statement=""))
        unreadable["commands"][0]["registerSource"]["reason"] = "mine"
        told = writing.do(BATCH, input=unreadable)["recordBatch"]["refusal"]["problems"]
        assert [one["field"] for one in told] == [
            "commands[0].registerSource.reason",
            "commands[1].reportClaim.claim",
            "commands[1].reportClaim.statement",
        ]
        for count_ in (0, 1_001):
            did = writing.do(BATCH, input=batch(*[PAPER] * count_))["recordBatch"]
            assert did["refusal"]["problems"] == [{"field": "commands"}]
        assert logged(fresh) == []


def test_what_cannot_be_answered_is_told_before_anything_is_recorded(fresh: Database) -> None:
    with desk(fresh) as writing:
        for part, code in (
            ("claims(first: 100000) { nodes { id } }", "INVALID_INPUT"),
            ('claims(after: "nowhere") { nodes { id } }', "INVALID_CURSOR"),
            ('claims(filter: {reported: {from: "soon"}}) { nodes { id } }', "INVALID_TIME"),
        ):
            answer = writing.post(
                f"mutation M($input: RegisterSourceInput!) {{ registerSource(input: $input)"
                f" {{ position source {{ {part} }} }} }}",
                input=input_of(PAPER),
            ).json()
            assert answer["errors"][0]["extensions"]["code"] == code
        dear = BATCH.replace(
            "__typename id", "id ... on Source { claims(first: 100) { nodes { id } } }"
        )
        sources = [
            RegisterSource(source=f"s{n}", name="S", kind=SourceKind.OUTLET) for n in range(600)
        ]
        answer = writing.post(dear, input=batch(*sources)).json()
        assert answer["errors"][0]["extensions"]["code"] == "TOO_EXPENSIVE"
        assert logged(fresh) == []


def test_what_a_batch_was_about_comes_in_its_order_however_long_it_is(fresh: Database) -> None:
    with desk(fresh) as writing:
        for number in (1, 300):
            stories = [OpenStory(story=f"{number}-{n}", title=f"Story {n}") for n in range(number)]
            sources = [
                RegisterSource(source=f"{number}-{n}", name=f"S {n}", kind=SourceKind.OUTLET)
                for n in range(number)
            ]
            mixed = [one for pair in zip(stories, sources, strict=True) for one in pair]
            asked = BATCH.replace(
                "__typename id",
                "... on Story { title claims(filter: {topic: $t}) { __typename } }"
                " ... on Source { name }",
            ).replace("($input", "($t: String, $input")
            did = writing.do(asked, input=batch(*mixed), t="x")["recordBatch"]
            assert [one.get("title", one.get("name")) for one in did["nodes"]] == [
                f"{name} {n}" for n in range(number) for name in ("Story", "S")
            ]
