"""Whatever is sent, the answer is a short and clear refusal, and nobody else has to wait for it.

The bounds are generous, for machines that are busy with other things; each of these takes less than
a tenth of a second where nothing else runs.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median
from threading import Event
from urllib.parse import urlsplit

import httpx
import pytest

from api.limits import Limits
from api.protocol import HEAD
from tests.api.hostile import BODIES, REFUSED, REFUSED_AS_TOO_COMPLEX

GRAPHQL_JSON = "application/graphql-response+json"
BOUND = 3.0
"""Seconds."""


@contextmanager
def quickly() -> Iterator[None]:
    began = time.perf_counter()
    yield
    assert time.perf_counter() - began < BOUND


def refused(response: httpx.Response) -> dict[str, object]:
    """What is told of the first error of a refusal."""
    told = response.json()["errors"]
    assert 1 <= len(told) <= Limits().errors
    assert len(response.content) < 20_000
    for error in told:
        assert error["extensions"]["code"] != "INTERNAL_SERVER_ERROR"
        assert "Traceback" not in error["message"]
    extensions: dict[str, object] = told[0]["extensions"]
    return extensions


@pytest.mark.parametrize("name", REFUSED_AS_TOO_COMPLEX)
def test_a_document_over_a_limit_is_refused_by_the_name_of_the_limit(
    client: httpx.Client, name: str
) -> None:
    with quickly():
        response = client.post(
            "/graphql",
            json={"query": REFUSED_AS_TOO_COMPLEX[name]},
            headers={"accept": GRAPHQL_JSON},
        )
    extensions = refused(response)
    assert (response.status_code, extensions["code"]) == (400, "DOCUMENT_TOO_COMPLEX")
    assert str(extensions["limit"]) in response.json()["errors"][0]["message"]
    assert int(str(extensions["found"])) > int(str(extensions["allowed"]))


@pytest.mark.parametrize("name", REFUSED)
def test_a_document_that_cannot_be_executed_is_refused(client: httpx.Client, name: str) -> None:
    with quickly():
        response = client.post(
            "/graphql", json={"query": REFUSED[name]}, headers={"accept": GRAPHQL_JSON}
        )
    extensions = refused(response)
    # What is wrong with a value that is given is told as a field's error.
    assert response.status_code == 400 or extensions["field"]


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_no_request_is_refused(client: httpx.Client, name: str) -> None:
    with quickly():
        response = client.post(
            "/graphql", content=BODIES[name], headers={"content-type": "application/json"}
        )
    assert (response.status_code, refused(response)["code"]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("query($i: Int) {claims(first: $i) {totalCount}}", b'{"i": 1e400}', "BAD_REQUEST"),
        ("query($i: Int) {claims(first: $i) {totalCount}}", b'{"i": 99999999999999999999}', ""),
        ("query($i: Int) {claims(first: $i) {totalCount}}", b'{"i": 1.5}', ""),
        ("query($i: Int) {claims(first: $i) {totalCount}}", b'{"i": true}', ""),
        ("query($i: ID!) {claim(id: $i) {id}}", b'{"i": "\\u0000"}', "INVALID_ID"),
        ("query($i: ID!) {claim(id: $i) {id}}", b'{"i": "\\ud800"}', "BAD_REQUEST"),
        ("query($i: ID!) {claim(id: $i) {id}}", b'{"i": null}', ""),
        ("query($i: ID!) {claim(id: $i) {id}}", b'{"i": ["x"]}', ""),
        ("query($i: ID!) {claim(id: $i) {id}}", b'{"i": "' + b"x" * 400_000 + b'"}', "INVALID_ID"),
        (
            "query($i: ClaimFilter) {claims(filter: $i) {totalCount}}",
            b'{"i": {' + b", ".join(b'"a%d": 1' % n for n in range(20_000)) + b"}}",
            "",
        ),
        (
            "query($i: ClaimFilter) {claims(filter: $i) {totalCount}}",
            b'{"i": {"status": [' + b", ".join([b'"A"'] * 50_000) + b"]}}",
            "",
        ),
        ("query($i: String) {claims(after: $i) {totalCount}}", b'{"i": "x"}', "INVALID_CURSOR"),
        (
            "query($i: Position) {log(asOf: {position: $i}) {position}}",
            b'{"i": -1}',
            "INVALID_INPUT",
        ),
        ("query($i: Position) {log(asOf: {position: $i}) {position}}", b'{"i": 1e30}', ""),
        (
            "query($i: Position) {log(asOf: {position: $i}) {position}}",
            b'{"i": ' + b"9" * 5_000 + b"}",
            "",
        ),
        (
            "query($i: Moment) {log(asOf: {reportedAt: $i}) {position}}",
            b'{"i": "x"}',
            "INVALID_TIME",
        ),
        ("query($i: Moment) {log(asOf: {reportedAt: $i}) {position}}", b'{"i": 2024}', ""),
        ("query($i: ReportBy!) {report(by: $i) {id}}", b'{"i": {}}', ""),
        ("query($i: ReportBy!) {report(by: $i) {id}}", b'{"i": {"id": null}}', ""),
        ("query($i: ReportBy!) {report(by: $i) {id}}", b'{"i": {"id": "a", "url": "b"}}', ""),
        ("query($i: ID!) {report(by: {id: $i, url: $i}) {id}}", b'{"i": "a"}', ""),
        ("query {report(by: {}) {id}}", b"{}", ""),
        ("query {report(by: {id: null}) {id}}", b"{}", ""),
        ("query {claims(filter: {about: {known: null}}) {totalCount}}", b"{}", ""),
        (
            "query($i: Boolean) {claims(filter: {about: {known: $i}}) {totalCount}}",
            b'{"i": null}',
            "",
        ),
    ],
)
def test_a_value_that_cannot_be_is_refused(
    client: httpx.Client, query: str, variables: bytes, code: str
) -> None:
    content = b'{"query": %s, "variables": %s}' % (json.dumps(query).encode(), variables)
    with quickly():
        response = client.post(
            "/graphql", content=content, headers={"content-type": "application/json"}
        )
    assert response.status_code in (200, 400)
    by_the_rules = ("BAD_USER_INPUT", "BAD_REQUEST", "GRAPHQL_VALIDATION_FAILED")
    assert refused(response)["code"] in ((code,) if code else by_the_rules)


def test_a_body_of_50_megabytes_is_refused_before_it_is_read(client: httpx.Client) -> None:
    body = b'{"query": "' + b" " * 50_000_000 + b'{__typename}"}'
    with quickly():
        response = client.post(
            "/graphql", content=body, headers={"content-type": "application/json"}
        )
    assert response.status_code == 413
    assert refused(response) == {"code": "BAD_REQUEST", "limit": "body", "allowed": 1_000_000}


def sent(url: str, *pieces: bytes) -> bytes:
    """What comes back for raw bytes, until the connection is closed."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
            return connection.recv(65_536)
        except (BrokenPipeError, ConnectionResetError):
            return b""


