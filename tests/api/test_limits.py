"""Hostile documents are refused, each by name, and none of them costs more than it is long."""

from __future__ import annotations

import httpx
import pytest
from graphql import parse

from api.errors import RequestRefused
from api.limits import Limits, check


def doubling(levels: int) -> str:
    """Fragments of which each spreads the next one twice."""
    fragments = [
        f"fragment F{level} on Query {{ a: __typename ...F{level + 1} ...F{level + 1} }}"
        for level in range(levels)
    ]
    return "{ ...F0 } " + " ".join(fragments) + f" fragment F{levels} on Query {{ __typename }}"


HOSTILE = {
    "aliases": "{" + " ".join(f"a{number}: __typename" for number in range(200)) + "}",
    "fields": "{" + "__typename " * 1_500 + "}",
    "depth": "{ claims { nodes { story { id } } "
    + "edges { node { " * 12
    + "id"
    + " } }" * 12
    + "}}",
    "doubling": doubling(60),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_document_that_is_too_complex_is_refused(client: httpx.Client, name: str) -> None:
    response = client.post("/graphql", json={"query": HOSTILE[name]})
    error = response.json()["errors"][0]
    assert error["extensions"]["code"] == "DOCUMENT_TOO_COMPLEX"
    assert error["extensions"]["found"] > error["extensions"]["allowed"]


@pytest.mark.parametrize(
    "query",
    [
        "{" + "claims{nodes{id}}" * 400 + "}",
        "{a" * 900 + "}" * 900,
        "{claim(id: " + "[" * 900 + "]" * 900 + "){id}}",
        "{claim(id: " + "{a:" * 600 + "1" + "}" * 600 + "){id}}",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        "{ ...Nowhere }",
        "fragment A on Query { ...A } query { __typename ...A }",
        '{claim(id: "' + "x" * 500_000 + '"){id}}',
        "query(" + " ".join(f"$v{number}: Int" for number in range(600)) + "){__typename}",
        "{__typename " + "@include(if: true) " * 300 + "}",
        "{" + " ".join(f"nothing{number}" for number in range(900)) + "}",
        "subscription {__typename}",
        "mutation {__typename}",
        "{__schema{types{fields{type{fields{type{fields{type{fields{name}}}}}}}}}}",
        "\0",
        "\N{ZERO WIDTH SPACE}{__typename}",
    ],
)
def test_a_hostile_document_is_an_error_of_the_client(client: httpx.Client, query: str) -> None:
    response = client.post(
        "/graphql",
        json={"query": query},
        headers={"accept": "application/graphql-response+json"},
    )
    told = response.json()["errors"]
    assert response.status_code == 400 or told[0]["path"]
    assert 1 <= len(told) <= Limits().errors
    assert all(error["extensions"]["code"] != "INTERNAL_SERVER_ERROR" for error in told)


def test_each_fragment_is_measured_once() -> None:
    # Were each spread followed anew, this would never end: 2 to the power of 90.
    with pytest.raises(RequestRefused, match="fields"):
        check(parse(doubling(90)), Limits(aliases=2**100, root_fields=2**100))


def test_a_document_within_the_limits_passes() -> None:
    aliases = " ".join(f"a{number}: position" for number in range(50))
    check(parse(f"{{ log {{ {aliases} }} }}"), Limits())
    check(parse("{" + "__typename " * 20 + "}"), Limits())
