"""Subscriptions over HTTP: server-sent events (`graphql-sse`, each stream a request of its own),
and the multipart responses that the clients of Apollo read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import msgspec
from starlette.types import Receive, Scope, Send

from api.answers import Answer
from api.channels import Message
from api.errors import RequestRefused, fault_error
from api.negotiation import HEADERS, accepted
from api.subscribing import Subscribed, Subscribing

BEAT: Final = 12.0
"""Seconds after which a client that hears nothing is given a sign of life."""

STUCK: Final = 60.0
"""Seconds after which a client that takes nothing is given up."""

EVENTS: Final = "text/event-stream"
MULTIPART: Final = "multipart/mixed"


Ended = asyncio.Future[RequestRefused | None]
"""The end of a stream that is none of its client's: why, or None where the server is stopped."""


@dataclass(frozen=True, slots=True, eq=False)
class Format:
    """How messages are written into a response."""

    content_type: bytes
    begin: bytes
    beat: bytes
    write: Callable[[Sequence[Message]], str]
    end: Callable[[str], str]
    """The last message and the end after it: an only answer, or the errors that say why a stream
    cannot go on."""


def _events(messages: Sequence[Message]) -> str:
    return "".join(f"event: next\nid: {place}\ndata: {body}\n\n" for place, body in messages)


def _parts(messages: Sequence[Message]) -> str:
    return "".join(_part(f'{{"payload":{body}}}') for _, body in messages)


def _part(body: str) -> str:
    # With the delimiter after it: a client takes a part for whole only when that has come.
    return f"\r\ncontent-type: application/json\r\n\r\n{body}\r\n--graphql"


SERVER_SENT: Final = Format(
    b"text/event-stream; charset=utf-8",
    b":\n\n",
    b":\n\n",
    _events,
    lambda body: f"event: next\ndata: {body}\n\nevent: complete\ndata:\n\n",
)

IN_PARTS: Final = Format(
    b'multipart/mixed;boundary="graphql";subscriptionSpec=1.0',
    b"\r\n--graphql",
    _part("{}").encode(),
    _parts,
    lambda body: _part(f'{{"payload":null,{body[1:]}') + "--\r\n",
)


@lru_cache(HEADERS)
def streamed_as(accept: str) -> Format | None:
    """The form of a stream that a client asks for; None where it asks for one answer."""
    weights = accepted(accept)
    if weights.get(EVENTS):
        return SERVER_SENT
    if weights.get(MULTIPART) and "subscriptionspec" in accept.lower():
        return IN_PARTS
    return None


async def deliver_one(answer: Answer, send: Send) -> None:
    """Send the only answer that there is as server-sent events. So is what is wrong with a
    document: a browser's EventSource shows nothing of a response with another status."""
    await _start(SERVER_SENT, send)
    body = SERVER_SENT.end(answer.body.decode())
    await send({"type": "http.response.body", "body": body.encode()})


async def _start(format_: Format, send: Send) -> None:
    headers = [
        (b"content-type", format_.content_type),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),  # nginx is to pass on what comes as it comes
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


class Streaming:
    """One stream of a response."""

    def __init__(
        self, subscribed: Subscribed, format_: Format, receive: Receive, send: Send
    ) -> None:
        self._subscribed = subscribed
        self._format = format_
        self._receive = receive
        self._send = send
        self._told = 0

    async def serve(self, scope: Scope) -> None:
        """Send until the client leaves, or may not listen any longer."""
        await _start(self._format, self._send)
        if scope["method"] == "HEAD":
            await self._send({"type": "http.response.body", "body": b""})
            return
        await self._write(self._format.begin)
        following = asyncio.create_task(self._follow(scope["state"]["subscribing"]))
        leaving = asyncio.create_task(self._watch())
        ended: Ended = asyncio.get_running_loop().create_future()
        headers = dict(scope["headers"])
        callers, streams = scope["state"]["callers"], scope["state"]["streams"]
        streams.add(ended)

        async def recheck() -> None:
            try:
                await callers.still(headers)
            except RequestRefused as refused:
                if not ended.done():
                    ended.set_result(refused)

        try:
            with callers.watched(recheck):
                await asyncio.wait((following, leaving, ended), return_when=asyncio.FIRST_COMPLETED)
        finally:
            streams.discard(ended)
            for task in (following, leaving):
                task.cancel()
            await asyncio.gather(following, leaving, return_exceptions=True)
        if ended.done():
            refused = ended.result()
            if refused is None:
                await self._send({"type": "http.response.body", "body": b""})
            else:
                await self._fail(refused.formatted())
        elif following.done() and not following.cancelled() and following.exception():
            error = following.exception()
            if isinstance(error, RequestRefused):
                await self._fail(error.formatted())
            elif isinstance(error, Exception) and not isinstance(error, TimeoutError):
                await self._fail(fault_error(error)[1])

    async def _follow(self, subscribing: Subscribing) -> None:
        async with aclosing(subscribing.pages(self._subscribed)) as pages:
            async for page in pages:
                self._told += 1
                async with asyncio.timeout(STUCK):
                    await self._write(self._format.write(page.messages).encode())

    async def _watch(self) -> None:
        told = 0
        while True:
            try:
                async with asyncio.timeout(BEAT):
                    if (await self._receive())["type"] == "http.disconnect":
                        return
            except TimeoutError:
                if told == self._told:
                    async with asyncio.timeout(STUCK):
                        await self._write(self._format.beat)
                told = self._told

    async def _fail(self, told: object) -> None:
        body = self._format.end(msgspec.json.encode({"errors": [told]}).decode())
        await self._send({"type": "http.response.body", "body": body.encode()})

    async def _write(self, data: bytes) -> None:
        if data:
            await self._send({"type": "http.response.body", "body": data, "more_body": True})
