"""Tokens of an OpenID provider, tried from outside: which are taken, and as whose."""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from api.app import ApiSettings
from api.issuer import Issuer, roles_from
from domain.commands import OpenStory, RegisterSource
from domain.words import SourceKind
from eventlog.database import Database
from tests.api.mutations import Desk, desk, logged
from tests.api.provider import AUDIENCE, Provider, provider
from tests.api.test_access import (
    CLAIMS,
    OPEN,
    OUTLETS,
    REPORTS,
    as_,
    correction,
    refusal,
    unauthenticated,
)
from tests.servers import Server

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS512", "ES256", "ES384", "ES512", "EdDSA")
Signed = Callable[[Provider], str]


@pytest.fixture(scope="module")
def issuer() -> Iterator[Provider]:
    with provider() as running:
        for algorithm in ALGORITHMS:
            running.add(algorithm, algorithm)
        yield running


@pytest.fixture(scope="module")
def house(server: Server, issuer: Provider) -> Iterator[Desk]:
    """A served record with two outlets, which takes the provider's tokens."""
    settings = ApiSettings(issuer=Issuer(issuer.url, AUDIENCE, outlets_claim="outlets"))
    with server.fresh_database() as made, desk(made, settings=settings) as opened:
        for command in (*OPEN, *OUTLETS, *REPORTS, *CLAIMS):
            assert opened.record(command)["refusal"] is None
        yield opened


@pytest.fixture
def journal(fresh: Database, issuer: Provider) -> Iterator[Desk]:
    """An empty record that takes the provider's tokens."""
    with desk(fresh, settings=ApiSettings(issuer=Issuer(issuer.url, AUDIENCE))) as opened:
        yield opened


def source(name: str) -> RegisterSource:
    return RegisterSource(source=name, name=name, kind=SourceKind.OUTLET)


def part(value: object) -> str:
    """A part of a token."""
    written = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(written).rstrip(b"=").decode()


def payload_of(token: str) -> str:
    return token.split(".")[1]


def unsigned(issuer: Provider, algorithm: str) -> str:
    header = {"alg": algorithm, "typ": "JWT", "kid": "one"}
    return f"{part(header)}.{payload_of(issuer.token())}."


def signed_with_the_public_key(issuer: Provider, secret: bytes) -> str:
    header = {"alg": "HS256", "typ": "JWT", "kid": "one"}
    signing = f"{part(header)}.{payload_of(issuer.token())}"
    return f"{signing}.{part(hmac.digest(secret, signing.encode(), sha256))}"


def pem(issuer: Provider) -> bytes:
    public = issuer.private["one"][1].public_key()
    made: bytes = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return made


def of_another_provider(issuer: Provider) -> str:
    with provider() as other:
        other.add("ES256", "ES256")
        return other.token("ES256", iss=issuer.url)


def reheaded(token: str, **header: Any) -> str:
    return ".".join([part({"alg": "RS256", "kid": "one", **header}), *token.split(".")[1:]])


