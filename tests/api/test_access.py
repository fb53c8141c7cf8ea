"""Who may ask, and who may record: tried from outside, as somebody would who should not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep

import httpx
import psycopg
import pytest

from api.access import NEEDED, Role
from api.app import ApiSettings
from api.mutation import Mutation
from domain.commands import (
    AmendClaim,
    AnyCommand,
    Batch,
    CorrectClaim,
    MergeSources,
    OpenStory,
    PublishReport,
    RegisterSource,
    ReportClaim,
    RetractClaim,
    ReviseReport,
)
from domain.ids import Subject, resolve
from domain.words import SourceKind
from eventlog.apikeys import list_keys, make_key, revoke_key
from eventlog.database import Database
from eventlog.errors import DatabaseRefused
from eventlog.log import Log
from tests.api.mutations import BATCH, Desk, batch, desk, document, input_of
from tests.servers import Server

OUTLETS: list[AnyCommand] = [
    RegisterSource(source=name, name=name.title(), kind=SourceKind.OUTLET)
    for name in ("mine", "theirs")
]
REPORTS: list[AnyCommand] = [
    PublishReport(report=f"{name}-1", outlet=name, published_at="2024-08-01")
    for name in ("mine", "theirs")
]
CLAIMS: list[AnyCommand] = [
    ReportClaim(claim=f"{name}-c", report=f"{name}-1", story="one", statement="A hundred tanks.")
    for name in ("mine", "theirs")
]
OPEN: list[AnyCommand] = [OpenStory(story="one", title="One"), OpenStory(story="two", title="Two")]


@pytest.fixture(scope="module")
def kept(server: Server) -> Iterator[Database]:
    with server.fresh_database() as made:
        yield made


@pytest.fixture(scope="module")
def writing(kept: Database) -> Iterator[Desk]:
    """An editor's desk over two outlets, each with a claim of its own."""
    with desk(kept) as opened:
        for command in (*OPEN, *OUTLETS, *REPORTS, *CLAIMS):
            assert opened.record(command)["refusal"] is None
        yield opened


def as_(writing: Desk, token: str | None) -> Desk:
    """The same server, asked with another key."""
    return Desk(writing.client, token)


def refusal(writing: Desk, command: AnyCommand) -> str | None:
    """The sort of refusal that a command meets."""
    told = writing.record(command)["refusal"]
    return None if told is None else str(told["__typename"])


def unauthenticated(response: httpx.Response) -> bool:
    """Whether a response says that nobody known is asking."""
    code = response.json()["errors"][0]["extensions"]["code"]
    return (
        response.status_code == 401
        and code == "UNAUTHENTICATED"
        and response.headers["www-authenticate"].startswith("Bearer")
    )


def correction(name: str) -> CorrectClaim:
    """A correction of the claim of an outlet, which fits if it is allowed."""
    return CorrectClaim(
        claim=f"{name}-c", version=1, statement="Ninety.", published_at="2024-08-02"
    )


def test_every_mutation_takes_a_role() -> None:
    definition = Mutation.__strawberry_definition__  # type: ignore[attr-defined]
    commands = {next(iter(one.metadata.values())).command for one in definition.fields}
    assert commands - {Batch} == set(NEEDED)
    assert Role.READER not in NEEDED.values()


def test_without_a_key_one_may_ask_and_not_record(writing: Desk) -> None:
    nobody = as_(writing, None)
    assert nobody.do('{ claim(id: "mine-c") { id } }')["claim"] is not None
    assert refusal(nobody, OpenStory(story="x", title="X")) == "Forbidden"


@pytest.mark.parametrize(
    "given",
    [
        "Bearer dateline_0123456789ab_nothing",
        "Bearer dateline_",
        "Bearer x",
        "Bearer",
        "Bearer \u00e4",
        "Basic dXNlcjpwYXNz",
        "",
    ],
)
def test_a_wrong_key_is_refused_whatever_is_asked(writing: Desk, given: str) -> None:
    for query in ("{ __typename }", 'mutation { openStory(input: {story: "x", title: "X"})'
                  " { position } }"):  # fmt: skip
        response = writing.client.post(
            "/graphql", json={"query": query}, headers={b"authorization": given.encode("latin-1")}
        )
        assert unauthenticated(response)


def test_whoever_still_sends_is_told_and_may_go_on(writing: Desk) -> None:
    wrong = {"authorization": "Bearer x", "content-type": "application/json"}
    for size in (900_000, 3_000_000):
        assert unauthenticated(writing.client.post("/graphql", content=b"x" * size, headers=wrong))
        assert writing.post("{ __typename }").status_code == 200


def test_the_secret_of_another_key_is_no_key(writing: Desk, kept: Database) -> None:
    _, one = make_key(kept.owner_conninfo, "one", "editor")
    _, other = make_key(kept.owner_conninfo, "other", "editor")
    mixed = "_".join([*one.split("_")[:2], other.split("_", 2)[2]])
    assert unauthenticated(as_(writing, mixed).post("{ __typename }"))


