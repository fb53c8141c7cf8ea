"""What the database would refuse is refused before it can spoil a batch shared with others."""

from uuid import UUID

from eventlog.entries import Append
from eventlog.errors import EntryInvalid

LONGEST_KEY = 500
"""Characters of an idempotency key; a B-tree entry must hold it in any script."""
_LARGEST_VERSION = 2_147_483_647


def check_append(unit: Append) -> None:
    """Raise EntryInvalid, naming the field, where the unit cannot be stored as it is."""
    if not unit.events:
        raise EntryInvalid("events", "a unit needs at least one event")
    for event in unit.events:
        if event.content == "":
            raise EntryInvalid("content", "it is empty")
        _check_text("content", event.content)
        _check_text("type", event.type)
        if not 1 <= event.version <= _LARGEST_VERSION:
            raise EntryInvalid("version", f"{event.version} is not a version; they count from 1")
        if event.reported_at is not None and event.reported_at.tzinfo is None:
            raise EntryInvalid("reported_at", "the time has no zone")
    if len(unit.events) > 1 or unit.guards:
        _check_streams(unit)
    check_request(unit.actor, unit.reason, unit.key)


def check_request(actor: str, reason: str | None, key: str | None) -> None:
    """Raise EntryInvalid where who asks, why, or under which key cannot be stored."""
    if not actor:
        raise EntryInvalid("actor", "it is empty")
    _check_text("actor", actor)
    if reason is not None:
        _check_text("reason", reason)
    if key is not None:
        _check_text("key", key)
        if not 0 < len(key) <= LONGEST_KEY:
            raise EntryInvalid("key", f"it must have 1 to {LONGEST_KEY} characters")


def _check_streams(unit: Append) -> None:
    starts: dict[UUID, int] = {}
    versions: dict[UUID, int] = {}
    for event in unit.events:
        before = event.version - 1
        if versions.get(event.stream_id, before) != before:
            raise EntryInvalid("version", "versions of one stream must follow each other")
        versions[event.stream_id] = event.version
        starts.setdefault(event.stream_id, before)
    for guard in unit.guards:
        if starts.setdefault(guard.stream_id, guard.version) != guard.version:
            raise EntryInvalid("guards", f"stream {guard.stream_id} is taken at two versions")


def _check_text(field: str, text: str) -> None:
    if "\x00" in text:
        raise EntryInvalid(field, "it holds a NUL character, which PostgreSQL cannot store")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise EntryInvalid(field, "it holds half a surrogate pair, which is no text") from None
