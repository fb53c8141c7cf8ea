"""An event as the log holds it: the fact, and what the log knows about its recording."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from domain.events import AnyEvent, ClaimAmended

ALWAYS = datetime.min.replace(tzinfo=UTC)
"""The reporting time of what holds at every reporting time, such as the name of a source."""


class Entry(Struct, frozen=True, gc=False):
    """One recorded event. Instants are UTC, to the microsecond."""

    position: int
    """Its place in the log, from 1, without gaps."""
    recorded_at: datetime
    reported_at: datetime
    """Its reporting time: what its `published_at` or else its `observed_at` counts from."""
    sequence: int
    """Its place among the events of its subject, from 1, in the order of recording."""
    event: AnyEvent
    actor: str = ""
    reason: str | None = None


def in_effect(
    entries: Iterable[Entry],
    reported_at: datetime | None = None,
    position: int | None = None,
) -> list[Entry]:
    """The entries that count as of (reported_at, position), in the order in which they are folded.

    This is the specification: those whose position is at most `position` and whose reporting
    time is at most `reported_at`, in the order (reporting time, position). None means no limit.
    What an amendment has made void is still among them; see `voided`.
    """
    chosen = [
        entry
        for entry in entries
        if (position is None or entry.position <= position)
        and (reported_at is None or entry.reported_at <= reported_at)
    ]
    if len(chosen) > 1:
        chosen.sort(key=lambda entry: (entry.reported_at, entry.position))
    return chosen


def voided(entries: Sequence[Entry]) -> frozenset[int]:
    """Which of a claim's events (by sequence) do not count: those that a later amendment, which
    itself counts, has made void, and what we had said about the content of such events."""
    amendments = sorted(
        [
            (entry.position, entry.sequence, event.amends, event.void)
            for entry in entries
            if isinstance(event := entry.event, ClaimAmended)
        ]
    )
    if not amendments:
        return frozenset()
    void: set[int] = set()
    for _, sequence, amended, is_void in reversed(amendments):
        if is_void and sequence not in void:
            void.add(amended)
    for _, sequence, amended, is_void in amendments:
        if not is_void and amended in void:
            void.add(sequence)
    return frozenset(void)
