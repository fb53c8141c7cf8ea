"""What it costs a question to come from somebody: without a key, with one, with a token.

The three ask the same questions of one server, in turn, all rates counted: a story's page as of one
moment after another, and the least that can be asked, which the database has no part in.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from threading import Thread
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from benchmarks.asker import Asker
from benchmarks.ground import Ground
from benchmarks.grown import grown
from benchmarks.rounds import Goal, Table, in_turn
from benchmarks.served import AUDIENCE, served
from eventlog.apikeys import make_key

PAGES: Final = 600
"""Asked by each, one after the other: the machine is never long another for one of them."""

LEAST: Final = 10_000
"""Of the least questions, likewise."""

FIRST: Final = "the first to ask"
"""Asks each question before the others do, so that all of them find it in the database's memory."""

BODY: Final = b'{"query":"{ __typename }"}'


def measure(ground: Ground, small: bool) -> Iterator[Table]:
    """Milliseconds, and microseconds, from the question to the whole answer."""
    record = grown(ground, 10_000 if small else 100_000)
    _, key = make_key(record.database.owner_conninfo, "asker", "reader")
    part = 20 if small else 1
    with issuer() as (address, token), served(record.database, "known callers", address) as url:
        headers = {
            FIRST: {},
            "without a key": {},
            "with a key": {"authorization": f"Bearer {key}"},
            "with a token": {"authorization": f"Bearer {token}"},
        }
        goals = tuple(
            Goal(side, "without a key", most=1.03) for side in ("with a key", "with a token")
        )
        with ExitStack() as stack:
            pages: dict[str, Callable[[], float]] = {}
            least: dict[str, Callable[[], float]] = {}
            for side, more in headers.items():
                http = stack.enter_context(httpx.Client(base_url=url, headers=more, timeout=60))
                pages[side] = partial(_pages, Asker(http, record, Random(1), full=True))
                least[side] = stack.enter_context(_least(url, more))
            yield Table(
                f"A story's latest 20 claims as of a moment, {record.shape.events:,} events",
                "ms, median",
                _counted(in_turn(pages, PAGES // part)),
                goals,
            )
            yield Table(
                "The least that can be asked",
                "µs, median",
                _counted(in_turn(least, LEAST // part)),
                goals,
            )


def _counted(medians: dict[str, float]) -> dict[str, float]:
    return {side: value for side, value in medians.items() if side != FIRST}


def _pages(asker: Asker) -> float:
    return asker.latency(asker.public(1, since=0.5))


@contextmanager
def _least(url: str, headers: dict[str, str]) -> Iterator[Callable[[], float]]:
    """Asks the least question over a connection of its own. What a client library does would take
    longer than the answer."""
    at = urlsplit(url)
    told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = (
        f"POST /graphql HTTP/1.1\r\nhost: {at.netloc}\r\ncontent-type: application/json\r\n"
        f"{told}content-length: {len(BODY)}\r\n\r\n"
    ).encode() + BODY
    with socket.create_connection((at.hostname, at.port)) as connection:

        def ask() -> float:
            began = time.perf_counter()
            connection.sendall(request)
            answer = connection.recv(65_536)
            took = time.perf_counter() - began
            if not answer.startswith(b"HTTP/1.1 200") or b'"errors"' in answer:
                raise RuntimeError(answer.decode())
            return took * 1e6

        yield ask


@contextmanager
def issuer() -> Iterator[tuple[str, str]]:
    """An issuer on this machine, and a token of it that is good for an hour."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    told: dict[str, Any] = {"/keys": {"keys": [RSAAlgorithm.to_jwk(private.public_key(), True)]}}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(told[self.path]).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_given: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        told["/.well-known/openid-configuration"] = {"issuer": url, "jwks_uri": f"{url}/keys"}
        Thread(target=server.serve_forever, daemon=True).start()
        claims = {
            "iss": url,
            "aud": AUDIENCE,
            "sub": "9c1e2f5a-6a0b-4a52-8a55-6c1f6f0f3c11",
            "exp": int(time.time()) + 3600,
            "realm_access": {"roles": ["offline_access", "uma_authorization"]},
            "roles": ["dateline-reader"],
        }
        try:
            yield url, jwt.encode(claims, private, "RS256")
        finally:
            server.shutdown()