BAD: dict[str, tuple[Signed, str]] = {
    "expired": (lambda one: one.token(exp=1_700_000_000), "has expired"),
    "not yet valid": (lambda one: one.token(nbf=9_000_000_000), "not hold yet"),
    "issued in the future": (lambda one: one.token(iat=9_000_000_000), "not hold yet"),
    "foreign issuer": (lambda one: one.token(iss="https://login.example"), "another issuer"),
    "issuer with a slash": (lambda one: one.token(iss=one.url + "/"), "another issuer"),
    "foreign audience": (lambda one: one.token(aud="account"), "somebody else"),
    "no audience": (lambda one: one.token(aud=None), "lacks the claim aud"),
    "no issuer": (lambda one: one.token(iss=None), "lacks the claim iss"),
    "no expiry": (lambda one: one.token(exp=None), "lacks the claim exp"),
    "endless": (lambda one: one.token(exp=float("inf")), "damaged"),
    "alg none": (lambda one: unsigned(one, "none"), "not signed as"),
    "alg None": (lambda one: unsigned(one, "None"), "not signed as"),
    "no signature": (lambda one: unsigned(one, "RS256"), "not signed as"),
    "HS256 with the PEM": (lambda one: signed_with_the_public_key(one, pem(one)), "not signed as"),
    "HS256 with n": (
        lambda one: signed_with_the_public_key(one, one.keys[0]["n"].encode()),
        "not signed as",
    ),
    "HS256 with nothing": (lambda one: signed_with_the_public_key(one, b""), "not signed as"),
    "algorithm of another key": (lambda one: one.token(headers={"kid": "ES256"}), "not signed as"),
    "key of another curve": (
        lambda one: one.token("ES256", headers={"kid": "ES384"}),
        "not signed as",
    ),
    "same id, another key": (of_another_provider, "not signed as"),
    "unknown kid": (lambda one: one.token(headers={"kid": "?"}), "not signed with a key"),
    "no kid": (lambda one: reheaded(one.token(), kid=None), "damaged"),
    "kid that is no text": (lambda one: reheaded(one.token(), kid=["one"]), "damaged"),
    "no alg": (lambda one: reheaded(one.token(), alg=None), "not signed as"),
    "unknown crit": (lambda one: one.token(headers={"crit": ["x"], "x": 1}), "damaged"),
    "logout token": (lambda one: one.token(headers={"typ": "logout+jwt"}), "damaged"),
    "bound to a proof": (lambda one: one.token(cnf={"jkt": "x"}), "a proof"),
    "nobody": (lambda one: one.token(sub=None), "the claim sub"),
    "an empty name": (lambda one: one.token(sub=""), "the claim sub"),
    "a name with a line end": (lambda one: one.token(sub="a\nb"), "the claim sub"),
    "half a character": (lambda one: one.token(sub="\ud800"), "the claim sub"),
    "a long name": (lambda one: one.token(sub="a" * 200), "the claim sub"),
    "an outlet that is no text": (lambda one: one.token(outlets=["\ud800"]), "cannot be"),
    "larger than allowed": (lambda one: one.token(more="x" * 16_384), "at most 16384"),
    "two parts": (lambda one: one.token().rpartition(".")[0], "not known"),
    "a deep header": (lambda one: f"{part(b'[' * 9000)}.{part({})}.x", "damaged"),
    "no header": (lambda one: f"..{part(b'x')}", "damaged"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_token_that_is_not_good_is_refused(house: Desk, issuer: Provider, what: str) -> None:
    sign, told = BAD[what]
    token = sign(issuer)
    for query in ("{ __typename }", 'mutation { openStory(input: {story: "x", title: "X"})'
                  " { position } }"):  # fmt: skip
        response = as_(house, token).post(query)
        assert unauthenticated(response)
        assert 'error="invalid_token"' in response.headers["www-authenticate"]
        message = response.json()["errors"][0]["message"]
        assert told in message
        assert token not in response.text


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_good_token_is_taken_whatever_it_is_signed_with(
    house: Desk, issuer: Provider, algorithm: str
) -> None:
    editor = as_(house, issuer.token(algorithm, outlets="*"))
    assert refusal(editor, source(algorithm)) is None


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": None, "iat": None},
        {"aud": AUDIENCE},
        {"nbf": 1_700_000_000},
        {"sub": "anna:b c#d\u00e9"},
    ],
)
def test_a_token_need_not_say_more_than_it_has_to(
    house: Desk, issuer: Provider, claims: dict[str, Any]
) -> None:
    if "exp" in claims:
        claims = {**claims, "exp": 4_000_000_000}
    token = issuer.token(**claims)
    for _ in range(2):  # the second time it is known
        assert as_(house, token).post("{ __typename }").status_code == 200


def test_clocks_may_differ_by_half_a_minute(house: Desk, issuer: Provider) -> None:
    now = int(time.time())
    good: list[dict[str, Any]] = [{"exp": now - 20}, {"nbf": now + 20}, {"iat": now + 20}]
    bad: list[dict[str, Any]] = [{"exp": now - 40}, {"nbf": now + 60}, {"iat": now + 60}]
    for claims in good:
        assert as_(house, issuer.token(**claims)).post("{ __typename }").status_code == 200
    for claims in bad:
        assert unauthenticated(as_(house, issuer.token(**claims)).post("{ __typename }"))


