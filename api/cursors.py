"""Cursors: a place in a list in some order, and the moment that the list belongs to."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from datetime import datetime
from functools import lru_cache
from typing import Final

from msgspec import DecodeError, Struct, ValidationError
from msgspec.json import Decoder

from projections.refusals import InvalidCursor

LONGEST: Final = 2_000
"""Characters."""


class Cursor(Struct, frozen=True, array_like=True):
    """A place: the order that it is a place in, and the values of its keys as PostgreSQL reads
    them; and the moment."""

    order: str
    keys: tuple[str, ...]
    position: int
    reported_at: datetime | None
    """None: no limit."""


_decoder = Decoder(Cursor)


@lru_cache(maxsize=1024)
def read_cursor(text: str) -> Cursor:
    """The cursor that a client handed back. Raises InvalidCursor if it is none of ours."""
    try:
        if len(text) > LONGEST:
            raise ValueError
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        cursor = _decoder.decode(urlsafe_b64decode(padded))
    except (Base64Error, DecodeError, ValidationError, ValueError):
        raise InvalidCursor("it is no cursor of this record") from None
    if not 0 <= cursor.position < 2**63:
        raise InvalidCursor("it is no cursor of this record")
    return cursor


def cursor_sql(order: str, keys: list[str], position: str, reported_at: str) -> str:
    """The cursor of a row as JSON text. `keys` are text, `reported_at` JSON."""
    written = " || ',' || ".join(f"to_json({key})::text" for key in keys)
    plain = f"""concat('["{order}",[', {written}, '],', {position}, ',', {reported_at}, ']')"""
    return f"'\"' || {base64(f'convert_to({plain}, {chr(39)}UTF8{chr(39)})')} || '\"'"


def base64(sql: str) -> str:
    """Bytes in the form that is safe in addresses (RFC 4648, section 5), without padding."""
    # PostgreSQL folds lines at 76 characters.
    return f"translate(encode({sql}, 'base64'), E'+/=\\n', '-_')"
