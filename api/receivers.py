"""Sending to somebody else's address: only where it leads to the public, signed, and within bounds.

Whoever may name a receiver could otherwise have this server ask what only it can reach: the
metadata of a cloud, a database, its own health. Checking a name and connecting to it afterwards
would not do, since it may lead elsewhere a moment later; so the addresses are checked that are
connected to, in the one place through which every connection is opened.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, ip_address
from time import time
from typing import Final
from urllib.parse import urlsplit

import httpcore2

from api.server import VERSION

CONNECT: Final = 5.0
"""Seconds in which a connection is to stand."""

IDLE: Final = 2.0
"""Seconds that a connection is kept for the next delivery. Servers of others keep it for 5 or more:
if both gave it up at once, what was just sent would be lost with it."""

LARGEST: Final = 65_536
"""Bytes of an answer that are read. Nothing in it is looked at."""

LONGEST_URL: Final = 2_000
"""Characters of an address that is sent to."""

LONGEST_REASON: Final = 300
"""Characters of what is kept of a failure."""

LONGEST_WAIT: Final = 86_400.0
"""Seconds that a receiver can ask to be left alone."""

GONE: Final = 410
"""What a receiver answers that wants nothing more."""

WAIT: Final = (429, 503)
"""What it answers where it says when it wants to hear again (`Retry-After`)."""

_logger = logging.getLogger(__name__)

Address = IPv4Address | IPv6Address


class Forbidden(httpcore2.ConnectError):
    """A name leads to where nothing is sent."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a delivery."""

    status: int | None
    """What was answered; None where nothing was."""
    reason: str
    """In a few words, for a person."""
    wait: float | None = None
    """Seconds in which the receiver wants to hear nothing."""

    @property
    def delivered(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300


def check_url(url: str, private: bool) -> None:
    """Raises ValueError, in a sentence, for what nothing can be sent to. `private`: whether
    addresses are allowed that are not public."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("the address cannot be read") from None
    if not url.isascii() or not url.isprintable() or " " in url or not host:
        raise ValueError("the address cannot be read")
    if len(url) > LONGEST_URL:
        raise ValueError(f"the address has more than {LONGEST_URL} characters")
    if parts.username is not None or parts.password is not None:
        raise ValueError("the address holds a password, and would be in listings")
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise ValueError(
            "the address begins with https://"
            + (" or http://" if private else "; http:// is for private receivers, if allowed")
        )
    try:
        literal = ip_address(host)
    except ValueError:
        return
    if not private and not is_public(literal):
        raise ValueError(f"{literal} is not a public address")


def is_public(address: Address) -> bool:
    """Whether an address is of the public internet, whatever it is written as or wrapped in."""
    if isinstance(address, IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour
        if address.teredo is not None:
            wrapped = address.teredo[1]
        if wrapped is not None and not is_public(wrapped):
            return False
        if address.ipv4_mapped is not None:
            return True
        if address.is_site_local:
            return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified
    )


class Checked(httpcore2.AsyncNetworkBackend):
    """Opens connections to public addresses alone, or to any where that is allowed."""

    def __init__(self, private: bool) -> None:
        self._private = private
        self._opened = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - as the library has it
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """A connection to one of the addresses of a host, all of which are allowed. Raises
        Forbidden, httpcore2.ConnectError and httpcore2.ConnectTimeout."""
        try:
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise httpcore2.ConnectError("the host cannot be found") from None
        addresses = [str(sockaddr[0]) for *_, sockaddr in found]
        for one in addresses:
            if not self._private and not is_public(ip_address(one)):
                raise Forbidden(f"refused: {one} is not a public address")
        failed: Exception = httpcore2.ConnectError("the host has no address")
        for one in addresses:
            try:
                return await self._opened.connect_tcp(
                    one, port, timeout, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed


@cache
def trusted() -> ssl.SSLContext:
    """Who is believed to be who they say: whom the system believes. Read once, since it takes as
    long as a delivery."""
    return httpcore2.default_ssl_context()


class Receiver:
    """One address that is sent to."""

    def __init__(self, url: str, secret: bytes, *, private: bool, timeout: float, at_once: int):
        """`timeout`: seconds that one delivery may take in all. `at_once`: deliveries."""
        self._url = url
        self._secret = secret
        self._private = private
        self._timeout = timeout
        self._connections = httpcore2.AsyncConnectionPool(
            trusted(),
            max_connections=at_once,
            keepalive_expiry=IDLE,
            network_backend=Checked(private),
        )

    async def close(self) -> None:
        """Close the connections that are kept."""
        await self._connections.aclose()

    async def post(self, identity: str, body: bytes) -> Outcome:
        """Deliver a CloudEvent, under an identity that stays the same however often it is sent."""
        try:
            check_url(self._url, self._private)
        except ValueError as error:
            return Outcome(None, f"refused: {error}")
        moment = str(int(time()))
        headers = [
            ("content-type", "application/cloudevents+json; charset=utf-8"),
            ("user-agent", f"dateline/{VERSION}"),
            ("webhook-id", identity),
            ("webhook-timestamp", moment),
            ("webhook-signature", signature(self._secret, identity, moment, body)),
        ]
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._connections.stream(
                    "POST",
                    self._url,
                    headers=headers,
                    content=body,
                    extensions={"timeout": {"connect": CONNECT}},
                ) as response,
            ):
                await _drain(response)
                return _outcome(response)
        except TimeoutError:
            return Outcome(None, f"no answer within {self._timeout:g} s")
        except httpcore2.ConnectTimeout:
            return Outcome(None, f"no connection within {CONNECT:g} s")
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
            return Outcome(None, (str(error) or "the connection was cut")[:LONGEST_REASON])
        except Exception:
            # Whatever somebody else's server does, it is no more than a failed attempt.
            _logger.exception("a receiver of webhooks did what nobody expected")
            return Outcome(None, "its answer was not understood")


def signature(secret: bytes, identity: str, moment: str, body: bytes) -> str:
    """What proves who sent a body, and when (Standard Webhooks, symmetric)."""
    signed = b".".join((identity.encode(), moment.encode(), body))
    return "v1," + b64encode(hmac.digest(secret, signed, sha256)).decode()


async def _drain(response: httpcore2.Response) -> None:
    """Read an answer to its end, so that the connection can be used again, unless it is large."""
    size = 0
    async for chunk in response.aiter_stream():
        size += len(chunk)
        if size > LARGEST:
            return


def _outcome(response: httpcore2.Response) -> Outcome:
    status = response.status
    wait = _retry_after(response) if status in WAIT else None
    redirect = "; redirects are not followed" if 300 <= status < 400 else ""
    return Outcome(status, f"it answered {status}{redirect}", wait)


def _retry_after(response: httpcore2.Response) -> float | None:
    """Seconds that a receiver asks to be left alone, if it says so (RFC 9110, section 10.2.3)."""
    for name, value in response.headers:
        if name.lower() == b"retry-after":
            text = value.decode("latin-1").strip()
            if text.isascii() and text.isdecimal():
                return min(float(text[:10]), LONGEST_WAIT)
            try:
                until = parsedate_to_datetime(text)
            except ValueError:
                return None
            until = until if until.tzinfo else until.replace(tzinfo=UTC)
            return min(max((until - datetime.now(UTC)).total_seconds(), 0.0), LONGEST_WAIT)
    return None
