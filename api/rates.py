"""How often somebody may ask, as a bucket that fills again all the time.

What is kept of a bucket is the one time at which it is full again (the generic cell rate algorithm,
as ITU-T I.371 has it for cells of a network): one number for each address or caller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from math import ceil
from time import monotonic
from typing import Final

from api.addresses import counted_as
from api.errors import RateLimited

PERIOD: Final = 60.0
"""Seconds that the numbers are about, and in which an empty bucket is full again."""

KEPT: Final = 65_536
"""Buckets of a sort that are known at once. Beyond that whoever was away longest starts anew."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Requests a minute; 0 is without a limit."""

    address: int = 0
    """From an address, of those who bring no key."""
    caller: int = 0
    """With the keys of one name, or the tokens of one person."""
    failures: int = 0
    """With a wrong key or token, from an address."""


class Buckets:
    """One bucket for each name, full at first. A minute's worth may be taken at once."""

    def __init__(
        self, number: int, *, kept: int = KEPT, clock: Callable[[], float] = monotonic
    ) -> None:
        """`number`: that may be taken in a minute, at least 1. `clock`: in seconds."""
        self._each = PERIOD / number
        self._room = PERIOD - self._each
        self._kept = kept
        self._clock = clock
        self._full_at: dict[str, float] = {}
        """The longest untouched first."""

    def take(self, name: str) -> float:
        """Take one: 0, or else the seconds until there is one to take again."""
        now = self._clock()
        full_at = max(self._full_at.pop(name, now), now)
        late = full_at - now - self._room
        # A thousandth of one is what floating-point numbers may be off by, not what is asked for.
        refused = late > self._each / 1000
        self._full_at[name] = full_at if refused else full_at + self._each
        if len(self._full_at) > self._kept:
            del self._full_at[next(iter(self._full_at))]
        return late if refused else 0.0

    def wait(self, name: str) -> float:
        """The seconds until there is one to take; 0 where there is."""
        full_at = self._full_at.get(name)
        if full_at is None:
            return 0.0
        late = full_at - self._clock() - self._room
        return late if late > self._each / 1000 else 0.0


class Gates:
    """Counts requests, and turns them away. Each raises RateLimited."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self._addresses = Buckets(rates.address) if rates.address else None
        self._callers = Buckets(rates.caller) if rates.caller else None
        self._failures = Buckets(rates.failures) if rates.failures else None

    def unnamed(self, host: str) -> None:
        """Somebody asks from an address without a key."""
        if self._addresses is not None:
            wait = self._addresses.take(counted_as(host))
            if wait:
                raise _turned_away("address", self._rates.address, wait)

    def named(self, name: str) -> None:
        """A known caller asks."""
        if self._callers is not None:
            wait = self._callers.take(name)
            if wait:
                raise _turned_away("caller", self._rates.caller, wait)

    def tries(self, host: str) -> None:
        """Somebody at an address says who they are."""
        if self._failures is not None:
            wait = self._failures.wait(counted_as(host))
            if wait:
                raise _turned_away("failures", self._rates.failures, wait)

    def failed(self, host: str) -> None:
        """And it was not right. Raises nothing."""
        if self._failures is not None:
            self._failures.take(counted_as(host))


OF: Final = {
    "address": "requests without a key from one address",
    "caller": "requests of one caller",
    "failures": "requests with a wrong key or token from one address",
}


def _turned_away(limit: str, allowed: int, wait: float) -> RateLimited:
    seconds = ceil(wait)
    return RateLimited(
        f"{allowed} {OF[limit]} are answered in a minute; try again in {seconds} s",
        retry=seconds,
        limit=limit,
        allowed=allowed,
    )


def rates_from(given: Iterable[str]) -> Rates:
    """Rates, some of which are set, as `address=600`. Raises ValueError, in a sentence."""
    names = [one.name for one in fields(Rates)]
    chosen: dict[str, int] = {}
    for one in given:
        name, _, value = one.partition("=")
        if name not in names:
            raise ValueError(f"there is no rate {name!r}; there are {', '.join(names)}")
        if not (value.isascii() and value.isdigit()) or len(value) > 9:
            raise ValueError(f"the rate {name} is a number of requests a minute, not {value!r}")
        chosen[name] = int(value)
    return Rates(**chosen)
