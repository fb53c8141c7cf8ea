"""What a webhook is sent: the messages of a subscription, each in the envelope of a CloudEvent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import msgspec
from graphql import GraphQLSchema, OperationType, get_variable_values

from api.cost import check_cost
from api.documents import Documents, Operation
from api.errors import RequestRefused
from api.ids import global_id
from api.limits import Limits
from api.parameters import Refused
from api.streams import UPTO, Place, Stream, compile_stream, position_of
from api.worker import Worker
from domain.ids import Subject
from projections.statements import Statements

FIELDS: Final = """\
    cursor
    node {
      __typename
      position
      recordedAt
      subjectId
      actor
      reason
      ... on ClaimEvent {
        version
        reportedAt
        claim { id statement status version }
      }
    }
"""

EVENTS: Final = (
    f"subscription Webhook($filter: EventFilter) {{\n  events(filter: $filter) {{\n{FIELDS}  }}\n}}"
)
"""What is sent unless something else is asked for."""

STORY: Final = f"subscription Webhook($slug: String!) {{\n  story(slug: $slug) {{\n{FIELDS}  }}\n}}"
"""The same of one story."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A subscription on the log, as a webhook follows it."""

    stream: Stream
    values: tuple[str | None, ...]
    places: bytes
    """The statement that gives the position and the subject of each message of a page."""
    event: bytes
    """The statement that gives one message, and what surrounds it."""

    async def page(
        self, statements: Statements, after: int, upto: int, limit: int
    ) -> list[tuple[int, UUID]]:
        """The events in a stretch of the log, by position and subject. Raises psycopg.Error and
        Crowded."""
        given = self.stream.page(self.values, Place(after), upto, limit)
        rows = await statements.rows(self.places, given, upto)
        return [(int(position), UUID(subject)) for position, subject in rows]

    async def cloud_event(self, statements: Statements, position: int, source: str) -> bytes:
        """One event as a CloudEvent in structured JSON (CloudEvents 1.0), as it is now: where its
        content was erased, without. Raises psycopg.Error and Crowded."""
        given = self.stream.page(self.values, Place(position - 1), position, 1)
        ((about, body),) = await statements.rows(self.event, given, position)
        told = msgspec.json.decode(about)
        sort = Subject(told["type"].partition(".")[0])
        envelope = {
            "specversion": "1.0",
            "id": str(position),
            "source": source,
            "type": f"dateline.{told['type']}",
            "subject": global_id(sort, UUID(told["subject"])),
            "time": told["time"],
            "datacontenttype": "application/json",
        }
        encoded = msgspec.json.encode(envelope)
        # The result is finished as it is: {"data": ...}.
        return b"%b,%b" % (encoded[:-1], body.encode()[1:]) if body else encoded


def follow(
    schema: GraphQLSchema, limits: Limits, document: str, variables: dict[str, Any]
) -> Followed:
    """What a webhook's subscription comes to. Raises ValueError, in a sentence, where nothing can
    be sent for it."""
    try:
        operation = Documents(schema, limits, Worker()).read(document, None)
        if operation is None:
            raise ValueError("the document holds several operations; one subscription is needed")
        if not isinstance(operation, Operation):
            raise ValueError("; ".join(str(error["message"]) for error in operation))
        if operation.node.operation is not OperationType.SUBSCRIPTION:
            raise ValueError(f"a subscription is needed, not a {operation.node.operation.value}")
        definitions = operation.node.variable_definitions or ()
        coerced = get_variable_values(schema, definitions, variables, limits.errors)
        if isinstance(coerced, list):
            raise ValueError("; ".join(error.message for error in coerced))
        check_cost(schema, operation.fragments, operation.node, coerced.coerced, limits)
        stream = compile_stream(schema, operation.fragments, operation.node, coerced.coerced)
        if stream.place is not position_of:
            raise ValueError("a live query cannot be followed by a webhook; events or story can")
        if stream.begin(coerced.coerced, None) is not None:
            raise ValueError("leave out `after`: a webhook keeps its place by itself")
        values = stream.values(coerced.coerced)
    except RequestRefused as refused:
        raise ValueError(str(refused)) from None
    except Refused as refused:
        raise ValueError(str(refused.refusal)) from None
    page = stream.sql.decode()
    upto = next(f"${index + 1}::bigint" for index, name in stream.bounds if name == UPTO)
    places = (
        "SELECT s.position, l.position::text, l.stream_id::text"
        f" FROM ({page}) s (position, place, body)"
        " LEFT JOIN dateline.log l ON l.position = s.place::bigint ORDER BY l.position"
    )
    event = (
        "SELECT s.position,"
        " json_build_object('type', l.type, 'subject', l.stream_id, 'time', l.recorded_at),"
        " CASE WHEN e.position IS NULL THEN s.body END"
        f" FROM ({page}) s (position, place, body) JOIN dateline.log l ON l.position = {upto}"
        " LEFT JOIN dateline.erasures e ON e.position = l.position"
    )
    return Followed(stream, values, places.encode(), event.encode())
