"""GraphQL over WebSocket, as `graphql-transport-ws` (the protocol of the library graphql-ws).

Queries and mutations are answered over it, too. The older protocol, `graphql-ws` by its name and
subscriptions-transport-ws by its library, is refused: nobody has kept it since 2019.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing, suppress
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from starlette.types import Receive, Scope, Send

from api.answers import Answer
from api.callers import Callers
from api.errors import RequestRefused, Unauthenticated, fault_error, too_many
from api.execution import Engine
from api.http import host_of
from api.request import GraphQLRequest
from api.subscribing import Subscribed, Subscribing
from api.writing import Asking

PROTOCOL: Final = "graphql-transport-ws"

PATIENCE: Final = 10.0
"""Seconds in which a client has to say who it is."""

STUCK: Final = 60.0
"""Seconds after which a client that takes nothing is given up."""

BAD_MESSAGE: Final = 4400
UNAUTHORIZED: Final = 4401
FORBIDDEN: Final = 4403
WRONG_PROTOCOL: Final = 4406
TOO_LATE: Final = 4408
TAKEN: Final = 4409
TWICE: Final = 4429

_logger = logging.getLogger(__name__)


class Closed(Exception):
    """The connection is to be closed."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Init(msgspec.Struct, tag_field="type", tag="connection_init"):
    """A client says hello, and who it is."""

    payload: dict[str, Any] | None = None


class Ping(msgspec.Struct, tag_field="type", tag="ping"):
    """A client asks for a sign of life."""

    payload: dict[str, Any] | None = None


class Pong(msgspec.Struct, tag_field="type", tag="pong"):
    """A client gives a sign of life."""

    payload: dict[str, Any] | None = None


class Subscribe(msgspec.Struct, tag_field="type", tag="subscribe"):
    """A client asks for something."""

    id: str
    payload: GraphQLRequest


class Complete(msgspec.Struct, tag_field="type", tag="complete"):
    """A client wants to hear no more of something."""

    id: str


_decode: Final = msgspec.json.Decoder(Init | Ping | Pong | Subscribe | Complete).decode


