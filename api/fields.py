"""Where a field's value stands in the database: said once, beside the field itself.

From these definitions follow both the schema (Strawberry reads the types) and the SQL
(`api.compiler` reads the definitions). In the templates

* `{row}` is the row that the field is read off, `{parent}` the one that leads to it;
* `{held}` chooses, for `{row}`, the row of each claim or report that held at the moment asked
  about;
* `{known}` does the same for sources and stories, which change with the position alone;
* `{happened}` chooses the events that count then;
* `{head}` is the last position that counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from strawberry import UNSET
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from domain.ids import Subject

if TYPE_CHECKING:
    from api.compiler import Field
    from api.listing import Listing
    from api.streams import Bounds

SQL: Final = "sql"
"""The key of a field's definition in its metadata."""


@dataclass(frozen=True, slots=True)
class Column:
    """A value of the row. How it is written as JSON follows from the field's type."""

    sql: str


@dataclass(frozen=True, slots=True)
class Identity:
    """A UUID of the row, shown as a global id."""

    sql: str
    subject: Subject


@dataclass(frozen=True, slots=True)
class One:
    """An object read off another row: what follows FROM, with its WHERE."""

    rows: str


@dataclass(frozen=True, slots=True)
class Many:
    """A list of objects, in order."""

    rows: str
    order: str


@dataclass(frozen=True, slots=True)
class Within:
    """An object read off the same row; null where `present` does not hold."""

    present: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A field with arguments, or of a form of its own: a function writes its SQL, which is to give
    finished JSON text."""

    write: Callable[[Field], str]


@dataclass(frozen=True, slots=True)
class Paged:
    """A field of a connection, of its edges or of its page info: `api.paging` writes those that the
    specification names; a function writes any other, from the list that is paged through."""

    write: Callable[[Field, Listing], str] | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A value that is not in the record: the server tells it of itself (`api.server`)."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A value that is known when a mutation has been carried out: a function takes it from what
    came of that (`api.writing`)."""

    take: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Changed:
    """What a mutation was about, read like any answer as of the position that it led to: a thing
    of one sort, or a list of things of any."""

    subject: Subject | None


@dataclass(frozen=True, slots=True)
class Does:
    """A mutation: the command that its input comes to."""

    command: type[Any]


@dataclass(frozen=True, slots=True)
class Streams:
    """A subscription: a function writes the query for a page of its messages (`api.streams`)."""

    write: Callable[[Field, Bounds], str]
    by_steps: bool
    """Its places lie within steps from one position to another (`api.streams.Place`)."""


Definition = (
    Column
    | Identity
    | One
    | Many
    | Within
    | Written
    | Paged
    | Told
    | Recorded
    | Changed
    | Does
    | Streams
)


def column(sql: str, description: str) -> Any:
    """A field that is a value of the row."""
    return _field(Column(sql), description)


def identity(sql: str, subject: Subject, description: str) -> Any:
    """A field that is a global id."""
    return _field(Identity(sql, subject), description)


def one(rows: str, description: str) -> Any:
    """A field that is an object read off another row."""
    return _field(One(rows), description)


def many(rows: str, description: str, *, order: str) -> Any:
    """A field that is a list of objects."""
    return _field(Many(rows, order), description)


def within(description: str, *, present: str | None = None) -> Any:
    """A field that is an object read off the same row."""
    return _field(Within(present), description)


def written(write: Callable[[Field], str], description: str, *arguments: StrawberryArgument) -> Any:
    """A field whose SQL a function writes."""
    return _field(Written(write), description, arguments)


def paged(
    description: str,
    write: Callable[[Field, Listing], str] | None = None,
    *arguments: StrawberryArgument,
) -> Any:
    """A field of a connection."""
    return _field(Paged(write), description, arguments)


def told(description: str) -> Any:
    """A field that the server tells of itself."""
    return _field(Told(), description)


def recorded(take: Callable[[Any], Any], description: str) -> Any:
    """A field that is known when a mutation has been carried out."""
    return _field(Recorded(take), description)


def changed(subject: Subject | None, description: str) -> Any:
    """A field that is what a mutation was about."""
    return _field(Changed(subject), description)


def does(command: type[Any], description: str, *arguments: StrawberryArgument) -> Any:
    """A field that is a mutation."""
    return _field(Does(command), description, arguments)


def streamed(
    write: Callable[[Field, Bounds], str],
    description: str,
    *arguments: StrawberryArgument,
    by_steps: bool = False,
) -> Any:
    """A field that is a subscription."""
    return _field(Streams(write, by_steps), description, arguments)


def argument(name: str, given: Any, description: str, default: Any = UNSET) -> StrawberryArgument:
    """An argument of a field, by its name in Python."""
    return StrawberryArgument(
        python_name=name,
        graphql_name=None,
        type_annotation=StrawberryAnnotation(given),
        description=description,
        default=default,
    )


class _Field(StrawberryField):
    """A field that is never resolved: it is compiled."""


def _field(
    definition: Definition, description: str, arguments: tuple[StrawberryArgument, ...] = ()
) -> Any:
    made = _Field(description=description, metadata={SQL: definition})
    made.arguments = list(arguments)
    return made
