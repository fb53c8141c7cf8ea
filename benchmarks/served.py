"""The API and its peers in Python, each served in a process of its own, by the server that
`dateline serve` uses. The API has no projector here, unless something is recorded.

`python -m benchmarks.served SIDE [ISSUER]` reads a Database as JSON, writes the port that it
listens on, and serves until its standard input is closed.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Final

import uvicorn
from msgspec import json
from starlette.applications import Starlette

from api.app import ApiSettings, create_app
from api.issuer import Issuer
from api.protocol import config, settle
from api.rates import Rates
from benchmarks import handwritten, loaders
from eventlog.database import Database
from projections.projector import Projector

AUDIENCE: Final = "benchmark"
"""What tokens are for where an issuer is given."""

RATES: Final = Rates(address=10**9, caller=10**9, failures=10**9)

RECORDING: Final = "dateline, recording"
"""The API with a projector beside it, as `dateline serve` runs them."""

SIDES: Final[dict[str, Callable[[Database], Starlette]]] = {
    "dateline": create_app,
    "dateline without kept answers": lambda database: create_app(database, ApiSettings(answers=0)),
    "known callers": lambda database: create_app(
        database,
        ApiSettings(answers=0, issuer=Issuer(sys.argv[2], AUDIENCE), rates=RATES),
    ),
    "handwritten": lambda database: handwritten.create_app(database.conninfo),
    "loaders": lambda database: loaders.create_app(database.conninfo),
}


@contextmanager
def served(database: Database, side: str = "dateline", *more: str) -> Iterator[str]:
    """The address at which a record is served, until the block is left."""
    with serving(database, side, *more) as (port, _):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def serving(database: Database, side: str = "dateline", *more: str) -> Iterator[tuple[int, int]]:
    """The same: its port, and the identity of its process."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.served", side, *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.encode(database) + b"\n")
        server.stdin.flush()
        # The socket listens already: who connects now waits until the server has started.
        yield int(server.stdout.readline()), server.pid
        server.stdin.close()


def main() -> None:
    """Serve the record named on standard input."""
    database = json.decode(sys.stdin.buffer.readline(), type=Database)
    listener = socket.create_server(("127.0.0.1", 0))
    recording = sys.argv[1] == RECORDING
    projector = Projector(database) if recording else None
    if recording:
        app = create_app(database, ApiSettings(open_writing=True), projector)
    else:
        app = SIDES[sys.argv[1]](database)
    server = uvicorn.Server(config(app))

    def stop_when_left() -> None:
        sys.stdin.buffer.read()
        server.should_exit = True

    Thread(target=stop_when_left, daemon=True).start()
    if projector is not None:
        projector.start()
    settle()
    print(listener.getsockname()[1], flush=True)
    server.run(sockets=[listener])
    if projector is not None:
        projector.stop()


if __name__ == "__main__":
    main()
