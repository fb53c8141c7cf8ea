"""Erasing through the write door: the event, the content, and the list outside the database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from domain import codec
from domain.commands import (
    AddSourceAlias,
    AnyCommand,
    CorrectClaim,
    Envelope,
    EraseClaim,
    EraseReport,
    EraseSource,
    PublishReport,
    RegisterSource,
    ReportClaim,
)
from domain.events import ClaimErased
from domain.ids import Subject, resolve
from domain.refusals import AlreadyErased, IdempotencyConflict
from domain.words import ErasureGround, SourceKind
from eventlog.database import Database
from eventlog.entries import LoggedEvent
from eventlog.erasing import connect, reconcile, record_id
from eventlog.erasure_list import ErasureList, ListedErasure
from eventlog.errors import ErasureListUnusable
from eventlog.log import Log
from eventlog.plan import Recorded
from eventlog.record import Record

CLAIM = resolve(Subject.CLAIM, "c")
LAW = ErasureGround.COURT_ORDER
ERASE = EraseClaim(claim="c", ground=LAW, reference="7 O 12/26")
OPENING: tuple[AnyCommand, ...] = (
    RegisterSource(source="paper", name="SECRET paper", kind=SourceKind.OUTLET),
    PublishReport(
        report="r", outlet="paper", headline="SECRET headline", published_at="2024-08-01"
    ),
    ReportClaim(claim="c", report="r", statement="SECRET one"),
    ReportClaim(claim="d", report="r", statement="SECRET other"),
    CorrectClaim(claim="c", version=1, statement="SECRET two", published_at="2024-08-02"),
)


def enveloped(command: AnyCommand, key: str | None = None) -> Envelope:
    return Envelope(command=command, actor="counsel", reason="letter of 3 May", key=key)


@pytest.fixture
def erasures(tmp_path: Path) -> ErasureList:
    return ErasureList(tmp_path / "list" / "erasures.jsonl")


@pytest.fixture
def record(database: Database, erasures: ErasureList) -> Iterator[Record]:
    """A record with a little in it."""
    with Record(database, erasures=erasures) as opened:
        for command in OPENING:
            opened.execute(enveloped(command))
        yield opened


def identity(database: Database) -> str:
    with connect(database.conninfo) as connection:
        return str(record_id(connection))


def listed(database: Database, erasures: ErasureList) -> list[ListedErasure]:
    with connect(database.conninfo) as connection:
        return erasures.read(record_id(connection))


def of_the_claim(log: Log) -> list[LoggedEvent]:
    return log.streams([CLAIM])[CLAIM]


def held(database: Database) -> str:
    """All content that the database has."""
    with psycopg.connect(database.owner_conninfo) as owner:
        found = owner.execute(
            "SELECT c::text FROM dateline.log_content c UNION ALL"
            " SELECT e::text FROM dateline.erasures e UNION ALL"
            " SELECT l::text FROM dateline.log l"
        )
        return "\n".join(row[0] for row in found)


def test_an_erasure_is_an_event_and_takes_the_content_with_it(
    database: Database, record: Record, log: Log, erasures: ErasureList
) -> None:
    before = of_the_claim(log)
    recorded = record.execute(enveloped(ERASE))
    after = of_the_claim(log)
    assert recorded.subject == CLAIM
    assert recorded.first_position == recorded.last_position == after[-1].position
    assert codec.load(after[-1].content or "") == ClaimErased(
        ground=LAW, reference="7 O 12/26", events=(1, 2)
    )
    assert (after[-1].actor, after[-1].reason) == ("counsel", "letter of 3 May")
    assert [one.digest for one in after[:2]] == [one.digest for one in before]
    assert [one.erased for one in after] == [True, True, False]
    text = held(database)
    assert "SECRET one" not in text
    assert "SECRET two" not in text
    assert "SECRET other" in text
    assert "SECRET headline" in text
    assert log.verify() == []
    (entry,) = listed(database, erasures)
    assert entry.actor == "counsel"
    assert entry.at == recorded.recorded_at
    (subject,) = entry.subjects
    assert codec.load(bytes(subject.erasure)) == codec.load(after[-1].content or "")
    assert [(one.position, one.digest) for one in subject.events] == [
        (one.position, one.digest.hex()) for one in before
    ]
    assert "SECRET" not in erasures.path.read_text()


def test_a_report_goes_with_its_claims_or_not_at_all(
    database: Database, record: Record, log: Log, erasures: ErasureList
) -> None:
    recorded = record.execute(enveloped(EraseReport(report="r", ground=LAW, with_claims=True)))
    assert recorded.last_position - recorded.first_position == 2
    assert "SECRET" not in held(database).replace("SECRET paper", "")
    (entry,) = listed(database, erasures)
    kinds = [codec.type_of(codec.load(bytes(one.erasure))) for one in entry.subjects]
    assert kinds == ["report.erased", "claim.erased", "claim.erased"]
    record.execute(enveloped(EraseSource(source="paper", ground=LAW)))
    assert "SECRET" not in held(database)


def test_the_same_key_erases_once(record: Record, log: Log) -> None:
    first = record.execute(enveloped(ERASE, "k"))
    again = record.execute(enveloped(ERASE, "k"))
    assert (again.last_position, again.replayed) == (first.last_position, True)
    with pytest.raises(AlreadyErased):
        record.execute(enveloped(ERASE, "other"))
    with pytest.raises(IdempotencyConflict):
        record.execute(enveloped(EraseClaim(claim="d", ground=LAW), "k"))
    assert len(of_the_claim(log)) == 3


def test_an_erasure_among_other_commands_sees_those_before_it(
    database: Database, record: Record
) -> None:
    results = record.execute_many(
        [
            enveloped(AddSourceAlias(source="paper", alias="SECRET alias")),
            enveloped(EraseSource(source="paper", ground=LAW)),
            enveloped(AddSourceAlias(source="paper", alias="a new one")),
        ]
    )
    assert all(isinstance(result, Recorded) for result in results)
    text = held(database)
    assert "SECRET alias" not in text
    assert "SECRET paper" not in text
    assert "a new one" in text


def test_nothing_is_erased_where_the_list_cannot_be_written(
    database: Database, log: Log, tmp_path: Path
) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("x")
    for erasures in (None, ErasureList(blocked / "erasures.jsonl")):
        with Record(database, erasures=erasures) as record:
            if erasures is None:
                record.execute_many([enveloped(command) for command in OPENING])
            with pytest.raises(ErasureListUnusable):
                record.execute(enveloped(ERASE))
    assert [one.erased for one in of_the_claim(log)] == [False, False]


_ERASE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from eventlog import erasing
from eventlog.database import Database
from eventlog.erasure_list import ErasureList
from eventlog.record import Record
from tests.eventlog.test_erasing import ERASE, enveloped

class Killed(ErasureList):
    def add(self, erasures):
        super().add(erasures)
        os.kill(os.getpid(), signal.SIGKILL)

database = Database(sys.argv[1], sys.argv[1], "", "", True)
with Record(database, erasures=Killed(Path(sys.argv[2]))) as record:
    record.execute(enveloped(ERASE, "k"))
"""


