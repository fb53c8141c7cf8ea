"""API keys: made, listed and revoked by the owner of the database, and kept as digests.

A key is `dateline_<id>_<secret>`. The secret is 256 random bits, so that a plain SHA-256 of it is
as good as any slower digest: there is nothing to guess. What a key may do is for `api.access`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg

from eventlog.faults import named_faults

CHANNEL: Final = "dateline_keys"
"""Where every change is announced."""

PREFIX: Final = "dateline"

_TOKEN: Final = re.compile(rf"({PREFIX}_[0-9a-f]{{12}}_)[\w-]+")

COLUMNS: Final[LiteralString] = (
    "SELECT id, name, role, digest, sources, stories, created_at, expires_at, revoked_at"
    " FROM dateline.api_keys"
)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key, without its secret. Times are UTC."""

    id: str
    name: str
    role: str
    digest: bytes
    sources: frozenset[UUID] | None
    stories: frozenset[UUID] | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def holds(self, now: datetime) -> bool:
        """Whether it may be used at a time."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def fits(self, secret: str) -> bool:
        """Whether a secret is the key's, told in the same time whatever the secret is."""
        return compare_digest(self.digest, sha256(secret.encode()).digest())


def parts_of(token: str) -> tuple[str, str] | None:
    """The id and the secret in a token; None where it has not the form of a key."""
    prefix, _, rest = token.partition("_")
    identity, _, secret = rest.partition("_")
    if prefix != PREFIX or not identity or not secret or not token.isascii():
        return None
    return identity, secret


def without_secrets(text: str) -> str:
    """A text that may be told: of every key in it, the beginning alone."""
    return _TOKEN.sub(r"\1…", text)


def make_key(
    conninfo: str,
    name: str,
    role: str,
    *,
    sources: Sequence[UUID] | None = None,
    stories: Sequence[UUID] | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Make a key: what is kept of it, and the token, which nobody can be shown again."""
    identity, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    row = _changed(
        conninfo,
        "INSERT INTO dateline.api_keys (id, name, role, digest, sources, stories, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id, name, role, digest, sources, stories,"
        " created_at, expires_at, revoked_at",
        (
            identity,
            name,
            role,
            sha256(secret.encode()).digest(),
            None if sources is None else list(sources),
            None if stories is None else list(stories),
            expires_at,
        ),
    )
    assert row is not None
    return key_of(row), f"{PREFIX}_{identity}_{secret}"


def revoke_key(conninfo: str, identity: str) -> bool:
    """Revoke a key from now on; false where there is none of that id that still holds."""
    row = _changed(
        conninfo,
        "UPDATE dateline.api_keys SET revoked_at = clock_timestamp()"
        " WHERE id = %s AND revoked_at IS NULL RETURNING id",
        (identity,),
    )
    return row is not None


def list_keys(conninfo: str) -> list[ApiKey]:
    """Every key that was ever made, the oldest first."""
    with named_faults(), psycopg.connect(conninfo) as connection:
        return [key_of(row) for row in connection.execute(COLUMNS + " ORDER BY created_at, id")]


def key_of(row: Sequence[Any]) -> ApiKey:
    """A key from a row of COLUMNS."""
    identity, name, role, digest, sources, stories, *times = row
    return ApiKey(
        identity,
        name,
        role,
        bytes(digest),
        None if sources is None else frozenset(sources),
        None if stories is None else frozenset(stories),
        *times,
    )


def _changed(conninfo: str, query: LiteralString, values: Sequence[Any]) -> Any:
    with named_faults(), psycopg.connect(conninfo) as connection:
        row = connection.execute(query, values).fetchone()
        connection.execute("SELECT pg_notify(%s, '')", (CHANNEL,))
    return row
