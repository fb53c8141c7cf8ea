"""What is sent: the body of an answer, and how long it stays true."""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

import msgspec

from api.watching import Operation


class Lasting(Enum):
    """How long an answer stays true."""

    NOT = auto()
    """It is an error."""
    LIVE = auto()
    """It tells something that changes while the record does not."""
    POSITION = auto()
    """It is about now: until the record grows."""
    SERVER = auto()
    """It is about the schema and the server: until another version runs."""
    FOR_EVER = auto()
    """It is about given moments."""

    @property
    def kept(self) -> bool:
        """Whether it is worth keeping."""
        return self not in (Lasting.NOT, Lasting.LIVE)


class Answer:
    """What is sent, in each of the forms in which it was asked for so far."""

    __slots__ = ("body", "executed", "forms", "lasting", "operation", "position", "size")

    def __init__(
        self,
        body: bytes,
        lasting: Lasting = Lasting.NOT,
        *,
        position: int | None = None,
        executed: bool = True,
    ) -> None:
        self.body = body
        self.lasting = lasting
        self.position = position
        """The position up to which the log was projected, where `lasting` is POSITION."""
        self.executed = executed
        """False where the request was refused before execution."""
        self.operation: Operation | None = None
        """What was asked, where it is an answer that is kept."""
        self.size = 0
        """Bytes that it takes to keep it, about."""
        self.forms: dict[object, Any] = {}
        """Whatever was made of it to be sent, by the form asked for (`api.http`)."""

    def holds(self, position: int | None) -> bool:
        """Whether it is true while the record is known up to a position."""
        match self.lasting:
            case Lasting.FOR_EVER | Lasting.SERVER:
                return True
            case Lasting.POSITION:
                return self.position == position
        return False


def errors(told: object, *, executed: bool = False) -> Answer:
    """An answer that consists of errors."""
    data = {"data": None} if executed else {}
    return Answer(msgspec.json.encode({"errors": told, **data}), executed=executed)
