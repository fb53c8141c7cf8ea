"""An issuer of tokens (an OpenID provider): what is set about it, and the keys that it signs with.

The keys are found by OpenID Connect Discovery 1.0 and renewed in the background. No request ever
makes the issuer be asked more often than once in PAUSE seconds, whatever tokens it brings.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from time import monotonic
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, build_opener

import anyio
import anyio.to_thread
import msgspec
from jwt.algorithms import get_default_algorithms

from api.access import Role
from api.addresses import is_loopback
from api.errors import IssuerUnavailable, Unauthenticated

PAUSE: Final = 10.0
"""Seconds between two times that the issuer is asked, at least."""

FRESH: Final = 600.0
"""Seconds after which it is asked although no token needs it."""

BELIEVED: Final = 3600.0
"""Seconds that its keys are believed while it does not answer. By then its tokens have run out."""

TIMEOUT: Final = 5.0
"""Seconds that it has for each of two answers."""

LARGEST: Final = 1_000_000
"""Bytes of an answer of it."""

MOST: Final = 100
"""Keys of an issuer."""

LEAST_BITS: Final = 2048
"""Of an RSA key (RFC 7518, section 3.3)."""

LONGEST_ISSUER: Final = 120
"""Characters. It stands in the log with whoever it vouches for."""

DISCOVERY: Final = "/.well-known/openid-configuration"

OF_RSA: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
OF_CURVE: Final[Mapping[object, frozenset[str]]] = {
    "P-256": frozenset({"ES256"}),
    "P-384": frozenset({"ES384"}),
    "P-521": frozenset({"ES512"}),
    "Ed25519": frozenset({"EdDSA"}),
}
"""The algorithms of a curve's keys."""

ROLES: Final[Mapping[str, Role]] = {f"dateline-{role.name.lower()}": role for role in Role}
"""What the issuer calls the roles, unless something else is set. The bare words would not do: an
`admin` of the issuer, or of the house, is none of ours."""

_CLAIM: Final = re.compile(r"\S{1,200}")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Issuer:
    """Whose tokens are taken, and what they say. Raises ValueError, in a sentence.

    A claim is named as it is, or by a path with dots through objects: `realm_access.roles`.
    """

    url: str
    """As its tokens have it in `iss`, to the letter."""
    audience: str
    """What its tokens have in `aud`, or among others there, if they are meant for us."""
    actor_claim: str = "sub"
    """Who it is. Never given to anybody else, or the log would say that they did it."""
    roles_claim: str = "roles"
    """A list of names, or names apart by spaces."""
    roles: Mapping[str, Role] = field(default_factory=lambda: ROLES)
    """The roles that these names give."""
    outlets_claim: str | None = None
    """The references of the outlets that they may touch, `*` for all; None: all."""
    stories_claim: str | None = None
    """Those of stories, likewise."""
    pause: float = PAUSE
    believed: float = BELIEVED

    def __post_init__(self) -> None:
        check_address(self.url, "the issuer")
        parts = urlsplit(self.url)
        if parts.query or parts.fragment or len(self.url) > LONGEST_ISSUER:
            raise ValueError(
                "the issuer is an address without a query, of no more than"
                f" {LONGEST_ISSUER} characters"
            )
        if not self.audience:
            raise ValueError("say which audience the issuer's tokens are for, if they are for us")
        claims = (self.actor_claim, self.roles_claim, self.outlets_claim, self.stories_claim)
        for claim in claims:
            if claim is not None and not _CLAIM.fullmatch(claim):
                raise ValueError(f"no claim is called {claim!r}")


