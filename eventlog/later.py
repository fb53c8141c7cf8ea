"""One call in a thread of its own, while its caller does something else."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Generic, TypeVar, cast

T = TypeVar("T")


class Later(Generic[T]):
    """What a call gives, or raises, once it is over. It begins at once.

    Nobody has to wait for it: a process that ends does not, or it would hang on a database that
    is not there, or on a pipe that nothing comes through.
    """

    def __init__(self, call: Callable[[], T], name: str) -> None:
        self._call = call
        self._result: T | None = None
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result = self._call()
        except BaseException as error:
            self._error = error

    def result(self) -> T:
        """Wait for what the call gives. Raises what it raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return cast(T, self._result)

    def wait(self, seconds: float) -> None:
        """Wait for the end of the call, but not for ever."""
        self._thread.join(seconds)
