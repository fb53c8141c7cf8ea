"""Clients that record over HTTP and ask again until they are told where it is recorded; and what
the log and the tables have to hold in the end."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, pairwise
from threading import Event
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import httpx

from api.scalars import written_instant
from domain.commands import (
    AnyCommand,
    CorrectClaim,
    PublishReport,
    RegisterSource,
    ReportClaim,
    RetractClaim,
)
from domain.events import AnyEvent
from domain.words import SourceKind
from eventlog.database import Database
from eventlog.decoding import entries_of
from eventlog.log import Log
from projections.generations import connect, rebuild
from projections.projector import project_all
from tests.api.mutations import document, input_of
from tests.domain.desk import empty
from tests.projections.test_projector import rows

CLIENTS = 32

PATIENCE = 60.0
"""Seconds in which every command is to be acknowledged, however often it has to be sent."""

PAUSE = 0.05
"""Seconds before a command is sent again, about."""

TO_BE_SENT_AGAIN = {"BUSY", "OUTCOME_UNKNOWN", "UNAVAILABLE", "DATABASE_FULL", "NOT_YET_PROJECTED"}
"""What a client is told that may go on with the same key. Nothing else may come of a fault."""

OPENING: tuple[AnyCommand, ...] = (
    RegisterSource(source="paper", name="The Paper", kind=SourceKind.OUTLET),
    PublishReport(report="r", outlet="paper", published_at="2024-08-01"),
)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A command that somebody was told the place of."""

    key: str
    command: AnyCommand
    position: int
    recorded_at: str
    """As it was told: RFC 3339, UTC."""
    replayed: bool
    sent: int
    """How often it was sent until then."""


@dataclass(slots=True)
class Load:
    """What clients have been told so far."""

    addresses: Sequence[str]
    """Where a command is sent; to the next one where it was not answered."""
    acknowledged: list[Acknowledged] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    """How often each code came, and each fault of a connection."""
    over: Event = field(default_factory=Event)
    at_least: bool = False
    """Each claim is asked for at the next address, too, as soon as it is recorded."""

    def wait(self, more: int) -> None:
        """Wait until that many more commands are acknowledged."""
        until, deadline = len(self.acknowledged) + more, monotonic() + PATIENCE
        while len(self.acknowledged) < until:
            assert monotonic() < deadline, (len(self.acknowledged), self.told)
            sleep(0.01)

    def record(self, client: httpx.Client, key: str, command: AnyCommand) -> None:
        """Send a command until it is acknowledged."""
        body = {"query": document(command), "variables": {"input": input_of(command)}}
        answer, sent = self._answer(client, key, body, {"idempotency-key": key})
        came = answer["data"]["did"]
        assert came["refusal"] is None, (command, sent, came)
        self.acknowledged.append(
            Acknowledged(key, command, came["position"], came["recordedAt"], came["replayed"], sent)
        )
        if self.at_least and isinstance(command, CorrectClaim):
            asked = {"query": f'{{ claim(id: "{command.claim}") {{ version }} }}'}
            least = {"dateline-at-least": str(came["position"])}
            seen, _ = self._answer(client, key + " elsewhere", asked, least)
            assert seen["data"]["claim"]["version"] == command.version + 1

    def _answer(
        self, client: httpx.Client, key: str, body: dict[str, Any], headers: dict[str, str]
    ) -> tuple[dict[str, Any], int]:
        first, deadline = hash(key), monotonic() + PATIENCE
        for sent in count(1):
            address = self.addresses[(first + sent) % len(self.addresses)]
            try:
                response = client.post(f"{address}/graphql", json=body, headers=headers)
                answer: dict[str, Any] = response.json()
            except httpx.TransportError as error:
                code = type(error).__name__
            else:
                if response.status_code == 200:
                    assert "errors" not in answer, answer
                    return answer, sent
                code = answer["errors"][0]["extensions"]["code"]
                assert code in TO_BE_SENT_AGAIN, answer
                assert "retry-after" in response.headers
            self.told[code] += 1
            assert monotonic() < deadline, (key, self.told)
            sleep(PAUSE * random.uniform(0.5, 1.5))
        raise AssertionError

    def client(self, number: int) -> None:
        """Record what becomes of one claim after the other, until it is over."""
        with httpx.Client(timeout=10, verify=False) as client:  # nothing is encrypted here
            for claim in count():
                for step, command in enumerate(_life(f"c{number}-{claim}")):
                    if self.over.is_set():
                        return
                    self.record(client, f"{number}-{claim}-{step}", command)


def _life(claim: str) -> tuple[AnyCommand, ...]:
    """Commands that follow from each other: none can be left out, and none sent twice."""
    return (
        ReportClaim(claim=claim, report="r", statement=f"{claim}: a hundred tanks."),
        CorrectClaim(
            claim=claim, version=1, statement=f"{claim}: ninety.", published_at="2024-08-02"
        ),
        CorrectClaim(
            claim=claim, version=2, statement=f"{claim}: eighty.", observed_at="2024-08-03"
        ),
        RetractClaim(claim=claim, published_at="2024-08-04"),
    )


@contextmanager
def load(*addresses: str, clients: int = CLIENTS, at_least: bool = False) -> Iterator[Load]:
    """Clients that record until the block is left. Leaving it waits until everything that they
    have sent is acknowledged."""
    going = Load(addresses, at_least=at_least)
    with ThreadPoolExecutor(clients) as pool:
        with httpx.Client(timeout=10) as client:
            for number, command in enumerate(OPENING):
                going.record(client, f"opening {number}", command)
        running = [pool.submit(going.client, number) for number in range(clients)]
        try:
            yield going
        finally:
            going.over.set()
        for one in running:
            one.result(2 * PATIENCE)


def check(database: Database, acknowledged: Sequence[Acknowledged]) -> None:
    """The log is what was acknowledged: each command once, where it was said to be, as it was
    sent, and nothing else. The tables are what anybody would make of that log."""
    with Log(database.conninfo) as log:
        events = log.read(0, 1_000_000)
        assert log.verify() == []
    told = sorted(acknowledged, key=lambda one: one.position)
    assert [one.position for one in events] == list(range(1, len(events) + 1))
    assert all(one.recorded_at < other.recorded_at for one, other in pairwise(events))
    assert [(one.position, one.key, written_instant(one.recorded_at)) for one in events] == [
        (one.position, f"api:anonymous:{one.key}", one.recorded_at) for one in told
    ]
    plain = empty()
    for one in told:
        plain.when(one.command)
    logged: dict[UUID, list[AnyEvent]] = {}
    for event, entry in zip(events, entries_of(events), strict=True):
        logged.setdefault(event.stream_id, []).append(entry.event)
    assert logged == {
        subject: [entry.event for entry in entries]
        for subject, entries in plain.world.subjects.items()
    }
    assert project_all(database) == len(events)
    with connect(database) as connection:
        lived = rows(connection)
        rebuild(database)
        assert rows(connection) == lived
