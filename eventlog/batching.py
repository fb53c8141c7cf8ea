"""Which units can go to the database together and still behave as if sent one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from eventlog.entries import Append

MOST_EVENTS = 2000
"""Events in one batch, unless a single unit has more."""
MOST_CHARACTERS = 8_000_000
"""Characters of content in one batch, unless a single unit has more."""


@dataclass(slots=True)
class Batch:
    """One call of the database's append function. Units are numbered by the caller."""

    units: list[int] = field(default_factory=list)
    appends: list[Append] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    """The place of each unit's first event among all of the batch, from 1."""
    last: list[int] = field(default_factory=list)
    taken: list[tuple[int, UUID, int]] = field(default_factory=list)
    """What the database has to check: a unit's number, a stream, the version it expects it at."""


def next_batch(appends: Sequence[tuple[int, Append]]) -> tuple[Batch, list[tuple[int, Append]]]:
    """Take from the front what can be stored in one go; return it and what must wait.

    A unit may follow another on the same stream in one batch: its version is then checked here,
    against the version that the batch will have made, and only the first against the database.
    As a batch is stored whole or not at all, the two checks together are those of a serial run.
    The batch ends before the first unit that cannot be decided until an earlier one is stored;
    nothing overtakes it, so the log keeps the order in which units came.
    """
    batch = Batch()
    # Ids as numbers, which are looked up several times as fast as a UUID.
    versions: dict[int, int] = {}  # streams touched by the batch, at the version it leaves
    keys: set[str] = set()
    parents: set[int] = set()
    events = characters = 0
    for place, (number, unit) in enumerate(appends):
        taken = _present_versions(unit)
        first, events = events + 1, events + len(unit.events)
        for event in unit.events:
            characters += len(event.content)
        fits = (
            events <= MOST_EVENTS
            and characters <= MOST_CHARACTERS
            and unit.key not in keys
            and not (unit.child_guards and _any_parent(unit, parents))
        )
        untouched = []
        for one in taken:
            version = versions.get(one[0].int)
            if version is None:
                untouched.append(one)
            elif version != one[1]:
                fits = False
        if not fits and batch.units:
            return batch, list(appends[place:])
        for stream, version in untouched:
            if stream.int not in versions:
                batch.taken.append((number, stream, version))
                versions[stream.int] = version
        for event in unit.events:
            versions[event.stream_id.int] = event.version
            if event.parent_id is not None:
                parents.add(event.parent_id.int)
        if unit.key is not None:
            keys.add(unit.key)
        batch.units.append(number)
        batch.appends.append(unit)
        batch.first.append(first)
        batch.last.append(events)
    return batch, []


def _any_parent(unit: Append, parents: set[int]) -> bool:
    return any(guard.parent_id.int in parents for guard in unit.child_guards)


def _present_versions(unit: Append) -> list[tuple[UUID, int]]:
    """Give the version that the unit expects each stream to be at before it."""
    first, *others = unit.events
    taken = [(first.stream_id, first.version - 1)]
    if others:
        starts: dict[UUID, int] = {}
        for event in unit.events:
            starts.setdefault(event.stream_id, event.version - 1)
        taken = list(starts.items())
    taken += [(guard.stream_id, guard.version) for guard in unit.guards]
    return taken
