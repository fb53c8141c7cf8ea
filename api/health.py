"""What is asked by whoever keeps it running: is it alive, can it answer, how is it doing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import psycopg
from prometheus_client.exposition import choose_encoder
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.metrics import Metrics
from eventlog.migrate import shipped_migrations
from projections.generations import shape
from projections.readers import Crowded
from projections.statements import Standing, Statements

BEHIND: Final = 30.0
"""Seconds that the projection may be behind the log, unless another number is set."""

PATIENCE: Final = 2.0
"""Seconds that the database has to say where the record stands."""

FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
"""What a proxy adds to a request that it passes on."""

Network = IPv4Network | IPv6Network

LOOPBACK: Final[tuple[Network, ...]] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


async def live(_request: Request) -> Response:
    """Whether the process answers at all."""
    return JSONResponse({"status": "live"})


async def standing_of(statements: Statements) -> Standing:
    """Where the record stands. Raises psycopg.Error, Crowded and TimeoutError."""
    async with asyncio.timeout(PATIENCE):
        return await statements.standing()


class Readiness:
    """`/health/ready`: whether questions are answered, and from what the log holds by now."""

    def __init__(self, behind: float = BEHIND) -> None:
        """`behind`: seconds that the projection may be behind the log."""
        self._behind = behind
        self._shape = shape()
        self._migration = max(one.number for one in shipped_migrations())

    async def answer(self, request: Request) -> Response:
        """200, or 503 with the reasons."""
        try:
            standing = await standing_of(request.state.statements)
        except Crowded:
            reasons = [_reason("BUSY", "too much is waiting to be answered")]
        except (psycopg.Error, TimeoutError):
            reasons = [_reason("DATABASE_UNREACHABLE", "the database does not answer")]
        else:
            reasons = list(self._against(standing))
        if reasons:
            return JSONResponse({"status": "not ready", "reasons": reasons}, status_code=503)
        return JSONResponse({"status": "ready"})

    def _against(self, standing: Standing) -> Iterator[dict[str, str]]:
        if standing.migration < self._migration:
            yield _reason(
                "MIGRATION_MISSING",
                f"the database is at migration {standing.migration}; it takes {self._migration}",
            )
        if standing.shape != self._shape:
            yield _reason(
                "OTHER_READ_MODEL", "another version of Dateline has rebuilt the read model"
            )
        if standing.lag_seconds > self._behind:
            yield _reason(
                "PROJECTION_BEHIND",
                f"{standing.lag_events} events cannot be read yet, the oldest of them for"
                f" {standing.lag_seconds:.0f} s",
            )


def _reason(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message}


class Scrapes:
    """`/metrics`, for some networks alone."""

    def __init__(self, metrics: Metrics, networks: Iterable[Network] = LOOPBACK) -> None:
        self._metrics = metrics
        self._networks = tuple(networks)

    async def answer(self, request: Request) -> Response:
        """The metrics, in the form that is asked for."""
        if not self._may_read(request):
            return JSONResponse(
                {"error": "metrics are not told to this address; see --metrics-to"},
                status_code=403,
            )
        try:
            self._metrics.standing = await standing_of(request.state.statements)
        except (psycopg.Error, Crowded, TimeoutError):
            self._metrics.standing = None
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        body = await run_in_threadpool(encode, self._metrics.registry)
        return Response(body, headers={"content-type": content_type, "cache-control": "no-store"})

    def _may_read(self, request: Request) -> bool:
        # What came through a proxy came from its address, and from who knows where.
        if request.client is None or any(name in request.headers for name in FORWARDED):
            return False
        try:
            address: IPv4Address | IPv6Address = ip_address(request.client.host)
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self._networks)


def networks_from(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks as `10.0.0.0/8`, or single addresses. Raises ValueError."""
    found = []
    for text in texts:
        try:
            found.append(ip_network(text))
        except ValueError as error:
            raise ValueError(f"--metrics-to takes an address or a network: {error}") from None
    return tuple(found)
