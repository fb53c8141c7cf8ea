"""Concurrent appends share a commit and still behave as if they came one after the other."""

import ctypes
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from uuid import UUID

import psycopg
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eventlog.batching import MOST_EVENTS, next_batch
from eventlog.database import Database
from eventlog.entries import (
    Append,
    Appended,
    ChildConflict,
    ChildGuard,
    KeyConflict,
    NewEvent,
    Outcome,
    StreamGuard,
    VersionConflict,
)
from eventlog.errors import DatabaseRefused, DatabaseUnreachable, OutcomeUnknown
from eventlog.log import Log
from tests.eventlog.units import appended, event, unit
from tests.servers import Servers


@contextmanager
def _log_held(database: Database) -> Iterator[None]:
    """Nobody can append inside the block: whatever is sent waits at the lock."""
    with psycopg.connect(database.owner_conninfo) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(6819283746120457)")
        yield


def _wait_until_held(owner: psycopg.Connection) -> None:
    deadline = time.monotonic() + 20
    query = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    while owner.execute(query).fetchone() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_appends_that_wait_together_are_committed_together(
    log: Log, database: Database, owner: psycopg.Connection
) -> None:
    with ThreadPoolExecutor(20) as pool:
        with _log_held(database):
            first = pool.submit(log.append, [unit()])
            _wait_until_held(owner)
            others = [pool.submit(log.append, [unit()]) for _ in range(19)]
            time.sleep(0.2)
        positions = [appended(done.result()[0]).first_position for done in [first, *others]]
    assert sorted(positions) == list(range(1, 21))
    commits = owner.execute("SELECT count(DISTINCT xmin::text) FROM dateline.log").fetchone()
    assert commits == (2,)


def test_every_thread_gets_its_own_outcomes(log: Log) -> None:
    def work(number: int) -> bool:
        taken = event()
        for round_number in range(10):
            units = [unit(), unit(taken, key=f"{number}-{round_number}"), unit()]
            outcomes = log.append(units)
            stored = [e for u in units for e in log.streams([u.events[0].stream_id]).values()]
            assert [len(events) for events in stored] == [1, 1, 1]
            for given_unit, outcome in zip(units, outcomes, strict=True):
                if round_number > 0 and given_unit.events[0] is taken:
                    assert isinstance(outcome, VersionConflict)
                else:
                    position = appended(outcome).first_position
                    [found] = log.read(position - 1, 1)
                    assert found.stream_id == given_unit.events[0].stream_id
        return True

    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(work, range(12)))
    head = log.head().position
    assert [e.position for e in log.read(0, 10_000)] == list(range(1, head + 1))


def test_a_unit_with_a_key_survives_a_killed_connection(
    log: Log, database: Database, owner: psycopg.Connection
) -> None:
    log.append([unit()])
    with ThreadPoolExecutor() as pool:
        with _log_held(database):
            keyed = pool.submit(log.append, [unit(key="k", digest=b"d")])
            _wait_until_held(owner)
            _kill_waiting(owner)
        assert appended(keyed.result()[0]).first_position == 2
    assert log.head().position == 2


def test_a_unit_without_a_key_is_reported_as_unknown_when_its_connection_is_killed(
    log: Log, database: Database, owner: psycopg.Connection
) -> None:
    with ThreadPoolExecutor() as pool, _log_held(database):
        unkeyed = pool.submit(log.append, [unit()])
        _wait_until_held(owner)
        _kill_waiting(owner)
        with pytest.raises(OutcomeUnknown):
            unkeyed.result()
    assert isinstance(log.append([unit()])[0], Appended)


def _kill_waiting(owner: psycopg.Connection) -> None:
    owner.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    )


def test_a_database_that_went_away_is_named(server_gone: Log) -> None:
    with pytest.raises(DatabaseUnreachable):
        server_gone.append([unit()])
    with pytest.raises(DatabaseUnreachable):
        server_gone.head()


@pytest.fixture
def server_gone(database: Database) -> Iterator[Log]:
    gone = psycopg.conninfo.make_conninfo(database.conninfo, host="127.0.0.1", port="1")
    with Log(gone, connect_timeout=0.5) as log:
        yield log


def test_a_refusal_by_the_database_is_named_and_spares_the_log(
    log: Log, owner: psycopg.Connection
) -> None:
    owner.execute("REVOKE EXECUTE ON FUNCTION dateline.append_v3 FROM dateline_app")
    with pytest.raises(DatabaseRefused):
        log.append([unit(), unit()])
    owner.execute("GRANT EXECUTE ON FUNCTION dateline.append_v3 TO dateline_app")
    assert isinstance(log.append([unit()])[0], Appended)


def test_one_unit_that_the_database_refuses_does_not_fail_other_threads(
    log: Log, database: Database, owner: psycopg.Connection
) -> None:
    """A rule of the owner's own stands for whatever the checks here do not foresee."""
    owner.execute("ALTER TABLE dateline.log ADD CHECK (type <> 'forbidden')")
    forbidden = Append([NewEvent(event().stream_id, 1, "forbidden", "{}", None)], "a")
    with ThreadPoolExecutor() as pool:
        with _log_held(database):
            calls: list[Future[list[Outcome]]] = [pool.submit(log.append, [unit()])]
            _wait_until_held(owner)
            calls += [pool.submit(log.append, [u]) for u in (unit(), forbidden, unit())]
            time.sleep(0.2)
        errors = [call.exception() for call in calls]
    assert [error is not None for error in errors] == [False, False, True, False]
    assert log.head().position == 3


