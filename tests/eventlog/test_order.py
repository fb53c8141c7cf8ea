"""The order of the record: no gaps, no event passed over, time that never steps back."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from random import Random
from uuid import uuid4

import psycopg

from eventlog.database import Database
from eventlog.entries import Append, Appended, LoggedEvent
from eventlog.log import Log
from tests.eventlog.units import appended, event, unit

# One event of a new stream, appended in a transaction that the caller holds open.
_APPEND_ONE = """
SELECT dateline.append_v2(
    ARRAY[gen_random_uuid()], '{1}', '{t}', '{"{}"}', '{NULL}', '{NULL}', '{slow}', '{NULL}',
    '{NULL}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')
"""


def test_a_reader_at_the_tail_passes_over_no_event(database: Database, log: Log) -> None:
    """Many writers, some in other processes' shoes: raw transactions that commit late."""
    finished = threading.Event()
    read: list[LoggedEvent] = []

    def write_through_the_log(seed: int) -> None:
        random = Random(seed)
        with Log(database.conninfo) as own:
            for _ in range(25):
                own.append([unit(*[event() for _ in range(random.randint(1, 4))])])

    def write_slowly(seed: int) -> None:
        random = Random(seed)
        with psycopg.connect(database.conninfo) as connection:
            for number in range(15):
                connection.execute(_APPEND_ONE)
                time.sleep(random.uniform(0, 0.01))
                if number % 3 == 0:
                    connection.rollback()
                else:
                    connection.commit()

    def tail() -> None:
        while True:
            last_round = finished.is_set()
            events = log.read(read[-1].position if read else 0, 7)
            read.extend(events)
            if last_round and not events:
                return

    with ThreadPoolExecutor() as pool:
        reader = pool.submit(tail)
        writers = [pool.submit(write_through_the_log, seed) for seed in range(4)]
        writers += [pool.submit(write_slowly, seed) for seed in range(3)]
        for writer in writers:
            writer.result()
        finished.set()
        reader.result()

    assert [e.position for e in read] == list(range(1, log.head().position + 1))
    times = [e.recorded_at for e in read]
    assert all(earlier < later for earlier, later in pairwise(times))
    assert log.verify() == []


def test_a_writer_waits_for_an_earlier_one_and_takes_the_next_position(
    database: Database, log: Log
) -> None:
    with psycopg.connect(database.conninfo) as slow, ThreadPoolExecutor() as pool:
        slow.execute(_APPEND_ONE)
        waiting = pool.submit(log.append, [unit()])
        with psycopg.connect(database.conninfo, autocommit=True) as observer:
            while not observer.execute(
                "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            ).fetchone():
                time.sleep(0.01)
        assert log.head().position == 0
        slow.commit()
        assert appended(waiting.result()[0]).first_position == 2


def test_a_transaction_that_is_rolled_back_leaves_no_gap(database: Database, log: Log) -> None:
    with psycopg.connect(database.conninfo) as connection:
        connection.execute(_APPEND_ONE)
        connection.rollback()
    assert appended(log.append([unit()])[0]).first_position == 1


def test_vacuum_does_not_hold_up_an_append(owner: psycopg.Connection, log: Log) -> None:
    with owner.transaction():
        owner.execute("LOCK TABLE dateline.log IN SHARE UPDATE EXCLUSIVE MODE")
        assert isinstance(log.append([unit()])[0], Appended)


def test_recorded_at_rises_with_position_when_the_clock_steps_back(
    owner: psycopg.Connection, log: Log
) -> None:
    before = appended(log.append([unit(event(), event())])[0])
    owner.execute(
        "CREATE OR REPLACE FUNCTION dateline.clock() RETURNS timestamptz"
        " LANGUAGE sql VOLATILE AS $$SELECT timestamptz '2001-01-01 00:00+00'$$"
    )

    log.append([unit(event(), event()), unit()])
    log.append([unit()])

    times = [e.recorded_at for e in log.read(0, 100)]
    assert times[1] == before.recorded_at
    assert all(earlier < later for earlier, later in pairwise(times))
    assert [log.position_at(moment) for moment in times] == list(range(1, len(times) + 1))


def test_recorded_at_rises_by_a_microsecond_inside_a_unit(log: Log) -> None:
    outcome = appended(log.append([unit(*[event() for _ in range(5)])])[0])
    times = [e.recorded_at for e in log.read(0, 10)]
    assert [(later - earlier).microseconds for earlier, later in pairwise(times)] == [1] * 4
    assert times[-1] == outcome.recorded_at


def test_writers_of_one_stream_take_turns(database: Database, log: Log) -> None:
    """Every thread tries each version; each version is won once, and nobody hangs."""
    stream_id = uuid4()

    def race(_: int) -> list[int]:
        won = []
        with Log(database.conninfo) as own:
            for version in range(1, 16):
                [outcome] = own.append([unit(event(stream_id, version))])
                if isinstance(outcome, Appended):
                    won.append(version)
        return won

    with ThreadPoolExecutor(4) as pool:
        won = [version for versions in pool.map(race, range(4)) for version in versions]
    assert sorted(won) == list(range(1, len(won) + 1))
    assert [e.version for e in log.streams([stream_id])[stream_id]] == sorted(won)


def test_threads_of_one_log_with_the_same_key_store_once(log: Log) -> None:
    def send(_: int) -> Append:
        return unit(event(), key="k", digest=b"d")

    with ThreadPoolExecutor(8) as pool:
        outcomes = [outcome[0] for outcome in pool.map(lambda n: log.append([send(n)]), range(16))]
    results = [appended(outcome) for outcome in outcomes]
    assert sorted(result.replayed for result in results) == [False] + [True] * 15
    assert {result.first_position for result in results} == {1}
    assert log.head().position == 1