def test_a_token_that_is_known_expires_all_the_same(house: Desk, issuer: Provider) -> None:
    token = issuer.token(exp=int(time.time()) - 28)
    somebody = as_(house, token)
    assert somebody.post("{ __typename }").status_code == 200
    deadline = time.monotonic() + 10
    while somebody.post("{ __typename }").status_code == 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert unauthenticated(somebody.post("{ __typename }"))


GOOD = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."


@given(at=st.floats(0, 1, exclude_max=True), to=st.sampled_from(GOOD))
def test_no_character_of_a_token_can_be_another(
    house: Desk, issuer: Provider, at: float, to: str
) -> None:
    token = issuer.token(iat=1_700_000_000, exp=4_000_000_000)
    place = int(at * len(token))
    changed = token[:place] + to + token[place + 1 :]
    response = as_(house, changed).post("{ __typename }")
    assert response.status_code == (200 if changed == token else 401)


def test_keys_go_on_beside_tokens(house: Desk) -> None:
    assert house.post("{ __typename }").status_code == 200


@pytest.mark.parametrize("name", ["access_token", "query"])
def test_a_token_in_an_address_is_refused(house: Desk, issuer: Provider, name: str) -> None:
    for path in ("/graphql", "/claims/mine-c"):
        given = {"query": "{ __typename }", name: issuer.token()}
        response = house.client.get(path, params=given)
        assert unauthenticated(response)
        assert "address" in response.json()["errors"][0]["message"]


ROLES: list[tuple[Any, tuple[str | None, str | None]]] = [
    (None, ("Forbidden", "Forbidden")),
    ([], ("Forbidden", "Forbidden")),
    (["admin", "editor", "Dateline-Editor"], ("Forbidden", "Forbidden")),
    ({"dateline-editor": True}, ("Forbidden", "Forbidden")),
    ([["dateline-editor"], 1, None], ("Forbidden", "Forbidden")),
    (["dateline-reader"], ("Forbidden", "Forbidden")),
    (["dateline-reporter", "other"], (None, "Forbidden")),
    ("openid dateline-reporter", (None, "Forbidden")),
    (["dateline-reader", "dateline-editor"], (None, None)),
    (["dateline-admin"], (None, None)),
]


@pytest.mark.parametrize(("roles", "wanted"), ROLES)
def test_a_token_gives_the_highest_role_that_its_claim_names(
    fresh: Database, issuer: Provider, roles: Any, wanted: tuple[str | None, str | None]
) -> None:
    with desk(fresh, settings=ApiSettings(issuer=Issuer(issuer.url, AUDIENCE))) as opened:
        for command in (*OPEN, *OUTLETS, *REPORTS, *CLAIMS):
            opened.record(command)
        somebody = as_(opened, issuer.token(roles=roles))
        assert (refusal(somebody, source("x")), refusal(somebody, correction("mine"))) == wanted
        assert somebody.do("{ __typename }")


def test_roles_lie_where_the_provider_puts_them_and_have_its_names(
    fresh: Database, issuer: Provider
) -> None:
    known = Issuer(
        issuer.url,
        AUDIENCE,
        roles_claim="realm_access.roles",
        roles=roles_from(["a=b=editor", "desk=reporter"]),
    )
    with desk(fresh, settings=ApiSettings(issuer=known)) as opened:
        tried: list[tuple[dict[str, Any], str | None]] = [
            ({"realm_access": {"roles": ["desk"]}}, None),
            ({"realm_access": {"roles": ["a=b"]}}, None),
            ({"realm_access.roles": ["desk"], "realm_access": None}, None),
            ({"realm_access": {"roles": ["dateline-admin"]}}, "Forbidden"),
            ({"realm_access": ["desk"]}, "Forbidden"),
            ({"roles": ["desk"]}, "Forbidden"),
        ]
        for number, (claims, wanted) in enumerate(tried):
            somebody = as_(opened, issuer.token(**claims))
            assert refusal(somebody, source(str(number))) == wanted, claims


