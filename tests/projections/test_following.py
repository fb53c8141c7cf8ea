"""The projector and the rebuild while things happen around them."""

import time
from collections.abc import Callable
from threading import Event, Thread
from uuid import UUID

import psycopg
import pytest

from domain.commands import AddSourceAlias, Envelope, RegisterSource
from domain.ids import Subject, resolve
from domain.words import SourceKind
from eventlog.database import Database
from eventlog.entries import LoggedEvent
from eventlog.errors import DatabaseUnreachable
from eventlog.log import Log
from eventlog.record import Record
from projections import generations
from projections.generations import REBUILD_LOCK, connect, ensure_generation, rebuild, shape
from projections.projector import Projector, lag, project_all, wait_until_projected
from projections.refusals import NotYetProjected, RebuildRunning
from tests.projections.commands import enveloped, opening

PATIENCE = 20.0
"""Seconds until a test gives up; far more than anything here takes."""


@pytest.fixture
def generation(database: Database) -> Database:
    """A fresh database with an empty live generation."""
    ensure_generation(database)
    return database


def until(reached: Callable[[], bool]) -> None:
    """Wait for something to come true."""
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.005)


def write(database: Database, prefix: str) -> int:
    """Record a handful of subjects; the last position."""
    with Record(database) as record:
        results = record.execute_many([enveloped(one) for one in opening(prefix)])
    return max(result.last_position for result in results if not isinstance(result, Exception))


def test_what_is_written_becomes_readable(generation: Database) -> None:
    projector = Projector(generation)
    projector.start()
    try:
        with connect(generation) as connection:
            for number in range(3):
                wait_until_projected(connection, write(generation, f"w{number}-"), PATIENCE)
            assert lag(connection).events == 0
            assert lag(connection).seconds == 0
    finally:
        projector.stop()


def test_without_a_projector_the_lag_is_told_and_waiting_has_an_end(generation: Database) -> None:
    head = write(generation, "l-")
    with connect(generation) as connection:
        behind = lag(connection)
        assert behind.events == head
        assert behind.seconds > 0
        with pytest.raises(NotYetProjected) as refused:
            wait_until_projected(connection, head, 0.05)
        assert refused.value.code == "NOT_YET_PROJECTED"
        assert project_all(generation) == head
        assert lag(connection).events == 0


def test_a_projector_whose_connection_is_cut_goes_on(generation: Database) -> None:
    projector = Projector(generation)
    projector.start()
    try:
        with connect(generation) as connection:
            wait_until_projected(connection, write(generation, "a-"), PATIENCE)
            with psycopg.connect(generation.owner_conninfo, autocommit=True) as owner:
                owner.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database()"
                    " AND pid NOT IN (pg_backend_pid(), %s)",
                    (connection.info.backend_pid,),
                )
            wait_until_projected(connection, write(generation, "b-"), PATIENCE)
    finally:
        projector.stop()


def test_of_two_projectors_one_works_and_the_other_takes_over(generation: Database) -> None:
    first, second = Projector(generation), Projector(generation)
    first.start()
    try:
        with connect(generation) as connection:
            wait_until_projected(connection, write(generation, "a-"), PATIENCE)
            second.start()
            wait_until_projected(connection, write(generation, "b-"), PATIENCE)
            holders = connection.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                " AND objid = 7140003 AND database ="
                " (SELECT oid FROM pg_database WHERE datname = current_database())"
            ).fetchone()
            assert holders == (1,)
            first.stop()
            wait_until_projected(connection, write(generation, "c-"), PATIENCE)
            count = connection.execute(
                "SELECT count(*) FROM touches t GROUP BY subject_id, position"
                " ORDER BY 1 DESC LIMIT 1"
            ).fetchone()
            assert count == (1,)
    finally:
        first.stop()
        second.stop()


