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
    return _packed(
        1184,
        [
            None if value is None else pack("!q", (value - _EPOCH) // _MICROSECOND)
            for value in values
        ],
    )


def int4s(values: Sequence[int]) -> Packed:
    """Pack an int4[]."""
    return _packed(23, [_LENGTH(value) for value in values])


def int8s(values: Sequence[int]) -> Packed:
    """Pack an int8[]."""
    return _packed(20, [pack("!q", value) for value in values])


def _packed(element: int, values: Sequence[bytes | None]) -> Packed:
    if not values:
        return Packed(pack("!iiI", 0, 0, element))
    parts = [pack("!iiIii", 1, None in values, element, len(values), 1)]
    for value in values:
        if value is None:
            parts.append(_NULL)
        else:
            parts.append(_LENGTH(len(value)))
            parts.append(value)
    return Packed(b"".join(parts))
