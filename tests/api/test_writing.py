"""Recording over GraphQL: what the rules decide, once, durably, and readable at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from time import monotonic
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from api.app import ApiSettings
from api.commanding import path_in_graphql
from api.limits import Limits
from api.writing import PATIENCE
from domain.commands import (
    AnyCommand,
    CorrectClaim,
    OpenStory,
    PublishReport,
    RegisterSource,
    ReportClaim,
    RetractClaim,
    WithdrawReport,
)
from domain.events import AnyEvent
from domain.refusals import Refusal
from domain.words import SourceKind
from eventlog.database import Database
from eventlog.decoding import entries_of
from eventlog.log import Log
from projections.projector import project_all
from tests.api.mutations import BATCH, Desk, batch, desk, document, input_of, logged
from tests.domain.desk import Desk as PlainDesk
from tests.domain.desk import empty
from tests.projections.commands import commands, opening
from tests.servers import Server

PAPER = RegisterSource(source="paper", name="The Paper", kind=SourceKind.OUTLET)
REPORT = PublishReport(report="r", outlet="paper", published_at="2024-08-01")
CLAIM = ReportClaim(claim="c", report="r", statement="A hundred tanks.")

_numbers = count(1)


@pytest.fixture(scope="module")
def database(server: Server) -> Iterator[Database]:
    with server.fresh_database() as fresh:
        yield fresh


@pytest.fixture(scope="module")
def writing(database: Database) -> Iterator[Desk]:
    with desk(database) as opened:
        yield opened


def refused(plain: PlainDesk, command: AnyCommand) -> Refusal | None:
    """What a command is refused for in memory."""
    try:
        plain.when(command)
    except Refusal as refusal:
        return refusal
    return None


def recorded_since(database: Database, before: int) -> dict[UUID, list[AnyEvent]]:
    """The events after a position, by what they are about."""
    with Log(database.conninfo) as log:
        logged = log.read(before, 10_000)
    found: dict[UUID, list[AnyEvent]] = {}
    for one, entry in zip(logged, entries_of(logged), strict=True):
        found.setdefault(one.stream_id, []).append(entry.event)
    return found


def told_by(plain: PlainDesk) -> dict[UUID, list[AnyEvent]]:
    """The same, in memory."""
    return {
        subject: [entry.event for entry in entries]
        for subject, entries in plain.world.subjects.items()
        if entries
    }


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(data=st.data())
def test_a_mutation_comes_to_what_the_rules_decide(
    data: st.DataObject, writing: Desk, database: Database
) -> None:
    prefix = f"w{next(_numbers)}-"
    wanted = [*opening(prefix), *data.draw(st.lists(commands(prefix), min_size=3, max_size=12))]
    plain = empty()
    with Log(database.conninfo) as log:
        before = log.head().position
    for command in wanted:
        came = writing.record(command)
        refusal = refused(plain, command)
        told = came["refusal"]
        if refusal is None:
            assert told is None, (command, came)
            assert came["readable"]
            assert not came["replayed"]
        else:
            assert came["position"] is None
            assert (told["code"], told["message"]) == (refusal.code, str(refusal))
            assert told["field"] == path_in_graphql(refusal.field)
            assert told["__typename"] == type(refusal).__name__
    assert recorded_since(database, before) == told_by(plain)


def test_what_was_written_is_read_as_of_where_it_was_written(fresh: Database) -> None:
    with desk(fresh) as writing:
        for command in (PAPER, REPORT):
            writing.record(command)
        did = writing.do(
            """
            mutation Both($claim: ReportClaimInput!, $wrong: CorrectClaimInput!, $no: Boolean!) {
              first: reportClaim(input: $claim) { ...Claimed }
              __typename
              then: correctClaim(input: $wrong) {
                ... on ClaimPayload { ...Claimed recordedAt @skip(if: $no) }
              }
            }
            fragment Claimed on ClaimPayload {
              at: position
              claim { v: version status statement report { outlet { name } } history { version } }
              again: claim { id }
            }
            """,
            claim=input_of(CLAIM),
            wrong=input_of(
                CorrectClaim(claim="c", version=1, statement="Ninety.", published_at="2024-08-02")
            ),
            no=True,
        )
        assert list(did) == ["first", "__typename", "then"]
        assert did["__typename"] == "Mutation"
        first, then = did["first"], did["then"]
        assert list(then) == ["at", "claim", "again"]
        assert (first["at"], then["at"]) == (3, 4)
        assert first["again"] == then["again"]
        # The first answer does not know yet what the second one did.
        assert first["claim"] == {
            "v": 1,
            "status": "STANDING",
            "statement": "A hundred tanks.",
            "report": {"outlet": {"name": "The Paper"}},
            "history": [{"version": 1}],
        }
        assert (then["claim"]["v"], then["claim"]["status"]) == (2, "CORRECTED")
        assert logged(fresh)[-1] == ("claim.corrected", "desk")
        assert writing.do('{ claim(id: "c") { statement } }')["claim"]["statement"] == "Ninety."


def test_a_refusal_says_what_a_client_can_go_on_from(fresh: Database) -> None:
    with desk(fresh) as writing:
        for command in (PAPER, REPORT, CLAIM):
            writing.record(command)
        stale = CorrectClaim(claim="c", version=7, statement="x", published_at="2024-08-02")
        assert writing.record(stale)["refusal"]["current"] == 1
        long = ReportClaim(claim="", report="r", statement="y" * 20_001, topics=("", "war"))
        told = writing.record(long)["refusal"]
        assert told["__typename"] == "InvalidInput"
        assert {one["field"] for one in told["problems"]} == {"claim", "statement", "topics[0]"}
        damaged = writing.record(ReportClaim(claim="d", report="report~x", statement="x"))
        assert damaged["refusal"]["problems"][0]["field"] == "report"
        gone = RetractClaim(claim="c", published_at="2024-08-03")
        assert writing.record(gone)["refusal"] is None
        again = writing.record(gone)["refusal"]
        assert (again["__typename"], again["field"]) == ("AlreadyRetracted", "claim")
        assert len(logged(fresh)) == 4


def test_a_report_is_withdrawn_with_its_claims(fresh: Database) -> None:
    with desk(fresh) as writing:
        for command in (PAPER, REPORT, CLAIM):
            writing.record(command)
        assert (
            writing.record(WithdrawReport(report="r", published_at="2024-08-05"))["position"] == 5
        )
        assert writing.do('{ claim(id: "c") { status } }')["claim"]["status"] == "RETRACTED"


def test_a_key_makes_asking_again_safe(fresh: Database) -> None:
    with desk(fresh) as writing:
        first = writing.record(PAPER, idempotencyKey="k")
        again = writing.record(PAPER, idempotencyKey="k")
        assert again["replayed"]
        assert again | {"replayed": False} == first
        other = RegisterSource(source="other", name="Other", kind=SourceKind.OUTLET)
        told = writing.record(other, idempotencyKey="k")["refusal"]
        assert (told["__typename"], told["field"]) == ("IdempotencyConflict", "idempotencyKey")
        header = {"idempotency-key": '"h"'}
        both = (
            "mutation Two($a: OpenStoryInput!, $b: OpenStoryInput!) {"
            " a: openStory(input: $a) { position replayed }"
            " b: openStory(input: $b) { position replayed story { title } } }"
        )
        stories = {
            "a": input_of(OpenStory(story="a", title="A")),
            "b": input_of(OpenStory(story="b", title="B")),
        }
        once, twice = (writing.do(both, header, **stories) for _ in range(2))
        assert [once[name]["replayed"] for name in "ab"] == [False, False]
        assert [twice[name]["replayed"] for name in "ab"] == [True, True]
        assert [one["a"]["position"] for one in (once, twice)] == [2, 2]
        assert twice["b"]["story"] == {"title": "B"}
        assert len(logged(fresh)) == 3


def test_what_is_not_projected_yet_is_durable_and_says_so(fresh: Database) -> None:
    with desk(fresh, settings=ApiSettings(readable_within=0.05), projected=False) as writing:
        began = monotonic()
        came = writing.record(PAPER)
        assert monotonic() - began < PATIENCE / 2  # it waited as it was told to
        assert (came["position"], came["readable"], came["source"]) == (1, False, None)
        assert logged(fresh) == [("source.registered", "desk")]


def test_a_mutation_is_not_asked_for_by_an_address(writing: Desk) -> None:
    answer = writing.client.get(
        "/graphql",
        params={"query": 'mutation { openStory(input: {story: "x", title: "X"}) { position } }'},
        headers=writing.headers,
    )
    assert answer.status_code == 405


def test_what_a_mutation_gives_is_never_kept(writing: Desk) -> None:
    answer = writing.post(document(PAPER), input=input_of(PAPER))
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


def test_numbers_are_taken_as_they_are_written(fresh: Database) -> None:
    with desk(fresh) as writing:
        for command in (PAPER, REPORT):
            writing.record(command)
        did = writing.do(
            'mutation { reportClaim(input: {claim: "n", report: "r", statement: "x", quantities:'
            ' [{label: "a", value: 1.10}, {label: "b", value: "0.30"}, {label: "c", value: 7}]})'
            " { claim { quantities { value } } } }"
        )
        values = [one["value"] for one in did["reportClaim"]["claim"]["quantities"]]
        assert values == ["1.10", "0.30", "7"]
        binary = input_of(ReportClaim(claim="m", report="r", statement="x")) | {
            "quantities": [{"label": "a", "value": 0.1}]
        }
        answer = writing.post(document(CLAIM), input=binary).json()
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(data=st.data())
def test_a_batch_comes_to_what_its_commands_would_one_by_one(
    data: st.DataObject, writing: Desk, database: Database
) -> None:
    prefix = f"b{next(_numbers)}-"
    wanted = [*opening(prefix), *data.draw(st.lists(commands(prefix), max_size=8))]
    plain = empty()
    kept = [one for one in wanted if refused(plain, one) is None]
    with Log(database.conninfo) as log:
        before = log.head().position
    whole = writing.do(BATCH, input=batch(*wanted))["recordBatch"]
    assert (whole["refusal"] is None) == (kept == wanted)
    if whole["refusal"] is not None:
        first = next(n for n, (one, other) in enumerate(zip(wanted, [*kept, None], strict=False))
                     if one != other)  # fmt: skip
        assert str(whole["refusal"]["field"]).startswith(f"commands[{first}]")
        assert writing.do(BATCH, input=batch(*kept))["recordBatch"]["refusal"] is None
    assert recorded_since(database, before) == told_by(plain)


def test_a_question_can_wait_for_a_position(fresh: Database) -> None:
    limits = Limits(patience=0.3)
    with desk(fresh, settings=ApiSettings(limits, readable_within=0.01), projected=False) as late:
        position = late.record(PAPER)["position"]
        wanted = {"dateline-at-least": str(position)}
        asked = '{ source(id: "paper") { name } }'
        refused = late.post(asked, wanted)
        assert refused.status_code == 503
        assert "retry-after" in refused.headers
        told = refused.json()["errors"][0]["extensions"]
        assert told == {"code": "NOT_YET_PROJECTED", "position": 0}
        assert late.do(asked)["source"] is None
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(late.do, asked, wanted)
            project_all(fresh)
            assert waiting.result()["source"] == {"name": "The Paper"}
        assert late.post(asked, {"dateline-at-least": "soon"}).status_code == 400


def test_a_key_that_is_empty_and_a_reason_that_is_too_long_are_refused(fresh: Database) -> None:
    with desk(fresh) as writing:
        for more, field in (
            ({"idempotencyKey": ""}, "idempotencyKey"),
            ({"idempotencyKey": "k" * 256}, "idempotencyKey"),
            ({"reason": "r" * 20_001}, "reason"),
            ({"reason": ""}, "reason"),
        ):
            told = writing.record(PAPER, **more)["refusal"]
            assert (told["__typename"], told["field"]) == ("InvalidInput", field)
        assert logged(fresh) == []