def test_readers_see_a_whole_model_all_the_time_that_it_is_rebuilt(generation: Database) -> None:
    write(generation, "seen-")
    project_all(generation)
    subject = resolve(Subject.SOURCE, "seen-s0")
    projector = Projector(generation)
    projector.start()
    done, answers, faults = Event(), [0], list[BaseException]()

    def read() -> None:
        try:
            with connect(generation) as connection:
                while not done.is_set():
                    position, aliases = connection.execute(
                        "SELECT p.position, (SELECT count(*) FROM read.sources s"
                        " WHERE s.source_id = %s AND s.position_to = 9223372036854775807)"
                        " FROM read.progress p",
                        (subject,),
                    ).fetchone() or (0, 0)
                    assert aliases == 1
                    assert position >= answers[0]
                    answers.append(position)
        except BaseException as fault:
            faults.append(fault)

    def keep_writing() -> None:
        try:
            with Record(generation) as record:
                number = 0
                while not done.is_set():
                    number += 1
                    record.execute(
                        Envelope(
                            command=AddSourceAlias(source="seen-s0", alias=f"also {number}"),
                            actor="tester",
                        )
                    )
        except BaseException as fault:
            faults.append(fault)

    threads = [Thread(target=read), Thread(target=read), Thread(target=keep_writing)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(4):
            reached = rebuild(generation)
            with connect(generation) as connection:
                found = connection.execute("SELECT position FROM read.progress").fetchone()
                assert found is not None
                assert found[0] >= reached
    finally:
        done.set()
        for thread in threads:
            thread.join()
        projector.stop()
    assert not faults
    with Log(generation.conninfo) as log, connect(generation) as connection:
        project_all(generation)
        state = connection.execute(
            "SELECT state::json #>> '{version}' FROM sources"
            " WHERE source_id = %s AND position_to = 9223372036854775807",
            (subject,),
        ).fetchone()
        assert state == (str(len(log.streams([subject])[subject])),)
        left = connection.execute(
            "SELECT count(*) FROM pg_namespace WHERE nspname IN ('read_next', 'read_old')"
        ).fetchone()
        assert left == (0,)


def test_one_rebuild_at_a_time(generation: Database) -> None:
    with psycopg.connect(generation.conninfo, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (REBUILD_LOCK,))
        with pytest.raises(RebuildRunning):
            rebuild(generation)
    assert rebuild(generation) == 0


def test_what_a_killed_rebuild_left_is_swept_away(generation: Database) -> None:
    head = write(generation, "k-")
    with psycopg.connect(generation.conninfo, autocommit=True) as other:
        for schema in ("read_next", "read_old"):
            other.execute(f"CREATE SCHEMA {schema}")
            other.execute(f"CREATE TABLE {schema}.half_done (it int)")
    assert rebuild(generation) == head


def test_another_shape_is_rebuilt_at_start(
    generation: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = write(generation, "s-")
    monkeypatch.setattr(generations, "FOLD", generations.FOLD + 1)
    ensure_generation(generation)
    with connect(generation) as connection:
        found = connection.execute("SELECT shape, position FROM read.progress").fetchone()
    assert found == (shape(), head)


def test_the_generation_is_made_once_by_many_at_a_time(database: Database) -> None:
    faults: list[BaseException] = []

    def make() -> None:
        try:
            ensure_generation(database)
        except BaseException as fault:
            faults.append(fault)

    threads = [Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults


def test_an_event_touches_its_subject_and_whom_it_names(generation: Database) -> None:
    write(generation, "t-")
    project_all(generation)

    def touching(subject: UUID) -> int:
        with connect(generation) as connection:
            found = connection.execute(
                "SELECT count(*) FROM touches WHERE subject_id = %s", (subject,)
            ).fetchone()
        return int(found[0]) if found else 0

    with Record(generation) as record:
        record.execute(
            Envelope(
                command=RegisterSource(source="alone", name="Alone", kind=SourceKind.PERSON),
                actor="tester",
            )
        )
    project_all(generation)
    assert touching(resolve(Subject.SOURCE, "alone")) == 1
    # its registration, and the claims c1 of report r1 of outlet s1 which also quotes s1; c4
    # hangs on the same report
    assert touching(resolve(Subject.SOURCE, "t-s1")) == 4
    assert touching(resolve(Subject.CLAIM, "t-c0")) == 1


def indexes(database: Database) -> set[str]:
    """The definitions of all indexes of the live generation."""
    with connect(database) as connection:
        return {
            definition
            for (definition,) in connection.execute(
                "SELECT indexdef FROM pg_indexes WHERE schemaname = 'read'"
            )
        }


def test_a_generation_that_is_behind_gets_the_readers_indexes_when_it_has_caught_up(
    generation: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = indexes(generation)
    write(generation, "early-")
    with psycopg.connect(generation.owner_conninfo, autocommit=True) as connection:
        connection.execute("DROP SCHEMA read CASCADE")
    monkeypatch.setattr(generations, "BATCH", 2)
    ensure_generation(generation)
    assert indexes(generation) < complete
    project_all(generation)
    assert indexes(generation) == complete
    rebuild(generation)
    assert indexes(generation) == complete


def test_the_projector_starts_again_when_the_log_could_not_be_read(
    generation: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own connection is well then: the one that the log is read over was lost."""
    read, failed = Log.read, Event()

    def lost_once(log: Log, after: int, limit: int) -> list[LoggedEvent]:
        if not failed.is_set():
            failed.set()
            raise DatabaseUnreachable("the connection was lost")
        return read(log, after, limit)

    monkeypatch.setattr(Log, "read", lost_once)
    projector = Projector(generation)
    projector.start()
    try:
        with connect(generation) as connection:
            wait_until_projected(connection, write(generation, "lost-"), PATIENCE)
    finally:
        projector.stop()
    assert failed.is_set()


def test_a_projector_leaves_the_read_model_of_another_version_alone(generation: Database) -> None:
    projector = Projector(generation)
    projector.start()
    try:
        with connect(generation) as connection:
            wait_until_projected(connection, write(generation, "a-"), PATIENCE)
            connection.execute("UPDATE progress SET shape = 'another'")
            head = write(generation, "b-")
            with pytest.raises(NotYetProjected):
                wait_until_projected(connection, head, 1.0)
            # The other version can take over.
            free = connection.execute("SELECT pg_try_advisory_lock(7140003)").fetchone()
            assert free == (True,)
            connection.execute("SELECT pg_advisory_unlock(7140003)")
            connection.execute("UPDATE progress SET shape = %s", (shape(),))
            wait_until_projected(connection, head, PATIENCE)
    finally:
        projector.stop()
