"""A connection of its own for whoever listens, which is closed however that ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio import CancelScope
from psycopg import AsyncConnection


@asynccontextmanager
async def connected(conninfo: str) -> AsyncIterator[AsyncConnection[Any]]:
    """A connection that commits each statement. Raises psycopg.Error."""
    connection = await AsyncConnection.connect(conninfo, autocommit=True)
    try:
        yield connection
    finally:
        # psycopg's own way out waits for a rollback first. A listener ends by being cancelled, in
        # that wait as well, and its connection would stay open.
        with CancelScope(shield=True):
            await connection.close()
