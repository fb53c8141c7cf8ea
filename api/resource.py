"""What the resources beside `/graphql` have in common: they are read with GET by whoever may ask,
and answered through the same reads."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import ClassVar, Final

from starlette.types import Receive, Scope, Send

from api.errors import RequestRefused
from api.forms import Form
from api.http import deliver, failed, host_of
from api.negotiation import JSON
from api.watching import Operation, watched
from domain.refusals import Refusal

HOST: Final = re.compile(r"[A-Za-z0-9.\-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")


class Resource(ABC):
    """Resources of one sort."""

    operation: ClassVar[Operation]
    """As what a request for one is counted."""

    def __init__(self, address: str | None = None) -> None:
        """`address`: where the API is found from outside, unless that is where it is asked."""
        self._address = address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        try:
            if scope["method"] not in ("GET", "HEAD"):
                raise RequestRefused("GET is answered", status=405)
            caller = await scope["state"]["callers"].caller(
                headers, scope["query_string"], host_of(scope)
            )
            watched().caller = caller.name
            form = await self.answer(scope, headers)
        except Refusal as refusal:
            form = failed(
                RequestRefused(str(refusal), code=refusal.code, field=refusal.field), JSON
            )
        except Exception as error:
            form = failed(error, JSON, b"GET, HEAD")
        watched().operation = self.operation
        await deliver(form, headers, scope["method"], send, scope["state"])

    @abstractmethod
    async def answer(self, scope: Scope, headers: dict[bytes, bytes]) -> Form:
        """The answer to somebody who may ask. Raises RequestRefused and Refusal."""

    def base(self, scope: Scope, headers: dict[bytes, bytes]) -> str | None:
        """What the addresses of links begin with; None where the request does not say."""
        if self._address is not None:
            return self._address.rstrip("/")
        host = headers.get(b"host", b"").decode("latin-1")
        return f"{scope['scheme']}://{host}" if HOST.fullmatch(host) else None
