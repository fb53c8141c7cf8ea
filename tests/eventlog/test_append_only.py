"""Nothing is rewritten: by right for the application, by trigger for everybody."""

from hashlib import sha256

import psycopg
import pytest

from eventlog.database import Database
from eventlog.entries import Append, NewEvent
from eventlog.erasing import Gone, connect, store
from eventlog.log import Log
from tests.eventlog.units import NOON, appended, erase, event, unit

_TABLES = ("log", "log_content", "keys", "erasures")
_REWRITES = (
    "UPDATE dateline.{0} SET {1} = {1}",
    "DELETE FROM dateline.{0}",
    "TRUNCATE dateline.{0}",
)
_COLUMNS = {"log": "actor", "log_content": "content", "keys": "key", "erasures": "ground"}


def _statements() -> list[tuple[str, str]]:
    return [(t, rewrite.format(t, _COLUMNS[t])) for t in _TABLES for rewrite in _REWRITES]


@pytest.fixture
def filled(log: Log, database: Database) -> Log:
    log.append([unit(key="k"), unit(), unit()])
    erase(database.conninfo, 2)
    return log


def _rows(connection: psycopg.Connection) -> list[list[tuple[object, ...]]]:
    return [connection.execute(f"TABLE dateline.{t}").fetchall() for t in _TABLES]


@pytest.mark.parametrize(("table", "statement"), _statements())
def test_the_application_may_not_rewrite(
    filled: Log, application: psycopg.Connection, table: str, statement: str
) -> None:
    before = _rows(application)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
        application.execute(statement)
    assert _rows(application) == before


@pytest.mark.parametrize(("table", "statement"), _statements())
def test_the_owner_is_refused_too(
    filled: Log, owner: psycopg.Connection, table: str, statement: str
) -> None:
    before = _rows(owner)
    for role in ("origin", "replica"):
        owner.execute("SELECT set_config('session_replication_role', %s, false)", (role,))
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            owner.execute(statement)
    assert _rows(owner) == before


@pytest.mark.parametrize("table", _TABLES)
def test_the_application_may_not_insert_past_the_append_function(
    application: psycopg.Connection, table: str
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute(f"INSERT INTO dateline.{table} DEFAULT VALUES")


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE dateline.log DISABLE TRIGGER ALL",
        "DROP TABLE dateline.log",
        "CREATE TABLE dateline.mine (a int)",
        "CREATE OR REPLACE FUNCTION dateline.clock() RETURNS timestamptz RETURN now()",
        "INSERT INTO dateline.migrations VALUES (99, 'x', 'y')",
        "DROP TRIGGER append_only ON dateline.log",
        "UPDATE dateline.webhooks SET url = 'https://elsewhere.example/'",
        "UPDATE dateline.webhooks SET secret = ''",
        "DELETE FROM dateline.webhooks",
    ],
)
def test_the_application_may_not_change_the_rules(
    application: psycopg.Connection, statement: str
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute(statement)


def test_the_application_may_own_schemas_of_its_own(application: psycopg.Connection) -> None:
    application.execute("CREATE SCHEMA elsewhere")
    application.execute("CREATE TABLE elsewhere.anything (a int)")
    application.execute("DROP SCHEMA elsewhere CASCADE")


def test_a_stranger_may_neither_read_nor_append(owner: psycopg.Connection) -> None:
    with owner.transaction(force_rollback=True):
        owner.execute("CREATE ROLE dateline_stranger")
        owner.execute("SET LOCAL ROLE dateline_stranger")
        for statement in (
            "TABLE dateline.log",
            f"SELECT dateline.erase_v1({', '.join(['NULL'] * 23)})",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), owner.transaction():
                owner.execute(statement)


def test_the_digest_is_of_the_salt_and_the_content(log: Log, owner: psycopg.Connection) -> None:
    same = '{"text": "Zwölf"}'
    log.append([unit(event(content=same)), unit(event(content=same))])
    salts = owner.execute("SELECT salt FROM dateline.log_content ORDER BY position").fetchall()
    digests = [e.digest for e in log.read(0, 10)]
    assert digests == [sha256(salt + same.encode()).digest() for (salt,) in salts]
    assert digests[0] != digests[1]


def test_erasure_takes_the_content_and_leaves_the_rest(log: Log, database: Database) -> None:
    log.append([unit(), unit(), unit()])
    before = log.read(0, 10)

    outcome = appended(erase(database.conninfo, 2, 3))

    assert (outcome.first_position, outcome.last_position) == (4, 5)
    after = log.read(0, 10)
    assert [e.erased for e in after] == [False, True, True, False, False]
    assert [e.content for e in after[1:3]] == ['{"left":true}'] * 2
    assert [e.digest for e in after[:3]] == [e.digest for e in before]
    assert [e.recorded_at for e in after[:3]] == [e.recorded_at for e in before]
    with psycopg.connect(database.conninfo) as application:
        audit = "SELECT position, actor, ground, event FROM dateline.erasures ORDER BY position"
        assert application.execute(audit).fetchall() == [
            (2, "counsel", "court_order", 4),
            (3, "counsel", "court_order", 5),
        ]
        held = application.execute("SELECT position FROM dateline.log_content ORDER BY 1")
        assert held.fetchall() == [(1,), (4,), (5,)]
    assert log.verify() == []


def tail_of(log: Log) -> list[bool]:
    return [e.erased for e in log.read(0, 10)]


@pytest.mark.parametrize(("actor", "ground"), [("", "order"), ("counsel", "")])
def test_erasure_needs_an_actor_and_a_ground(
    log: Log, database: Database, actor: str, ground: str
) -> None:
    log.append([unit()])
    with pytest.raises(psycopg.errors.CheckViolation):
        erase(database.conninfo, 1, actor=actor, ground=ground)
    assert tail_of(log) == [False]


def test_content_is_erased_once(log: Log, database: Database) -> None:
    log.append([unit()])
    erase(database.conninfo, 1)
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="not there"):
        erase(database.conninfo, 1)
    assert tail_of(log) == [True, False]


