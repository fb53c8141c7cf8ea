"""Following the log while it grows, whatever happens to the connection."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg

from eventlog.database import Database
from eventlog.entries import LoggedEvent
from eventlog.log import Log
from eventlog.persistence import CHANNEL
from tests.eventlog.units import event, unit


def _eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "did not come about"
        time.sleep(0.01)


def _kill_listeners(owner: psycopg.Connection) -> int:
    rows = owner.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ).fetchall()
    return len(rows)


def test_following_gives_history_and_then_what_comes(log: Log, database: Database) -> None:
    log.append([unit(*[event() for _ in range(7)])])
    stop = threading.Event()
    seen: list[LoggedEvent] = []

    def follow() -> None:
        for events in log.follow(2, stop, limit=3):
            assert 1 <= len(events) <= 3
            seen.extend(events)

    with ThreadPoolExecutor() as pool, Log(database.conninfo) as writer:
        following = pool.submit(follow)
        _eventually(lambda: len(seen) == 5)
        for _ in range(10):
            writer.append([unit()])
        _eventually(lambda: len(seen) == 15)
        stop.set()
        following.result()
    assert [e.position for e in seen] == list(range(3, 18))


def test_following_survives_killed_backends(
    log: Log, database: Database, owner: psycopg.Connection
) -> None:
    stop = threading.Event()
    seen: list[int] = []

    def follow() -> None:
        for events in log.follow(0, stop):
            seen.extend(e.position for e in events)

    with ThreadPoolExecutor() as pool:
        following = pool.submit(follow)
        for number in range(1, 6):
            with Log(database.conninfo) as writer:
                writer.append([unit(key=f"k-{number}")])
            _eventually(lambda number=number: len(seen) == number)  # type: ignore[misc]
            assert _kill_listeners(owner) > 0
        stop.set()
        following.result()
    assert seen == list(range(1, 6))


def test_waiting_ends_when_the_position_is_there(log: Log, database: Database) -> None:
    with ThreadPoolExecutor() as pool, Log(database.conninfo) as writer:
        waiting = [pool.submit(log.wait_for, 3, 20) for _ in range(3)]
        for _ in range(3):
            writer.append([unit()])
        assert [wait.result() for wait in waiting] == [True] * 3
    assert log.wait_for(3, 0)


def test_waiting_gives_up_in_time(log: Log) -> None:
    assert log.wait_for(1, 0.05) is False


def test_a_lost_notification_is_made_up_for_by_polling(log: Log, owner: psycopg.Connection) -> None:
    assert log.wait_for(1, 0.2) is False
    # The same append without its announcement.
    owner.execute(
        "CREATE SCHEMA quiet; CREATE FUNCTION quiet.pg_notify(text, text) RETURNS void"
        " LANGUAGE sql AS ''; "
        "ALTER FUNCTION dateline.append_v3 SET search_path = quiet, pg_catalog"
    )
    owner.execute("GRANT USAGE ON SCHEMA quiet TO PUBLIC")
    owner.execute(f"LISTEN {CHANNEL}")
    log.append([unit()])
    assert list(owner.notifies(timeout=0, stop_after=1)) == []
    assert log.wait_for(1, 20)


def test_each_append_is_announced_with_its_last_position(
    log: Log, application: psycopg.Connection
) -> None:
    application.execute(f"LISTEN {CHANNEL}")
    log.append([unit(event(), event())])
    [announced] = application.notifies(timeout=20, stop_after=1)
    assert announced.payload == "2"


def test_closing_wakes_whoever_waits(database: Database) -> None:
    log = Log(database.conninfo)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(log.wait_for, 1, 60)
        time.sleep(0.1)
        log.close()
        assert waiting.result() is False