def test_a_key_that_was_revoked_is_refused_at_once(writing: Desk, kept: Database) -> None:
    made, token = make_key(kept.owner_conninfo, "leaving", "editor")
    leaving = as_(writing, token)
    deadline = monotonic() + 5
    while leaving.post("{ __typename }").status_code == 401:  # the news is on its way
        assert monotonic() < deadline
    assert revoke_key(kept.owner_conninfo, made.id)
    while leaving.post("{ __typename }").status_code != 401:
        assert monotonic() < deadline
        sleep(0.01)
    assert unauthenticated(leaving.post("{ __typename }"))
    assert not revoke_key(kept.owner_conninfo, made.id)


def test_a_key_that_has_expired_is_refused(writing: Desk, kept: Database) -> None:
    now = datetime.now(UTC)
    _, soon = make_key(kept.owner_conninfo, "a", "editor", expires_at=now + timedelta(hours=1))
    _, over = make_key(kept.owner_conninfo, "b", "editor", expires_at=now - timedelta(seconds=1))
    deadline = monotonic() + 5
    while as_(writing, soon).post("{ __typename }").status_code == 401:
        assert monotonic() < deadline
    assert unauthenticated(as_(writing, over).post("{ __typename }"))


def test_a_key_in_an_address_is_refused(writing: Desk) -> None:
    token = writing.headers["authorization"].partition(" ")[2]
    for name in ("access_token", "key", "query"):
        response = writing.client.get(
            "/graphql", params={"query": "{ __typename }", name: token}, headers=writing.headers
        )
        assert unauthenticated(response)
        assert "address" in response.json()["errors"][0]["message"]


def known(writing: Desk, token: str) -> Desk:
    """A desk with a key that was made a moment ago, when the server knows it."""
    made = as_(writing, token)
    deadline = monotonic() + 5
    while made.post("{ __typename }").status_code == 401:
        assert monotonic() < deadline
    return made


def test_each_role_may_do_what_it_is_for(writing: Desk, kept: Database) -> None:
    story = OpenStory(story="roles", title="Roles")
    merge = MergeSources(source="none", into="nobody")
    for role, wanted in (
        ("reader", ("Forbidden", "Forbidden")),
        ("reporter", (None, "Forbidden")),
        ("editor", ("AlreadyExists", "NotFound")),
        ("admin", ("AlreadyExists", "NotFound")),
    ):
        _, token = make_key(kept.owner_conninfo, role, role)
        somebody = known(writing, token)
        assert (refusal(somebody, story), refusal(somebody, merge)) == wanted


def test_a_desk_corrects_the_claims_of_its_own_outlet_alone(fresh: Database) -> None:
    with desk(fresh) as writing:
        for command in (*OPEN, *OUTLETS, *REPORTS, *CLAIMS):
            writing.record(command)
        mine = resolve(Subject.SOURCE, "mine")
        _, token = make_key(fresh.owner_conninfo, "desk", "editor", sources=[mine])
        limited = known(writing, token)
        refused: tuple[AnyCommand, ...] = (
            correction("theirs"),
            RetractClaim(claim="theirs-c", published_at="2024-08-02"),
            AmendClaim(claim="theirs-c", amends=1, statement="y"),
            ReviseReport(report="theirs-1", headline="New", published_at="2024-08-02"),
            ReportClaim(claim="new", report="theirs-1", statement="x"),
            PublishReport(report="theirs-2", outlet="theirs", published_at="2024-08-01"),
            PublishReport(report="nobody's", published_at="2024-08-01"),
            OpenStory(story="new", title="New"),
            MergeSources(source="theirs", into="mine"),
            correction("none"),
        )
        for command in refused:
            assert refusal(limited, command) == "Forbidden", command
        assert refusal(limited, correction("mine")) is None
        report = PublishReport(report="mine-2", outlet="mine", published_at="2024-08-01")
        assert refusal(limited, report) is None
        assert refusal(limited, ReportClaim(claim="new", report="mine-2", statement="x")) is None


def test_a_batch_is_allowed_where_each_of_it_is(fresh: Database) -> None:
    with desk(fresh) as writing:
        for command in (*OPEN, *OUTLETS):
            writing.record(command)
        mine = resolve(Subject.SOURCE, "mine")
        _, token = make_key(fresh.owner_conninfo, "desk", "editor", sources=[mine])
        limited = known(writing, token)
        (_, reporter) = make_key(fresh.owner_conninfo, "junior", "reporter")
        own = (REPORTS[0], CLAIMS[0], correction("mine"))
        for somebody, wanted, refused in (
            (limited, (REPORTS[0], CLAIMS[0], REPORTS[1]), True),
            (known(writing, reporter), own, True),
            (limited, own, False),
        ):
            did = somebody.do(BATCH, input=batch(*wanted))["recordBatch"]
            assert (did["refusal"] is not None) == refused
            assert not refused or did["refusal"]["__typename"] == "Forbidden"


