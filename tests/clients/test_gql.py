"""Dateline asked with gql, Python's own client."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from gql import Client, GraphQLRequest, gql
from gql.client import SyncClientSession
from gql.dsl import DSLInlineFragment, DSLQuery, DSLSchema, dsl_gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport, HTTPXTransport
from graphql import GraphQLError

from tests.clients.paging import PAGE, statements
from tests.clients.record import VILLAGES

ACCEPT = {"accept": "application/graphql-response+json"}
"""What a client may ask for; gql asks for whatever there is."""

CLAIM = """
query Claim($id: ID!, $asOf: AsOf) { claim(id: $id, asOf: $asOf) { ...State } }

fragment State on Claim { statement version quantities { value } }
"""
STATES = [
    ("2024-08-18", 1, "17056"),
    ("2024-08-20", 2, "16480"),
]


@pytest.fixture(params=[{}, ACCEPT], ids=["any media type", "GraphQL's media type"])
def session(url: str, request: pytest.FixtureRequest) -> Iterator[SyncClientSession]:
    transport = HTTPXTransport(url=f"{url}/graphql", headers=request.param, timeout=20)
    with Client(transport=transport, fetch_schema_from_transport=True) as opened:
        yield opened


def asking(day: str) -> GraphQLRequest:
    return GraphQLRequest(CLAIM, variable_values={"id": "apc", "asOf": {"reportedAt": day}})


def state(data: dict[str, Any]) -> tuple[int, str]:
    claim = data["claim"]
    return claim["version"], claim["quantities"][0]["value"]


def test_a_claim_is_asked_for_at_two_moments(session: SyncClientSession) -> None:
    for day, version, value in STATES:
        assert state(session.execute(asking(day))) == (version, value)


def test_pages_are_read_to_the_end(url: str) -> None:
    assert list(statements(f"{url}/graphql", "villages")) == VILLAGES


def test_the_server_refuses_with_a_code(session: SyncClientSession) -> None:
    query = GraphQLRequest(PAGE, variable_values={"after": "nonsense"})
    with pytest.raises(TransportQueryError) as refused:
        session.execute(query)
    assert refused.value.errors is not None
    (error,) = refused.value.errors
    assert error["extensions"] == {"code": "INVALID_CURSOR", "field": "after"}
    assert error["path"] == ["claims"]


def test_a_query_that_the_schema_does_not_allow_is_not_sent(session: SyncClientSession) -> None:
    with pytest.raises(GraphQLError, match="Cannot query field 'truth' on type 'Claim'"):
        session.execute(gql('{ claim(id: "apc") { truth } }'))


def test_a_query_is_written_in_python(session: SyncClientSession) -> None:
    assert session.client.schema is not None
    schema = DSLSchema(session.client.schema)
    corrected = DSLInlineFragment().on(schema.ClaimCorrected)
    query = dsl_gql(
        DSLQuery(
            schema.Query.claim(id="apc", asOf={"reportedAt": "2024-08-20"}).select(
                schema.Claim.status,
                schema.Claim.history.select(
                    schema.ClaimEvent.version, corrected.select(schema.ClaimCorrected.declared)
                ),
            )
        )
    )
    assert session.execute(query)["claim"] == {
        "status": "CORRECTED",
        "history": [{"version": 1}, {"version": 2, "declared": False}],
    }


def test_both_moments_are_asked_about_at_once(url: str) -> None:
    async def ask() -> list[tuple[int, str]]:
        transport = HTTPXAsyncTransport(url=f"{url}/graphql", timeout=20)
        async with Client(transport=transport, fetch_schema_from_transport=True) as session:
            asked = [session.execute(asking(day)) for day, _, _ in STATES]
            return [state(data) for data in await asyncio.gather(*asked)]

    assert asyncio.run(ask()) == [(version, value) for _, version, value in STATES]
