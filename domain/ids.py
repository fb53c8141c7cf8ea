"""How things in the record are named.

Everything has a UUID. Whoever records it may give a reference of their own ("loss:2024-08-18:APC");
its UUID is then derived from the reference (version 5, RFC 9562), so that the same reference means
the same thing in every record, and nobody has to look it up.
"""

from __future__ import annotations

import re
from enum import StrEnum, unique
from functools import lru_cache
from uuid import UUID, uuid5

from domain.refusals import InvalidInput

NAMESPACE = UUID("6f4c3a52-5a0e-5d0b-9c1a-3a8f0f4f7a11")
"""Never change it: every derived id hangs on it."""


@unique
class Subject(StrEnum):
    """The four sorts of thing that the record keeps."""

    SOURCE = "source"
    REPORT = "report"
    STORY = "story"
    CLAIM = "claim"

    # An enum's own is computed in Python, and `resolve` looks a subject up for every reference.
    __hash__ = str.__hash__


# `UUID()` itself takes much more: "urn:" and 32 digits, hyphens anywhere, digits of every script.
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


@lru_cache(maxsize=65_536)
def resolve(subject: Subject, ref: str) -> UUID:
    """The id that a reference means: a UUID means itself, anything else is derived from.

    Raises InvalidInput for half of a surrogate pair, which is no text.
    """
    if _UUID.fullmatch(ref):
        return UUID(ref)
    try:
        return uuid5(NAMESPACE, f"{subject.value}:{ref}")
    except UnicodeEncodeError:
        raise InvalidInput(
            f"the reference of a {subject.value} holds half of a surrogate pair"
        ) from None
