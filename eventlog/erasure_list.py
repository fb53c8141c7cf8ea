"""The list of erasures that is kept outside the database, so that no older copy of the record can
bring back what was erased.

It is a file of JSON lines that only grows. A line is on the disk before its erasure is committed,
and tells of no content: positions, digests (which nobody can guess from, without the salts) and
what remains. What stands in it is carried out in the end: one that a crash came in between of is
carried out at the next start (`eventlog.erasing`).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Final
from uuid import UUID

from msgspec import DecodeError, Raw, Struct
from msgspec.json import Decoder, Encoder

from eventlog.errors import ErasureListUnusable

NAME: Final = "erasures.jsonl"
"""What it is called in the data folder."""


class ListedEvent(Struct, frozen=True, kw_only=True):
    """An event whose content was erased. `digest` is the log's, in hex; `remains` is JSON."""

    position: int
    digest: str
    remains: Raw


class ListedSubject(Struct, frozen=True, kw_only=True):
    """What of a claim, a report or a source was erased, and the event that says so, as JSON."""

    id: UUID
    erasure: Raw
    events: tuple[ListedEvent, ...]


class ListedErasure(Struct, frozen=True, kw_only=True):
    """One erasure. `at` is when it was recorded, UTC."""

    record: UUID
    """Which record it is of: a list may hold those of several."""
    at: datetime
    actor: str
    subjects: tuple[ListedSubject, ...]


_decoder = Decoder(ListedErasure)
_encoder = Encoder()


class ErasureList:
    """The file. Every method raises ErasureListUnusable where it cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def exists(self) -> bool:
        """Whether it was ever begun."""
        return self.path.exists()

    def begin(self) -> None:
        """Make it, empty, unless it is there: from then on its absence means that it was lost."""
        with self._opened():
            pass

    def read(self, record: UUID) -> list[ListedErasure]:
        """The erasures of a record, in order."""
        if not self.exists:
            return []
        with self._opened() as file:
            return [one for one in self._lines(file) if one.record == record]

    def add(self, erasures: list[ListedErasure]) -> None:
        """Write erasures down. When this returns, the disk has them."""
        with self._opened() as file:
            _cut_torn_line(file)
            end = file.seek(0, os.SEEK_END)
            try:
                file.write(b"".join(_encoder.encode(one) + b"\n" for one in erasures))
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                file.truncate(end)
                raise

    def _lines(self, file: IO[bytes]) -> Iterator[ListedErasure]:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return  # cut short by a crash, before anything was erased
            try:
                yield _decoder.decode(line)
            except DecodeError as error:
                raise ErasureListUnusable(
                    f"Line {number} of the list of erasures {self.path} cannot be read: {error}"
                ) from None

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = not self.exists
            with self.path.open("ab+", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if new:
                    _sync_folder(self.path.parent)
                file.seek(0)
                yield file
        except OSError as error:
            raise ErasureListUnusable(
                f"The list of erasures {self.path} cannot be used: {error.strerror or error}."
                " Choose another place with DATELINE_ERASURES."
            ) from None


def _cut_torn_line(file: IO[bytes]) -> None:
    """Take away a last line that a crash cut short: nothing was erased for it."""
    file.seek(0)
    content = file.read()
    if content and not content.endswith(b"\n"):
        file.truncate(content.rfind(b"\n") + 1)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
