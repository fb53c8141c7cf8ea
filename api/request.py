"""The parameters of a request, as GraphQL over HTTP names them."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec
from msgspec import Raw, Struct, field

from api.errors import RequestRefused

T = TypeVar("T")

NO_VARIABLES: Final = Raw(b"{}")


class GraphQLRequest(Struct, frozen=True, rename="camel"):
    """What is asked. The variables are kept as they came until somebody needs them."""

    query: str | None = None
    operation_name: str | None = None
    variables: Raw = NO_VARIABLES
    extensions: dict[str, Any] | None = None
    document_id: str | None = None
    """Names a document that the server has (GraphQL over HTTP, appendix on persisted documents)."""
    doc_id: str | None = field(default=None, name="doc_id")
    """The same, as Relay's documentation writes it."""


_body = msgspec.json.Decoder(GraphQLRequest)
_object = msgspec.json.Decoder(dict[str, Any] | None)


def from_body(body: bytes) -> GraphQLRequest:
    """The request in a body of JSON. Raises RequestRefused."""
    return decoded(_body, body, "body")


def json_object(text: str | bytes | Raw, name: str) -> dict[str, Any] | None:
    """An object of JSON, or null. Raises RequestRefused, naming what it was given as."""
    found: dict[str, Any] | None = decoded(_object, text, name)
    return found


def decoded(decoder: msgspec.json.Decoder[T], data: str | bytes | Raw, name: str) -> T:
    """JSON that is what it should be. Raises RequestRefused, naming the field at fault."""
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise RequestRefused(f"the {name} cannot be read: {error}", field=name) from None
    except RecursionError:
        raise RequestRefused(f"the {name} is nested too deeply", field=name) from None
