"""Knowing at once that the log has grown: LISTEN, and a poll in case a notification is lost."""

import time
from threading import Condition, Thread

import psycopg

from eventlog.persistence import CHANNEL

_POLL = 1.0  # seconds between looks at the log when nothing is announced
_LONGEST_PAUSE = 5.0  # seconds between attempts to reconnect

_HEAD = "SELECT coalesce(max(position), 0) FROM dateline.log"


class Tail:
    """Follows the end of the log on a connection and a thread of its own, started on first use.

    A lost connection is made again for as long as the tail is open.
    """

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._position = 0
        self._changed = Condition()
        self._thread: Thread | None = None
        self._closed = False

    def wait_for(self, position: int, timeout: float) -> bool:
        """Wait until ``position`` stands in the log; false after ``timeout`` seconds."""
        with self._changed:
            if self._thread is None and not self._closed:
                self._thread = Thread(target=self._run, name="dateline-tail", daemon=True)
                self._thread.start()
            self._changed.wait_for(lambda: self._position >= position or self._closed, timeout)
            return self._position >= position

    def close(self) -> None:
        """Stop following; whoever still waits is told that nothing came."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        pause = 0.05
        while not self._closed:
            try:
                with psycopg.connect(self._conninfo, autocommit=True) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    pause = 0.05
                    self._follow(connection)
            except psycopg.Error:
                with self._changed:
                    self._changed.wait_for(lambda: self._closed, pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _follow(self, connection: psycopg.Connection) -> None:
        looked = 0.0
        while not self._closed:
            if time.monotonic() - looked > _POLL:
                row = connection.execute(_HEAD).fetchone()
                self._advance(row[0] if row else 0)
                looked = time.monotonic()
            for notification in connection.notifies(timeout=0.1, stop_after=1):
                self._advance(int(notification.payload))

    def _advance(self, position: int) -> None:
        with self._changed:
            if position > self._position:
                self._position = position
                self._changed.notify_all()
