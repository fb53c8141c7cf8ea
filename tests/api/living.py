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
from domain.ids import Subject, resolve
from eventlog.database import Database
from eventlog.log import Log
from eventlog.record import Record
from projections.generations import ensure_generation
from projections.projector import project_all
from tests.api.happenings import contradictions
from tests.api.plain_record import PlainRecord, read
from tests.api.serving import served
from tests.projections.commands import CLAIMS, commands, enveloped, opening
from tests.servers import Server

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Lived:
    """The whole record, and those subjects of it to which random things have just happened."""

    prefix: str
    record: PlainRecord
    start: int
    """The position before the first of them."""

    def ids(self, sort: Subject, letter: str, count: int) -> list[UUID]:
        """Some of the subjects."""
        return [resolve(sort, f"{self.prefix}{letter}{number}") for number in range(count)]

    @property
    def claims(self) -> list[UUID]:
        """The claims among them."""
        return self.ids(Subject.CLAIM, "c", CLAIMS)

    @property
    def logged(self) -> list[tuple[UUID, Entry]]:
        """What happened to them: each event with its subject."""
        return [item for item in self.record.entries if item[1].position > self.start]


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

    def live(self, data: st.DataObject) -> Lived:
        """Let random things happen to subjects of their own."""
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
            return Lived(prefix, read(log), before)


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
