"""Delivery to webhooks while servers are killed, and while there are two of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from eventlog.database import Database
from eventlog.outbox import LOCK
from tests.api.delivering import Delivering, claims, corrected
from tests.api.receiving import Answer, Receiving, receiving
from tests.faults.process import Serving

CLAIMS = 30


@pytest.fixture
def receiver() -> Iterator[Receiving]:
    """Somebody who is told, and takes a moment."""
    with receiving() as made:
        made.answer = lambda _: Answer(after=0.01)
        yield made


def serving(database: Database, said: Path) -> Serving:
    return Serving(database.owner_conninfo, said, DATELINE_PRIVATE_WEBHOOKS="1")


def filled(record: Delivering) -> int:
    """Record claims that change, and give the last position."""
    names = [f"c{number}" for number in range(CLAIMS)]
    commands = claims(*names)
    for version in range(1, 6):
        commands += [corrected(name, version) for name in names]
    return record.record(commands)


def test_a_server_that_is_killed_leaves_nothing_out(
    database: Database, folder: Path, receiver: Receiving
) -> None:
    with serving(database, folder / "said") as server:
        record = Delivering(database, server.address)
        webhook, _ = record.hook(receiver.url)
        head = filled(record)

        def kill_after(many: int) -> None:
            receiver.wait(lambda: len(set(receiver.taken)) > many)
            server.kill()
            server.start()

        kill_after(head // 5)
        kill_after(head // 2)
        receiver.wait(lambda: set(receiver.taken) == set(range(1, head + 1)))
        receiver.wait(lambda: record.standing(webhook)[1].waiting == 0)
        assert record.standing(webhook)[0].cursor == head
    assert receiver.in_order
    again = sum(count - 1 for count in Counter(receiver.taken).values())
    assert again <= 2 * 8  # what was under way when it was killed


def test_of_two_servers_one_delivers_and_the_other_takes_over(
    database: Database, folder: Path, receiver: Receiving
) -> None:
    with serving(database, folder / "one") as one, serving(database, folder / "two") as two:
        record = Delivering(database, one.address)
        webhook, _ = record.hook(receiver.url)
        head = filled(record)

        def delivered() -> bool:
            now, standing = record.standing(webhook)
            return now.cursor == head and standing.waiting == 0

        receiver.wait(delivered)
        assert sorted(receiver.taken) == list(range(1, head + 1))
        with psycopg.connect(database.owner_conninfo) as owner:
            held = owner.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s"
                " AND granted AND database ="
                " (SELECT oid FROM pg_database WHERE datname = current_database())",
                (LOCK,),
            ).fetchone()
        assert held == (1,)
        one.kill()
        head = record.record([corrected("c0", 6)])
        receiver.wait(delivered)
        two.kill()
        two.start()  # and whoever comes next goes on
        head = record.record([corrected("c0", 7)])
        receiver.wait(delivered)
    assert set(receiver.taken) == set(range(1, head + 1))
    assert Counter(receiver.taken).most_common(1)[0][1] == 1
