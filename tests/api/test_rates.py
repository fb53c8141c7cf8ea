"""How often somebody may ask: the law of a bucket, and what is counted under what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

import httpx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from api.addresses import counted_as
from api.app import ApiSettings, create_app
from api.issuer import Issuer
from api.rates import Buckets, Rates, rates_from
from eventlog.apikeys import make_key
from eventlog.database import Database
from projections.generations import ensure_generation
from tests.api.provider import AUDIENCE, provider
from tests.api.serving import served

QUERY = {"query": "{ __typename }"}


@given(
    number=st.integers(1, 5_000),
    asked=st.lists(st.tuples(st.integers(0, 90_000), st.sampled_from("ab")), max_size=60),
    often=st.integers(1, 20),
)
def test_a_bucket_fills_evenly_and_holds_a_minute_of_it(
    number: int, asked: list[tuple[int, str]], often: int
) -> None:
    now = Fraction(0)
    buckets = Buckets(number, clock=lambda: float(now))
    rate, enough = Fraction(number, 60), Fraction(999, 1000)
    levels = {name: (Fraction(number), now) for name in "ab"}
    for pause, name in asked:
        now += Fraction(pause, 1000)
        for _ in range(often):
            level, since = levels[name]
            level = min(Fraction(number), level + (now - since) * rate)
            assume(abs(level - enough) > Fraction(1, 10**6))
            wait = buckets.take(name)
            assert (wait == 0.0) == (level >= enough)
            if wait:
                assert wait == pytest.approx(float((1 - level) / rate), abs=1e-6)
                assert buckets.wait(name) == wait
            levels[name] = level - (wait == 0.0), now


@given(st.lists(st.integers(0, 30), min_size=1))
def test_no_more_are_known_than_there_is_room_for(asked: list[int]) -> None:
    buckets = Buckets(1, kept=10, clock=lambda: 0.0)
    known: list[int] = []
    for one in asked:
        assert (buckets.take(str(one)) == 0.0) == (one not in known)
        known = [*(other for other in known if other != one), one][-10:]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8:0:0:ffff::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("x" * 65, "x" * 66, True),
        (":" * 65, ":" * 66, True),
        ("", "unknown", False),
    ],
)
def test_addresses_are_counted_by_who_may_have_them(one: str, other: str, alike: bool) -> None:
    assert (counted_as(one) == counted_as(other)) == alike


@contextmanager
def asked(
    database: Database, settings: ApiSettings, proxies: tuple[str, ...] = ()
) -> Iterator[httpx.Client]:
    ensure_generation(database)
    with (
        served(create_app(database, settings), proxies) as url,
        httpx.Client(base_url=url, timeout=20) as client,
    ):
        yield client


def statuses(client: httpx.Client, number: int, **headers: str) -> list[int]:
    return [client.post("/graphql", json=QUERY, headers=headers).status_code for _ in range(number)]


def test_whoever_brings_no_key_is_counted_by_address(fresh: Database) -> None:
    _, token = make_key(fresh.owner_conninfo, "desk", "reader")
    with asked(fresh, ApiSettings(rates=Rates(address=3))) as client:
        assert statuses(client, 3) == [200] * 3
        for response in (
            client.post("/graphql", json=QUERY),
            client.get("/graphql", params=QUERY),
            client.post("/graphql", content=b"this is not even read"),
            client.get("/claims/x"),
        ):
            assert response.status_code == 429
            (error,) = response.json()["errors"]
            assert error["extensions"] == {"code": "RATE_LIMITED", "limit": "address", "allowed": 3}
            assert 1 <= int(response.headers["retry-after"]) <= 20
            assert response.headers["retry-after"] in error["message"]
            assert response.headers["cache-control"] == "no-store"
        assert client.get("/health/live").status_code == 200
        assert statuses(client, 5, authorization=f"Bearer {token}") == [200] * 5


def test_a_caller_is_counted_whatever_key_or_address_it_is(fresh: Database) -> None:
    tokens = [make_key(fresh.owner_conninfo, name, "reader")[1] for name in ("a", "a", "b")]
    with asked(fresh, ApiSettings(rates=Rates(caller=4)), ("127.0.0.1",)) as client:
        came = [
            client.post(
                "/graphql",
                json=QUERY,
                headers={"authorization": f"Bearer {token}", "x-forwarded-for": f"192.0.2.{one}"},
            )
            for one, token in enumerate(tokens * 3)
        ]
        assert [one.status_code for one in came] == [200, 200, 200] * 2 + [429, 429, 200]
        assert came[6].json()["errors"][0]["extensions"]["limit"] == "caller"
        assert statuses(client, 5) == [200] * 5


def test_a_person_is_counted_whatever_token_it_is(fresh: Database) -> None:
    with provider() as issuer:
        settings = ApiSettings(rates=Rates(caller=2), issuer=Issuer(issuer.url, AUDIENCE))
        with asked(fresh, settings) as client:
            for sub, wanted in (("a", 200), ("a", 200), ("b", 200), ("a", 429)):
                token = issuer.token(sub=sub)
                assert statuses(client, 1, authorization=f"Bearer {token}") == [wanted]


def test_who_tries_wrong_keys_may_soon_try_none(fresh: Database) -> None:
    _, token = make_key(fresh.owner_conninfo, "desk", "reader")
    right, wrong = f"Bearer {token}", "Bearer dateline_0123456789ab_nothing"
    with asked(fresh, ApiSettings(rates=Rates(failures=3)), ("127.0.0.1",)) as client:
        assert statuses(client, 5, authorization=right) == [200] * 5
        assert statuses(client, 2, authorization=wrong) == [401] * 2
        assert statuses(client, 2, authorization=right) == [200] * 2
        assert statuses(client, 1, authorization="Basic dXNlcjpwYXNz") == [401]
        response = client.post("/graphql", json=QUERY, headers={"authorization": right})
        assert response.status_code == 429
        assert response.json()["errors"][0]["extensions"]["limit"] == "failures"
        assert "www-authenticate" not in response.headers
        assert statuses(client, 2) == [200] * 2
        elsewhere = {"authorization": right, "x-forwarded-for": "192.0.2.1"}
        assert statuses(client, 2, **elsewhere) == [200] * 2


A, B = "192.0.2.1", "192.0.2.2"


@pytest.mark.parametrize(
    ("proxies", "said", "wanted"),
    [
        ((), [A, B], [200, 429]),
        (("10.0.0.0/8", "192.0.2.0/24"), [A, B], [200, 429]),
        (("127.0.0.1",), [A, B, A], [200, 200, 429]),
        (("127.0.0.0/8",), [A, B, B], [200, 200, 429]),
        # What the client itself said stands before what the proxy adds.
        (("127.0.0.1",), [f"{B}, {A}", f"198.51.100.9, {A}"], [200, 429]),
        (("127.0.0.1", "10.0.0.1"), [f"{A}, 10.0.0.1", f"{B}, 10.0.0.1"], [200, 200]),
        (("127.0.0.1",), ["", "x" * 5_000], [200, 200]),
    ],
)
def test_where_a_request_comes_from_is_believed_of_named_proxies_alone(
    fresh: Database, proxies: tuple[str, ...], said: list[str], wanted: list[int]
) -> None:
    with asked(fresh, ApiSettings(rates=Rates(address=1)), proxies) as client:
        came = [statuses(client, 1, **{"x-forwarded-for": one})[0] for one in said]
        assert came == wanted


def test_rates_are_set_by_name() -> None:
    assert rates_from([]) == Rates(0, 0, 0)
    assert rates_from(["address=600", "failures=60"]) == Rates(address=600, failures=60)
    for wrong in ("addresses=1", "address", "address=", "address=-1", "address=1.5", "caller=x"):
        with pytest.raises(ValueError, match=r"rate"):
            rates_from([wrong])
