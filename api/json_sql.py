"""Values of the database as JSON text, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from graphql import GraphQLList, GraphQLNonNull, is_enum_type, is_leaf_type

from api.moments import instant

CONCAT: Final = 90
"""Arguments of one call; PostgreSQL takes 100."""


def bare(type_: Any) -> Any:
    """A type without `!`."""
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


def or_null(sql: str) -> str:
    """JSON text; `null` where there is none."""
    return f"coalesce({sql}, 'null')"


def list_sql(query: str) -> str:
    """The values that a query gives, which are JSON text, as a JSON array."""
    return f"'[' || array_to_string(ARRAY({query}), ',') || ']'"


def leaf_sql(type_: Any, sql: str) -> str:
    """A value of the database as JSON text, by the type that it has in the schema."""
    named = bare(type_)
    if isinstance(named, GraphQLList):
        written = f"({sql})::text"  # a jsonb array of strings
    elif is_enum_type(named):
        written = f"'\"' || upper({sql}) || '\"'"
    elif not is_leaf_type(named):
        raise TypeError(f"{named} is no leaf")
    else:
        written = _SCALARS[named.name].format(f"({sql})" if " " in sql else sql)
    return written if isinstance(type_, GraphQLNonNull) else or_null(written)


_SCALARS: Final = {
    "Boolean": "{}::text",
    "DateTime": instant("{}"),
    "Decimal": "to_json({}::numeric::text)::text",
    "Edtf": "to_json({})::text",
    "Float": "{}::text",
    "ID": "to_json({})::text",
    "Int": "{}::text",
    "Moment": "to_json({})::text",
    "Position": "{}::text",
    "String": "to_json({})::text",
}
"""How the values of a scalar are written; an unknown one fails when it is first compiled."""


def text_sql(text: str) -> str:
    """A text as a literal."""
    return "'" + text.replace("'", "''") + "'"


def concat(pieces: Sequence[str]) -> str:
    """Pieces of text one after the other. An absent one (NULL) counts as empty."""
    if len(pieces) == 1:
        return pieces[0]
    if len(pieces) <= CONCAT:
        return f"concat({', '.join(pieces)})"
    parts = [pieces[start : start + CONCAT] for start in range(0, len(pieces), CONCAT)]
    return concat([concat(part) for part in parts])