def check_address(url: str, whose: str) -> None:
    """Raises ValueError where an address can be listened in on, or is none."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"the address of {whose} cannot be read") from None
    if not url.isascii() or not url.isprintable() or " " in url or not host:
        raise ValueError(f"the address of {whose} cannot be read")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"the address of {whose} holds a password, and would be in logs")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise ValueError(f"the address of {whose} begins with https:// unless it is this machine")


def roles_from(given: list[str]) -> Mapping[str, Role]:
    """The issuer's names of roles, as `newsroom-editors=editor`. Raises ValueError."""
    roles = {}
    for one in given:
        name, _, role = one.rpartition("=")
        if not name or role.upper() not in Role.__members__:
            known = ", ".join(known.lower() for known in Role.__members__)
            raise ValueError(f"{one!r} is not NAME=ROLE with one of the roles {known}")
        roles[name] = Role[role.upper()]
    return roles or ROLES


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public key, and the algorithms that may be used with it."""

    key: Any
    algorithms: frozenset[str]


class Unusable(Exception):
    """What the issuer answered cannot be used. `str()` is a sentence."""


class _Discovery(msgspec.Struct):
    issuer: str
    jwks_uri: str


class _Keys(msgspec.Struct):
    keys: list[dict[str, Any]]


class SigningKeys:
    """The issuer's keys by their ids, kept up to date while `follow` runs."""

    def __init__(self, issuer: Issuer) -> None:
        self.known: Mapping[str | None, SigningKey] = {}
        """Another object whenever they have changed."""
        self._issuer = issuer
        self._found = b""
        self._since = monotonic()
        self._answers = False
        self._pausing = False
        self._wanted = anyio.Event()
        self._asked = anyio.Event()

    async def follow(self) -> None:
        """Renew the keys until cancelled."""
        while True:
            await self._renew()
            asked, self._asked = self._asked, anyio.Event()
            self._pausing = True
            asked.set()
            await anyio.sleep(self._issuer.pause)
            self._pausing = False
            with anyio.move_on_after(FRESH if self._answers else self._issuer.pause):
                await self._wanted.wait()
            self._wanted = anyio.Event()

    async def find(self, kid: str | None) -> SigningKey:
        """The key of an id; without one, the only key. Raises Unauthenticated where the issuer has
        none, IssuerUnavailable where that cannot be known."""
        found = self._find(kid)
        if found is None and not self._pausing:
            asked = self._asked
            self._wanted.set()
            await asked.wait()
            found = self._find(kid)
        if found is None:
            if not self._answers:
                raise IssuerUnavailable(round(self._issuer.pause) or 1)
            raise Unauthenticated("this token is not signed with a key of the issuer")
        return found

    def _find(self, kid: str | None) -> SigningKey | None:
        if kid is None and len(self.known) == 1:
            return next(iter(self.known.values()))
        return self.known.get(kid)

    async def _renew(self) -> None:
        try:
            with anyio.fail_after(2 * TIMEOUT):
                found = await anyio.to_thread.run_sync(
                    fetch, self._issuer.url, abandon_on_cancel=True
                )
        except (OSError, HTTPException, Unusable) as error:
            self._answers = False
            reason = getattr(error, "reason", None) or error
            _logger.warning("the issuer's keys cannot be had: %s", reason or "it took too long")
            if self.known and monotonic() - self._since > self._issuer.believed:
                self._found, self.known = b"", {}
            return
        self._answers = True
        self._since = monotonic()
        if found != self._found:
            self._found, self.known = found, signing_keys(found)


def fetch(issuer: str) -> bytes:
    """The issuer's key set, as it is sent. Raises OSError, HTTPException, Unusable."""
    told = _read(issuer.rstrip("/") + DISCOVERY)
    try:
        document = msgspec.json.decode(told, type=_Discovery)
        check_address(document.jwks_uri, "its keys")
    except (msgspec.MsgspecError, ValueError) as error:
        raise Unusable(f"its description cannot be used: {error}") from None
    if document.issuer != issuer:
        raise Unusable("it calls itself by another address than the one that is set")
    keys = _read(document.jwks_uri)
    try:
        msgspec.json.decode(keys, type=_Keys)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Unusable(f"its key set cannot be used: {error}") from None
    return keys


def signing_keys(key_set: bytes) -> Mapping[str | None, SigningKey]:
    """The keys of a set (RFC 7517) that a token may be signed with, by their ids."""
    found: dict[str | None, SigningKey] = {}
    for one in msgspec.json.decode(key_set, type=_Keys).keys[:MOST]:
        key = signing_key(one)
        if key is not None:
            kid = one.get("kid")
            found[kid if isinstance(kid, str) else None] = key
    return found


def signing_key(given: Mapping[str, Any]) -> SigningKey | None:
    """A key that a token may be signed with; None for any other."""
    try:
        if given.get("kty") == "RSA":
            algorithms = OF_RSA
        else:
            algorithms = OF_CURVE.get(given.get("crv"), frozenset())
        if "alg" in given:
            algorithms &= {given["alg"]}
        # With a shared secret, or a private key that everybody can read, anybody could sign.
        if not algorithms or given.get("use", "sig") != "sig" or "d" in given:
            return None
        key = get_default_algorithms()[min(algorithms)].from_jwk(dict(given))
        if algorithms <= OF_RSA and key.key_size < LEAST_BITS:
            return None
    except Exception:
        # Whatever is wrong with a key, the others are as good as they were.
        _logger.warning("a key of the issuer cannot be read")
        return None
    return SigningKey(key, algorithms)


class _NoRedirects(HTTPRedirectHandler):
    """Keys come from where the issuer says that they are."""

    def redirect_request(self, *_given: Any) -> None:
        """Follow none: the answer then counts as an error."""


def _opener(url: str) -> OpenerDirector:
    # What is on this machine is not asked for through a proxy elsewhere.
    handlers = [ProxyHandler({})] if url.startswith("http:") else []
    return build_opener(_NoRedirects, *handlers)


def _read(url: str) -> bytes:
    try:
        with _opener(url).open(url, timeout=TIMEOUT) as answer:  # of a scheme that was checked
            body: bytes = answer.read(LARGEST + 1)
    except HTTPError as error:
        error.close()
        raise Unusable(f"it answers with the status {error.code}") from None
    if len(body) > LARGEST:
        raise Unusable(f"it sends more than {LARGEST} bytes")
    return body
