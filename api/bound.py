"""A statement and the values that one request gives it."""

from __future__ import annotations

from dataclasses import dataclass

from api.moments import NO_LIMIT, RecordedBy
from api.plan import Plan
from api.watching import Operation


@dataclass(frozen=True, slots=True)
class Bound:
    """A plan with the values of one request."""

    plan: Plan
    values: tuple[str | RecordedBy | None, ...]
    told: bool
    """Something in the answer is not read from the record, but told by the server."""
    size: int
    """Characters of the request."""
    counted: Operation
    """As what it is counted."""
    now: tuple[Plan, tuple[str | RecordedBy | None, ...]] | None = None
    """The same for the case that its cursors belong to the present."""

    @property
    def cursor_positions(self) -> set[int]:
        """The positions of its cursors, if none has a limit on the reporting time."""
        found = set()
        for position, limit in self.plan.cursors:
            at = self.values[position]
            found.add(int(at) if isinstance(at, str) and self.values[limit] == NO_LIMIT else -1)
        return found
