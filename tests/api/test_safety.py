"""What a browser is told with every answer, and what no log ever says."""

from __future__ import annotations

import re
import socket
from urllib.parse import urlsplit

import httpx
import pytest

from api.protocol import SAFE
from eventlog.apikeys import make_key, revoke_key
from eventlog.database import prepare_database
from tests.api.provider import AUDIENCE, provider
from tests.cli.conftest import ended, process
from tests.servers import Server

PATHS = ("/", "/graphql?query=%7B__typename%7D", "/graphql", "/claims/x", "/health/live",
         "/static/graphiql.js", "/static/none", "/nowhere")  # fmt: skip


def once(headers: httpx.Headers, name: str) -> str:
    (value,) = headers.get_list(name)
    return value


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "OPTIONS"])
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_every_answer_tells_a_browser_to_keep_it_to_itself(
    client: httpx.Client, path: str, method: str, accept: str
) -> None:
    elsewhere = {"origin": "https://elsewhere.example", "access-control-request-method": "POST"}
    response = client.request(method, path, headers={"accept": accept, **elsewhere})
    assert response.status_code < 500
    assert {name: once(response.headers, name) for name, _ in SAFE} == dict(SAFE)
    assert not [name for name in response.headers if name.startswith("access-control")]


def test_so_does_an_answer_to_what_is_no_request(url: str) -> None:
    at = urlsplit(url)
    with socket.create_connection((at.hostname, at.port), timeout=20) as sent:
        sent.sendall(b"NONSENSE\r\n\r\n")
        answer = sent.recv(65_536).decode().lower()
    assert answer.startswith("http/1.1 400")
    for name, value in SAFE:
        assert f"\r\n{name}: {value.lower()}\r\n" in answer


def test_the_page_runs_nothing_but_what_it_is_sent_with(client: httpx.Client) -> None:
    response = client.get("/graphql", headers={"accept": "text/html"})
    policy = dict(
        one.strip().split(" ", 1)
        for one in once(response.headers, "content-security-policy").split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>|\son\w+=", response.text)


def test_no_key_and_no_token_is_ever_told(server: Server) -> None:
    with server.fresh_url() as database_url, provider() as issuer:
        owner = prepare_database(database_url).owner_conninfo
        made, key = make_key(owner, "desk", "editor")
        revoked, gone = make_key(owner, "gone", "editor")
        assert revoke_key(owner, revoked.id)
        running = process(
            "serve",
            "--no-example",
            url=database_url,
            DATELINE_PORT="0",
            DATELINE_OIDC_ISSUER=issuer.url,
            DATELINE_OIDC_AUDIENCE=AUDIENCE,
            PYTHONWARNINGS="error",
        )
        assert running.stdout is not None
        found = re.search(r"http://[^ ]+(?=/graphql)", running.stdout.readline())
        assert found is not None
        # Not in tokens that somebody sends by mistake, damaged, or to the wrong place either.
        good = issuer.token()
        secrets = [key, gone, good, issuer.token(exp=1), issuer.token(headers={"kid": "?"})]
        secrets += [key + "x", "dateline_zzzzzzzzzzzz_" + "s" * 43, good[:-5], good + ".x"]
        answers: list[httpx.Response] = []
        query = {"query": "{ claims { x } }"}
        with httpx.Client(base_url=found.group(), timeout=60) as client:
            for secret in secrets:
                for said in (f"Bearer {secret}", secret, f"Basic {secret}"):
                    headers = {"authorization": said}
                    answers += [
                        client.post("/graphql", json=query, headers=headers),
                        client.post("/graphql", content=b"\xff", headers=headers),
                        client.get("/claims/none", headers=headers),
                        client.get("/graphql", params=query, headers=headers),
                    ]
                for path in ("/graphql", "/claims/none", "/nowhere"):
                    answers.append(client.get(path, params={"access_token": secret}))
            issuer.status = 500
            client.post("/graphql", headers={"authorization": f"Bearer {secrets[4]}"})
        running.terminate()
        ran = ended(running)
    assert ran.code == 0, ran.err
    assert {one.status_code for one in answers} >= {200, 400, 401, 404}
    told = [f"{one.headers} {one.text}" for one in answers]
    everything = "\n".join([ran.out, ran.err, *told])
    assert made.id not in everything
    for secret in secrets:
        # Neither the secret of a key nor any part of a token, its signature least of all.
        for piece in (secret.split("_", 2)[2],) if secret.startswith("d") else secret.split("."):
            assert len(piece) < 5 or piece not in everything
