"""What can be asked of the log."""

from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from uuid import uuid4

import psycopg
import pytest

from eventlog.database import Database
from eventlog.entries import Head
from eventlog.log import Log
from tests.eventlog.units import NOON, appended, event, unit


def test_an_empty_log_answers(log: Log) -> None:
    missing = uuid4()
    assert log.head() == Head(0, None)
    assert log.read(0, 10) == []
    assert log.streams([missing]) == {missing: []}
    assert log.streams([]) == {}
    assert log.keys([]) == {}
    assert log.children(missing).position == 0
    assert log.children(missing).stream_ids == ()
    assert log.position_at(NOON) == 0
    assert log.verify() == []
    assert log.append([]) == []


def test_reading_takes_a_start_a_limit_and_an_end(log: Log) -> None:
    log.append([unit(*[event() for _ in range(10)])])
    assert [e.position for e in log.read(3, 4)] == [4, 5, 6, 7]
    assert [e.position for e in log.read(3, 4, upto=5)] == [4, 5]
    assert [e.position for e in log.read(8, 100)] == [9, 10]
    assert log.read(10, 100) == []


def test_streams_are_read_without_the_content_of_all_others(
    database: Database, owner: psycopg.Connection
) -> None:
    """In a log that has grown since its rows were last counted."""
    wanted = [event() for _ in range(30)]
    with Log(database.conninfo) as log:
        for some in range(0, 2_000, 500):
            log.append([unit(event()) for _ in range(some, some + 500)])
        log.append([unit(one) for one in wanted])
        for _ in range(20):
            found = log.streams([one.stream_id for one in wanted])
            assert all(len(events) == 1 for events in found.values())
    # A connection that has gone has told what it did.
    deadline = monotonic() + 20
    asked = "SELECT idx_scan, seq_scan FROM pg_stat_user_tables WHERE relname = 'log_content'"
    while (counted := owner.execute(asked).fetchone()) is None or counted[0] + counted[1] < 20:
        assert monotonic() < deadline
        sleep(0.05)
    assert counted[1] == 0


def test_streams_are_read_whole_and_in_order(log: Log) -> None:
    one, other = uuid4(), uuid4()
    log.append([unit(event(one)), unit(event(other)), unit(event(one, 2)), unit(event(uuid4()))])
    found = log.streams([other, one])
    assert [e.version for e in found[one]] == [1, 2]
    assert [e.version for e in found[other]] == [1]


def test_the_head_is_the_last_event(log: Log) -> None:
    outcome = appended(log.append([unit(event(), event())])[0])
    assert log.head() == Head(2, outcome.recorded_at)


def test_children_are_the_streams_that_began_under_a_parent(log: Log) -> None:
    report = uuid4()
    first, second, elsewhere = event(parent_id=report), event(parent_id=report), event()
    later = event(first.stream_id, 2, parent_id=report)
    moved = event(elsewhere.stream_id, 2, parent_id=report)
    log.append([unit(first), unit(elsewhere), unit(second), unit(later), unit(moved), unit()])
    children = log.children(report)
    assert children.stream_ids == (first.stream_id, second.stream_id)
    assert children.position == 5


def test_a_moment_resolves_to_the_last_position_at_or_before_it(log: Log) -> None:
    for _ in range(20):
        log.append([unit(event(), event())])
    times = [e.recorded_at for e in log.read(0, 100)]
    step = timedelta(microseconds=1)
    assert log.position_at(times[0] - step) == 0
    for position, moment in enumerate(times, 1):
        assert log.position_at(moment) == position
        before = log.position_at(moment - step)
        assert before == sum(earlier < moment for earlier in times)
    assert log.position_at(datetime.now(UTC) + timedelta(days=1)) == 40


def test_a_moment_without_a_zone_is_refused(log: Log) -> None:
    with pytest.raises(ValueError, match="zone"):
        log.position_at(NOON.replace(tzinfo=None))