def test_a_thread_that_is_interrupted_while_it_waits_does_not_stop_the_others(
    log: Log, database: Database, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The interrupt falls on the sleeper that would lead next."""
    with ThreadPoolExecutor() as pool:
        with _log_held(database):
            first = pool.submit(log.append, [unit()])
            _wait_until_held(owner)
            interrupted = threading.Event()

            class Interrupted(BaseException):
                pass

            def interrupt_me() -> None:
                def later(ident: int) -> None:
                    time.sleep(0.1)
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(
                        ctypes.c_ulong(ident), ctypes.py_object(Interrupted)
                    )
                    interrupted.set()

                threading.Thread(target=later, args=(threading.get_ident(),)).start()
                log.append([unit()])

            sleeper = pool.submit(interrupt_me)
            assert interrupted.wait(20)
            second = pool.submit(log.append, [unit()])
        assert isinstance(first.result(20)[0], Appended)
        assert isinstance(second.result(20)[0], Appended)
        assert isinstance(sleeper.exception(20), Interrupted)
    assert isinstance(log.append([unit()])[0], Appended)


def test_a_batch_is_bounded() -> None:
    units = [unit() for _ in range(MOST_EVENTS + 10)]
    batch, waiting = next_batch(list(enumerate(units)))
    assert len(batch.units) == MOST_EVENTS
    assert [number for number, _ in waiting] == list(range(MOST_EVENTS, MOST_EVENTS + 10))


def test_one_unit_larger_than_a_batch_goes_alone(log: Log) -> None:
    large = unit(*[event() for _ in range(MOST_EVENTS + 1)])
    outcomes = [appended(outcome) for outcome in log.append([unit(), large, unit()])]
    assert [o.last_position for o in outcomes] == [1, MOST_EVENTS + 2, MOST_EVENTS + 3]


# The law: whatever is sent together ends as if it had been sent one after the other.

_STREAMS = [UUID(int=number) for number in range(1, 4)]
_PARENTS = [UUID(int=number) for number in range(11, 13)]


@st.composite
def _units(draw: st.DrawFn) -> Append:
    versions = {stream: draw(st.integers(0, 3)) for stream in _STREAMS}
    events = []
    for stream in draw(st.lists(st.sampled_from(_STREAMS), min_size=1, max_size=3)):
        versions[stream] += 1
        parent = draw(st.none() | st.sampled_from(_PARENTS))
        events.append(NewEvent(stream, versions[stream], "t", "{}", None, parent))
    written = {e.stream_id for e in events}
    guarded = draw(st.sets(st.sampled_from(_STREAMS), max_size=1)) - written
    return Append(
        events,
        "a",
        key=draw(st.none() | st.sampled_from(["k", "l"])),
        request_digest=draw(st.sampled_from([b"d", b"e"])),
        guards=[StreamGuard(stream, draw(st.integers(0, 2))) for stream in guarded],
        child_guards=[
            ChildGuard(parent, draw(st.integers(0, 4)))
            for parent in draw(st.sets(st.sampled_from(_PARENTS), max_size=1))
        ],
    )


class _Serial:
    """The log in memory, one unit after the other: what an outcome must be."""

    def __init__(self) -> None:
        self.events: list[NewEvent] = []
        self.keys: dict[str, tuple[bytes, int, int]] = {}

    def append(self, unit: Append) -> tuple[object, ...]:
        if unit.key in self.keys:
            digest, first, last = self.keys[unit.key]
            replayed = digest == unit.request_digest
            return ("appended", first, last, True) if replayed else ("key",)
        needed = {guard.stream_id: guard.version for guard in unit.guards}
        for new in unit.events:
            needed.setdefault(new.stream_id, new.version - 1)
        present = {s: sum(e.stream_id == s for e in self.events) for s in needed}
        if present != needed:
            return ("version",)
        for guard in unit.child_guards:
            if any(e.parent_id == guard.parent_id for e in self.events[guard.position :]):
                return ("child",)
        first, last = len(self.events) + 1, len(self.events) + len(unit.events)
        self.events.extend(unit.events)
        if unit.key is not None:
            self.keys[unit.key] = (unit.request_digest, first, last)
        return ("appended", first, last, False)


# The last unit builds on a version that the one before it would have made, had it not been refused.
_ON_A_REFUSED_ONE: list[list[Append]] = [
    [
        Append([NewEvent(_STREAMS[0], 1, "t", "{}", None, _PARENTS[0])], "a"),
        Append([NewEvent(_STREAMS[0], version, "t", "{}", None) for version in (1, 2)], "a"),
        Append(
            [NewEvent(_STREAMS[0], 3, "t", "{}", None)],
            "a",
            child_guards=[ChildGuard(_PARENTS[0], 0)],
        ),
    ]
]


def _told(outcome: Outcome) -> tuple[object, ...]:
    match outcome:
        case Appended(first, last, _, replayed):
            return ("appended", first, last, replayed)
        case VersionConflict():
            return ("version",)
        case ChildConflict():
            return ("child",)
        case KeyConflict():
            return ("key",)


@settings(max_examples=40, deadline=None)
@given(calls=st.lists(st.lists(_units(), min_size=1, max_size=8), min_size=1, max_size=4))
@example(calls=_ON_A_REFUSED_ONE)
def test_units_sent_together_end_as_if_sent_one_after_the_other(
    servers: Servers, calls: list[list[Append]]
) -> None:
    serial = _Serial()
    with servers.get("pg18").fresh_database() as fresh, Log(fresh.conninfo) as log:
        for units in calls:
            assert [_told(outcome) for outcome in log.append(units)] == [
                serial.append(u) for u in units
            ]
        stored = [(e.stream_id, e.version, e.parent_id) for e in log.read(0, 1000)]
    assert stored == [(e.stream_id, e.version, e.parent_id) for e in serial.events]
