"""What a reader yields, line by line, and what it counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import ClassVar

import msgspec

from domain.commands import AnyCommand, Envelope
from domain.refusals import Refusal

SHOWN = 2_000
"""How many characters of a refused line are kept."""


class InvalidEncoding(Refusal):
    """The bytes are not UTF-8."""

    code: ClassVar[str] = "INVALID_ENCODING"


class InvalidJson(Refusal):
    """The line is not JSON."""

    code: ClassVar[str] = "INVALID_JSON"


class LineTooLong(Refusal):
    """The line has more bytes than a line may have."""

    code: ClassVar[str] = "LINE_TOO_LONG"


class UnknownCommand(Refusal):
    """There is no command of this name."""

    code: ClassVar[str] = "UNKNOWN_COMMAND"


class DamagedFile(Refusal):
    """The file breaks off, or is damaged, and cannot be read any further."""

    code: ClassVar[str] = "DAMAGED_FILE"


class Item(msgspec.Struct, frozen=True, gc=False):
    """A command that a line of the file, counted from 1, comes to."""

    line_number: int
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that comes to nothing, and why."""

    line_number: int
    raw: str
    """The line as it stands; of a long one its first 2,000 characters."""
    code: str
    field: str | None
    reason: str


@dataclass(slots=True)
class Tally:
    """What a reader has counted so far. Progress on a file: its `tell()` against its size."""

    lines: int = 0
    envelopes: int = 0
    refused: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    """What was left out on purpose, by reason."""

    def count(self, results: Iterator[Item | Refused]) -> Iterator[Item | Refused]:
        """Pass results on and count them."""
        for result in results:
            if isinstance(result, Item):
                self.envelopes += 1
            else:
                self.refused += 1
            yield result


def refuse(line_number: int, line: bytes, refusal: Refusal) -> Refused:
    """The refusal of a line."""
    raw = line[: SHOWN * 4].decode("utf-8", "backslashreplace")[:SHOWN]
    return Refused(line_number, raw, refusal.code, refusal.field, str(refusal))


as_json = msgspec.json.Encoder(decimal_format="string").encode
"""A command as JSON, always the same for the same command."""


def line_key(command: AnyCommand, actor: str, reason: str | None) -> str:
    """The idempotency key of a line that gives none: the same line has the same key.

    So a file that is imported twice changes nothing the second time, nor does another file or
    feed that comes to the same commands.
    """
    asked = as_json(command) + f"\0{actor}\0{reason or ''}".encode()
    return f"line:{sha256(asked).hexdigest()}"
