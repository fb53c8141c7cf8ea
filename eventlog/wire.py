"""Arrays as PostgreSQL sends and receives them in binary, made a column at a time.

psycopg makes them an element at a time, and chooses the width of an integer array by the values
in it, so that one prepared statement could not serve every batch.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct, pack
from typing import Final
from uuid import UUID

import psycopg
from psycopg.adapt import AdaptersMap, Buffer, Dumper
from psycopg.pq import Format

_NULL: Final = b"\xff\xff\xff\xff"
_LENGTH: Final = Struct("!i").pack
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Packed(bytes):
    """An array in binary. Its type is that of the cast in the statement."""


class _PackedDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Packed) -> Buffer:
        return obj


def adapters() -> AdaptersMap:
    """Give psycopg's own adapters and that of packed arrays."""
    extended = AdaptersMap(psycopg.adapters)
    extended.register_dumper(Packed, _PackedDumper)
    return extended


def texts(values: Sequence[str | None]) -> Packed:
    """Pack a text[]."""
    return _packed(25, [None if value is None else value.encode() for value in values])


def byteas(values: Sequence[bytes]) -> Packed:
    """Pack a bytea[]."""
    return _packed(17, values)


def uuids(values: Sequence[UUID | None]) -> Packed:
    """Pack a uuid[]."""
    return _packed(2950, [None if value is None else value.bytes for value in values])


def instants(values: Sequence[datetime | None]) -> Packed:
    """Pack a timestamptz[] of times with a zone."""
    since = [None if value is None else (value - _EPOCH) // _MICROSECOND for value in values]
    return _packed(1184, [None if value is None else pack("!q", value) for value in since])


def int4s(values: Sequence[int]) -> Packed:
    """Pack an int4[]."""
    return _integers(23, "i", 4, values)


def int8s(values: Sequence[int]) -> Packed:
    """Pack an int8[]."""
    return _integers(20, "q", 8, values)


def _integers(element: int, code: str, width: int, values: Sequence[int]) -> Packed:
    flat = [width] * (2 * len(values))
    flat[1::2] = values
    return Packed(_head(element, len(values)) + pack("!" + f"i{code}" * len(values), *flat))


def _packed(element: int, values: Sequence[bytes | None]) -> Packed:
    # Lengths and values take turns; of what is missing there is a length alone.
    parts = [b""] * (2 * len(values))
    parts[::2] = [_NULL if value is None else _LENGTH(len(value)) for value in values]
    parts[1::2] = [value or b"" for value in values]
    return Packed(_head(element, len(values)) + b"".join(parts))


def _head(element: int, count: int) -> bytes:
    """One dimension, in which there may be NULLs, from 1 on; none where there is nothing."""
    return pack("!iiIii", 1, 1, element, count, 1) if count else pack("!iiI", 0, 0, element)
