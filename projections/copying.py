"""Rows for COPY in its text format, a line each.

psycopg writes a row value by value, and looks each value's type up; rows are written here by the
hundred thousand, and a line that is made in one go costs a fraction of that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

from psycopg import Cursor
from psycopg.sql import SQL, Identifier

from projections.timeline import FOREVER

NULL: Final = "\\N"

AT_ONCE: Final = 200
"""Lines sent together: the server works at them while the next are made."""

_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_lines(
    cursor: Cursor[Any], table: str, columns: tuple[str, ...], lines: Iterable[str]
) -> None:
    """Append rows to a table, each the values of `columns` between tabs."""
    statement = SQL("COPY {} ({}) FROM STDIN").format(
        Identifier(table), SQL(", ").join(map(Identifier, columns))
    )
    given = iter(lines)
    chunk = "\n".join(islice(given, AT_ONCE))
    if not chunk:
        return  # most batches at the head of the log touch few of the tables
    with cursor.copy(statement) as copy:
        while chunk:
            copy.write(chunk + "\n")
            chunk = "\n".join(islice(given, AT_ONCE))


def text(value: str | None) -> str:
    """A text as a value of a line."""
    if value is None:
        return NULL
    return value.translate(_ESCAPES) if _SPECIAL.search(value) else value


def identity(value: UUID | None) -> str:
    """A UUID as a value of a line; without its hyphens, which take most of the time."""
    return NULL if value is None else f"{value.int:032x}"


def identities(values: Iterable[UUID]) -> str:
    """An array of UUIDs, as a value of a line or as a parameter."""
    return "{" + ",".join([f"{value.int:032x}" for value in values]) + "}"


def instant(value: datetime) -> str:
    """An instant as a value of a line."""
    return "infinity" if value is FOREVER else value.isoformat()


def instants(values: Iterable[datetime]) -> str:
    """An array of instants as a parameter; far quicker than each element by itself."""
    return "{" + ",".join(map(instant, values)) + "}"


def truth(value: bool) -> str:
    """A boolean as a value of a line."""
    return "t" if value else "f"