def test_what_was_listed_before_a_crash_is_erased_at_the_next_start(
    database: Database, record: Record, log: Log, erasures: ErasureList
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", _ERASE_AND_DIE, database.conninfo, str(erasures.path)],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert [one.erased for one in of_the_claim(log)] == [False, False]
    assert len(listed(database, erasures)) == 1
    assert reconcile(database.conninfo, erasures) == 2
    stream = of_the_claim(log)
    assert [one.erased for one in stream] == [True, True, False]
    event = codec.load(stream[-1].content or "")
    assert isinstance(event, ClaimErased)
    assert event.first_erased_at == listed(database, erasures)[0].at
    assert reconcile(database.conninfo, erasures) == 0
    assert len(listed(database, erasures)) == 1
    with pytest.raises(AlreadyErased):
        record.execute(enveloped(ERASE, "k"))


def test_a_line_that_was_cut_short_was_never_carried_out(
    database: Database, record: Record, log: Log, erasures: ErasureList
) -> None:
    record.execute(enveloped(ERASE))
    whole = erasures.path.read_bytes()
    with erasures.path.open("ab") as file:
        file.write(whole[:40])
    assert len(listed(database, erasures)) == 1
    record.execute(enveloped(EraseClaim(claim="d", ground=LAW)))
    assert len(listed(database, erasures)) == 2
    assert erasures.path.read_bytes().startswith(whole)
    erasures.path.write_bytes(b"nonsense\n" + whole)
    with pytest.raises(ErasureListUnusable, match="Line 1"):
        listed(database, erasures)


def test_a_list_that_lacks_erasures_gets_them_from_the_record(
    database: Database, record: Record, erasures: ErasureList, tmp_path: Path
) -> None:
    record.execute(enveloped(ERASE))
    record.execute(enveloped(EraseReport(report="r", ground=LAW, with_claims=True)))
    other = ErasureList(tmp_path / "other.jsonl")
    assert reconcile(database.conninfo, other) == 0

    def told(one: ErasureList) -> set[tuple[object, ...]]:
        return {
            (subject.id, event.position, event.digest, bytes(event.remains))
            for entry in listed(database, one)
            for subject in entry.subjects
            for event in subject.events
        }

    assert told(other) == told(erasures)
    size = other.path.stat().st_size
    assert reconcile(database.conninfo, other) == 0
    assert other.path.stat().st_size == size


def test_the_erasures_of_another_record_are_passed_over(
    database: Database, record: Record, log: Log, erasures: ErasureList
) -> None:
    record.execute(enveloped(ERASE))
    text = erasures.path.read_text()
    stranger = text.replace(identity(database), "0b0a5f4e-1111-4111-8111-000000000001")
    erasures.path.write_text(stranger)
    assert listed(database, erasures) == []


def test_the_application_may_not_say_which_record_it_is(application: psycopg.Connection) -> None:
    for statement in (
        "UPDATE dateline.record SET id = gen_random_uuid()",
        "DELETE FROM dateline.record",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute(statement)
