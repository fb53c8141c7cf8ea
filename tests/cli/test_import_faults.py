"""`dateline import`, stopped, killed, or on a full disk: what is recorded is whole, and the same
command carries on."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cli.importing import BATCH
from eventlog.database import DatabaseSettings, open_database
from eventlog.log import Log
from tests.cli.conftest import Dateline, Ran, ended, process
from tests.cli.test_import import REPORT, SOURCE, lines
from tests.faults.disk import resized, small_disk
from tests.servers import Server

MANY = 6_000
"""Reports, so that an import takes a while."""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_under_the_refused_lines_is_told_in_one_line(
    dateline: Dateline, tmp_path: Path
) -> None:
    path = tmp_path / "some.jsonl"
    path.write_bytes(lines(SOURCE, b"{broken\n"))
    ran = dateline("import", path, "--refused", "/dev/full")
    assert ran.code == 1
    assert "no room left on the disk: /dev/full [DISK_FULL]" in ran.err
    assert "Traceback" not in ran.err
    assert dateline("status", "--json").json["log"]["position"] == 1


def many(count: int) -> bytes:
    return lines(
        SOURCE,
        *(
            REPORT | {"report": f"r{number}", "headline": "Some words " * 20}
            for number in range(count)
        ),
    )


def wait_for_events(url: str, count: int) -> None:
    """Wait for a server, the log, and that many events in it."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with (
            suppress(psycopg.OperationalError, psycopg.errors.UndefinedTable),
            psycopg.connect(url, autocommit=True) as connection,
        ):
            row = connection.execute("SELECT count(*) FROM dateline.log").fetchone()
            if row and row[0] >= count:
                return
        time.sleep(0.01)
    raise AssertionError("the import recorded nothing")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_an_import_that_was_stopped_is_carried_on(
    dateline: Dateline, tmp_path: Path, url: str, number: signal.Signals
) -> None:
    path = tmp_path / "some.jsonl"
    path.write_bytes(many(MANY))
    running = process("import", path, url=url)
    wait_for_events(url, BATCH)
    running.send_signal(number)
    ran = ended(running)
    assert ran.code == {
        signal.SIGKILL: -9, signal.SIGINT: 130, signal.SIGTERM: 143
    }[number]  # fmt: skip
    assert "Traceback" not in ran.err
    if number == signal.SIGINT:
        assert "the same command carries on" in ran.err
    again = dateline("import", path, "--json")
    assert again.code == 0
    assert again.json["recorded"] + again.json["already_there"] == MANY + 1
    assert 0 < again.json["already_there"] < MANY + 1
    assert dateline("status", "--json").json["counts"]["reports"] == MANY


def test_an_import_that_waits_for_a_pipe_can_be_stopped(url: str) -> None:
    running = process("import", "-", url=url)
    assert running.stdin is not None
    running.stdin.write(many(BATCH + 1).decode())
    running.stdin.flush()
    wait_for_events(url, BATCH)
    running.send_signal(signal.SIGINT)
    assert running.wait(timeout=60) == 130
    ran = ended(running)
    assert "the same command carries on" in ran.err
    assert "Traceback" not in ran.err
    assert "Fatal" not in ran.err


