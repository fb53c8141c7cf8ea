"""Webhooks: made, listed, paused and removed by the owner of the database.

The secret of a webhook signs what is sent, so that it is kept as it is. What is sent, and when, is
for `api.webhooks`, by way of `eventlog.outbox`.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, LiteralString

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from eventlog.faults import named_faults

PREFIX: Final = "whsec_"
"""What every secret begins with (Standard Webhooks)."""

COLUMNS: Final[LiteralString] = (
    "SELECT w.id, w.name, w.url, w.secret, w.document, w.variables::text, w.cursor, w.state,"
    " w.reason, w.created_by, w.created_at FROM dateline.webhooks w"
)


@dataclass(frozen=True, slots=True)
class Webhook:
    """Somebody who is told of what is recorded. Times are UTC."""

    id: str
    name: str
    url: str
    secret: bytes = field(repr=False)
    document: str
    """The subscription that it stands for."""
    variables: bytes
    """A JSON object."""
    cursor: int
    """The position up to which its events are among its deliveries."""
    state: str
    """active or paused."""
    reason: str | None
    """Why it was paused, where nobody asked for that."""
    created_by: str
    created_at: datetime

    @property
    def active(self) -> bool:
        """Whether anything is sent."""
        return self.state == "active"


@dataclass(frozen=True, slots=True)
class Standing:
    """How it is going with a webhook."""

    behind: int
    """Positions of the log that were not looked at yet."""
    waiting: int
    """Events that are to be sent."""
    failing: int
    """Those of them that could not be delivered so far."""
    dead: int
    """Events that were given up."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that was given up. Times are UTC."""

    webhook: str
    position: int
    type: str
    attempts: int
    failed_at: datetime
    status: int | None
    """What the receiver answered last; None where it did not."""
    reason: str


def make_webhook(
    conninfo: str,
    name: str,
    url: str,
    document: str,
    variables: dict[str, Any],
    *,
    created_by: str,
    after: int | None = None,
) -> tuple[Webhook, str]:
    """Make a webhook: what is kept of it, and its secret as the receiver needs it. It is sent
    what comes after a position; without one, what is recorded from now on."""
    secret = secrets.token_bytes(32)
    with named_faults(), psycopg.connect(conninfo) as connection:
        row = connection.execute(
            "INSERT INTO dateline.webhooks AS w"
            " (id, name, url, secret, document, variables, cursor, created_by)"
            " VALUES (%s, %s, %s, %s, %s, %s, coalesce(%s::bigint,"
            " (SELECT max(position) FROM dateline.log), 0), %s)"
            " RETURNING w.id, w.name, w.url, w.secret, w.document, w.variables::text, w.cursor,"
            " w.state, w.reason, w.created_by, w.created_at",
            (
                secrets.token_hex(6),
                name,
                url,
                secret,
                document,
                Jsonb(variables, msgspec.json.encode),
                after,
                created_by,
            ),
        ).fetchone()
    assert row is not None
    return webhook_of(row), PREFIX + b64encode(secret).decode()


def list_webhooks(conninfo: str) -> list[tuple[Webhook, Standing]]:
    """Every webhook, the oldest first, and how it is going."""
    with named_faults(), psycopg.connect(conninfo) as connection:
        rows = connection.execute(COLUMNS + " ORDER BY w.created_at, w.id").fetchall()
        head = connection.execute("SELECT coalesce(max(position), 0) FROM dateline.log").fetchone()
        counted = connection.execute(
            "SELECT d.webhook, count(d.due_at),"
            " count(*) FILTER (WHERE d.due_at IS NOT NULL AND d.attempts > 0),"
            " count(*) FILTER (WHERE d.due_at IS NULL)"
            " FROM dateline.webhook_deliveries d GROUP BY d.webhook"
        ).fetchall()
    assert head is not None
    counts = {webhook: numbers for webhook, *numbers in counted}
    webhooks = [webhook_of(row) for row in rows]
    return [
        (one, Standing(max(head[0] - one.cursor, 0), *counts.get(one.id, (0, 0, 0))))
        for one in webhooks
    ]


def set_state(conninfo: str, identity: str, state: str) -> bool:
    """Make a webhook active or paused; false where there is none of that id."""
    return _changed(
        conninfo,
        "UPDATE dateline.webhooks SET state = %s, reason = NULL WHERE id = %s",
        (state, identity),
    )


def remove_webhook(conninfo: str, identity: str) -> bool:
    """Remove a webhook, and what it was not sent; false where there is none of that id."""
    return _changed(conninfo, "DELETE FROM dateline.webhooks WHERE id = %s", (identity,))


def dead_letters(conninfo: str, identity: str | None = None) -> list[DeadLetter]:
    """The events that were given up, of one webhook or of all, in the order of the log."""
    with named_faults(), psycopg.connect(conninfo) as connection:
        rows = connection.execute(
            "SELECT d.webhook, d.position, l.type, d.attempts, d.failed_at, d.status, d.reason"
            " FROM dateline.webhook_deliveries d JOIN dateline.log l ON l.position = d.position"
            " WHERE d.due_at IS NULL AND d.webhook = coalesce(%s, d.webhook)"
            " ORDER BY d.position, d.webhook",
            (identity,),
        ).fetchall()
    return [DeadLetter(*row) for row in rows]


def resend(conninfo: str, identity: str, positions: Sequence[int]) -> int:
    """Have dead letters sent again, as if for the first time: those of some positions, or all.
    How many there were."""
    with named_faults(), psycopg.connect(conninfo) as connection:
        return connection.execute(
            "UPDATE dateline.webhook_deliveries SET due_at = clock_timestamp(), attempts = 0"
            " WHERE webhook = %s AND due_at IS NULL"
            " AND (cardinality(%s::bigint[]) = 0 OR position = ANY (%s::bigint[]))",
            (identity, list(positions), list(positions)),
        ).rowcount


def webhook_of(row: Sequence[Any]) -> Webhook:
    """A webhook from a row of COLUMNS."""
    identity, name, url, secret, document, variables, *rest = row
    return Webhook(identity, name, url, bytes(secret), document, variables.encode(), *rest)


def _changed(conninfo: str, query: LiteralString, values: Sequence[Any]) -> bool:
    with named_faults(), psycopg.connect(conninfo) as connection:
        return connection.execute(query, values).rowcount > 0
