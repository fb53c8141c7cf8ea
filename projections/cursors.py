"""Cursors: a place in a list of claims, and the moment that the list belongs to."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import DecodeError, Struct, ValidationError
from msgspec.json import Decoder, Encoder

from projections.refusals import InvalidCursor

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST: Final = 2**63 - 1


class Cursor(Struct, frozen=True, array_like=True):
    """A claim's place (its first reporting time and its id), and the basis of the list."""

    at: int
    """Microseconds since 1970, UTC."""
    claim: UUID
    position: int
    reported_at: int | None
    """Microseconds since 1970; None: no limit."""


_decoder = Decoder(Cursor)
_encoder = Encoder()


def micros(instant: datetime) -> int:
    """An instant as microseconds since 1970."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def instant(count: int) -> datetime:
    """The instant of so many microseconds since 1970 (UTC). Raises OverflowError."""
    return _EPOCH + timedelta(microseconds=count)


def write(cursor: Cursor) -> str:
    """The cursor as the opaque text that clients hand back."""
    return urlsafe_b64encode(_encoder.encode(cursor)).rstrip(b"=").decode()


def read(text: str, field: str) -> Cursor:
    """The cursor that a client handed back. Raises InvalidCursor if it is none of ours."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        cursor = _decoder.decode(urlsafe_b64decode(padded))
        instant(cursor.at)
        if cursor.reported_at is not None:
            instant(cursor.reported_at)
    except (Base64Error, DecodeError, ValidationError, OverflowError, ValueError):
        raise InvalidCursor("it is no cursor of this record", field=field) from None
    if not 0 <= cursor.position <= _LARGEST:
        raise InvalidCursor("it is no cursor of this record", field=field)
    return cursor