def test_an_import_that_lost_the_database_is_carried_on(
    dateline: Dateline, server: Server, tmp_path: Path, url: str
) -> None:
    path = tmp_path / "some.jsonl"
    path.write_bytes(many(MANY))
    name = sql.Identifier(str(conninfo_to_dict(url)["dbname"]))
    running = process("import", path, url=url)
    wait_for_events(url, BATCH)
    with psycopg.connect(server.conninfo, autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            (conninfo_to_dict(url)["dbname"],),
        )
        ran = ended(running)
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
    assert ran.code == 3
    assert "Traceback" not in ran.err
    assert "the same command carries on" in ran.err
    assert "[DATABASE_UNREACHABLE]" in ran.err
    again = dateline("import", path, "--json").json
    assert again["recorded"] + again["already_there"] == MANY + 1


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that any user may enter, whose path is short enough for a socket."""
    made = Path(tempfile.mkdtemp(prefix="dl-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def only_error(ran: Ran) -> str:
    """The one error that was told, without a traceback."""
    assert "Traceback" not in ran.err
    (line,) = [line for line in ran.err.splitlines() if line.startswith("Error: ")]
    return line


def test_an_import_on_a_full_disk_is_carried_on_once_there_is_room(folder: Path) -> None:
    path = folder / "some.jsonl"
    disk = folder / "disk"
    path.write_bytes(many(MANY))
    environ = {"DATELINE_DATA": str(disk / "data")}
    with small_disk(disk, 56):
        ran = ended(process("import", path, **environ))
        assert ran.code == 3
        assert "no room left" in only_error(ran)
        recorded = int(ran.out.split("Recorded")[1].split()[0].replace(",", ""))
        assert 0 < recorded < MANY
        # Nor does it start, if there is not even room for recovery; and that is told alike.
        still = ended(process("import", path, **environ))
        assert still.code == 3
        assert "no room left" in only_error(still)

        resized(disk, 400)
        again = ended(process("import", path, "--json", **environ))
        assert again.code == 0
        assert again.json["recorded"] + again.json["already_there"] == MANY + 1
        assert again.json["already_there"] >= recorded
        with (
            open_database(DatabaseSettings(data_folder=disk / "data")) as database,
            Log(database.conninfo) as log,
        ):
            assert log.head().position == MANY + 1
            assert log.verify() == []


def test_an_import_into_a_database_without_room_is_carried_on_once_there_is(
    dateline: Dateline, server: Server, folder: Path
) -> None:
    """The disk of a server of one's own: its log has room, its tables have none."""
    path = folder / "some.jsonl"
    disk = folder / "disk"
    path.write_bytes(many(MANY))
    name = f"dateline_small_{os.getpid()}"
    with (
        small_disk(disk, 12),
        psycopg.connect(server.conninfo, autocommit=True) as connection,
    ):
        home = connection.execute("SHOW data_directory").fetchone()
        assert home is not None
        os.chown(disk, Path(home[0]).stat().st_uid, -1)
        names = {"space": sql.Identifier(name), "place": sql.Literal(str(disk))}
        connection.execute(sql.SQL("CREATE TABLESPACE {space} LOCATION {place}").format(**names))
        connection.execute(
            sql.SQL(
                "CREATE DATABASE {space} ENCODING 'UTF8' TEMPLATE template0 TABLESPACE {space}"
            ).format(**names)
        )
        try:
            at = ("--database-url", server.url_of(name))
            ran = dateline(*at, "import", path)
            assert ran.code == 3
            assert "no room left" in only_error(ran)
            assert only_error(ran).endswith("[DATABASE_FULL]")
            assert "the same command carries on" in ran.err

            resized(disk, 200)
            again = dateline(*at, "import", path, "--json")
            assert again.code == 0
            assert again.json["recorded"] + again.json["already_there"] == MANY + 1
            assert again.json["already_there"] > 0
            assert dateline(*at, "status", "--json").json["counts"]["reports"] == MANY
        finally:
            connection.execute(sql.SQL("DROP DATABASE {space} WITH (FORCE)").format(**names))
            connection.execute(sql.SQL("DROP TABLESPACE {space}").format(**names))


@pytest.mark.parametrize("order", [("server", "import"), ("import", "server")], ids=" ".join)
def test_after_a_kill_of_the_import_and_its_server_the_same_command_carries_on_at_once(
    folder: Path, order: tuple[str, str]
) -> None:
    path = folder / "some.jsonl"
    path.write_bytes(many(MANY))
    data = folder / "data"
    running = process("import", path, DATELINE_DATA=str(data))
    socket = str(data / "postgres")
    wait_for_events(make_conninfo(host=socket, user="dateline", dbname="dateline"), BATCH)
    pid_file = data / "postgres" / "postmaster.pid"
    pids = {"server": int(pid_file.read_text().split()[0]), "import": running.pid}
    for each in order:
        os.kill(pids[each], signal.SIGKILL)
    ended(running)
    again = ended(process("import", path, "--json", DATELINE_DATA=str(data)))
    assert (again.code, again.json["recorded"] + again.json["already_there"]) == (0, MANY + 1)
    assert again.json["already_there"] >= BATCH


def test_an_import_whose_server_is_killed_says_so_and_is_carried_on(folder: Path) -> None:
    path = folder / "some.jsonl"
    path.write_bytes(many(MANY))
    data = folder / "data"
    running = process("import", path, DATELINE_DATA=str(data))
    socket = str(data / "postgres")
    wait_for_events(make_conninfo(host=socket, user="dateline", dbname="dateline"), BATCH)
    os.kill(int((data / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    ran = ended(running)
    assert ran.code == 3
    assert only_error(ran) == (
        f"Error: The database has stopped (see {data}/server.log). [DATABASE_UNREACHABLE]"
    )
    again = ended(process("import", path, "--json", DATELINE_DATA=str(data)))
    assert (again.code, again.json["recorded"] + again.json["already_there"]) == (0, MANY + 1)


def test_a_process_of_the_server_that_is_killed_does_not_stop_an_import(
    folder: Path,
) -> None:
    path = folder / "some.jsonl"
    path.write_bytes(many(MANY))
    data = folder / "data"
    running = process("import", path, "--json", DATELINE_DATA=str(data))
    conninfo = make_conninfo(host=str(data / "postgres"), user="dateline", dbname="dateline")
    wait_for_events(conninfo, BATCH)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        os.kill(connection.info.backend_pid, signal.SIGKILL)
    ran = ended(running)
    assert (ran.code, ran.json["recorded"] + ran.json["already_there"]) == (0, MANY + 1)
