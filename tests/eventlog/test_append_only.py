"""Nothing is rewritten: by right for the application, by trigger for everybody."""

from hashlib import sha256

import psycopg
import pytest

from eventlog.database import Database
from eventlog.log import Log
from tests.eventlog.units import event, unit

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
def filled(log: Log, application: psycopg.Connection) -> Log:
    log.append([unit(key="k"), unit(), unit()])
    application.execute("SELECT dateline.erase_content('{2}', 'the desk', 'court order')")
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
            "SELECT dateline.erase_content('{1}', 'a', 'b')",
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


def test_erasure_takes_the_content_and_leaves_the_rest(
    log: Log, application: psycopg.Connection
) -> None:
    log.append([unit(), unit(), unit()])
    before = log.read(0, 10)

    erased = application.execute(
        "SELECT dateline.erase_content('{2,3,99}', 'counsel', 'court order 7')"
    ).fetchall()

    after = log.read(0, 10)
    assert sorted(position for (position,) in erased) == [2, 3]
    assert [e.content is None for e in after] == [False, True, True]
    assert [e.digest for e in after] == [e.digest for e in before]
    assert [e.recorded_at for e in after] == [e.recorded_at for e in before]
    audit = "SELECT position, actor, ground FROM dateline.erasures ORDER BY position"
    assert application.execute(audit).fetchall() == [
        (2, "counsel", "court order 7"),
        (3, "counsel", "court order 7"),
    ]
    assert log.verify() == []


def test_erasing_again_changes_nothing(log: Log, application: psycopg.Connection) -> None:
    log.append([unit()])
    erase = "SELECT dateline.erase_content('{1}', %s, 'order')"
    assert application.execute(erase, ("first",)).fetchall() == [(1,)]
    assert application.execute(erase, ("second",)).fetchall() == []
    actors = application.execute("SELECT actor FROM dateline.erasures").fetchall()
    assert actors == [("first",)]


@pytest.mark.parametrize(("actor", "ground"), [("", "order"), ("counsel", "")])
def test_erasure_needs_an_actor_and_a_ground(
    log: Log, application: psycopg.Connection, actor: str, ground: str
) -> None:
    log.append([unit()])
    with pytest.raises(psycopg.errors.CheckViolation):
        application.execute("SELECT dateline.erase_content('{1}', %s, %s)", (actor, ground))
    assert log.read(0, 1)[0].content is not None


def test_erasure_works_inside_a_savepoint(log: Log, database: Database) -> None:
    log.append([unit()])
    with psycopg.connect(database.conninfo) as connection, connection.transaction():
        connection.execute("SELECT dateline.erase_content('{1}', 'counsel', 'order')")
    assert log.read(0, 1)[0].content is None


def test_an_old_erasure_is_no_licence(log: Log, owner: psycopg.Connection) -> None:
    """Content that came back under an erased position cannot be deleted in silence."""
    log.append([unit()])
    owner.execute("SELECT dateline.erase_content('{1}', 'counsel', 'order')")
    owner.execute(
        "INSERT INTO dateline.log_content VALUES (1, decode(repeat('00', 16), 'hex'), 'x')"
    )
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute("DELETE FROM dateline.log_content")


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
