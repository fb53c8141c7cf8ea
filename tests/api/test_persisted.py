"""Documents that are named instead of sent: automatic persisted queries, and trusted documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import ApiSettings, create_app
from api.persisted import UnreadableDocuments, read_trusted
from eventlog.database import Database
from tests.api.serving import served

GRAPHQL_JSON = "application/graphql-response+json"
QUERY = "query Story($slug: String!) { story(slug: $slug) { title } }"
VARIABLES = {"slug": "losses"}
ANSWER = {"story": {"title": "Losses"}}


def digest(query: str) -> str:
    return sha256(query.encode()).hexdigest()


def persisted(query: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": digest(query)}}


def code(response: httpx.Response) -> str:
    found: str = response.json()["errors"][0]["extensions"]["code"]
    return found


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("accept", "status"), [("application/json", 200), (GRAPHQL_JSON, 400)])
def test_a_query_is_sent_once_and_then_named(
    client: httpx.Client, method: str, accept: str, status: int
) -> None:
    query = f"{QUERY} # {method} {accept}"

    def ask(**more: Any) -> httpx.Response:
        asked = {"variables": VARIABLES, "extensions": persisted(query), **more}
        headers = {"accept": accept}
        if method == "POST":
            return client.post("/graphql", json=asked, headers=headers)
        parameters = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in asked.items()
        }
        return client.get("/graphql", params=parameters, headers=headers)

    unknown = ask()
    assert unknown.status_code == status
    assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"
    assert code(unknown) == "PERSISTED_QUERY_NOT_FOUND"
    assert unknown.headers["cache-control"] == "no-store"
    assert ask(query=query).json()["data"] == ANSWER
    named = ask()
    assert (named.status_code, named.json()["data"]) == (200, ANSWER)
    # The draft on persisted documents names them so.
    again = client.post(
        "/graphql", json={"documentId": f"sha256:{digest(query)}", "variables": VARIABLES}
    )
    assert again.json()["data"] == ANSWER


def test_a_query_whose_answer_is_kept_already_is_kept_by_its_hash_too(
    client: httpx.Client,
) -> None:
    asked = {"query": f"{QUERY} # kept", "variables": VARIABLES}
    extensions = persisted(asked["query"])  # type: ignore[arg-type]
    assert client.post("/graphql", json=asked).json()["data"] == ANSWER
    client.post("/graphql", json={**asked, "extensions": extensions})
    named = client.post("/graphql", json={"variables": VARIABLES, "extensions": extensions})
    assert named.json()["data"] == ANSWER


def test_a_query_that_cannot_be_executed_is_not_kept(client: httpx.Client) -> None:
    query = "{ nothing }"
    asked = {"query": query, "extensions": persisted(query)}
    assert code(client.post("/graphql", json=asked)) == "GRAPHQL_VALIDATION_FAILED"
    del asked["query"]
    assert code(client.post("/graphql", json=asked)) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    ("extensions", "expected"),
    [
        (persisted("{ __typename }"), "PERSISTED_QUERY_HASH_MISMATCH"),
        (
            {"persistedQuery": {"version": 1, "sha256Hash": "x"}},
            "PERSISTED_QUERY_HASH_MISMATCH",
        ),
        ({"persistedQuery": {"version": 2, "sha256Hash": digest(QUERY)}}, "BAD_REQUEST"),
        ({"persistedQuery": {"version": 1}}, "BAD_REQUEST"),
        ({"persistedQuery": {"version": 1, "sha256Hash": 7}}, "BAD_REQUEST"),
        ({"persistedQuery": []}, "BAD_REQUEST"),
        ({"persistedQuery": "x"}, "BAD_REQUEST"),
    ],
)
def test_a_hash_that_is_not_that_of_the_query_is_refused(
    client: httpx.Client, extensions: dict[str, Any], expected: str
) -> None:
    response = client.post("/graphql", json={"query": QUERY, "extensions": extensions})
    assert (response.status_code, code(response)) == (400, expected)


def test_extensions_of_others_are_left_alone(client: httpx.Client) -> None:
    extensions = {"clientLibrary": {"name": "x"}, "persistedQuery": None}
    response = client.post("/graphql", json={"query": "{__typename}", "extensions": extensions})
    assert response.json() == {"data": {"__typename": "Query"}}


@contextmanager
def asking(database: Database, settings: ApiSettings) -> Iterator[httpx.Client]:
    with (
        served(create_app(database, settings)) as url,
        httpx.Client(base_url=url, timeout=20) as client,
    ):
        yield client


def test_only_so_many_queries_are_kept(filled: Database) -> None:
    queries = [f"{{ __typename }} # {number} {'x' * 500}" for number in range(5)]
    with asking(filled, ApiSettings(persisted=2_000)) as client:
        for query in queries:
            client.post("/graphql", json={"query": query, "extensions": persisted(query)})
        found = [
            "data" in client.post("/graphql", json={"extensions": persisted(query)}).json()
            for query in queries
        ]
    assert found == [False, False, False, True, True]


def test_persisted_queries_can_be_turned_off(filled: Database) -> None:
    with asking(filled, ApiSettings(persisted=0)) as client:
        response = client.post("/graphql", json={"query": QUERY, "extensions": persisted(QUERY)})
        assert response.json()["errors"][0]["message"] == "PersistedQueryNotSupported"
        assert code(response) == "PERSISTED_QUERY_NOT_SUPPORTED"


def manifests(folder: Path) -> dict[str, tuple[Path, str]]:
    """The trusted documents in each of the forms that tools write, with the id that each gives."""
    relay = folder / "relay.json"
    relay.write_text(json.dumps({"b2a1": QUERY}))
    apollo = folder / "apollo.json"
    operation = {"id": digest(QUERY), "name": "Story", "type": "query", "body": QUERY}
    apollo.write_text(
        json.dumps(
            {
                "format": "apollo-persisted-query-manifest",
                "version": 1,
                "operations": [operation],
            }
        )
    )
    files = folder / "queries"
    (files / "stories").mkdir(parents=True)
    (files / "stories" / "one-story.graphql").write_text(QUERY)
    (files / "README.md").write_text("{ __typename }")
    return {
        "relay": (relay, "b2a1"),
        "apollo": (apollo, digest(QUERY)),
        "files": (files, "one-story"),
    }


@pytest.mark.parametrize("name", ["relay", "apollo", "files"])
def test_only_trusted_documents_are_answered_where_there_is_a_list(
    filled: Database, tmp_path: Path, name: str
) -> None:
    path, own_id = manifests(tmp_path)[name]
    ways: list[dict[str, Any]] = [
        {"documentId": own_id},
        {"doc_id": own_id},
        {"documentId": digest(QUERY)},
        {"documentId": f"sha256:{digest(QUERY)}"},
        {"extensions": persisted(QUERY)},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": own_id}}},
        {"query": QUERY},
        {"query": QUERY, "extensions": persisted(QUERY)},
    ]
    refused: list[tuple[dict[str, Any], str]] = [
        ({"query": "{ __typename }"}, "QUERY_NOT_IN_SAFELIST"),
        ({"query": f"{QUERY} "}, "QUERY_NOT_IN_SAFELIST"),
        ({}, "QUERY_NOT_IN_SAFELIST"),
        ({"documentId": "other"}, "PERSISTED_QUERY_NOT_IN_LIST"),
        ({"documentId": own_id, "query": "{ __typename }"}, "PERSISTED_QUERY_NOT_IN_LIST"),
        ({"extensions": persisted("{ __typename }")}, "PERSISTED_QUERY_NOT_IN_LIST"),
        (
            {"query": "{ __typename }", "extensions": persisted("{ __typename }")},
            "PERSISTED_QUERY_NOT_IN_LIST",
        ),
    ]
    with asking(filled, ApiSettings(documents=path)) as client:
        for way in ways:
            response = client.post("/graphql", json={**way, "variables": VARIABLES})
            assert response.json()["data"] == ANSWER, way
        parameters = {"documentId": own_id, "variables": json.dumps(VARIABLES)}
        assert client.get("/graphql", params=parameters).json()["data"] == ANSWER
        for way, expected in refused:
            response = client.post("/graphql", json={**way, "variables": VARIABLES})
            assert (response.status_code, code(response)) == (403, expected), way
        # What the server itself asks is not for the list to allow.
        found = client.get("/claims/apc", follow_redirects=True)
        assert found.json()["claim"]["ref"] == "apc"


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", "x", '{"a": 1}', '{"a": null}', '["{ __typename }"]', '"x"'],
)
def test_a_list_that_cannot_be_read_is_told_at_the_start(tmp_path: Path, content: str) -> None:
    manifest = tmp_path / "documents.json"
    manifest.write_text(content)
    with pytest.raises(UnreadableDocuments):
        read_trusted(manifest)


def test_a_list_that_is_not_there_or_names_two_documents_alike_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocuments):
        read_trusted(tmp_path / "nowhere.json")
    with pytest.raises(UnreadableDocuments, match="holds no documents"):
        read_trusted(tmp_path)
    for number in (1, 2):
        (tmp_path / f"{number}.json").write_text(json.dumps({"same": f"{{ a{number} }}"}))
    with pytest.raises(UnreadableDocuments, match="same names two documents"):
        read_trusted(tmp_path)
