"""What is to be sent to webhooks, kept in the database until it is delivered or given up.

Only one process sends: the one that holds the lock. Everything here goes over the connection that
holds it, so that whoever has lost the lock without noticing can change nothing any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from psycopg import AsyncConnection

from eventlog.webhooks import COLUMNS, Webhook, webhook_of

LOCK: Final = 7_140_005


@dataclass(frozen=True, slots=True)
class Due:
    """An event that is to be sent."""

    position: int
    subject: UUID
    attempts: int
    """How often that was tried so far."""


class Outbox:
    """The deliveries of all webhooks. Each method raises psycopg.Error."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        """`connection`: one that commits each statement."""
        self._connection = connection

    async def hold(self) -> bool:
        """Take the lock until the connection ends; false where somebody else has it."""
        cursor = await self._connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,))
        row = await cursor.fetchone()
        return bool(row and row[0])

    async def webhooks(self) -> list[Webhook]:
        """Those to which something is sent."""
        cursor = await self._connection.execute(COLUMNS + " WHERE w.state = 'active'")
        return [webhook_of(row) for row in await cursor.fetchall()]

    async def counts(self) -> tuple[int, int, int]:
        """How many events are to be sent, how many of them could not be delivered so far, and how
        many were given up, over all webhooks."""
        cursor = await self._connection.execute(
            "SELECT count(due_at), count(*) FILTER (WHERE due_at IS NOT NULL AND attempts > 0),"
            " count(*) FILTER (WHERE due_at IS NULL) FROM dateline.webhook_deliveries"
        )
        row = await cursor.fetchone()
        return (0, 0, 0) if row is None else (row[0], row[1], row[2])

    async def waiting(self, webhook: str) -> int:
        """How many events are to be sent to a webhook."""
        cursor = await self._connection.execute(
            "SELECT count(*) FROM dateline.webhook_deliveries"
            " WHERE webhook = %s AND due_at IS NOT NULL",
            (webhook,),
        )
        row = await cursor.fetchone()
        return row[0] if row else 0

    async def take(self, webhook: str, events: Sequence[tuple[int, UUID]], cursor: int) -> None:
        """Take events, by position and subject, among those to be sent, and move the cursor past
        them: both or neither."""
        await self._connection.execute(
            "WITH moved AS (UPDATE dateline.webhooks SET cursor = %s WHERE id = %s RETURNING id)"
            " INSERT INTO dateline.webhook_deliveries (webhook, position, subject)"
            " SELECT m.id, e.position, e.subject FROM moved m,"
            " unnest(%s::bigint[], %s::uuid[]) AS e (position, subject)"
            " ON CONFLICT DO NOTHING",
            (cursor, webhook, [one for one, _ in events], [subject for _, subject in events]),
        )

    async def due(self, webhook: str, busy: Sequence[UUID], limit: int) -> list[Due]:
        """What is to be sent now, at most one event of each subject: the first that it has not
        been told of. Nothing of those subjects of which something is being sent."""
        cursor = await self._connection.execute(
            "SELECT d.position, d.subject, d.attempts FROM dateline.webhook_deliveries d"
            " WHERE d.webhook = %s AND d.due_at <= clock_timestamp() AND d.subject <> ALL (%s)"
            " AND NOT EXISTS (SELECT FROM dateline.webhook_deliveries e"
            " WHERE e.webhook = d.webhook AND e.subject = d.subject AND e.position < d.position"
            " AND e.due_at IS NOT NULL) ORDER BY d.due_at, d.position LIMIT %s",
            (webhook, list(busy), limit),
        )
        return [Due(*row) for row in await cursor.fetchall()]

    async def delivered(self, webhook: str, position: int) -> None:
        """An event is delivered."""
        await self._connection.execute(
            "DELETE FROM dateline.webhook_deliveries WHERE webhook = %s AND position = %s",
            (webhook, position),
        )

    async def failed(
        self, webhook: str, position: int, status: int | None, reason: str, again: float | None
    ) -> None:
        """An event could not be delivered. It is sent again after so many seconds; None: never."""
        await self._connection.execute(
            "UPDATE dateline.webhook_deliveries SET attempts = attempts + 1,"
            " failed_at = clock_timestamp(), status = %s, reason = %s,"
            " due_at = clock_timestamp() + make_interval(secs => %s)"
            " WHERE webhook = %s AND position = %s",
            (status, reason, again, webhook, position),
        )

    async def pause(self, webhook: str, reason: str) -> None:
        """Send nothing more to a webhook until somebody resumes it."""
        await self._connection.execute(
            "UPDATE dateline.webhooks SET state = 'paused', reason = %s WHERE id = %s",
            (reason, webhook),
        )
