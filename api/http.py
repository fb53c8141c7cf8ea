"""GraphQL over HTTP: what a request may look like, and what is sent back.

After the GraphQL-over-HTTP specification: GET and POST, both media types, 400 for a request that
cannot be executed where the client understands that (`application/graphql-response+json`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec
import psycopg
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import Response

from api.errors import RequestRefused, fault_error
from api.execution import Engine, GraphQLRequest

T = TypeVar("T")

JSON: Final = "application/json"
GRAPHQL_JSON: Final = "application/graphql-response+json"

_body = msgspec.json.Decoder(GraphQLRequest)
_object = msgspec.json.Decoder(dict[str, Any] | None)


def endpoint(page: Response, *, body_limit: int) -> Callable[[Request], Any]:
    """The handler of `/graphql`: the page for a browser, answers for everybody else."""

    async def handle(request: Request) -> Response:
        accept = request.headers.get("accept", "")
        media_type = answered_as(accept)
        if request.method == "GET" and wants_page(accept):
            return page
        engine: Engine = request.state.engine
        try:
            asked = await read_request(request, body_limit)
            answered = await engine.answer(asked, only_queries=request.method == "GET")
        except RequestRefused as refused:
            return refusal(refused, media_type)
        except (psycopg.Error, PoolTimeout, RuntimeError) as fault:
            status, error = fault_error(fault)
            return written(msgspec.json.encode({"errors": [error]}), status, media_type)
        status = 200 if answered.executed or media_type == JSON else 400
        return written(answered.body, status, media_type)

    return handle


def refusal(refused: RequestRefused, media_type: str) -> Response:
    """A request that is refused, told in the way that every error is told."""
    body = msgspec.json.encode({"errors": [refused.formatted()]})
    response = written(body, refused.status, media_type)
    if refused.status == 405:
        response.headers["allow"] = "POST"
    return response


def written(body: bytes, status: int, media_type: str) -> Response:
    """An answer in JSON, UTF-8."""
    return Response(
        body,
        status_code=status,
        headers={
            "content-type": f"{media_type}; charset=utf-8",
            "vary": "Accept",
            "cache-control": "no-store",
        },
    )


async def read_request(request: Request, body_limit: int) -> GraphQLRequest:
    """The parameters of a request. Raises RequestRefused where they cannot be read."""
    if request.method == "GET":
        return from_query_string(request)
    content_type = request.headers.get("content-type", "")
    media_type, _, parameters = content_type.partition(";")
    if media_type.strip().lower() != JSON:
        raise RequestRefused(f"send the query as {JSON}", status=415)
    charset = parameters.strip().lower()
    if charset.startswith("charset=") and charset[8:].strip('"') not in ("utf-8", "utf8"):
        raise RequestRefused("send the query in UTF-8", status=415)
    return decoded(_body, await read_body(request, body_limit), "body")


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body. Raises RequestRefused as soon as it is over the limit."""
    length = request.headers.get("content-length", "0")
    chunks: list[bytes] = []
    size = int(length) if length.isdecimal() else 0
    if size <= limit:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                break
            chunks.append(chunk)
    if size > limit:
        raise RequestRefused(f"the body is larger than {limit} bytes", status=413)
    return b"".join(chunks)


def from_query_string(request: Request) -> GraphQLRequest:
    """The parameters of a GET request; variables and extensions are JSON in them."""
    given = request.query_params
    return GraphQLRequest(
        query=given.get("query"),
        operation_name=given.get("operationName") or None,
        variables=msgspec.Raw((given.get("variables") or "{}").encode()),
        extensions=_json_parameter(given.get("extensions"), "extensions"),
    )


def _json_parameter(text: str | None, name: str) -> dict[str, Any] | None:
    return decoded(_object, text.encode(), name) if text else None


def decoded(decoder: msgspec.json.Decoder[T], data: bytes, field: str) -> T:
    """JSON that is what it should be. Raises RequestRefused, naming the field at fault."""
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RequestRefused(f"the {field} cannot be read: {error}", field=field) from None
    except RecursionError:
        raise RequestRefused(f"the {field} is nested too deeply", field=field) from None


def answered_as(accept: str | None) -> str:
    """The media type to answer in: the new one for whoever prefers it, else plain JSON."""
    weights = accepted(accept or "")
    return GRAPHQL_JSON if weights.get(GRAPHQL_JSON, 0) > weights.get(JSON, 0) else JSON


def wants_page(accept: str) -> bool:
    """Whether a browser asks, to be shown a page: it alone names HTML before JSON."""
    weights = accepted(accept)
    html = weights.get("text/html", 0)
    return html > 0 and html >= max(weights.get(JSON, 0), weights.get(GRAPHQL_JSON, 0))


def accepted(accept: str) -> dict[str, float]:
    """The media types of an Accept header with their weights (RFC 9110, section 12.5.1)."""
    weights: dict[str, float] = {}
    for item in accept.split(","):
        media_type, *parameters = (part.strip().lower() for part in item.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = float(parameter[2:])
                except ValueError:
                    weight = 0.0
        weights.setdefault(media_type, weight)
    return weights
