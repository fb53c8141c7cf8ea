"""GraphQL over HTTP: what a request may look like, and what is sent back.

After the GraphQL-over-HTTP specification: GET and POST, both media types, 400 for a request that
cannot be executed where the client understands that (`application/graphql-response+json`). It is
written for ASGI itself: what a framework would do for each request takes longer than the answer.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.answers import Answer, Lasting
from api.callers import Callers
from api.errors import RequestRefused, Unauthenticated, fault_error
from api.execution import Engine
from api.forms import Form, Headers, form, kept_by
from api.negotiation import JSON, accepts_json, answered_as, coding, matches, wants_page
from api.request import NO_VARIABLES, GraphQLRequest, from_body, json_object
from api.streaming import SERVER_SENT, Streaming, deliver_one, streamed_as
from api.subscribing import Subscribed
from api.traces import traced_operation
from api.watching import FAILED, LEFT, REFUSED, UNREAD, watched
from api.writing import Asking
from eventlog import tracing

METHODS: Final = ("GET", "HEAD", "POST")

LARGE: Final = 100_000
"""Bytes of a body that is not compressed beside other requests."""

LONGEST_QUERY: Final = 8_000
"""Characters of a query string whose meaning is kept."""

AT_LEAST: Final = b"dateline-at-least"
"""The header that names the position up to which the record has to be readable."""


class Left(Exception):
    """The client has gone away."""


class Endpoint:
    """`/graphql`: the page for a browser, answers for everybody else."""

    def __init__(self, page: Response, *, body_limit: int) -> None:
        self._page = page
        self._body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        method = scope["method"]
        headers: dict[bytes, bytes] = dict(scope["headers"])
        accept = headers.get(b"accept", b"").decode("latin-1")
        cacheable = method != "POST"
        watch = watched()
        if cacheable and wants_page(accept) and method in METHODS:
            await self._page(scope, receive, send)
            return
        media_type = answered_as(accept)
        stream = streamed_as(accept)
        in_events = stream is SERVER_SENT and not accepts_json(accept)
        watch.operation = UNREAD
        try:
            if method not in METHODS:
                raise RequestRefused("GET and POST are answered", status=405)
            state = scope["state"]
            # Before the body is read: who is turned away is to cost as little as can be.
            asking = await asked_by(scope, headers, state["callers"])
            watch.caller = asking.caller.name
            if cacheable:
                request = from_query_string(scope["query_string"])
            else:
                request = from_body(await read_body(headers, receive, self._body_limit))
            engine: Engine = state["engine"]
            asked = None
            if stream is not None:
                by = asking.caller.name if b"authorization" in headers else host_of(scope)
                heard = headers.get(b"last-event-id", b"").decode("latin-1") or None
                asked = await state["subscribing"].begin(request, by, heard)
                if isinstance(asked, Subscribed):
                    watch.operation = None  # it is not over when it is answered
                    await Streaming(asked, stream, receive, send).serve(scope)
                    return
            if asked is not None:
                answer = asked
            else:
                answering = engine.answer(request, asking, only_queries=cacheable)
                answer = await (
                    answering if tracing.tracer is None else traced_operation(answering, watch)
                )
            if answer.lasting is Lasting.NOT:
                watch.outcome = REFUSED
            if in_events:
                await deliver_one(answer, send)
                return
            wanted = coding(headers.get(b"accept-encoding", b"").decode("latin-1"))
            if wanted is not None and len(answer.body) > LARGE:
                made = await engine.beside(form, answer, media_type, wanted, cacheable=cacheable)
            else:
                made = form(answer, media_type, wanted, cacheable=cacheable)
        except Left:
            watch.outcome = LEFT
            return
        except Exception as error:
            made = failed(error, media_type)
            if in_events and isinstance(error, RequestRefused) and error.status == 400:
                await deliver_one(Answer(made.body), send)
                return
        await deliver(made, headers, method, send, scope["state"])


async def asked_by(scope: Scope, headers: dict[bytes, bytes], callers: Callers) -> Asking:
    """What a request says beside its body. Raises RequestRefused, and as `Callers.caller`."""
    key = headers.get(b"idempotency-key")
    least = headers.get(AT_LEAST, b"0")
    if not least.isdigit() or len(least) > 18:
        raise RequestRefused("Dateline-At-Least is a position: a whole number")
    return Asking(
        await callers.caller(headers, scope["query_string"], host_of(scope)),
        None if key is None else key.decode("latin-1").strip('"'),
        int(least),
    )


def host_of(scope: Scope) -> str:
    """The address that a request comes from; empty where it has none."""
    client = scope.get("client")
    return client[0] if client else ""


async def deliver(
    made: Form, headers: dict[bytes, bytes], method: str, send: Send, state: dict[str, Any]
) -> None:
    """Send a form, or that it has not changed."""
    status, told, body = made.status, made.headers, made.body
    known = headers.get(b"if-none-match")
    if known is not None and made.etag is not None and matches(known.decode("latin-1"), made.etag):
        status, told, body = 304, made.unchanged, b""
    told = kept_by(told, state["fresh_for"], closed=state["callers"].closed)
    if method == "HEAD":
        body = b""
    watched().status = status
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": body})


def failed(error: Exception, media_type: str, allowed: bytes = b"GET, HEAD, POST") -> Form:
    """A request that is refused or could not be answered, told in the way that every error is."""
    more: Headers = []
    retry = 1
    if isinstance(error, RequestRefused):
        status = error.plain if media_type == JSON else error.status
        told, retry = error.formatted(), error.retry
        if status == 405:
            more.append((b"allow", allowed))
    else:
        status, told = fault_error(error)
    watched().outcome = FAILED if status >= 500 else REFUSED
    if isinstance(error, Unauthenticated):
        wrong = b', error="invalid_token"' if error.given else b""  # RFC 6750, section 3
        more.append((b"www-authenticate", b'Bearer realm="dateline"' + wrong))
    if status in (429, 503):
        more.append((b"retry-after", str(retry).encode()))
    made = form(Answer(msgspec.json.encode({"errors": [told]})), media_type, None, cacheable=False)
    return Form(status, [*made.headers, *more], made.body)


async def read_body(headers: dict[bytes, bytes], receive: Receive, limit: int) -> bytes:
    """The whole body. Raises RequestRefused for one that is no JSON in UTF-8, and as soon as it is
    over the limit."""
    check_content(headers)
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and (len(announced) > 18 or int(announced) > limit):
        raise too_large(limit)
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        chunks, size = [body], len(body)
        while size <= limit and message.get("more_body"):
            message = await receive()
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
        body = b"".join(chunks)
    if message["type"] == "http.disconnect":
        raise Left
    if len(body) > limit:
        raise too_large(limit)
    return body


def too_large(limit: int) -> RequestRefused:
    """The refusal of a body over the limit."""
    return RequestRefused(
        f"the body is larger than {limit} bytes", status=413, limit="body", allowed=limit
    )


def check_content(headers: dict[bytes, bytes]) -> None:
    """Raises RequestRefused where a body is anything but JSON in UTF-8 as it is."""
    content_type = headers.get(b"content-type", b"")
    if content_type != b"application/json":
        media_type, _, parameters = content_type.decode("latin-1").lower().partition(";")
        if media_type.strip() != JSON:
            raise RequestRefused(f"send the query as {JSON}", status=415)
        charset = parameters.strip()
        if charset.startswith("charset=") and charset[8:].strip('"') not in ("utf-8", "utf8"):
            raise RequestRefused("send the query in UTF-8", status=415)
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise RequestRefused("send the query without a content coding", status=415)


def from_query_string(query: bytes) -> GraphQLRequest:
    """The parameters of a GET request; variables and extensions are JSON in them. Raises
    RequestRefused."""
    return _kept(query) if len(query) <= LONGEST_QUERY else _parsed(query)


def _parsed(query: bytes) -> GraphQLRequest:
    try:
        given = dict(
            parse_qsl(
                query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20
            )
        )
    except ValueError:
        raise RequestRefused("the query string cannot be read") from None
    variables = given.get("variables")
    return GraphQLRequest(
        query=given.get("query"),
        operation_name=given.get("operationName") or None,
        variables=msgspec.Raw(variables.encode()) if variables else NO_VARIABLES,
        extensions=json_object(given.get("extensions") or "null", "extensions"),
        document_id=given.get("documentId") or None,
    )


_kept = lru_cache(maxsize=1_000)(_parsed)
