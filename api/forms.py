"""An answer in the form in which a client wants it: media type, content coding, headers."""

from __future__ import annotations

import zlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

import zstandard

from api.answers import Answer, Lasting
from api.negotiation import JSON

Headers = list[tuple[bytes, bytes]]

SMALL: Final = 1_000
"""Bytes of a body that is sent as it is: it fits into one packet either way."""

FRESH_FOR: Final = 31_536_000
"""Seconds that an answer about given moments may be kept outside without asking again, unless
another number is set: a year, which is as good as for ever."""

CACHE_CONTROL: Final = {
    Lasting.NOT: b"no-store",
    Lasting.LIVE: b"no-cache",
    Lasting.POSITION: b"no-cache",
    Lasting.SERVER: b"no-cache",
    Lasting.FOR_EVER: f"public, max-age={FRESH_FOR}, immutable".encode(),
}

VARY: Final = b"Accept, Accept-Encoding"

_zstd = zstandard.ZstdCompressor(level=3)


@dataclass(frozen=True, slots=True)
class Form:
    """What is sent."""

    status: int
    headers: Headers
    body: bytes
    etag: str | None = None
    unchanged: Headers = field(default_factory=list)
    """The headers of the answer 304, where there may be one."""


def form(answer: Answer, media_type: str, coding: str | None, *, cacheable: bool) -> Form:
    """The form of an answer, made once. `cacheable`: it was asked for by GET or HEAD."""
    if len(answer.body) < SMALL:
        coding = None
    key = media_type, coding, cacheable
    found: Form | None = answer.forms.get(key)
    if found is None:
        status = 200 if answer.executed or media_type == JSON else 400
        lasting = answer.lasting if cacheable else Lasting.NOT
        body = answer.body if coding is None else _compressed(answer, coding)
        found = answer.forms[key] = _form(status, body, media_type, coding, lasting, VARY, [])
    return found


def made(
    body: bytes,
    lasting: Lasting,
    media_type: str,
    coding: str | None,
    more: Headers | None = None,
    *,
    vary: bytes = VARY,
) -> Form:
    """The form of anything else that was asked for by GET or HEAD."""
    if len(body) < SMALL:
        coding = None
    if coding is not None:
        body = compressed(body, coding)
    return _form(200, body, media_type, coding, lasting, vary, more or [])


def _form(
    status: int,
    body: bytes,
    media_type: str,
    coding: str | None,
    lasting: Lasting,
    vary: bytes,
    more: Headers,
) -> Form:
    charset = "; charset=utf-8" if media_type.endswith("json") else ""
    about = [(b"vary", vary), (b"cache-control", CACHE_CONTROL[lasting]), *more]
    headers = [
        (b"content-type", f"{media_type}{charset}".encode()),
        (b"content-length", str(len(body)).encode()),
        *about,
    ]
    if coding is not None:
        headers.append((b"content-encoding", coding.encode()))
    if lasting is Lasting.NOT:
        return Form(status, headers, body)
    etag = tag(body, media_type, coding)
    named = (b"etag", etag.encode())
    return Form(status, [*headers, named], body, etag, [*about, named])


def kept_by(headers: Headers, fresh_for: int, *, closed: bool) -> Headers:
    """Headers with what may be kept, how long, and by whom. `closed`: by this client alone."""
    if closed:
        headers = [(name, value.replace(b"public", b"private")) for name, value in headers]
    if fresh_for != FRESH_FOR:
        year, other = (f"max-age={seconds}".encode() for seconds in (FRESH_FOR, fresh_for))
        headers = [(name, value.replace(year, other)) for name, value in headers]
    return headers


def tag(body: bytes, media_type: str, coding: str | None) -> str:
    """The strong entity tag of a form (RFC 9110, section 8.8.3): another for each media type and
    coding, since their bytes are others."""
    digest = blake2b(body, digest_size=15, person=f"{coding}"[:16].encode())
    digest.update(media_type.encode())
    return f'"{urlsafe_b64encode(digest.digest()).decode()}"'


def _compressed(answer: Answer, coding: str) -> bytes:
    found: bytes | None = answer.forms.get(coding)
    if found is None:
        found = answer.forms[coding] = compressed(answer.body, coding)
    return found


def compressed(body: bytes, coding: str) -> bytes:
    """A body in a content coding."""
    if coding == "zstd":
        return _zstd.compress(body)
    return zlib.compress(body, 4, wbits=31)
