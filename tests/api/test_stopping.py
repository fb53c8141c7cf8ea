"""A server that is stopped while it starts leaves nothing behind."""

from __future__ import annotations

import gc
import sys
import warnings

import anyio
import pytest

from api.app import create_app
from eventlog.database import Database


def test_a_server_that_is_stopped_while_it_starts_leaves_no_connection_open(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[str] = []

    async def start_and_stop() -> None:
        for number in range(30):
            app = create_app(filled)
            async with app.router.lifespan_context(app):
                await anyio.sleep(number * 0.0005)
            gc.collect()

    gc.collect()  # what others left is theirs
    monkeypatch.setattr(sys, "unraisablehook", lambda one: left.append(str(one.exc_value)))
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        anyio.run(start_and_stop)
    assert left == []