def test_where_nobody_may_ask_without_a_key_a_token_without_a_role_is_none(
    fresh: Database, issuer: Provider
) -> None:
    settings = ApiSettings(anonymous=False, issuer=Issuer(issuer.url, AUDIENCE))
    with desk(fresh, settings=settings) as closed:
        response = as_(closed, issuer.token(roles=["other"])).post("{ __typename }")
        assert response.status_code == 403
        (error,) = response.json()["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"
        assert "the claim roles" in error["message"]
        asked = as_(closed, issuer.token(roles=["dateline-reader"])).post("{ __typename }")
        assert asked.status_code == 200


def test_a_token_may_be_limited_to_outlets(house: Desk, issuer: Provider) -> None:
    for number, (outlets, mine, theirs) in enumerate(
        (
            (["mine"], None, "Forbidden"),
            ("mine other", None, "Forbidden"),
            (["mine", "theirs"], None, None),
            ([], "Forbidden", "Forbidden"),
            (None, "Forbidden", "Forbidden"),
            ({"mine": 1}, "Forbidden", "Forbidden"),
            ("*", None, None),
        )
    ):
        somebody = as_(house, issuer.token(outlets=outlets, sub=f"desk {number}"))
        for outlet, wanted in (("mine", mine), ("theirs", theirs)):
            command = REPORTS[0 if outlet == "mine" else 1]
            told = refusal(somebody, command)
            assert told == ("AlreadyExists" if wanted is None else wanted), (outlets, outlet)


def test_a_desk_corrects_no_claim_of_another_outlet(house: Desk, issuer: Provider) -> None:
    mine = as_(house, issuer.token(outlets=["mine"]))
    assert refusal(mine, correction("theirs")) == "Forbidden"
    assert refusal(mine, OpenStory(story="new", title="New")) == "Forbidden"
    assert refusal(mine, correction("mine")) is None


def test_a_token_may_be_limited_to_stories(fresh: Database, issuer: Provider) -> None:
    known = Issuer(issuer.url, AUDIENCE, stories_claim="stories")
    with desk(fresh, settings=ApiSettings(issuer=known)) as opened:
        for command in (*OPEN, *OUTLETS, *REPORTS, *CLAIMS):
            opened.record(command)
        assert (
            refusal(as_(opened, issuer.token(stories=["two"])), correction("mine")) == "Forbidden"
        )
        assert refusal(as_(opened, issuer.token(stories=["one"])), correction("mine")) is None


def test_the_log_says_who_it_was_and_who_vouches_for_it(
    journal: Desk, issuer: Provider, fresh: Database
) -> None:
    for sub in ("anna", "b:c#d"):
        assert refusal(as_(journal, issuer.token(sub=sub)), source(sub)) is None
    actors = [actor for _, actor in logged(fresh)]
    assert actors == [f"{issuer.url}#anna", f"{issuer.url}#b:c#d"]


def test_an_idempotency_key_is_nobody_elses(journal: Desk, issuer: Provider) -> None:
    for number, (sub, key) in enumerate((("a", "b:c"), ("a:b", "c"), ("b", "b:c"))):
        somebody = as_(journal, issuer.token(sub=sub))
        came = somebody.record(source(str(number)), idempotencyKey=key)
        assert (came["replayed"], came["refusal"]) == (False, None)
        again = somebody.record(source(str(number)), idempotencyKey=key)
        assert (again["replayed"], again["refusal"]) == (True, None)


def test_another_claim_may_say_who_it_is(fresh: Database, issuer: Provider) -> None:
    known = Issuer(issuer.url, AUDIENCE, actor_claim="preferred_username")
    with desk(fresh, settings=ApiSettings(issuer=known)) as opened:
        token = issuer.token(preferred_username="anna", sub=None)
        assert refusal(as_(opened, token), source("x")) is None
        assert logged(fresh)[0][1] == f"{issuer.url}#anna"
        assert unauthenticated(as_(opened, issuer.token()).post("{ __typename }"))
