"""The values that go into the log and come out of it.

They come by the thousand and never form a cycle, so the garbage collector need not look at them.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct


class NewEvent(Struct, frozen=True, gc=False):
    """One event to be stored at the end of its stream.

    ``version`` counts from 1 and is the stream's current version + 1. ``content`` is JSON text.
    ``reported_at`` is the reporting time in UTC; ``None`` means in effect at every reporting time.
    ``parent_id`` names what the stream belongs to, such as the report of a claim.
    """

    stream_id: UUID
    version: int
    type: str
    content: str
    reported_at: datetime | None
    parent_id: UUID | None = None


class StreamGuard(Struct, frozen=True, gc=False):
    """The stream must still be at this version; 0 means that it must not exist."""

    stream_id: UUID
    version: int


class ChildGuard(Struct, frozen=True, gc=False):
    """No event that names this parent may stand after this position."""

    parent_id: UUID
    position: int


class Append(Struct, frozen=True, gc=False):
    """One unit: all of its events are stored, or none of them.

    ``key`` makes the unit safe to send again; ``request_digest`` is the SHA-256 of what was asked,
    compared when the key comes again. Guards are checked together with the events.
    """

    events: Sequence[NewEvent]
    actor: str
    reason: str | None = None
    key: str | None = None
    request_digest: bytes = b""
    guards: Sequence[StreamGuard] = ()
    child_guards: Sequence[ChildGuard] = ()


class Appended(Struct, frozen=True, gc=False):
    """The unit stands in the log.

    ``recorded_at`` (UTC, microseconds) is that of its last event. ``replayed`` is true where the
    key had been seen before with the same digest: then the first result is given again and
    nothing new was stored.
    """

    first_position: int
    last_position: int
    recorded_at: datetime
    replayed: bool = False


class VersionConflict(Struct, frozen=True, gc=False):
    """A stream was not at the version that the unit was made for. Nothing of it was stored."""

    stream_id: UUID
    expected: int
    actual: int


class ChildConflict(Struct, frozen=True, gc=False):
    """An event with this parent was stored after the guarded position. Nothing was stored."""

    parent_id: UUID


class KeyConflict(Struct, frozen=True, gc=False):
    """The key had been used for other content. Nothing was stored."""

    key: str


Outcome = Appended | VersionConflict | ChildConflict | KeyConflict


class LoggedEvent(Struct, frozen=True, gc=False):
    """One event as it stands in the log. Where it has been ``erased``, ``content`` is what remains
    of it; ``None``, where that was erased before remains were kept.

    ``recorded_at`` (UTC, microseconds) rises strictly with ``position``; positions have no gaps.
    ``digest`` is SHA-256 of a random salt of 16 bytes followed by the content in UTF-8.
    """

    position: int
    recorded_at: datetime
    stream_id: UUID
    version: int
    type: str
    content: str | None
    reported_at: datetime | None
    parent_id: UUID | None
    actor: str
    reason: str | None
    key: str | None
    digest: bytes
    erased: bool = False


class SeenKey(Struct, frozen=True, gc=False):
    """What an idempotency key stood for when it was first used."""

    request_digest: bytes
    first_position: int
    last_position: int
    recorded_at: datetime


class Children(Struct, frozen=True, gc=False):
    """The streams that began under a parent, and the last position naming that parent (0: none)."""

    stream_ids: tuple[UUID, ...]
    position: int


class Head(Struct, frozen=True, gc=False):
    """The end of the log; 0 and ``None`` while it is empty."""

    position: int
    recorded_at: datetime | None


class Mismatch(Struct, frozen=True, gc=False):
    """A place where the log does not hold what it committed to, and in which way."""

    position: int
    problem: str
