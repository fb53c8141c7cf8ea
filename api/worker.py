"""What keeps the processor busy is done in one thread, so that other requests are answered beside
it, and in turn, so that it never gets more than its share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from api.errors import Busy

P = ParamSpec("P")
T = TypeVar("T")

WAITING: Final = 200
"""Pieces of work that may wait for their turn."""


class Worker:
    """One thread that does one piece of work after the other."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="documents")
        self._waiting = 0

    async def do(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the work gives, and whatever it raises. Raises Busy where too much is waiting."""
        if self._waiting >= WAITING:
            raise Busy
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._executor, lambda: work(*args, **kwargs))
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End when what is being done is done; what waits is dropped."""
        self._executor.shutdown(wait=False, cancel_futures=True)
