"""From a subscription to the statement for a page of its messages, and the places in between.

History and what comes next are the same question, asked again and again: what comes after a place,
up to the head of the record? So there is no seam between them at which anything could be lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from graphql import FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode

from api.compiler import Compiling, Field, definition_of
from api.errors import RequestRefused
from api.event_list import IN_THE_LOG
from api.fields import Streams
from api.json_sql import concat, text_sql
from api.moments import Moment
from api.paging import key_of_cursor
from api.parameters import Parameter, Refused, Variables
from api.plan import with_all
from api.selection import collect
from domain.refusals import Refusal
from projections.refusals import InvalidCursor

AFTER: Final = " after"
UPTO: Final = " upto"
LAST: Final = " last"
LIMIT: Final = " limit"
"""The variables that say where a page lies: no client's names."""

FIRST: Final = "00000000-0000-0000-0000-000000000000"
"""Before every identity."""

_STEP: Final = re.compile(r"(\d{1,18})\.(\d{1,18})\.([0-9a-f-]{36})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """Between two messages of a stream.

    A stream that goes by positions is after one. One that goes by steps, from what held at one
    position to what holds at another, can also be within a step: after what it told of one subject.
    """

    after: int
    upto: int = 0
    """Where the step leads; 0: it is within none."""
    last: str = FIRST
    """The subject that was told of last."""

    @property
    def furthest(self) -> int:
        """The last position that it knows of."""
        return max(self.after, self.upto)


def position_of(text: str) -> Place:
    """The place that a cursor of the log names, or a position in digits. Raises InvalidCursor."""
    return Place(int(key_of_cursor(IN_THE_LOG, 0)(text)))


def step_of(text: str) -> Place:
    """The place that a cursor of a live query names, or a position in digits. Raises
    InvalidCursor."""
    if text.isascii() and text.isdecimal() and len(text) <= 18:
        return Place(int(text))
    found = _STEP.fullmatch(text)
    if found is None or int(found[1]) >= int(found[2]):
        raise InvalidCursor("it is no place in a live query")
    return Place(int(found[1]), int(found[2]), found[3])


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a page lies, in terms of the statement's parameters."""

    after: str
    upto: str
    last: str
    limit: str


@dataclass(frozen=True, slots=True)
class Stream:
    """The statement for a page of a subscription, and how its places are read."""

    sql: bytes
    """Gives rows of (how far the log is projected, place, message), in order: one where there are
    none, without a place."""
    place: Callable[[str], Place]
    """What the text of a place means. Raises InvalidCursor."""
    begin: Callable[[Variables, str | None], Place | None]
    """The place after which a subscriber wants to hear, from its variables or from what it heard
    last over another connection; None: from now on. Raises Refused."""
    parameters: tuple[Parameter, ...]
    bounds: tuple[tuple[int, str], ...]
    """Which of them say where a page lies."""

    def values(self, variables: Variables) -> tuple[str | None, ...]:
        """What is wanted, wherever a page lies. Raises Refused."""
        anywhere = {**variables, **dict.fromkeys(_CASTS)}
        values = [parameter.bind(anywhere) for parameter in self.parameters]
        for index, _ in self.bounds:
            values[index] = None
        return tuple(values)

    def page(
        self, values: tuple[str | None, ...], place: Place, upto: int, limit: int
    ) -> list[str | None]:
        """The same for the page after a place."""
        told = {AFTER: place.after, UPTO: upto, LAST: place.last, LIMIT: limit}
        paged = list(values)
        for index, name in self.bounds:
            paged[index] = str(told[name])
        return paged


def compile_stream(
    schema: GraphQLSchema,
    fragments: dict[str, FragmentDefinitionNode],
    operation: OperationDefinitionNode,
    variables: Variables,
) -> Stream:
    """The statement of a subscription whose variables have the shape of these. Raises Refused."""
    compiling = Compiling(schema, fragments, variables, False)
    root = schema.subscription_type
    if root is None:
        raise TypeError("the schema has no subscriptions")
    ((key, nodes),) = collect(compiling, root, [operation.selection_set]).items()
    if nodes[0].name.value.startswith("__"):
        raise RequestRefused("ask about the schema in a query")
    field = Field(compiling, root.fields[nodes[0].name.value], tuple(nodes), "p", Moment(), (key,))
    definition = definition_of(field.definition)
    if not isinstance(definition, Streams):
        raise TypeError(f"{field.name} is no subscription")
    bounds = Bounds(*(_given(field, name) for name in _CASTS))
    page = definition.write(field, bounds)
    body = concat([text_sql(f'{{"data":{{"{key}":'), "x.body", text_sql("}}")])
    statement = with_all(
        compiling,
        f"SELECT p.position, x.place, {body} FROM read.progress p LEFT JOIN ({page}) x ON true",
    )
    after = field.given("after")
    read = step_of if definition.by_steps else position_of

    def begin(variables: Variables, heard: str | None) -> Place | None:
        text = heard if heard is not None else after.take(variables)
        if text is None:
            return Place(0) if definition.by_steps else None
        try:
            return read(text)
        except Refusal as refusal:
            refusal.field = "after" if heard is None else "Last-Event-ID"
            raise Refused(refusal, (key,)) from None

    found = compiling.parameters.found
    return Stream(
        statement.encode(),
        read,
        begin,
        tuple(found),
        tuple((index, one.name) for index, one in enumerate(found) if one.name in _CASTS),
    )


_CASTS: Final = {AFTER: "bigint", UPTO: "bigint", LAST: "uuid", LIMIT: "bigint"}


def _given(field: Field, name: str) -> str:
    parameter = Parameter(lambda variables: variables[name], str, name, field.path)
    return field.compiling.parameters.add(parameter, name, _CASTS[name])
