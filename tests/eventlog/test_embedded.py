"""The embedded server: shared, durable, and plain about what goes wrong."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from eventlog.database import DatabaseSettings, open_database
from eventlog.embedded import running_server, wheel_programs
from eventlog.entries import Appended
from eventlog.errors import (
    DatabaseUnreachable,
    DataFolderInUse,
    DataFolderNotWritable,
    DataFolderOtherVersion,
    DataFolderPathTooLong,
    ServerNotInstalled,
    ServerNotStarted,
)
from eventlog.log import Log
from tests.eventlog.units import event, unit

_ROOT = Path(__file__).parents[2]

# Another process that uses the server of a folder: it says so, and goes when its input ends.
_USER = """
import sys
from pathlib import Path
from eventlog.embedded import running_server
with running_server(Path(sys.argv[1])) as server:
    print("joined" if server.joined else "started", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path that only its owner can enter, as mkdtemp makes it."""
    made = Path(tempfile.mkdtemp(prefix="dateline-"))
    yield made / "data"
    pid = _server_pid(made / "data")
    if pid is not None:
        os.kill(pid, signal.SIGINT)
        _wait_until_gone(made / "data")
    shutil.rmtree(made)


def _server_pid(folder: Path) -> int | None:
    try:
        pid = int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, 0)
    except (FileNotFoundError, ProcessLookupError):
        return None
    return pid


def _wait_until_gone(folder: Path) -> None:
    deadline = time.monotonic() + 30
    while _server_pid(folder) is not None:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _user_of(folder: Path, stack: ExitStack) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", _USER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
    )
    stack.enter_context(process)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def _append_one(folder: Path) -> int:
    with (
        open_database(DatabaseSettings(data_folder=folder)) as database,
        Log(database.conninfo) as log,
    ):
        [outcome] = log.append([unit()])
        assert isinstance(outcome, Appended)
        return outcome.first_position


def test_a_second_start_finds_everything_again(folder: Path) -> None:
    assert _append_one(folder) == 1
    assert _server_pid(folder) is None
    assert _append_one(folder) == 2


def test_the_server_is_durable_and_closed_to_the_network(folder: Path) -> None:
    with running_server(folder) as server, psycopg.connect(server.conninfo) as connection:
        for setting, value in (
            ("fsync", "on"),
            ("synchronous_commit", "on"),
            ("full_page_writes", "on"),
            ("data_checksums", "on"),
            ("listen_addresses", ""),
            ("unix_socket_permissions", "0700"),
            ("TimeZone", "UTC"),
            ("server_encoding", "UTF8"),
        ):
            assert connection.execute(f"SHOW {setting}").fetchone() == (value,)


def test_users_in_one_process_share_the_server(folder: Path) -> None:
    with running_server(folder) as first:
        with running_server(folder) as second:
            assert (first.joined, second.joined) == (False, True)
        assert _server_pid(folder) is not None
    assert _server_pid(folder) is None


def test_another_process_joins_and_the_last_to_leave_stops(folder: Path) -> None:
    with ExitStack() as stack:
        with running_server(folder):
            process, said = _user_of(folder, stack)
            assert said == "joined"
        assert _server_pid(folder) is not None
        process.communicate("")
        assert process.returncode == 0
        assert _server_pid(folder) is None


def test_processes_that_start_at_once_share_one_server(folder: Path) -> None:
    with ExitStack() as stack:
        users = [_user_of(folder, stack) for _ in range(3)]
        assert sorted(said for _, said in users) == ["joined", "joined", "started"]
        for process, _ in users:
            process.communicate("")
        assert _server_pid(folder) is None


def test_a_killed_user_does_not_keep_the_server_alive(folder: Path) -> None:
    with ExitStack() as stack:
        process, _ = _user_of(folder, stack)
        process.kill()
        process.wait()
        assert _server_pid(folder) is not None
        with running_server(folder) as server:
            assert server.joined
        assert _server_pid(folder) is None


def test_after_a_kill_of_everything_the_record_is_whole(folder: Path) -> None:
    with (
        open_database(DatabaseSettings(data_folder=folder)) as database,
        Log(database.conninfo) as log,
    ):
        for _ in range(20):
            log.append([unit()])
        pid = _server_pid(folder)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        _wait_until_gone(folder)
    with (
        open_database(DatabaseSettings(data_folder=folder)) as database,
        Log(database.conninfo) as log,
    ):
        assert log.head().position == 20
        assert log.verify() == []


def test_a_log_goes_on_after_the_server_came_back(folder: Path) -> None:
    with ExitStack() as stack:
        first = stack.enter_context(ExitStack())
        database = first.enter_context(open_database(DatabaseSettings(data_folder=folder)))
        log = stack.enter_context(Log(database.conninfo))
        log.append([unit()])
        first.close()
        stack.enter_context(running_server(folder))
        assert log.head().position == 1
        assert isinstance(log.append([unit(key="k")])[0], Appended)


def test_a_killed_server_whose_processes_live_on_a_moment_is_started_again(folder: Path) -> None:
    with ExitStack() as stack:
        conninfo = stack.enter_context(running_server(folder)).conninfo
        pool = stack.enter_context(ThreadPoolExecutor())
        busy = psycopg.connect(conninfo)
        # It looks up from this only when it is done, and holds the server's memory until then.
        query = "SELECT count(*) FROM generate_series(1, 5000000)"
        counting = pool.submit(busy.execute, query)
        _wait_until_busy(conninfo)
        pid = _server_pid(folder)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        with running_server(folder) as again, psycopg.connect(again.conninfo):
            assert again.joined is False
        counting.exception()  # or it got its answer out before it went
        busy.close()


def _wait_until_busy(conninfo: str) -> None:
    active = "SELECT FROM pg_stat_activity WHERE query LIKE '%%generate_series%%' AND pid <> %s"
    with psycopg.connect(conninfo, autocommit=True) as watcher:
        own = (watcher.info.backend_pid,)
        while watcher.execute(active, own).fetchone() is None:
            time.sleep(0.01)


def test_a_server_that_recovers_can_be_left_at_once(folder: Path) -> None:
    """Asked to stop in order at that moment, PostgreSQL 18 can wait for ever."""
    with (
        open_database(DatabaseSettings(data_folder=folder)) as database,
        Log(database.conninfo) as log,
    ):
        for _ in range(20):
            log.append([unit(*[event(content="x" * 10_000) for _ in range(100)])])
        with psycopg.connect(database.owner_conninfo, autocommit=True) as connection:
            backend = connection.info.backend_pid
            os.kill(backend, signal.SIGKILL)
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
        started = time.monotonic()
    assert time.monotonic() - started < 50  # it gives up after 60
    assert _server_pid(folder) is None
    with (
        open_database(DatabaseSettings(data_folder=folder)) as database,
        Log(database.conninfo) as log,
    ):
        assert log.head().position == 2_000


def test_a_server_that_somebody_began_to_stop_is_started_anew(folder: Path) -> None:
    with running_server(folder) as server, psycopg.connect(server.conninfo) as connection:
        pid = _server_pid(folder)
        assert pid is not None
        # A smart stop takes no connection and waits for those that are there.
        os.kill(pid, signal.SIGTERM)
        while _answers(server.conninfo):
            time.sleep(0.01)
        with running_server(folder) as again, psycopg.connect(again.conninfo):
            assert again.joined is False
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def _answers(conninfo: str) -> bool:
    try:
        psycopg.connect(conninfo).close()
    except psycopg.OperationalError:
        return False
    return True


def test_the_number_of_a_server_that_is_gone_may_be_another_program_s(folder: Path) -> None:
    """As after a power cut, or in a container that was started again."""
    with running_server(folder):
        pid_file = (folder / "postgres" / "postmaster.pid").read_text().splitlines()
    owner = (folder / "postgres").stat().st_uid
    with subprocess.Popen(["sleep", "600"], user=owner if os.geteuid() == 0 else None) as other:
        stale = folder / "postgres" / "postmaster.pid"
        stale.write_text("\n".join([str(other.pid), *pid_file[1:]]) + "\n")
        os.chown(stale, owner, -1)
        with running_server(folder) as server, psycopg.connect(server.conninfo):
            assert server.joined is False
        assert other.poll() is None
        other.kill()


def test_a_database_that_stops_meanwhile_is_told_with_where_to_look(folder: Path) -> None:
    def use_until_it_stops() -> None:
        with (
            running_server(folder) as server,
            psycopg.connect(server.conninfo, autocommit=True) as connection,
        ):
            pid = _server_pid(folder)
            assert pid is not None
            os.kill(pid, signal.SIGINT)
            _wait_until_gone(folder)
            connection.execute("SELECT 1")

    with pytest.raises(DatabaseUnreachable, match=r"has stopped \(see .*server\.log\)"):
        use_until_it_stops()


def test_a_kill_during_the_making_of_the_cluster_leaves_no_trap(folder: Path) -> None:
    (folder / "postgres.new" / "base").mkdir(parents=True)
    (folder / "postgres.new" / "PG_VERSION").write_text("18\n")
    with running_server(folder) as server:
        assert server.joined is False


def test_another_version_s_folder_is_named(folder: Path) -> None:
    with running_server(folder, programs=wheel_programs(16)):
        pass
    with pytest.raises(DataFolderOtherVersion, match="made by PostgreSQL 16; this one is 18"):
        running_server(folder).__enter__()


def test_a_folder_that_cannot_be_written_is_named(folder: Path) -> None:
    folder.parent.joinpath("file").write_text("in the way")
    with pytest.raises(DataFolderNotWritable, match="DATELINE_DATA"):
        running_server(folder.parent / "file" / "data").__enter__()
    with pytest.raises(DataFolderNotWritable):
        running_server(Path("/proc/dateline")).__enter__()


def test_a_path_too_long_for_a_socket_is_named(folder: Path) -> None:
    with pytest.raises(DataFolderPathTooLong):
        running_server(folder / ("x" * 100)).__enter__()


def test_a_path_with_blanks_and_quotes_works(folder: Path) -> None:
    with running_server(folder / 'it\'s a "d\u00e4ta" folder'):
        pass


def test_missing_programs_are_named(folder: Path) -> None:
    with pytest.raises(ServerNotInstalled):
        running_server(folder, programs=folder / "nothing").__enter__()


def test_a_cluster_held_by_a_server_of_somebody_else_is_named(folder: Path) -> None:
    with running_server(folder):
        pass
    settings = folder / "postgres" / "postgresql.auto.conf"
    owner = settings.stat().st_uid
    pg_ctl = str(wheel_programs() / "pg_ctl")
    elsewhere = f"-c unix_socket_directories=/tmp -c port={40000 + os.getpid() % 20000}"
    options = ["-w", "-D", "postgres", "-l", "server.log", "-o", elsewhere]
    subprocess.run(
        [pg_ctl, "start", *options],
        check=True,
        cwd=folder,
        user=owner if os.geteuid() == 0 else None,
        stdout=subprocess.DEVNULL,
    )
    with pytest.raises(DataFolderInUse):
        running_server(folder).__enter__()


def test_a_damaged_cluster_is_named_with_the_server_s_own_words(folder: Path) -> None:
    with running_server(folder):
        pass
    (folder / "postgres" / "postgresql.conf").write_text("nonsense = 1\n")
    with pytest.raises(ServerNotStarted, match="nonsense"):
        running_server(folder).__enter__()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
def test_root_opens_no_folder_to_everybody(folder: Path) -> None:
    parent = folder.parent
    before = parent.stat().st_mode & 0o007
    with running_server(folder):
        owner = (folder / "postgres").stat().st_uid
        assert owner != 0
        assert parent.stat().st_mode & 0o007 == before == 0
        assert parent.stat().st_uid == 0
        assert (folder / "postgres").stat().st_mode & 0o077 == 0


def test_importing_the_server_s_wheel_never_warns() -> None:
    subprocess.run(
        [sys.executable, "-W", "error", "-c", "import eventlog.database, eventlog.log"],
        check=True,
        cwd=_ROOT,
        env={key: value for key, value in os.environ.items() if key != "XDG_RUNTIME_DIR"},
    )
