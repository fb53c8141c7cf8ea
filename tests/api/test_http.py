"""GraphQL over HTTP, as clients, browsers and careless programs speak it."""

from __future__ import annotations

import json
import re

import httpx
import pytest

from api.app import STATIC

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def post(client: httpx.Client, content: bytes | str, content_type: str = JSON) -> httpx.Response:
    return client.post("/graphql", content=content, headers={"content-type": content_type})


def code(response: httpx.Response) -> str:
    found: str = response.json()["errors"][0]["extensions"]["code"]
    return found


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        ("*/*", JSON),
        (JSON, JSON),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, {JSON};q=0.9", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0.1, {JSON}", JSON),
        (f"{GRAPHQL_JSON};q=nonsense", JSON),
        (f"{GRAPHQL_JSON}, {JSON}, text/event-stream", JSON),
        ("image/png", JSON),
    ],
)
def test_the_answer_has_the_media_type_that_the_client_prefers(
    client: httpx.Client, accept: str | None, expected: str
) -> None:
    headers = {} if accept is None else {"accept": accept}
    response = client.post("/graphql", json={"query": "{__typename}"}, headers=headers)
    assert response.headers["content-type"] == f"{expected}; charset=utf-8"
    assert response.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("query", ["{", "{nothing}", "query($x: Int!) {__typename}"])
def test_what_cannot_be_executed_is_400_for_who_knows_the_new_media_type(
    client: httpx.Client, query: str
) -> None:
    for accept, status in ((GRAPHQL_JSON, 400), (JSON, 200)):
        response = client.post("/graphql", json={"query": query}, headers={"accept": accept})
        assert response.status_code == status
        assert "data" not in response.json()
        assert response.json()["errors"][0]["extensions"]["code"]


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "xapplication/jsonx",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin-1",
    ],
)
def test_only_json_in_utf_8_is_taken(client: httpx.Client, content_type: str) -> None:
    assert post(client, b'{"query": "{__typename}"}', content_type).status_code == 415


def test_a_content_type_may_have_parameters_and_capitals(client: httpx.Client) -> None:
    response = post(client, b'{"query": "{__typename}"}', 'Application/JSON; charset="UTF-8"')
    assert response.status_code == 200


def test_a_body_over_the_limit_is_refused_though_its_length_is_not_announced(
    client: httpx.Client,
) -> None:
    large = b'{"query": "' + b" " * 2_000_000 + b'{__typename}"}'
    chunks = (large[start : start + 65_536] for start in range(0, len(large), 65_536))
    response = client.post("/graphql", content=chunks, headers={"content-type": JSON})
    assert (response.status_code, code(response)) == (413, "BAD_REQUEST")


def test_a_body_in_chunks_is_put_together(client: httpx.Client) -> None:
    body = b'{"query": "{__typename}' + b" " * 30_000 + b'"}'
    chunks = (body[start : start + 1_000] for start in range(0, len(body), 1_000))
    response = client.post("/graphql", content=chunks, headers={"content-type": JSON})
    assert response.json() == {"data": {"__typename": "Query"}}


def test_a_body_in_a_content_coding_is_not_taken(client: httpx.Client) -> None:
    headers = {"content-type": JSON, "content-encoding": "gzip"}
    response = client.post("/graphql", content=b"x", headers=headers)
    assert response.status_code == 415


def test_a_query_can_be_asked_by_get(client: httpx.Client) -> None:
    parameters = {
        "query": "query A($slug: String!) {story(slug: $slug) {title}} query B {__typename}",
        "operationName": "A",
        "variables": json.dumps({"slug": "losses"}),
    }
    response = client.get("/graphql", params=parameters)
    assert response.json()["data"] == {"story": {"title": "Losses"}}


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"query": "{__typename}", "variables": "["},
        {"query": "{__typename}", "variables": "[]"},
        {"query": "{__typename}", "extensions": "1"},
        {"query": "query A {__typename} query B {__typename}"},
        {"query": "query A {__typename}", "operationName": "B"},
        {f"a{number}": "x" for number in range(50)},
    ],
)
def test_a_get_that_is_no_request_is_refused(
    client: httpx.Client, parameters: dict[str, str]
) -> None:
    response = client.get("/graphql", params=parameters)
    assert response.status_code == 400
    assert code(response) in ("BAD_REQUEST", "OPERATION_RESOLUTION_FAILURE")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_no_other_method_is_answered(client: httpx.Client, method: str) -> None:
    assert client.request(method, "/graphql").status_code == 405


def test_a_browser_gets_the_page_and_the_page_loads_nothing_from_elsewhere(
    client: httpx.Client,
) -> None:
    for path in ("/", "/graphql", "/graphql?query={__typename}"):
        response = client.get(path, headers={"accept": BROWSER}, follow_redirects=True)
        assert response.headers["content-type"].startswith("text/html")
        assert "default-src 'none'" in response.headers["content-security-policy"]
    loaded = re.findall(r'(?:src|href)="([^"]+)"', response.text)
    assert len(loaded) == 8
    for address in loaded:
        if address != "data:,":
            assert address.startswith(("/static/", "/feeds/"))
            assert client.get(address).status_code == 200


def test_the_questions_on_the_page_can_be_asked(client: httpx.Client) -> None:
    questions = re.findall(r"`([^`]+)`", (STATIC / "page.js").read_text("utf-8"))
    assert len(questions) == 4
    for question in questions:
        if "\nsubscription " not in question:
            assert "errors" not in client.post("/graphql", json={"query": question}).json()


def test_the_licences_of_what_the_page_is_made_of_are_shipped() -> None:
    for name in ("graphiql", "codemirror", "react-dom", "markdown-it", "graphql"):
        assert re.search(rf"\b{name}\b", (STATIC / "LICENSES.txt").read_text("utf-8"))


def test_health_is_told(client: httpx.Client) -> None:
    assert client.get("/health/live").json() == {"status": "live"}
    assert client.get("/health/ready").json() == {"status": "ready"}