class Sockets:
    """`/graphql` over WebSocket."""

    def __init__(self, *, subscriptions: int) -> None:
        """`subscriptions`: the most that one connection may have at once."""
        self._most = subscriptions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection until it ends."""
        await receive()  # websocket.connect
        if not same_origin(scope):
            await send({"type": "websocket.close", "code": FORBIDDEN})
            return
        if PROTOCOL not in scope["subprotocols"]:
            await send({"type": "websocket.accept"})
            await send(
                {
                    "type": "websocket.close",
                    "code": WRONG_PROTOCOL,
                    "reason": f"Subprotocol not acceptable: {PROTOCOL} is spoken",
                }
            )
            return
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        await Socket(scope, receive, send, self._most).serve()


class Socket:
    """One connection."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        self._receive = receive
        self._send = send
        self._most = most
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self._query: bytes = scope["query_string"]
        self._host = host_of(scope)
        self._callers: Callers = scope["state"]["callers"]
        self._engine: Engine = scope["state"]["engine"]
        self._subscribing: Subscribing = scope["state"]["subscribing"]
        self._asking: Asking | None = None
        self._running: dict[str, asyncio.Task[None]] = {}
        self._ended: asyncio.Future[Closed] = asyncio.get_running_loop().create_future()

    async def serve(self) -> None:
        """Answer until the client leaves, or has to."""
        listening = asyncio.create_task(self._listen())
        try:
            with self._callers.watched(self._recheck):
                await asyncio.wait((listening, self._ended), return_when=asyncio.FIRST_COMPLETED)
            if self._ended.done():
                closed = self._ended.result()
                await self._send(
                    {"type": "websocket.close", "code": closed.code, "reason": closed.reason}
                )
        finally:
            tasks = (listening, *self._running.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._hear()
                while self._asking is None:
                    await self._hear()
            while True:
                await self._hear()
        except TimeoutError:
            self._end(Closed(TOO_LATE, "Connection initialisation timeout"))
        except Closed as closed:
            self._end(closed)
        except _Left:
            pass

    def _end(self, closed: Closed) -> None:
        if not self._ended.done():
            self._ended.set_result(closed)

    async def _hear(self) -> None:
        event = await self._receive()
        if event["type"] == "websocket.disconnect":
            raise _Left
        text = event.get("text")
        try:
            message = _decode(text if text is not None else event["bytes"])
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise Closed(BAD_MESSAGE, f"Invalid message: {error}"[:120]) from None
        match message:
            case Init():
                await self._greet(message)
            case Ping():
                await self._tell({"type": "pong", "payload": message.payload})
            case Subscribe():
                self._subscribe(message)
            case Complete():
                task = self._running.get(message.id)
                if task is not None:
                    task.cancel()

    async def _greet(self, message: Init) -> None:
        if self._asking is not None:
            raise Closed(TWICE, "Too many initialisation requests")
        for name, value in (message.payload or {}).items():
            if name.lower() == "authorization" and isinstance(value, str):
                self._headers[b"authorization"] = value.encode("latin-1", "replace")
        try:
            caller = await self._callers.caller(self._headers, self._query, self._host)
        except RequestRefused as refused:
            raise Closed(FORBIDDEN, str(refused)[:120]) from None
        self._asking = Asking(caller)
        await self._tell({"type": "connection_ack"})

    def _subscribe(self, message: Subscribe) -> None:
        if self._asking is None:
            raise Closed(UNAUTHORIZED, "Unauthorized")
        if message.id in self._running:
            raise Closed(TAKEN, f"Subscriber for {message.id[:80]} already exists")
        crowded = len(self._running) >= self._most
        task = asyncio.create_task(self._answer(message, self._asking, crowded))
        self._running[message.id] = task
        task.add_done_callback(lambda _: self._running.pop(message.id, None))

    async def _answer(self, message: Subscribe, asking: Asking, crowded: bool) -> None:
        try:
            if crowded:
                raise too_many("subscriptions", self._most, "one connection")
            asked = await self._subscribing.begin(message.payload, self._named(asking))
            if isinstance(asked, Subscribed):
                await self._follow(message.id, asked)
                return
            answer = asked or await self._engine.answer(message.payload, asking)
        except asyncio.CancelledError:
            raise
        except Closed as closed:
            self._end(closed)
            return
        except RequestRefused as refused:
            await self._tell({"type": "error", "id": message.id, "payload": [refused.formatted()]})
            return
        except Exception as error:
            _, told = fault_error(error)
            await self._tell({"type": "error", "id": message.id, "payload": [told]})
            return
        await self._give(message.id, answer)

    def _named(self, asking: Asking) -> str:
        return asking.caller.name if b"authorization" in self._headers else self._host

    async def _give(self, identity: str, answer: Answer) -> None:
        if not answer.executed:
            failed = msgspec.json.decode(answer.body)
            await self._tell({"type": "error", "id": identity, "payload": failed["errors"]})
            return
        await self._send_text(_next(identity) + answer.body.decode() + "}")
        await self._tell({"type": "complete", "id": identity})

    async def _follow(self, identity: str, subscribed: Subscribed) -> None:
        head = _next(identity)
        async with aclosing(self._subscribing.pages(subscribed)) as pages:
            async for page in pages:
                try:
                    async with asyncio.timeout(STUCK):
                        for _, body in page.messages:
                            await self._send_text(f"{head}{body}}}")
                except TimeoutError:
                    raise Closed(TOO_LATE, "nothing was taken for too long") from None

    async def _tell(self, message: dict[str, Any]) -> None:
        known = {name: value for name, value in message.items() if value is not None}
        await self._send_text(msgspec.json.encode(known).decode())

    async def _send_text(self, text: str) -> None:
        with suppress(OSError):  # it has gone away, and will be found to have
            await self._send({"type": "websocket.send", "text": text})

    async def _recheck(self) -> None:
        """See whether whoever this is may still ask."""
        if self._asking is None:
            return
        try:
            await self._callers.still(self._headers)
        except Unauthenticated as refused:
            self._end(Closed(FORBIDDEN, str(refused)[:120]))


class _Left(Exception):
    """The client has gone away."""


def _next(identity: str) -> str:
    return f'{{"type":"next","id":{msgspec.json.encode(identity).decode()},"payload":'


def same_origin(scope: Scope) -> bool:
    """Whether a page that opened this connection, if one did, came from here. Browsers let every
    page open connections to everywhere, and send along where the page is from."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    origin = headers.get(b"origin")
    if origin is None:
        return True
    return urlsplit(origin.decode("latin-1")).netloc == headers.get(b"host", b"").decode("latin-1")
