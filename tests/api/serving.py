"""The API, served on a port of this machine by the server that serves it in earnest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Thread
from time import monotonic, sleep

import uvicorn
from starlette.applications import Starlette

from api.protocol import config


@contextmanager
def served(app: Starlette, proxies: Sequence[str] = ()) -> Iterator[str]:
    """The address at which an application answers, until the block is left."""
    server = uvicorn.Server(config(app, proxies, port=0))
    thread = Thread(target=server.run)
    thread.start()
    try:
        deadline = monotonic() + 20
        while not server.started:
            if not thread.is_alive() or monotonic() > deadline:
                raise RuntimeError("the server did not start")
            sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