def test_a_key_may_be_limited_to_stories(fresh: Database) -> None:
    with desk(fresh) as writing:
        for command in (*OPEN, *OUTLETS, *REPORTS, *CLAIMS):
            writing.record(command)
        one = resolve(Subject.STORY, "one")
        _, token = make_key(fresh.owner_conninfo, "desk", "editor", stories=[one])
        limited = known(writing, token)
        elsewhere = ReportClaim(claim="new", report="mine-1", story="two", statement="x")
        assert refusal(limited, elsewhere) == "Forbidden"
        moved = AmendClaim(claim="mine-c", amends=1, story="two")
        assert refusal(limited, moved) == "Forbidden"
        assert refusal(limited, correction("mine")) is None


def test_the_actor_stands_on_every_event(fresh: Database) -> None:
    with desk(fresh) as writing:
        _, token = make_key(fresh.owner_conninfo, "night desk", "reporter")
        did = known(writing, token).record(OUTLETS[0], reason="for the record")
        with Log(fresh.conninfo) as log:
            (logged,) = log.read(0, 10)
        assert did["position"] == 1
        assert (logged.actor, logged.reason) == ("night desk", "for the record")


def test_an_idempotency_key_belongs_to_whoever_gives_it(fresh: Database) -> None:
    with desk(fresh) as writing:
        assert not writing.record(OUTLETS[0], idempotencyKey="k")["replayed"]
        _, token = make_key(fresh.owner_conninfo, "another", "editor")
        came = known(writing, token).record(OUTLETS[1], idempotencyKey="k")
        assert (came["replayed"], came["refusal"]) == (False, None)


def test_a_closed_record_answers_nobody_without_a_key(fresh: Database) -> None:
    with desk(fresh, settings=ApiSettings(anonymous=False)) as writing:
        nobody = as_(writing, None)
        assert unauthenticated(nobody.post("{ __typename }"))
        assert unauthenticated(nobody.client.get("/graphql", params={"query": "{ __typename }"}))
        assert unauthenticated(nobody.client.get("/claims/x"))
        for command in (OPEN[0], OUTLETS[0], REPORTS[0], CLAIMS[0]):
            writing.record(command)
        fixed = '{ claim(id: "mine-c", asOf: {position: 4}) { statement } }'
        answer = writing.client.get("/graphql", params={"query": fixed}, headers=writing.headers)
        assert answer.json()["data"]["claim"] is not None
        # No cache that others use may keep it.
        assert answer.headers["cache-control"].startswith("private")
        assert unauthenticated(nobody.client.get("/graphql", params={"query": fixed}))


def test_open_writing_lets_anybody_record(fresh: Database) -> None:
    with desk(fresh, settings=ApiSettings(open_writing=True)) as writing:
        assert refusal(as_(writing, None), OUTLETS[0]) is None
        with Log(fresh.conninfo) as log:
            assert log.read(0, 10)[0].actor == "anonymous"


def test_a_key_is_kept_as_a_digest(fresh: Database) -> None:
    made, token = make_key(fresh.owner_conninfo, "desk", "editor")
    secret = token.split("_", 2)[2]
    with psycopg.connect(fresh.owner_conninfo) as connection:
        rows = str(connection.execute("SELECT * FROM dateline.api_keys").fetchall())
    assert made.id in rows
    assert secret not in rows
    assert list_keys(fresh.owner_conninfo) == [made]


def test_the_application_makes_no_keys(fresh: Database) -> None:
    with pytest.raises(DatabaseRefused):
        make_key(fresh.conninfo, "intruder", "admin")


def test_a_server_that_lost_the_news_still_knows_who_asks(fresh: Database) -> None:
    with desk(fresh) as writing:
        with psycopg.connect(fresh.owner_conninfo, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE"
                " '%dateline.api_keys%' AND pid <> pg_backend_pid()"
                " AND datname = current_database()"
            )
        assert writing.post("{ __typename }").status_code == 200
        assert writing.post(document(OUTLETS[0]), input=input_of(OUTLETS[0])).status_code == 200


def test_other_sites_are_told_nothing(writing: Desk) -> None:
    elsewhere = {"origin": "https://elsewhere.example"}
    asked = writing.post("{ __typename }", elsewhere)
    preflight = writing.client.options(
        "/graphql", headers=elsewhere | {"access-control-request-method": "POST"}
    )
    for response in (asked, preflight):
        assert not [name for name in response.headers if name.startswith("access-control")]
    assert asked.headers["x-content-type-options"] == "nosniff"
    assert preflight.status_code == 405