def test_content_goes_only_with_an_event_of_its_own_stream_that_says_so(
    log: Log, database: Database
) -> None:
    log.append([unit(), unit()])
    first, second = log.read(0, 10)
    said = '{"type":"claim.erased","ground":"court_order","events":[1]}'
    for stream, kind in ((second.stream_id, "claim.erased"), (first.stream_id, "claim.linked")):
        wrong = Append([NewEvent(stream, 2, kind, said, NOON)], "counsel")
        with (
            connect(database.conninfo) as connection,
            pytest.raises(psycopg.errors.InvalidParameterValue),
            connection.transaction(),
        ):
            store(connection, wrong, [Gone(0, first, "{}")])
    assert tail_of(log) == [False, False]


def test_erasure_works_inside_a_savepoint(log: Log, database: Database) -> None:
    log.append([unit()])
    (one,) = log.read(0, 1)
    said = '{"type":"claim.erased","ground":"court_order","events":[1]}'
    right = Append([NewEvent(one.stream_id, 2, "claim.erased", said, NOON)], "counsel")
    with (
        connect(database.conninfo) as connection,
        connection.transaction(),
        connection.transaction(),
    ):
        store(connection, right, [Gone(0, one, "{}")])
    assert tail_of(log) == [True, False]


def test_an_old_erasure_is_no_licence(
    log: Log, database: Database, owner: psycopg.Connection
) -> None:
    """Content that came back under an erased position cannot be deleted in silence."""
    log.append([unit()])
    erase(database.conninfo, 1)
    owner.execute(
        "INSERT INTO dateline.log_content VALUES (1, decode(repeat('00', 16), 'hex'), 'x')"
    )
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute("DELETE FROM dateline.log_content")
    assert [m.problem for m in log.verify()] == [
        "content was erased and is still there",
        "content differs from digest",
    ]


def test_verify_finds_what_was_tampered_with(log: Log, owner: psycopg.Connection) -> None:
    log.append([unit() for _ in range(9)])
    assert log.verify() == []
    owner.execute("ALTER TABLE dateline.log DISABLE TRIGGER ALL")
    owner.execute("ALTER TABLE dateline.log_content DISABLE TRIGGER ALL")
    owner.execute("UPDATE dateline.log_content SET content = content || ' ' WHERE position = 2")
    owner.execute("DELETE FROM dateline.log_content WHERE position = 4")
    owner.execute("DELETE FROM dateline.log WHERE position = 6")
    owner.execute(
        "UPDATE dateline.log SET recorded_at = recorded_at - interval '1 day' WHERE position = 8"
    )
    assert [(m.position, m.problem) for m in log.verify()] == [
        (2, "content differs from digest"),
        (4, "content is missing and was not erased"),
        (7, "a position before this one is missing"),
        (8, "recorded no later than the position before"),
    ]
