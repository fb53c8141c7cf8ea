"""From rows of the log to the domain's entries."""

from collections.abc import Iterable

from domain import codec
from domain.history import ALWAYS, Entry
from eventlog.entries import LoggedEvent


def entries_of(logged: Iterable[LoggedEvent]) -> list[Entry]:
    """The domain's view of events in the log; of those that were erased, what remains.

    Raises ValueError if the content of one is no event that this program knows.
    """
    return [
        Entry(
            position=one.position,
            recorded_at=one.recorded_at,
            reported_at=one.reported_at or ALWAYS,
            sequence=one.version,
            event=codec.load(one.content),
            actor=one.actor,
            reason=one.reason,
        )
        for one in logged
        if one.content is not None
    ]
