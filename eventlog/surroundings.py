"""What claims are reported in, kept as it was last read: reports, stories and sources."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from threading import Lock
from typing import Final
from uuid import UUID

from cachetools import LRUCache

from domain.events import ReportPublished, SourceRegistered, StoryOpened
from domain.history import Entry

MOST: Final = 10_000
"""Events that are kept. One takes about 1 KiB."""

FIRST: Final = (ReportPublished, StoryOpened, SourceRegistered)
"""What their first events are."""


class Surroundings:
    """Subjects that many claims name. Safe for threads.

    Whether a report is still as it was here, the guard of each claim finds out when it is appended;
    of stories and sources it only matters that they are there, and they stay. An import asks for
    nothing, and before something was asked for nothing is kept.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._asked = False
        self._subjects: LRUCache[UUID, list[Entry]] = LRUCache(MOST, getsizeof=len)

    def keep(self, subjects: Mapping[UUID, list[Entry]]) -> None:
        """Keep what was just read, or recorded, of those that claims are reported in."""
        if not self._asked:
            return
        with self._lock:
            for subject, entries in subjects.items():
                known = self._subjects.get(subject) is entries
                if not known and 0 < len(entries) <= MOST and isinstance(entries[0].event, FIRST):
                    self._subjects[subject] = list(entries)

    def of(self, subjects: Collection[UUID]) -> dict[UUID, list[Entry]] | None:
        """All that was recorded of these; None where one of them is not kept."""
        self._asked = True
        with self._lock:
            found = {subject: self._subjects.get(subject) for subject in subjects}
        return None if None in found.values() else found  # type: ignore[return-value]

    def forget(self) -> None:
        """Content was erased: it is not to stay here."""
        with self._lock:
            self._subjects.clear()
