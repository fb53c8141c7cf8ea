"""Who sends a request, by the key or the token that comes with it."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from math import inf
from time import time
from typing import Any, Final

import anyio
import psycopg
from anyio import create_task_group
from psycopg import AsyncConnection

from api.access import ANYBODY, Caller, Role
from api.errors import Unauthenticated
from api.issuer import Issuer
from api.oidc import Tokens
from api.rates import Gates, Rates
from eventlog.apikeys import CHANNEL, COLUMNS, ApiKey, key_of, parts_of
from eventlog.listening import connected

RECONNECT: Final = 0.5
"""Seconds between attempts to listen again."""

POLL: Final = 5.0
"""Seconds after which the keys are looked at although nothing was announced."""

KEY: Final = re.compile(rb"dateline_[0-9a-f]{12}_")
"""What every key begins with."""

KEPT: Final = 10_000
"""Callers that are known again, by SHA-256 of what they sent."""

TOKEN: Final = b".eyJ"
"""What is in every token of an issuer: its second part is an object in JSON, in base64."""

_logger = logging.getLogger(__name__)


class Callers:
    """The keys of a record, known in this process and kept up to date while it listens."""

    def __init__(
        self,
        conninfo: str,
        *,
        anonymous: bool = True,
        open_writing: bool = False,
        issuer: Issuer | None = None,
        rates: Rates | None = None,
    ) -> None:
        """`anonymous`: whoever brings no key may ask questions. `open_writing`: and record, as an
        editor (for a server that nobody but its user can reach). `issuer`: its tokens are taken,
        too. `rates`: how often somebody may ask."""
        self.closed = not anonymous
        """Nothing may be kept where somebody without a key could come by it."""
        self._conninfo = conninfo
        self._keys: Mapping[str, ApiKey] | None = None
        self._known: dict[bytes, tuple[Caller, float]] = {}
        """Who was found right, and until when, in seconds since 1970, by what they sent."""
        self._known_by: tuple[object, object] = None, None
        """The keys, and those of the issuer, by which they were found right."""
        self._anybody: Caller | None = ANYBODY if anonymous else None
        if open_writing:
            self._anybody = Caller(ANYBODY.name, Role.EDITOR)
        self._tokens = None
        if issuer is not None:
            otherwise = None if self._anybody is None else self._anybody.role
            self._tokens = Tokens(issuer, otherwise)
        self._gates = Gates(rates or Rates())

    async def follow(self) -> None:
        """Keep keys of both sorts up to date until cancelled."""
        async with create_task_group() as tasks:
            tasks.start_soon(self._listen)
            if self._tokens is not None:
                tasks.start_soon(self._tokens.keys.follow)

    async def _listen(self) -> None:
        while True:
            try:
                async with connected(self._conninfo) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    while True:
                        keys = await _all(connection)
                        if keys != self._keys:
                            self._keys = keys
                        async for _ in connection.notifies(timeout=POLL, stop_after=1):
                            pass
            except psycopg.Error as error:
                _logger.warning("nobody listens for revoked keys: %s", error)
            finally:
                self._keys = None
            await anyio.sleep(RECONNECT)

    async def caller(self, headers: Mapping[bytes, bytes], query: bytes, host: str) -> Caller:
        """Who sends a request with these headers and this query string, from an address. Raises
        Unauthenticated, RateLimited, IssuerUnavailable, and RequestRefused for a token that gives
        no role where one is needed."""
        if KEY.search(query) or TOKEN in query:
            # Addresses are written down wherever they pass; the next one would be in a log, too.
            raise Unauthenticated("a key never belongs into an address: revoke this one")
        given = headers.get(b"authorization")
        if given is None:
            self._gates.unnamed(host)
            if self._anybody is None:
                raise Unauthenticated("say who you are: Authorization: Bearer <key>", given=False)
            return self._anybody
        self._gates.tries(host)
        try:
            caller = await self._named(given)
        except Unauthenticated:
            self._gates.failed(host)
            raise
        self._gates.named(caller.name)
        return caller

    async def _named(self, given: bytes) -> Caller:
        issued = None if self._tokens is None else self._tokens.keys.known
        if self._known_by[0] is not self._keys or self._known_by[1] is not issued:
            # A key that was revoked, or that the issuer has withdrawn, takes along who had it.
            self._known, self._known_by = {}, (self._keys, issued)
        known = self._known
        digest = sha256(given).digest()
        found = known.get(digest)
        if found is not None and time() < found[1]:
            return found[0]
        found = await self._find(given)
        if self._keys is not None:  # else nobody would hear that they do not hold any longer
            if len(known) >= KEPT:
                del known[next(iter(known))]
            known[digest] = found
        return found[0]

    async def _find(self, given: bytes) -> tuple[Caller, float]:
        scheme, _, token = given.decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated("send the key as Authorization: Bearer <key>")
        token = token.strip()
        if self._tokens is not None and token.count(".") == 2:  # no key has a dot in it
            return await self._tokens.verified(token)
        return await self._by_key(token)

    async def _by_key(self, token: str) -> tuple[Caller, float]:
        parts = parts_of(token)
        if parts is not None:
            identity, secret = parts
            keys = self._keys if self._keys is not None else await self._read()
            key = keys.get(identity)
            if key is not None and key.fits(secret) and key.holds(datetime.now(UTC)):
                until = inf if key.expires_at is None else key.expires_at.timestamp()
                return Caller(key.name, Role[key.role.upper()], key.sources, key.stories), until
        # One answer for all: what was wrong with a key is nobody's business.
        raise Unauthenticated("this key is not known, was revoked, or has expired")

    async def _read(self) -> Mapping[str, ApiKey]:
        async with connected(self._conninfo) as connection:
            return await _all(connection)


async def _all(connection: AsyncConnection[Any]) -> Mapping[str, ApiKey]:
    cursor = await connection.execute(COLUMNS)
    return {row[0]: key_of(row) for row in await cursor.fetchall()}
