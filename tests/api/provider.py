"""A small OpenID provider on a port of this machine, with keys of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

AUDIENCE = "dateline"
_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_key(algorithm: str) -> Any:
    """A new private key for an algorithm; for RSA always the same, which takes long to make."""
    match algorithm[:2]:
        case "RS" | "PS":
            return _RSA
        case "ES":
            curves = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
            return ec.generate_private_key(curves[algorithm])
    return ed25519.Ed25519PrivateKey.generate()


def public_jwk(algorithm: str, private: Any, kid: str, **more: Any) -> dict[str, Any]:
    """The public part of a key, as a provider publishes it."""
    told = get_default_algorithms()[algorithm].to_jwk(private.public_key())
    return {**json.loads(told), "kid": kid, "use": "sig", **more}


class Provider:
    """What it publishes, and how often it was asked; to be changed while it runs."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.private: dict[str, tuple[str, Any]] = {}
        """Algorithms and private keys by their ids."""
        self.keys: list[dict[str, Any]] = []
        self.description: dict[str, Any] = {"issuer": url, "jwks_uri": f"{url}/keys"}
        self.status = 200
        self.asked = 0
        self.add("one", "RS256")

    def add(self, kid: str, algorithm: str, **more: Any) -> None:
        """Sign with another key from now on, too, and publish it."""
        private = private_key(algorithm)
        self.private[kid] = algorithm, private
        self.keys.append(public_jwk(algorithm, private, kid, **more))

    def withdraw(self, kid: str) -> None:
        """Publish a key no longer."""
        self.keys = [one for one in self.keys if one["kid"] != kid]

    def token(self, kid: str = "one", *, headers: Any = None, **claims: Any) -> str:
        """A good token for an editor, with some claims set otherwise; None leaves one out."""
        algorithm, private = self.private[kid]
        now = int(time.time())
        told = {
            "iss": self.url,
            "aud": [AUDIENCE, "account"],
            "sub": "anna",
            "iat": now,
            "exp": now + 300,
            "roles": ["dateline-editor"],
            **claims,
        }
        told = {name: value for name, value in told.items() if value is not None}
        return jwt.encode(told, private, algorithm, headers={"kid": kid, **(headers or {})})


@contextmanager
def provider(port: int = 0) -> Iterator[Provider]:
    """A provider that runs until the block is left."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked += 1
            told = {
                "/.well-known/openid-configuration": made.description,
                "/keys": {"keys": made.keys},
            }.get(self.path)
            body = json.dumps(told).encode()
            self.send_response(404 if told is None else made.status)
            if 300 <= made.status < 400:
                self.send_header("location", f"{made.url}{self.path}")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_given: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        made = Provider(f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
