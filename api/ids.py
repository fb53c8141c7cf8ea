"""Global ids: opaque to a client, and telling us of which sort the thing is."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final
from uuid import UUID

from domain.ids import Subject
from domain.refusals import Refusal

MARK: Final = "~"
"""Stands between the sort and the rest of a global id: `claim~L0xTWlxrRfq...`."""

LONGEST: Final = 1_000
"""Characters. No reference in the record is longer."""


class InvalidId(Refusal):
    """An id that no record gave out, or that is the id of another sort of thing."""

    code = "INVALID_ID"


def global_id(subject: Subject, identity: UUID) -> str:
    """The id by which the API names a thing. It is the same in every record."""
    return f"{subject.value}{MARK}{urlsafe_b64encode(identity.bytes).decode().rstrip('=')}"


def reference(subject: Subject, given: str) -> str:
    """What a client names a thing by, as the read side takes it: a reference, or a UUID's text.

    A global id, a UUID and a reference of the reporter's own are all taken. Raises InvalidId for
    an empty or overlong one, for a global id that is damaged, and for one of another sort.
    """
    if not given.strip() or len(given) > LONGEST:
        raise InvalidId(f"an id has 1 to {LONGEST} characters")
    if "\0" in given:
        raise InvalidId("an id holds no NUL character")
    sort, mark, rest = given.partition(MARK)
    if not mark or sort not in set(Subject):
        return given
    identity = _decoded(rest)
    if identity is None:
        raise InvalidId(f"{given!r} is not an id that this API gave out")
    if sort != subject.value:
        raise InvalidId(f"{given!r} is the id of a {sort}, not of a {subject.value}")
    return str(identity)


def named(given: str) -> tuple[Subject, UUID]:
    """What a global id names. Raises InvalidId for anything that is none."""
    sort, _, rest = given.partition(MARK)
    identity = _decoded(rest) if len(given) <= LONGEST else None
    if identity is None or sort not in set(Subject):
        raise InvalidId("it is no id that this API gave out")
    return Subject(sort), identity


def _decoded(text: str) -> UUID | None:
    try:
        identity = UUID(bytes=urlsafe_b64decode(text + "=="))
    except ValueError:
        return None
    # Base64 has several spellings of the same bytes; an id has one.
    return identity if global_id(Subject.CLAIM, identity).endswith(MARK + text) else None
