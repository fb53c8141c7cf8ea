"""What is known of a request while it is answered, and what is told of it when that is over.

It goes around everything else. Whoever answers a request adds to its `Watch` what comes out on the
way: who asks, which operation, what became of it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from secrets import token_hex
from time import perf_counter
from typing import Final, NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import Metrics
from api.traces import UNTRACED, traced_request
from eventlog import tracing

REQUEST_ID: Final = b"x-request-id"

_WELL_FORMED: Final = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
_PROCESS: Final = token_hex(5)
_numbers = count(1)

access = logging.getLogger("api.access")
"""Tells of each request, where that is asked for."""

slow = logging.getLogger("api.slow")
"""Tells of requests that took long."""


class Operation(NamedTuple):
    """What a request asks for, as it is counted."""

    kind: str
    """query, mutation, subscription; page; unread where no operation was found in the request."""
    name: str


UNREAD: Final = Operation("unread", "unread")
CLAIM_PAGE: Final = Operation("page", "claim")
FEED_PAGE: Final = Operation("page", "feed")
ANONYMOUS: Final = "anonymous"
"""Stands for the name of an operation that has none."""

SLOW: Final = 1.0
"""Seconds after which a request is told as slow, unless another number is set."""

OK: Final = "ok"
REFUSED: Final = "refused"
"""What was asked cannot be answered: whoever asked has to ask otherwise."""
FAILED: Final = "failed"
"""It could not be answered: for a fault here, or because too much was asked at once."""
LEFT: Final = "left"
"""Whoever asked went away."""


class Watch:
    """What is known of one request."""

    __slots__ = ("_id", "caller", "operation", "outcome", "status", "trace_id")

    def __init__(self, identity: str | None = None) -> None:
        self._id = identity
        self.operation: Operation | None = None
        """None for what is no question: the page in a browser, health."""
        self.caller: str | None = None
        self.outcome = OK
        self.status: int | None = None
        self.trace_id: str | None = None
        """Of the trace that is made of it, 32 hexadecimal digits; None where none is."""

    @property
    def id(self) -> str:
        """Tells the request from all others: what the client gave, or made when it is needed."""
        if self._id is None:
            self._id = f"{_PROCESS}-{next(_numbers):x}"
        return self._id


_current: ContextVar[Watch | None] = ContextVar("watch", default=None)


def current() -> Watch | None:
    """The request that is being answered, if any is."""
    return _current.get()


def watched() -> Watch:
    """The same; where nobody watches, something that is not looked at."""
    return _current.get() or Watch()


@contextmanager
def counted(metrics: Metrics) -> Iterator[Watch]:
    """Within the block a question is answered that is no request of its own; it is counted as one.
    To be entered in a task of its own."""
    began = perf_counter()
    watch = Watch()
    watch.operation = UNREAD
    _current.set(watch)
    try:
        yield watch
    except BaseException:
        watch.outcome = LEFT
        raise
    finally:
        if watch.operation is not None:
            kind, name = watch.operation
            seconds = perf_counter() - began
            metrics.answered(kind, name, watch.outcome, seconds, watch.outcome == OK)


class Watching:
    """Gives each request an identity, measures it, and tells of it."""

    def __init__(
        self, app: ASGIApp, *, metrics: Metrics, access_log: bool, slow_after: float
    ) -> None:
        """`slow_after`: seconds; what takes longer is told."""
        self._app = app
        self._metrics = metrics
        self._access_log = access_log
        self._slow_after = slow_after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have a request answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        given = _given(scope)
        watch = Watch(given)
        # The server gives each request a context of its own: nothing has to be put back.
        _current.set(watch)
        if given is not None or self._access_log or tracing.tracer is not None:
            send = _identified(watch, send)
        try:
            if tracing.tracer is None or scope["path"].startswith(UNTRACED):
                await self._app(scope, receive, send)
            else:
                with traced_request(scope) as (watch.trace_id, ended):
                    await self._app(scope, receive, send)
                    ended(watch.status)
        except BaseException:
            watch.outcome = FAILED
            raise
        finally:
            seconds = perf_counter() - began
            operation = watch.operation
            if operation is not None:
                self._metrics.answered(
                    operation.kind, operation.name, watch.outcome, seconds, watch.outcome == OK
                )
                if seconds >= self._slow_after:
                    _tell(slow, logging.WARNING, scope, watch, seconds)
            if self._access_log:
                _tell(access, logging.INFO, scope, watch, seconds)


def _given(scope: Scope) -> str | None:
    """The identity that the client gave, if it may stand in a log."""
    for name, value in scope["headers"]:
        if name == REQUEST_ID and _WELL_FORMED.fullmatch(value):
            return str(value, "ascii")
    return None


def _identified(watch: Watch, send: Send) -> Send:
    """Sends the identity back. Not where nobody wants it: it takes as long as all the rest here."""

    async def send_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            watch.status = message["status"]
            message["headers"] = [*message["headers"], (REQUEST_ID, watch.id.encode())]
        await send(message)

    return send_on


def _tell(logger: logging.Logger, level: int, scope: Scope, watch: Watch, seconds: float) -> None:
    # Without the query string: it holds the query and its variables.
    method, path = scope["method"], scope["path"]
    what = "" if watch.operation is None else f" {watch.operation.kind} {watch.operation.name}"
    logger.log(
        level,
        f"{method} {path} {watch.status or watch.outcome} {1000 * seconds:.1f} ms{what}",
        extra={
            "method": method,
            "path": path,
            "status": watch.status,
            "outcome": None if watch.operation is None else watch.outcome,
            "duration_ms": round(1000 * seconds, 3),
        },
    )
