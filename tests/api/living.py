"""Records to which random things have happened, served: for laws that hold of every answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

import httpx
from hypothesis import strategies as st

from api.app import create_app
from domain.history import Entry
from eventlog.database import Database
from eventlog.decoding import entries_of
from eventlog.log import Log
from eventlog.record import Record
from projections.generations import ensure_generation
from projections.projector import project_all
from tests.api.happenings import contradictions
from tests.api.serving import served
from tests.projections.commands import commands, enveloped, opening
from tests.projections.oracle import Oracle, oracle
from tests.servers import Server

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Living:
    """A served record that grows with every example."""

    database: Database
    client: httpx.Client

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        """The whole answer to a query."""
        response = self.client.post("/graphql", json={"query": query, "variables": variables})
        answer: dict[str, Any] = response.json()
        assert "errors" not in answer, answer["errors"]
        return answer

    def live(self, data: st.DataObject) -> tuple[Oracle, int]:
        """Let random things happen to subjects of their own: all that is known of them, and the
        position before the first of it."""
        prefix = f"p{next(_numbers)}-"
        wanted = data.draw(
            st.lists(commands(prefix) | contradictions(prefix), min_size=5, max_size=25)
        )
        with Log(self.database.conninfo) as log:
            before = log.head().position
        with Record(self.database) as record:
            record.execute_many([enveloped(one) for one in (*opening(prefix), *wanted)])
        project_all(self.database)
        with Log(self.database.conninfo) as log:
            return oracle(log, prefix), before

    def logged(self, after: int) -> list[tuple[UUID, Entry]]:
        """Every event after a position, with its subject."""
        with Log(self.database.conninfo) as log:
            found = log.read(after, 10_000)
        return list(zip((one.stream_id for one in found), entries_of(found), strict=True))


@contextmanager
def living(server: Server) -> Iterator[Living]:
    """An empty record, served."""
    with server.fresh_database() as database:
        ensure_generation(database)
        with (
            served(create_app(database)) as address,
            httpx.Client(base_url=address, timeout=20) as client,
        ):
            yield Living(database, client)