def test_a_body_that_is_announced_as_too_large_is_not_waited_for(url: str) -> None:
    head = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    for length in (b"50000000", b"9" * 17, b"9" * 40):
        with quickly():
            answer = sent(url, head + b"content-length: " + length + b"\r\n\r\n{")
        assert answer.startswith(b"HTTP/1.1 4")


REQUEST = b"GET /graphql?query={__typename} HTTP/1.1\r\nhost: x\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        [b"GET /graphql?query=", *[b"x" * 100_000] * 20],
        [REQUEST, b"a: ", *[b"x" * 100_000] * 20],
        [REQUEST, *[b"a: b\r\n" * 10_000] * 20],
        [
            b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n",
            *[b"a: b\r\n" * 10_000] * 20,
        ],
    ],
)
def test_a_head_without_end_is_cut_off(url: str, pieces: list[bytes]) -> None:
    assert sum(map(len, pieces)) > 10 * HEAD
    with quickly():
        answer = sent(url, *pieces)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize(
    "noise", [b"\0" * 1_000, b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\r\n\r\n"]
)
def test_what_is_no_http_is_refused(url: str, noise: bytes) -> None:
    assert sent(url, noise).startswith(b"HTTP/1.1 400")


def test_a_head_of_some_length_is_read(client: httpx.Client) -> None:
    response = client.get(
        "/graphql", params={"query": "{__typename}"}, headers={"x-long": "x" * 30_000}
    )
    assert response.status_code == 200


def test_nobody_waits_for_the_harmful(url: str) -> None:
    stop = Event()
    documents = [*REFUSED_AS_TOO_COMPLEX.values(), *REFUSED.values()]

    def harm(number: int) -> int:
        done = 0
        with httpx.Client(base_url=url, timeout=60) as client:
            while not stop.is_set():
                # The comment keeps it from being one that is known already.
                query = f"{documents[(number + done) % len(documents)]} #{number} {done}"
                client.post("/graphql", json={"query": query})
                done += 1
        return done

    waited = []
    with ThreadPoolExecutor(4) as harmful, httpx.Client(base_url=url, timeout=60) as client:
        running = [harmful.submit(harm, 7 * number) for number in range(4)]
        try:
            for number in range(60):
                began = time.perf_counter()
                # A size that has not been asked for yet is a statement that is not kept.
                query = f"{{ claims(first: {number + 1}) {{ nodes {{ statement }} }} }}"
                known = "{ claims { nodes { statement } } }"
                response = client.post("/graphql", json={"query": query if number % 3 else known})
                waited.append(time.perf_counter() - began)
                assert response.json()["data"]["claims"]["nodes"]
        finally:
            stop.set()
        assert sum(one.result() for one in running) > 20
    assert median(waited) < BOUND / 3
    assert max(waited) < BOUND
