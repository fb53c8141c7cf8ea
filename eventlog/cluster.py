"""A PostgreSQL cluster in a folder of ours: made, started, waited for, stopped."""

import errno
import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from eventlog.errors import (
    DatabaseUnreachable,
    DataFolderFull,
    DataFolderInUse,
    DataFolderNotWritable,
    DataFolderOtherVersion,
    DataFolderPathTooLong,
    EventLogError,
    ServerNotStarted,
)
from eventlog.osuser import ServerUser, let_pass, server_user

DATABASE = "dateline"
_SUPERUSER = "dateline"
_LONGEST_SOCKET_PATH = 103  # what macOS allows; Linux allows 107
_PATIENCE = 5.0  # seconds before a slow start is announced
_LAST_BREATH = 30.0  # seconds that processes of a killed server have to notice and go
_TO_STOP = 60.0  # seconds for a stop in order
_LAST_WORDS = 2**16  # bytes at the end of the server's log that tell what it is at
_SEGMENT = 16 * 2**20  # bytes: what the server asks of the disk at a time for its log

_SETTINGS = """
# Written by Dateline when the cluster was made.
listen_addresses = ''
unix_socket_permissions = 0700
timezone = 'UTC'
log_timezone = 'UTC'
max_wal_size = '4GB'
# Questions about the past are answered from all over the tables, which is more than the usual
# 128 MB hold. What is not used takes no memory.
shared_buffers = '512MB'
jit = off
"""


