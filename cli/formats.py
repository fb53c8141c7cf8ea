"""The formats that can be imported, and how a file's format is guessed."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from enum import StrEnum, unique
from pathlib import Path
from typing import BinaryIO, Final

from cli.faults import Failure
from feeds import digest, interchange, loss_claims
from feeds.items import Item, Refused, Tally

ACTOR: Final = "import"
"""Who records interchange lines that do not say it themselves. The same for every user: it is part
of what makes a line the same line when it is imported again."""

_LOOKED_AT: Final = 1 << 16
"""Bytes at the start of a file that are looked at to guess its format."""


@unique
class Format(StrEnum):
    """What a file holds."""

    INTERCHANGE = "interchange"
    LOSS_CLAIMS = "loss-claims"
    DIGEST = "digest"


_TELLING: Final = (
    ({"command"}, Format.INTERCHANGE),
    ({"commit", "file", "op"}, Format.LOSS_CLAIMS),
    ({"source_page", "section", "text"}, Format.DIGEST),
)
"""Fields that only lines of this format have."""


def read(
    kind: Format, stream: BinaryIO, actor: str | None, tally: Tally
) -> Iterator[Item | Refused]:
    """The commands of a file, and the refusals of its bad lines."""
    match kind:
        case Format.INTERCHANGE:
            return interchange.read(stream, actor=actor or ACTOR, tally=tally)
        case Format.LOSS_CLAIMS:
            return loss_claims.read(stream, actor=actor or loss_claims.ACTOR, tally=tally)
        case Format.DIGEST:
            return digest.read(stream, actor=actor or digest.ACTOR, tally=tally)


def guess(path: Path) -> Format:
    """The format that the first readable lines of a file show; an empty file is interchange.

    Raises Failure if they show none.
    """
    with path.open("rb") as file:
        start = file.read(_LOOKED_AT)
    if start.startswith(b"\x1f\x8b"):
        start = _unpacked(start)
    for line in start.splitlines():
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            for names, kind in _TELLING:
                if names <= value.keys():
                    return kind
    if not start.strip():
        return Format.INTERCHANGE
    raise Failure(
        f"{path} does not look like any format that can be imported"
        f" ({', '.join(Format)}); say which with --format",
        code="UNKNOWN_FORMAT",
    )


def _unpacked(start: bytes) -> bytes:
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(start, _LOOKED_AT)
    except zlib.error:
        return b"?"
