"""What may be asked is limited; the limits are told, can be set, and name themselves."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, fields

import httpx
import psycopg
import pytest
from graphql import parse

from api import errors, persisted
from api.app import ApiSettings, create_app
from api.errors import RequestRefused
from api.limits import Limits, camel, check, limits_from
from api.server import VERSION
from eventlog.database import Database
from tests.api.conftest import Ask
from tests.api.hostile import doubling
from tests.api.serving import served
from tests.house.test_house import ROOT, project

STORY = '{ story(slug: "losses") { title } }'


@contextmanager
def limited(database: Database, limits: Limits) -> Iterator[httpx.Client]:
    """A client of a server with these limits."""
    with (
        served(create_app(database, ApiSettings(limits))) as url,
        httpx.Client(base_url=url, timeout=20) as client,
    ):
        yield client


@contextmanager
def nothing_can_be_read(database: Database) -> Iterator[None]:
    """Hold a lock that whoever reads the record has to wait for."""
    with psycopg.connect(database.owner_conninfo) as connection:
        connection.execute("LOCK TABLE read.progress IN ACCESS EXCLUSIVE MODE")
        yield


def post(client: httpx.Client, query: str) -> httpx.Response:
    return client.post("/graphql", json={"query": query})


def test_the_limits_are_told(ask: Ask) -> None:
    names = [camel(one.name) for one in fields(Limits)]
    answer = ask(f"{{ server {{ version limits {{ page {' '.join(names)} }} }} }}")
    expected = {camel(name): value for name, value in asdict(Limits()).items()}
    assert answer["data"]["server"]["limits"] == {"page": 100, **expected}
    assert answer["data"]["server"]["version"] == VERSION == project()["project"]["version"]
    assert "extensions" not in answer


def test_what_the_server_tells_can_be_asked_beside_the_record(ask: Ask) -> None:
    for query in (
        f"{{ server {{ limits {{ cost }} }} {STORY[1:]}",
        f"{{ a: server {{ ...S }} {STORY[1:]} fragment S on Server {{ limits {{ cost }} }}",
    ):
        data = ask(query)["data"]
        assert data.pop("story", None) == {"title": "Losses"}
        assert list(data.values()) == [{"limits": {"cost": Limits().cost}}]


def test_limits_can_be_set_and_are_told_as_they_are(filled: Database) -> None:
    limits = limits_from(["cost=7", "listEntries=3", "seconds=0.5"])
    assert limits == Limits(cost=7, list_entries=3, seconds=0.5)
    with limited(filled, limits) as client:
        told = post(client, "{ server { limits { cost listEntries seconds } } }").json()
    assert told["data"]["server"]["limits"] == {"cost": 7, "listEntries": 3, "seconds": 0.5}


@pytest.mark.parametrize(
    "text",
    ["costs=1", "cost", "cost=", "cost=x", "cost=0", "cost=-1", "=1", "seconds=nan", "seconds=inf"],
)
def test_a_limit_that_is_none_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"limit|number|more than 0"):
        limits_from([text])


@pytest.mark.parametrize(
    ("query", "estimate"),
    [
        ("{ __typename }", 0),
        ("{ __schema { types { name } } }", 0),
        ("{ server { limits { cost } } }", 0),
        ('{ claim(id: "x") { statement topics } }', 1),
        ('{ claim(id: "x") { outlet { name } report { outlet { name } } } }', 4),
        # The connection itself, 20 or as many claims as are asked for, and what is in each.
        ("{ claims { nodes { id } } }", 1 + 20),
        ("{ claims(first: 7) { nodes { id outlet { id } } } }", 1 + 7 * 2),
        ("{ claims(last: 7) { totalCount pageInfo { endCursor } nodes { id } } }", 1 + 1 + 7),
        ("{ claims(first: 7) { edges { cursor node { id } } } }", 1 + 7 * 2),
        ("{ claims(first: 7) { totalCount } }", 1),
        ("query($n: Int = 7) { claims(first: $n) { nodes { id } } }", 1 + 7),
        ("query($n: Int) { claims(first: $n) { nodes { id } } }", 1 + 20),
        # A list without a size is taken to have five entries.
        ('{ claim(id: "x") { quantities { value } } }', 1 + 5),
        ('{ claim(id: "x") { attribution { source { name } } } }', 1 + 5 * 2),
        ("{ claims(first: 2) { nodes { quantities { value } } } }", 1 + 2 * (1 + 5)),
        # Aliases count each for itself, and a fragment wherever it is spread.
        ('{ a: claim(id: "x") { ...C } b: claim(id: "y") { ...C } } fragment C on Claim { id }', 2),
        (
            "{ claims(first: 3) { ...P ...P } } fragment P on ClaimConnection { nodes { id } }",
            1 + 2 * 3,
        ),
        # Of the types that an event may be, the dearest counts.
        (
            '{ claim(id: "x") { history { version ... on ClaimCorrected { notice { text } }'
            " ... on ClaimRetracted { notice { issuer { name } } } } } }",
            1 + 5 * (1 + 2),
        ),
        # What is left out costs nothing.
        ("{ claims(first: 3) { nodes @skip(if: true) { id } } }", 1),
        ("query($y: Boolean = true) { claims(first: 3) { nodes @include(if: $y) { id } } }", 4),
    ],
)
def test_the_estimate_is_the_number_of_objects_that_an_answer_may_hold(
    filled: Database, query: str, estimate: int
) -> None:
    for cost in {max(estimate, 1), max(estimate - 1, 1)}:
        with limited(filled, Limits(cost=cost)) as client:
            answer = post(client, query).json()
        if cost >= estimate:
            assert "errors" not in answer
        else:
            (error,) = answer["errors"]
            assert "data" not in answer
            assert error["extensions"] == {
                "code": "TOO_EXPENSIVE",
                "limit": "cost",
                "found": estimate,
                "allowed": cost,
            }


def test_a_size_over_the_maximum_is_refused_by_its_name(ask: Ask) -> None:
    for size in (0, -1, 101, 1_000_000):
        (error,) = ask(f"{{ claims(first: {size}) {{ nodes {{ id }} }} }}")["errors"]
        assert error["extensions"] == {"code": "INVALID_INPUT", "field": "first"}
        assert error["path"] == ["claims"]


def test_each_fragment_is_measured_once() -> None:
    # Were each spread followed anew, this would never end: 2 to the power of 90.
    with pytest.raises(RequestRefused, match="fields"):
        check(parse(doubling(90)), Limits(aliases=2**100, root_fields=2**100))


def test_a_document_within_the_limits_passes() -> None:
    aliases = " ".join(f"a{number}: position" for number in range(50))
    check(parse(f"{{ log {{ {aliases} }} }}"), Limits())
    check(parse("{" + "__typename " * 20 + "}"), Limits())


def test_a_statement_that_takes_too_long_is_ended(filled: Database) -> None:
    with limited(filled, Limits(seconds=0.2)) as client, nothing_can_be_read(filled):
        response = post(client, STORY)
    (error,) = response.json()["errors"]
    assert (response.status_code, error["extensions"]) == (503, {"code": "TIMEOUT"})


def test_who_would_wait_too_long_is_told_to_come_again(filled: Database) -> None:
    limits = Limits(connections=1, waiting=1, patience=1.0, seconds=8)
    # Each is a question of its own, so that none is answered from what is kept.
    questions = [f"{{ stories(first: {number}) {{ nodes {{ id }} }} }}" for number in range(1, 6)]
    with limited(filled, limits) as client, ThreadPoolExecutor(5) as several:
        post(client, STORY)  # the statements are planned and the connection is there
        with nothing_can_be_read(filled):
            asked = [several.submit(post, client, questions[0])]
            time.sleep(0.3)
            began = time.perf_counter()
            asked += [several.submit(post, client, question) for question in questions[1:]]
            refused = [one.result() for one in asked[1:]]
            waited = time.perf_counter() - began
            assert post(client, STORY).json()["data"]  # what is kept is still answered
        answered = asked[0].result()
    assert answered.json()["data"]["stories"]["nodes"]
    assert len(refused) == 4
    for response in refused:
        assert response.status_code == 503
        assert response.headers["retry-after"] == "1"
        assert response.json()["errors"][0]["extensions"] == {"code": "BUSY"}
    assert waited < 5


def test_the_page_about_limits_has_them_all_as_they_are() -> None:
    page = (ROOT / "docs/how-to/limit-what-clients-ask.md").read_text("utf-8")
    told = re.findall(r"^\| `(\w+)` \| ([0-9.]+) \|", page, re.MULTILINE)
    assert [(name, float(value)) for name, value in told] == [
        (camel(name), float(value)) for name, value in asdict(Limits()).items()
    ]


def test_every_code_of_an_error_is_on_the_page_about_asking() -> None:
    page = (ROOT / "docs/how-to/ask-over-graphql.md").read_text("utf-8")
    codes = [
        value
        for module in (errors, persisted)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str) and value.isupper()
    ]
    assert len(codes) > 15
    assert [code for code in codes if f"`{code}`" not in page] == []
