"""How the application is served: uvicorn, with what it lacks against endless requests."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD: Final = 65_536
"""Bytes that a client may send before there is a whole head of a request, or more of its body."""

SAFE: Final = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
]
"""Headers of every answer, those of uvicorn itself included: what is sent is what it says it is,
and no page of another site shows it, embeds it or is told the address that it was asked at."""

MESSAGE: Final = 1_000_000
"""Bytes of a message that a client may send over a WebSocket."""

UNTAKEN: Final = 60.0
"""Seconds in which a client has to take something of what is left when a connection is closed."""

TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"connection: close\r\ncontent-length: 0\r\n\r\n"
)


LITTER: Final = 20_000
"""New objects after which garbage is looked for. To wake a thousand subscribers takes so many, none
of which is garbage then."""


def settle() -> None:
    """Spare a process that begins to serve the search for garbage among what was made until now:
    it stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(LITTER, *gc.get_threshold()[1:])


class Joined:
    """A transport that sends at once what is written at once: uvicorn writes the head of an answer
    and its body one after the other, and each would be a packet, and a call of the system."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._written: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Send, when whoever writes has done."""
        if not self._written:
            self._loop.call_soon(self._flush)
        self._written.append(data)

    def _flush(self) -> None:
        written, self._written = self._written, []
        if written:
            self._transport.write(b"".join(written))

    def close(self) -> None:
        """Close, when all is sent; or when nothing of it is taken any more."""
        self._flush()
        self._transport.close()
        self._look(0)

    def _look(self, before: int) -> None:
        left = self._transport.get_write_buffer_size()
        if left and left == before:
            self._transport.abort()
        elif left:
            self._loop.call_later(UNTAKEN, self._look, left)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Protocol(HttpToolsProtocol):
    """HTTP/1.1 as httptools reads it, which sets no limit to the head of a request."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._unread = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there."""
        super().connection_made(Joined(transport, self.loop))  # type: ignore[arg-type]

    def shutdown(self) -> None:
        """The server is stopped: streams end now, other answers when they are whole."""
        streams = self.app_state.get("streams")
        while streams:
            ended = streams.pop()
            if not ended.done():
                ended.set_result(None)
        super().shutdown()

    def data_received(self, data: bytes) -> None:
        """Read on, unless what came so far leads nowhere."""
        self._unread += len(data)
        super().data_received(data)
        if self._unread > HEAD and not self.transport.is_closing():
            if getattr(self.cycle, "response_complete", True):  # nothing is being answered
                self.transport.write(TOO_LARGE)
            self.transport.close()

    def on_headers_complete(self) -> None:
        """The head of a request is whole."""
        self._unread = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """There is more of a body."""
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is whole."""
        self._unread = 0
        super().on_message_complete()


def config(app: ASGIApp, proxies: Sequence[str] = (), **settings: Any) -> uvicorn.Config:
    """What uvicorn is to be started with. `proxies`: addresses and networks whose word is taken on
    where a request comes from (`X-Forwarded-For`, `X-Forwarded-Proto`)."""
    return uvicorn.Config(
        app,
        http=Protocol,
        ws="websockets-sansio",
        ws_max_size=MESSAGE,
        ws_per_message_deflate=False,  # it would keep a window of 64 kB for each subscriber
        log_config=None,  # it tells its troubles as everybody else here
        log_level="warning",
        access_log=False,
        server_header=False,
        headers=SAFE,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        **settings,
    )
