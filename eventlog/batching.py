"""Which units can go to the database together and still behave as if sent one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from eventlog.entries import Append

MOST_EVENTS = 2000
"""Events in one batch, unless a single unit has more."""
MOST_CHARACTERS = 8_000_000
"""Characters of content in one batch, unless a single unit has more."""


@dataclass(slots=True)
class Batch:
    """One call of the database's append function, as arrays. Units are numbered by the caller."""

    units: list[int] = field(default_factory=list)
    appends: list[Append] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)
    e_stream: list[UUID] = field(default_factory=list)
    e_version: list[int] = field(default_factory=list)
    e_type: list[str] = field(default_factory=list)
    e_content: list[str] = field(default_factory=list)
    e_reported: list[datetime | None] = field(default_factory=list)
    e_parent: list[UUID | None] = field(default_factory=list)
    e_actor: list[str] = field(default_factory=list)
    e_reason: list[str | None] = field(default_factory=list)
    e_key: list[str | None] = field(default_factory=list)
    c_unit: list[int] = field(default_factory=list)
    c_stream: list[UUID] = field(default_factory=list)
    c_version: list[int] = field(default_factory=list)
    p_unit: list[int] = field(default_factory=list)
    p_parent: list[UUID] = field(default_factory=list)
    p_position: list[int] = field(default_factory=list)
    k_unit: list[int] = field(default_factory=list)
    k_key: list[str] = field(default_factory=list)
    k_digest: list[bytes] = field(default_factory=list)
    k_first: list[int] = field(default_factory=list)
    k_last: list[int] = field(default_factory=list)


def next_batch(appends: Sequence[tuple[int, Append]]) -> tuple[Batch, list[tuple[int, Append]]]:
    """Take from the front what can be stored in one go; return it and what must wait.

    A unit may follow another on the same stream in one batch: its version is then checked here,
    against the version that the batch will have made, and only the first against the database.
    As a batch is stored whole or not at all, the two checks together are those of a serial run.
    The batch ends before the first unit that cannot be decided until an earlier one is stored;
    nothing overtakes it, so the log keeps the order in which units came.
    """
    batch = Batch()
    versions: dict[UUID, int] = {}  # streams touched by the batch, at the version it leaves
    keys: set[str] = set()
    parents: set[UUID] = set()
    characters = 0
    for place, (number, unit) in enumerate(appends):
        characters += sum(len(event.content) for event in unit.events)
        full = len(batch.e_stream) + len(unit.events) > MOST_EVENTS or characters > MOST_CHARACTERS
        taken = _present_versions(unit)
        if batch.units and (
            full
            or unit.key in keys
            or any(guard.parent_id in parents for guard in unit.child_guards)
            or any(versions.get(stream, version) != version for stream, version in taken.items())
        ):
            return batch, list(appends[place:])
        for stream, version in taken.items():
            if stream not in versions:
                batch.c_unit.append(number)
                batch.c_stream.append(stream)
                batch.c_version.append(version)
                versions[stream] = version
        if unit.key is not None:
            keys.add(unit.key)
        _add(batch, number, unit, versions, parents)
    return batch, []


def _present_versions(unit: Append) -> dict[UUID, int]:
    """Give the version that the unit expects each stream to be at before it."""
    taken = {guard.stream_id: guard.version for guard in unit.guards}
    seen: set[UUID] = set()
    for event in unit.events:
        if event.stream_id not in seen:
            seen.add(event.stream_id)
            taken[event.stream_id] = event.version - 1
    return taken


def _add(
    batch: Batch, number: int, unit: Append, versions: dict[UUID, int], parents: set[UUID]
) -> None:
    first = len(batch.e_stream) + 1
    for event in unit.events:
        batch.e_stream.append(event.stream_id)
        batch.e_version.append(event.version)
        batch.e_type.append(event.type)
        batch.e_content.append(event.content)
        batch.e_reported.append(event.reported_at)
        batch.e_parent.append(event.parent_id)
        batch.e_actor.append(unit.actor)
        batch.e_reason.append(unit.reason)
        batch.e_key.append(unit.key)
        versions[event.stream_id] = event.version
        if event.parent_id is not None:
            parents.add(event.parent_id)
    last = len(batch.e_stream)
    batch.units.append(number)
    batch.appends.append(unit)
    batch.first.append(first)
    batch.last.append(last)
    for guard in unit.child_guards:
        batch.p_unit.append(number)
        batch.p_parent.append(guard.parent_id)
        batch.p_position.append(guard.position)
    if unit.key is not None:
        batch.k_unit.append(number)
        batch.k_key.append(unit.key)
        batch.k_digest.append(unit.request_digest)
        batch.k_first.append(first)
        batch.k_last.append(last)
