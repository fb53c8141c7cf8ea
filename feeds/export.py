"""The log as interchange lines: from events back to the commands that they came from."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from domain.events import AnyEvent


@dataclass(frozen=True, slots=True)
class Logged:
    """An event as the log has it."""

    position: int
    subject: UUID
    event: AnyEvent
    actor: str
    reason: str | None = None
    key: str | None = None
