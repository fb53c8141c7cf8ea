"""An issuer that changes its keys, is not there, or is not what it should be; and how it is set."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

import api.issuer
from api.access import Role
from api.app import ApiSettings
from api.issuer import Issuer, roles_from, signing_keys
from eventlog.database import Database
from tests.api.mutations import Desk, desk
from tests.api.provider import AUDIENCE, private_key, provider, public_jwk
from tests.api.test_access import as_, unauthenticated
from tests.servers import Server

PAUSE = 0.05
"""Seconds between two times that the issuer is asked here."""


@pytest.fixture(scope="module")
def kept(server: Server) -> Iterator[Database]:
    with server.fresh_database() as made:
        yield made


@contextmanager
def house(database: Database, url: str, **more: float) -> Iterator[Desk]:
    """A record that takes the tokens of a provider, which it asks in quick succession."""
    issuer = Issuer(url, AUDIENCE, **{"pause": PAUSE, **more})  # type: ignore[arg-type]
    with desk(database, settings=ApiSettings(issuer=issuer)) as opened:
        yield opened


def ask(house: Desk, token: str) -> httpx.Response:
    return as_(house, token).post("{ __typename }")


def comes_to(house: Desk, token: str, status: int) -> httpx.Response:
    """The answer to a token, when it has the status that it is to have soon."""
    deadline = time.monotonic() + 20
    while (response := ask(house, token)).status_code != status:
        assert time.monotonic() < deadline, response.text
        time.sleep(PAUSE / 2)
    return response


def unavailable(response: httpx.Response) -> bool:
    code = response.json()["errors"][0]["extensions"]["code"]
    return response.status_code == 503 and code == "ISSUER_UNAVAILABLE"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def test_a_new_key_is_taken_and_one_that_is_withdrawn_takes_its_tokens_along(
    kept: Database,
) -> None:
    with provider() as issuer, house(kept, issuer.url) as opened:
        old = issuer.token()
        assert ask(opened, old).status_code == 200
        issuer.add("two", "ES256")
        comes_to(opened, issuer.token("two"), 200)
        assert ask(opened, old).status_code == 200
        issuer.withdraw("one")
        issuer.add("three", "EdDSA")
        comes_to(opened, issuer.token("three"), 200)
        assert unauthenticated(ask(opened, old))
        assert ask(opened, issuer.token("two")).status_code == 200


def test_an_only_key_needs_no_id(kept: Database) -> None:
    with provider() as issuer, house(kept, issuer.url) as opened:
        (key,) = issuer.keys
        del key["kid"]
        algorithm, private = issuer.private["one"]
        claims = jwt.decode(issuer.token(), options={"verify_signature": False})
        assert ask(opened, jwt.encode(claims, private, algorithm)).status_code == 200


def test_tokens_that_name_no_key_do_not_make_the_issuer_be_asked_for_each(kept: Database) -> None:
    with provider() as issuer, house(kept, issuer.url, pause=60.0) as opened:
        assert ask(opened, issuer.token()).status_code == 200
        for number in range(50):
            assert unauthenticated(ask(opened, issuer.token(headers={"kid": str(number)})))
        assert issuer.asked == 2  # its description, and its keys
        assert ask(opened, issuer.token()).status_code == 200


def test_while_the_issuer_is_not_there_keys_go_on_and_tokens_come_back_with_it(
    kept: Database,
) -> None:
    port = free_port()
    with provider() as elsewhere, house(kept, f"http://127.0.0.1:{port}") as opened:
        token = elsewhere.token(iss=f"http://127.0.0.1:{port}")
        response = ask(opened, token)
        assert unavailable(response)
        assert int(response.headers["retry-after"]) >= 1
        assert "www-authenticate" not in response.headers
        assert opened.post("{ __typename }").status_code == 200
        assert unauthenticated(ask(opened, "dateline_0123456789ab_nothing"))
        with provider(port):
            comes_to(opened, token, 200)


def test_known_keys_are_believed_for_a_while_when_the_issuer_has_gone(kept: Database) -> None:
    with provider() as issuer, house(kept, issuer.url) as opened:
        assert ask(opened, issuer.token()).status_code == 200
        issuer.status = 500
        issuer.add("two", "ES256")
        assert unavailable(comes_to(opened, issuer.token("two"), 503))
        assert ask(opened, issuer.token(jti="another")).status_code == 200
        issuer.status = 200
        comes_to(opened, issuer.token("two"), 200)


def test_they_are_not_believed_for_ever(kept: Database) -> None:
    with provider() as issuer, house(kept, issuer.url, believed=0.5) as opened:
        token = issuer.token()
        assert ask(opened, token).status_code == 200
        issuer.status = 500
        comes_to(opened, issuer.token(headers={"kid": "?"}), 503)
        assert unavailable(comes_to(opened, token, 503))
        issuer.status = 200
        comes_to(opened, token, 200)


@pytest.mark.parametrize(
    ("status", "described"),
    [
        (302, {}),
        (200, {"issuer": "https://login.example"}),
        (200, {"jwks_uri": "http://keys.example/keys"}),
        (200, {"jwks_uri": "file:///etc/passwd"}),
        (200, {"jwks_uri": None}),
        (200, {"jwks_uri": "{url}/elsewhere"}),
        (200, {"jwks_uri": "{url}/.well-known/openid-configuration"}),
    ],
)
def test_an_issuer_that_is_not_what_it_should_be_is_as_none(
    kept: Database, status: int, described: dict[str, str | None]
) -> None:
    with provider() as issuer:
        told = {name: value and value.format(url=issuer.url) for name, value in described.items()}
        issuer.status, issuer.description = status, {**issuer.description, **told}
        with house(kept, issuer.url) as opened:
            assert unavailable(ask(opened, issuer.token()))
            assert opened.post("{ __typename }").status_code == 200


def test_nobody_else_waits_for_an_issuer_that_does_not_answer(
    kept: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.issuer, "TIMEOUT", 1.0)
    answers: list[httpx.Response] = []
    with provider() as known, socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        with house(kept, url, pause=60.0) as opened:
            token = known.token(iss=url)
            waiting = Thread(target=lambda: answers.append(ask(opened, token)))
            waiting.start()
            assert opened.post("{ __typename }").status_code == 200
            assert answers == []
            waiting.join()
    assert unavailable(answers[0])


def test_keys_that_anybody_could_sign_with_are_not_taken() -> None:
    good = public_jwk("ES256", private_key("ES256"), "good")
    weak = public_jwk("RS256", rsa.generate_private_key(public_exponent=65537, key_size=1024), "w")
    not_taken: list[dict[str, Any]] = [
        weak,
        {**good, "use": "enc"},
        {**good, "d": "AAAA"},
        {**good, "alg": "RS256"},
        {**good, "alg": "HS256"},
        {**good, "alg": ["ES256"]},
        {**good, "crv": "secp256k1"},
        {**good, "crv": ["P-256"]},
        {**good, "x": 1},
        {**good, "x": "AAAA"},
        {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"},
        {"kty": "RSA"},
        {},
    ]
    for number, one in enumerate(not_taken):
        told = json.dumps({"keys": [{**one, "kid": str(number)}, good]}).encode()
        assert set(signing_keys(told)) == {"good"}, one


@pytest.mark.parametrize(
    ("url", "more"),
    [
        ("http://login.example", {}),
        ("ftp://login.example", {}),
        ("login.example", {}),
        ("https://", {}),
        ("https://login.example:port", {}),
        ("https://login.example?x=1", {}),
        ("https://login.example#x", {}),
        ("https://me:secret@login.example", {}),
        ("https://login.example/" + "x" * 100, {}),
        ("https://login.example/ x", {}),
        ("http://127.0.0.1.example", {}),
        ("https://login.example", {"audience": ""}),
        ("https://login.example", {"actor_claim": ""}),
        ("https://login.example", {"roles_claim": "a b"}),
    ],
)
def test_settings_that_cannot_hold_are_refused(url: str, more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+") as refused:
        Issuer(url, **{"audience": AUDIENCE, **more})
    assert "secret" not in str(refused.value)


def test_roles_that_are_none_are_refused() -> None:
    assert roles_from(["x=admin"]) == {"x": Role.ADMIN}
    for wrong in ("editor", "=editor", "x=chief", "x="):
        with pytest.raises(ValueError, match="NAME=ROLE"):
            roles_from([wrong])