class Cluster:
    """The cluster in a data folder, and the programs that work on it."""

    def __init__(self, folder: Path, programs: Path, notice: Callable[[str], None]) -> None:
        self.folder = folder
        self.data = folder / "postgres"
        self.log = folder / "server.log"
        self.programs = programs
        self.notice = notice
        self.user: ServerUser | None = None

    def conninfo(self, database: str) -> str:
        return make_conninfo(host=str(self.data), port=5432, user=_SUPERUSER, dbname=database)

    def make_folder(self) -> None:
        socket = self.data / ".s.PGSQL.5432"
        if len(os.fsencode(socket)) > _LONGEST_SOCKET_PATH:
            raise DataFolderPathTooLong(
                f"The data folder's path is too long for a Unix socket: {self.folder}."
                f" Choose one of at most {_LONGEST_SOCKET_PATH - 23} bytes with DATELINE_DATA."
            )
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.user = server_user(self.data if self.data.exists() else self.folder)
            if self.user is not None:
                let_pass(self.folder / "postgres", self.user)
                let_pass(self.programs / "postgres", self.user)
            for name in ("use.lock", "start.lock"):
                with (self.folder / name).open("a"):
                    pass
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise DataFolderFull(f"No room left for the data folder {self.folder}.") from None
            raise DataFolderNotWritable(
                f"The data folder {self.folder} cannot be written: {error.strerror}."
                " Choose another with DATELINE_DATA."
            ) from None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the start lock: one process at a time starts or stops the server."""
        with (self.folder / "start.lock").open("a") as lock:
            started = time.monotonic()
            announced = False
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if not announced and time.monotonic() - started > _PATIENCE:
                        self.notice(
                            "Another process is starting or stopping the database; waiting."
                        )
                        announced = True
                    time.sleep(0.02)
            yield

    def start(self) -> bool:
        """Bring the server up; true where it ran already."""
        self._check_version()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        if self._is_running():
            self._check_socket()
            if self._came_up():
                return True
        self._start()
        if not self._came_up():
            raise self._fault("The database did not start", "it went away again")
        return False

    def _check_version(self) -> None:
        try:
            found = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            return
        offered = self._run("postgres", "--version").stdout.split()[2].split(".")[0]
        if found != offered:
            raise DataFolderOtherVersion(
                f"The data folder {self.folder} was made by PostgreSQL {found}; this one is"
                f" {offered}. Choose another folder with DATELINE_DATA, or use the Dateline that"
                " made it to export the record."
            )

    def _check_socket(self) -> None:
        lines = self._pid_file()
        if len(lines) > 4 and (self.data / lines[4]).resolve() != self.data.resolve():
            raise DataFolderInUse(
                f"The data folder {self.folder} is held by a PostgreSQL server that Dateline did"
                f" not start (process {lines[0]}). Stop it, or choose another with DATELINE_DATA."
            )

    def _initialise(self) -> None:
        # initdb works in a folder beside and a rename ends it: a kill in the middle leaves
        # nothing that looks like a cluster.
        draft = self.folder / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if self.user is not None:
            os.chown(draft, self.user.uid, self.user.gid)
        version = int(self._run("postgres", "--version").stdout.split()[2].split(".")[0])
        locale = (
            ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            if version >= 17
            else ["--locale=C"]
        )
        made = self._run(
            "initdb", "-D", draft.name, "-U", _SUPERUSER, "-E", "UTF8", "--auth=trust",
            "--data-checksums", *locale,
        )  # fmt: skip
        if made.returncode != 0:
            raise self._fault("The database could not be made", made.stderr or made.stdout)
        with (draft / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS)
        draft.rename(self.data)
        directory = os.open(self.folder, os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _is_running(self) -> bool:
        if self._run("pg_ctl", "status", "-D", self.data.name).returncode != 0:
            return False
        # After a power cut, or in a container that was started again, another program may have
        # the number of the server that is gone. PostgreSQL would never start again beside it.
        lines = self._pid_file()
        try:
            program = Path("/proc", lines[0], "comm").read_text() if lines else ""
        except OSError:
            return True  # a system that does not tell
        if program and not program.startswith("postgres"):
            (self.data / "postmaster.pid").unlink()
            return False
        return True

    def _start(self) -> None:
        deadline = time.monotonic() + _LAST_BREATH
        while (said := self._try_to_start()) is not None:
            # A server that was killed leaves processes that notice it a moment later.
            if "pre-existing shared memory block" not in said or time.monotonic() > deadline:
                raise self._fault("The database did not start", said)
            time.sleep(0.2)

    def _try_to_start(self) -> str | None:
        """Start the server and give None; or what it said instead."""
        with self.log.open("a"):
            pass
        if self.user is not None:
            os.chown(self.log, self.user.uid, self.user.gid)
        said_before = self.log_size()
        # Relative to the cluster's own folder, where the server works: no path to quote.
        options = "-c unix_socket_directories=."
        start = subprocess.Popen(
            self._command("pg_ctl", "start", "-w", "-t", "864000", "-s", "-D", self.data.name,
                          "-l", self.log.name, "-o", options),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            cwd=self.folder, start_new_session=True, user=self.user.uid if self.user else None,
            group=self.user.gid if self.user else None,
            extra_groups=[] if self.user else None,
        )  # fmt: skip
        try:
            start.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.notice("The database is recovering from a crash; this can take a while.")
            start.wait()
        return None if start.returncode == 0 else self._said_since(said_before)

    def log_size(self) -> int:
        """How many bytes the server has written into its log until now."""
        return self.log.stat().st_size if self.log.exists() else 0

    def _said_since(self, offset: int) -> str:
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(offset)
            return log.read().decode("utf-8", "replace")

    def _refuses(self) -> str:
        """Why the server takes no connection; empty where it takes them and has our database."""
        try:
            with psycopg.connect(self.conninfo("postgres"), autocommit=True) as connection:
                found = connection.execute(
                    "SELECT FROM pg_database WHERE datname = %s", (DATABASE,)
                ).fetchone()
                if found is None:
                    connection.execute(f"CREATE DATABASE {DATABASE}")
                return ""
        except psycopg.OperationalError as error:
            return str(error)

    def _came_up(self) -> bool:
        """Wait for a server that runs; false where it is gone in the end."""
        started = time.monotonic()
        announced = False
        while reason := self._refuses():
            if not self._is_running():
                return False
            if "shutting down" in reason:
                # By somebody who was killed meanwhile: we hold the lock for starting and stopping.
                self.stop()
                return False
            waited = time.monotonic() - started
            if not announced and waited > _PATIENCE:
                self.notice(f"Waiting for the database: {reason}")
                announced = True
            if not _comes_up(reason) and waited > 6 * _PATIENCE:
                raise self._fault("The database runs but does not answer", reason)
            time.sleep(0.1)
        return True

    def stop(self) -> None:
        """Stop the server in order, or at once while it recovers from a crash.

        Asked to stop in order at that moment, PostgreSQL 18 can wait for ever. Stopped at once it
        loses nothing: it will recover when it is started again.
        """
        self._run("pg_ctl", "stop", "-D", self.data.name, "-m", "fast", "-W")
        deadline = time.monotonic() + _TO_STOP
        while self._is_running():
            if self._recovers() or time.monotonic() > deadline:
                stopped = self._run(
                    "pg_ctl", "stop", "-D", self.data.name, "-m", "immediate", "-w", "-t", "60"
                )
                if stopped.returncode != 0 and self._is_running():
                    self.notice(f"The database did not stop: {stopped.stderr.strip()}")
                return
            time.sleep(0.05)

    def _recovers(self) -> bool:
        said = self._said_since(max(0, self.log_size() - _LAST_WORDS))
        _, _, since_ready = said.rpartition("database system is ready to accept connections")
        return "reinitializing" in since_ready or "database system was interrupted" in since_ready

    def explained(self, error: Exception, said_before: int) -> Exception:
        """The error, or a better one if the server has gone or its disk is full."""
        state = getattr(error, "sqlstate", None)
        if state is not None and state[:2] not in ("08", "57"):
            return error  # it answered
        full = shutil.disk_usage(self.folder).free < _SEGMENT
        if full or "No space left on device" in self._said_since(said_before):
            return DataFolderFull(f"The database has no room left on the disk of {self.folder}.")
        if not self._is_running():
            return DatabaseUnreachable(f"The database has stopped (see {self.log}).")
        return error

    # pg_ctl hands paths to a shell between double quotes. The programs therefore run in the data
    # folder and are given names inside it, whatever characters stand in the path to it.
    def _command(self, program: str, *arguments: str) -> list[str]:
        return [str(self.programs / program), *arguments]

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(program, *arguments), capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL, cwd=self.folder, user=self.user.uid if self.user else None,
            group=self.user.gid if self.user else None,
            extra_groups=[] if self.user else None,
        )  # fmt: skip

    def _fault(self, what: str, said: str) -> EventLogError:
        lines = [line for line in said.splitlines() if line.strip()]
        detail = " ".join(lines[-3:]) or "no reason was given"
        if "No space left on device" in said:
            return DataFolderFull(f"{what}: no room left on the disk of {self.folder}.")
        if "lock file" in said and "already exists" in said:
            return DataFolderInUse(f"{what}: another server holds {self.folder}. {detail}")
        return ServerNotStarted(f"{what} (see {self.log}): {detail}")


def _comes_up(refusal: str) -> bool:
    words = ("starting up", "in recovery mode", "not yet accepting connections")
    return any(each in refusal for each in words)
