"""Requests over some connections of one process: how many are answered a second.

`python -m benchmarks.http_load PORT SECONDS CONNECTIONS` reads the bodies to send, one a line, and
sends them in turn. Nothing is decoded: the client is to cost little beside the server.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import Final

CONNECTIONS: Final = 8


def rate(
    port: int, bodies: Sequence[bytes], seconds: float, connections: int = CONNECTIONS
) -> float:
    """Requests answered a second. Raises RuntimeError where one is not answered as it should be."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "benchmarks.http_load",
            str(port),
            str(seconds),
            str(connections),
        ],
        input=b"\n".join(bodies),
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise RuntimeError("a request was not answered as it should be")
    return float(done.stdout)


async def _ask(port: int, bodies: Iterator[bytes], until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answered = 0
    while time.monotonic() < until:
        await exchange(reader, writer, next(bodies))
        answered += 1
    writer.close()
    return answered


async def exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes
) -> bytes:
    """Post a body and take the answer's. Raises RuntimeError where it is not as it should be."""
    writer.write(
        b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Accept: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )
    head = await reader.readuntil(b"\r\n\r\n")
    status, *headers = head.lower().split(b"\r\n")
    length = next(int(one[15:]) for one in headers if one.startswith(b"content-length:"))
    answer = await reader.readexactly(length)
    if b" 200 " not in status or b'"errors"' in answer[:40]:
        raise RuntimeError(f"{head.decode()}{answer[:500].decode()}")
    return answer


async def _load(port: int, bodies: list[bytes], seconds: float, connections: int) -> float:
    began = time.monotonic()
    turns = cycle(bodies)
    counts = await asyncio.gather(*(_ask(port, turns, began + seconds) for _ in range(connections)))
    return sum(counts) / (time.monotonic() - began)


def main() -> None:
    """Send what is on standard input, and print the rate."""
    bodies = sys.stdin.buffer.read().splitlines()
    port, seconds, connections = sys.argv[1:]
    print(asyncio.run(_load(int(port), bodies, float(seconds), int(connections))))


if __name__ == "__main__":
    main()
