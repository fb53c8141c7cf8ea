"""The eventsourcing library works on Dateline's log as it stands.

Of the library's shared recorder suite these cases run: ApplicationRecorderTestCase's insert and
select, subscribe and performance cases, and NonInterleavingNotificationIDsBaseCase, with versions
from 1. Left out are ``test_concurrent_no_conflicts`` and ``test_concurrent_throughput``, which
store versions from 0, where this log counts from 1 (``test_order.py`` holds the same law), and
ProcessRecorderTestCase, as this log keeps no tracking of other logs.
"""

import threading
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import (
    DataError,
    InfrastructureFactory,
    IntegrityError,
    NotSupportedError,
    StoredEvent,
    Tracking,
)
from eventsourcing.popo import POPOTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.tests.persistence import (
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
)
from eventsourcing.utils import Environment

from eventlog.database import Database
from eventlog.log import Log
from eventlog.persistence import Factory, LogDatastore, LogRecorder, environment
from tests.eventlog.units import erase


@pytest.fixture
def recorder(log: Log) -> LogRecorder:
    return log.recorder


@pytest.fixture
def of_the_test_case(request: pytest.FixtureRequest, recorder: LogRecorder) -> None:
    request.instance.recorder = recorder


@pytest.mark.usefixtures("of_the_test_case")
class TestLibrarySuite:
    """The library's own cases, each on a fresh log."""

    recorder: LogRecorder

    @pytest.mark.parametrize(
        "case", ["test_insert_select", "optional_test_insert_subscribe", "test_performance"]
    )
    def test_application_recorder(self, case: str) -> None:
        recorder = self.recorder

        class Case(ApplicationRecorderTestCase):
            def create_recorder(self) -> LogRecorder:
                return recorder

        getattr(Case(case), case)()

    def test_positions_of_two_writers_do_not_interleave(self) -> None:
        recorder = self.recorder

        class Case(NonInterleavingNotificationIDsBaseCase):
            def create_recorder(self) -> LogRecorder:
                return recorder

            def create_stack(self, originator_id: UUID | str) -> Sequence[StoredEvent]:
                return [
                    StoredEvent(originator_id, version, "topic", b"{}")
                    for version in range(1, self.insert_num + 1)
                ]

        Case("test").test()


def _stored(stream_id: UUID | None = None, version: int = 1, state: bytes = b"{}") -> StoredEvent:
    return StoredEvent(stream_id or uuid4(), version, "topic", state)


def test_a_version_that_is_taken_is_an_integrity_error(recorder: LogRecorder) -> None:
    stored = _stored()
    recorder.insert_events([stored])
    with pytest.raises(IntegrityError):
        recorder.insert_events([stored])


def test_a_key_gives_the_first_positions_again(recorder: LogRecorder) -> None:
    recorder.insert_events([_stored()])
    first = recorder.insert_events([_stored(), _stored()], key="k", request_digest=b"d")
    assert recorder.insert_events([_stored()], key="k", request_digest=b"d") == first == [2, 3]
    with pytest.raises(IntegrityError):
        recorder.insert_events([_stored()], key="k", request_digest=b"e")


def test_a_state_that_is_no_text_is_refused(recorder: LogRecorder) -> None:
    with pytest.raises(DataError):
        recorder.insert_events([_stored(state=b"\xff")])


def test_an_erased_event_keeps_its_place(recorder: LogRecorder, database: Database) -> None:
    stream_id = uuid4()
    recorder.insert_events([_stored(stream_id, state=b"secret"), _stored(stream_id, 2)])
    erase(database.conninfo, 1)
    states = [e.state for e in recorder.select_events(stream_id)]
    assert states[:2] == [b"", b"{}"]
    assert b"claim.erased" in states[2]
    assert [n.id for n in recorder.select_notifications(1, 10)] == [1, 2, 3]


class Note(Aggregate):
    """A little aggregate."""

    @event("Written")
    def __init__(self, text: str) -> None:
        self.text = text

    @event("Rewritten")
    def rewrite(self, text: str) -> None:
        self.text = text


class Notes(Application[UUID]):
    """A little application, with a snapshot at every second version."""

    name = "notes"
    snapshotting_intervals = {Note: 2}  # noqa: RUF012


@pytest.fixture
def notes(database: Database) -> Iterator[Notes]:
    with Notes(env=environment(database.conninfo)) as application:
        yield application


def test_an_application_saves_and_loads(notes: Notes, log: Log) -> None:
    note = Note("one")
    notes.save(note, actor="the desk", reason="a test", key="k")
    note.rewrite("two")
    notes.save(note)

    found: Note = notes.repository.get(note.id)

    assert (found.text, found.version) == ("two", 2)
    assert [n.id for n in notes.notification_log.select(start=1, limit=10)] == [1, 2]
    first, second = log.read(0, 10)
    assert (first.actor, first.reason, first.key) == ("the desk", "a test", "k")
    assert second.actor == "application"
    assert first.content is not None
    assert '"one"' in first.content
    assert notes.snapshots is not None
    assert len(list(notes.snapshots.get(note.id))) == 1


def test_two_aggregates_are_saved_together_or_not_at_all(notes: Notes, log: Log) -> None:
    note = Note("one")
    notes.save(note)
    stale: Note = notes.repository.get(note.id)
    note.rewrite("two")
    notes.save(note)
    stale.rewrite("three")
    with pytest.raises(IntegrityError):
        notes.save(Note("new"), stale)
    assert log.head().position == 2


def test_a_subscription_sees_what_comes(recorder: LogRecorder) -> None:
    recorder.insert_events([_stored(), _stored()])
    with recorder.subscribe(gt=1) as subscription:
        assert next(subscription).id == 2
        writer = threading.Thread(target=recorder.insert_events, args=([_stored()],))
        writer.start()
        assert next(subscription).id == 3
        writer.join()


class Counted(POPOTrackingRecorder):
    """A view that counts notes in memory."""

    written = 0


class Counting(Projection[Counted]):
    """Counts the notes that were written."""

    name = "counting"
    topics = ()

    def process_event(self, _: Any, tracking: Tracking) -> None:
        self.view.written += 1
        self.view.insert_tracking(tracking)


def test_the_projection_runner_follows_the_log(database: Database) -> None:
    env = {
        **environment(database.conninfo),
        "COUNTING_PERSISTENCE_MODULE": "eventsourcing.popo",
    }
    with ProjectionRunner(
        application_class=Notes, projection_class=Counting, view_class=Counted, env=env
    ) as runner:
        for text in ("one", "two"):
            [recording] = runner.app.save(Note(text))
        runner.wait(recording.notification.id, timeout=20)
        assert runner.projection.view.written == 2


def test_the_library_keeps_its_tracking_in_its_own_schema(database: Database) -> None:
    factory = InfrastructureFactory.construct(
        Environment("follower", environment(database.conninfo))
    )
    with factory:
        tracking = factory.tracking_recorder()
        tracking.insert_tracking(Tracking("upstream", 7))
        assert tracking.max_tracking_id("upstream") == 7


def test_the_factory_names_what_is_missing_and_what_it_does_not_do(database: Database) -> None:
    with pytest.raises(OSError, match="DATELINE_CONNINFO"):
        Factory({})
    with Factory(environment(database.conninfo)) as factory, pytest.raises(NotSupportedError):
        factory.process_recorder()


def test_opening_a_log_needs_no_server() -> None:
    datastore = LogDatastore("host=/nowhere dbname=none")
    LogRecorder(datastore)
    datastore.close()
