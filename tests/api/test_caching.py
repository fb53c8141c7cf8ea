"""What caches are told, and what they may rely on."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psycopg
import pytest
import zstandard

from api.app import create_app
from api.forms import SMALL
from domain.commands import Envelope, OpenStory
from eventlog.database import Database
from eventlog.record import Record
from projections.projector import project_all
from tests.api.record import fill
from tests.api.serving import served
from tests.servers import Server

GRAPHQL_JSON = "application/graphql-response+json"
NOW = '{ claim(id: "apc") { statement status } }'
FIXED = '{ claim(id: "apc", asOf: {position: 10}) { statement status } }'
LONG = "{ claims { nodes { id statement report { headline } history { __typename actor } } } }"


def get(client: httpx.Client, query: str, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get("/graphql", params={"query": query}, headers=named)


def test_an_answer_about_a_given_position_may_be_kept_for_ever(client: httpx.Client) -> None:
    response = get(client, FIXED)
    assert response.json()["data"]["claim"]["status"] == "STANDING"
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "query",
    [
        NOW,
        '{ claim(id: "apc", asOf: {reportedAt: "2024-08-18"}) { statement } }',
        f'{{ fixed: claim(id: "apc", asOf: {{position: 10}}) {{ id }} {NOW[1:]}',
        "{ log { position } }",
        "{ log(asOf: {position: 10}) { lag { events } } }",
        "{ log(asOf: {position: 10}) { projectedPosition } }",
        "{ __typename }",
        "{ __schema { queryType { name } } }",
        '{ claim(id: "apc", asOf: {position: 10}) { id } __schema { queryType { name } } }',
        '{ claim(id: "apc", asOf: {position: 10}) { id } server { version } }',
        "{ server { version } }",
    ],
)
def test_whatever_may_become_another_is_asked_for_anew(client: httpx.Client, query: str) -> None:
    response = get(client, query)
    assert "errors" not in response.json()
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["etag"].startswith('"')


@pytest.mark.parametrize("query", [NOW, FIXED, LONG, "{ __typename }"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}', "*"])
def test_who_has_the_answer_is_told_that_it_is_the_same(
    client: httpx.Client, query: str, form: str
) -> None:
    first = get(client, query)
    again = get(client, query, if_none_match=form.format(first.headers["etag"]))
    assert (again.status_code, again.content) == (304, b"")
    for name in ("etag", "cache-control", "vary"):
        assert again.headers[name] == first.headers[name]


def test_who_has_another_answer_gets_this_one(client: httpx.Client) -> None:
    other = get(client, FIXED).headers["etag"]
    response = get(client, NOW, if_none_match=f'{other}, "x"')
    assert response.status_code == 200
    assert response.json()["data"]


def test_each_media_type_and_each_coding_has_a_tag_of_its_own(client: httpx.Client) -> None:
    forms = [
        {"accept": accept, "accept_encoding": coding}
        for accept in ("application/json", GRAPHQL_JSON)
        for coding in ("identity", "gzip", "zstd")
    ]
    tags = [get(client, LONG, **form).headers["etag"] for form in forms]
    assert len(set(tags)) == len(forms)
    assert all(tag.startswith('"') for tag in tags)
    for form, tag in zip(forms, tags, strict=True):
        assert get(client, LONG, **form, if_none_match=tag).status_code == 304
        for other in set(tags) - {tag}:
            assert get(client, LONG, **form, if_none_match=other).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("zstd", "zstd"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("zstd;q=0.5, gzip", "gzip"),
        ("*", "zstd"),
        ("gzip;q=0", None),
        ("gzip;q=0.5, identity", None),
        ("br", None),
        ("identity", None),
    ],
)
def test_a_long_answer_is_compressed_as_the_client_likes_it(
    client: httpx.Client, method: str, accepted: str, coding: str | None
) -> None:
    plain = get(client, LONG, accept_encoding="identity").content
    assert len(plain) > SMALL
    request = client.build_request(
        method,
        "/graphql",
        headers={"accept-encoding": accepted},
        params={"query": LONG} if method == "GET" else None,
        json={"query": LONG} if method == "POST" else None,
    )
    response = client.send(request, stream=True)
    raw = b"".join(response.iter_raw())
    assert response.headers.get("content-encoding") == coding
    assert "Accept-Encoding" in response.headers["vary"]
    match coding:
        case "gzip":
            raw = gzip.decompress(raw)
        case "zstd":
            raw = zstandard.ZstdDecompressor().decompress(raw)
    assert raw == plain


def test_a_short_answer_is_not_compressed(client: httpx.Client) -> None:
    assert "content-encoding" not in get(client, NOW, accept_encoding="gzip, zstd").headers


@pytest.mark.parametrize("query", [NOW, FIXED, LONG, "{ nothing }"])
def test_head_is_get_without_the_body(client: httpx.Client, query: str) -> None:
    headers = {"accept": GRAPHQL_JSON}
    got = client.get("/graphql", params={"query": query}, headers=headers)
    head = client.head("/graphql", params={"query": query}, headers=headers)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert {**head.headers, "date": ""} == {**got.headers, "date": ""}


def test_an_answer_to_a_post_is_nobodys_to_keep(client: httpx.Client) -> None:
    for headers in ({}, {"if-none-match": "*"}):
        response = client.post("/graphql", json={"query": FIXED}, headers=headers)
        assert response.status_code == 200
        assert response.headers["cache-control"] == "no-store"
        assert "etag" not in response.headers


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"query": "{"},
        {"query": "{ nothing }"},
        {"query": '{ claim(id: "apc", asOf: {position: 1000000}) { id } }'},
        {"query": '{ claim(id: "apc", asOf: {position: 1, recordedAt: "2024"}) { id } }'},
        {"extensions": json.dumps({"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}})},
    ],
)
@pytest.mark.parametrize("accept", ["application/json", GRAPHQL_JSON])
def test_an_error_is_never_kept(
    client: httpx.Client, parameters: dict[str, str], accept: str
) -> None:
    headers = {"accept": accept, "if-none-match": "*"}
    response = client.get("/graphql", params=parameters, headers=headers)
    assert response.json()["errors"]
    assert response.headers["cache-control"] == "no-store"
    assert "etag" not in response.headers


@contextmanager
def nothing_can_be_read(database: Database) -> Iterator[None]:
    """Hold a lock that whoever reads the record has to wait for."""
    with psycopg.connect(database.owner_conninfo) as connection:
        connection.execute("LOCK TABLE read.progress IN ACCESS EXCLUSIVE MODE")
        yield


def test_an_answer_is_given_again_without_the_database_until_the_record_grows(
    server: Server,
) -> None:
    with server.fresh_database() as database:
        fill(database)
        stories = "{ stories { totalCount } }"
        with served(create_app(database)) as url, httpx.Client(base_url=url, timeout=20) as client:
            first = get(client, stories)
            fixed = get(client, FIXED)
            with nothing_can_be_read(database):
                assert get(client, stories).content == first.content
                assert get(client, FIXED).content == fixed.content
                posted = client.post("/graphql", json={"query": stories})
                assert posted.content == first.content
            assert first.json()["data"] == {"stories": {"totalCount": 2}}
            with Record(database) as record:
                command = OpenStory(story="new", title="New")
                record.execute(Envelope(command=command, actor="tester"))
            project_all(database)
            for _ in range(500):  # the news of the new position takes a moment
                then = get(client, stories, if_none_match=first.headers["etag"])
                if then.status_code != 304:
                    break
            assert then.json()["data"] == {"stories": {"totalCount": 3}}
            assert get(client, FIXED, if_none_match=fixed.headers["etag"]).status_code == 304
