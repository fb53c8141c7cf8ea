"""What `dateline serve` is told about who asks."""

from __future__ import annotations

import re
import socket

import httpx
import pytest

from tests.api.provider import AUDIENCE, provider
from tests.cli.conftest import Dateline, ended, process

ISSUER = ("--oidc-issuer", "https://login.example")


@pytest.mark.parametrize(
    "given",
    [
        ISSUER,
        ("--oidc-issuer", "http://login.example", "--oidc-audience", "x"),
        (*ISSUER, "--oidc-audience", "x", "--oidc-role", "editor"),
        (*ISSUER, "--oidc-audience", "x", "--oidc-roles-claim", " "),
        ("--proxy", "nginx"),
        ("--proxy", "*"),
        ("--proxy", "10.0.0.1/8"),
        ("--rate", "often=1"),
    ],
)
def test_settings_that_cannot_hold_are_refused(dateline: Dateline, given: tuple[str, ...]) -> None:
    ran = dateline("serve", *given)
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
    assert "INVALID_INPUT" in ran.err


def test_they_may_all_be_in_the_environment(url: str) -> None:
    with provider() as issuer:
        running = process(
            "serve",
            "--no-example",
            url=url,
            DATELINE_PORT="0",
            DATELINE_ANONYMOUS="0",
            DATELINE_OIDC_ISSUER=issuer.url,
            DATELINE_OIDC_AUDIENCE=AUDIENCE,
            DATELINE_OIDC_ROLES_CLAIM="realm_access.roles",
            DATELINE_OIDC_ROLES="desk=editor chief=admin",
            DATELINE_RATES="caller=2 failures=5",
            DATELINE_PROXIES="127.0.0.1 10.0.0.0/8",
        )
        assert running.stdout is not None
        found = re.search(r"http://\S+", running.stdout.readline())
        assert found is not None
        token = issuer.token(realm_access={"roles": ["desk"]})
        with httpx.Client(headers={"authorization": f"Bearer {token}"}, timeout=60) as client:
            came = [client.post(found.group(), json={"query": "{__typename}"}) for _ in range(3)]
        running.terminate()
        assert ended(running).code == 0
    assert [one.status_code for one in came] == [200, 200, 429]


def test_an_issuer_that_is_not_there_is_told_and_keeps_nobody_from_starting(url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    running = process(
        "serve",
        "--no-example",
        "--oidc-issuer",
        f"http://127.0.0.1:{port}",
        "--oidc-audience",
        AUDIENCE,
        url=url,
        DATELINE_PORT="0",
    )
    assert running.stdout is not None
    found = re.search(r"http://\S+", running.stdout.readline())
    assert found is not None
    assert httpx.post(found.group(), json={"query": "{__typename}"}, timeout=60).status_code == 200
    running.terminate()
    ran = ended(running)
    told = [line for line in ran.err.splitlines() if "the issuer's keys cannot be had" in line]
    assert (ran.code, len(told)) == (0, 1), ran.err
    assert "Traceback" not in ran.err
