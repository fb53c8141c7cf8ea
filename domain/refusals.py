"""Why the record refuses something. Each refusal has a stable code, and names the field at fault.

A refusal changes nothing: either the whole of a command is recorded or none of it.
"""

from __future__ import annotations

from typing import ClassVar


class Refusal(Exception):
    """The record refuses a command. `str()` is one sentence for a person."""

    code: ClassVar[str] = "REFUSED"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field
        """The field at fault, as a path from the command: `quantities[0].value`."""


class InvalidInput(Refusal):
    """A field holds what it cannot hold, is missing, or is not known."""

    code = "INVALID_INPUT"


class InvalidTime(Refusal):
    """A time that is no time, lies in the future, or lies before the claim was first reported."""

    code = "INVALID_TIME"


class NotFound(Refusal):
    """The command names something that is not in the record."""

    code = "NOT_FOUND"


class AlreadyExists(Refusal):
    """The command makes something that is in the record already."""

    code = "ALREADY_EXISTS"


class StaleVersion(Refusal):
    """The command names a version that is not the one that stood at its reporting time."""

    code = "STALE_VERSION"

    def __init__(self, message: str, *, current: int) -> None:
        super().__init__(message, field="version")
        self.current = current


class NothingChanged(Refusal):
    """The command would leave everything as it is."""

    code = "NOTHING_CHANGED"


class AlreadyRetracted(Refusal):
    """The claim or report has been taken back already."""

    code = "ALREADY_RETRACTED"


class AlreadyUnderConcern(Refusal):
    """The claim is being checked already."""

    code = "ALREADY_UNDER_CONCERN"


class NoConcern(Refusal):
    """There is no concern to lift."""

    code = "NO_CONCERN"


class NothingToReinstate(Refusal):
    """The claim is neither retracted nor under concern."""

    code = "NOTHING_TO_REINSTATE"


class SelfReference(Refusal):
    """A claim linked to itself, or a source merged into itself."""

    code = "SELF_REFERENCE"


class AlreadyLinked(Refusal):
    """The link is there already."""

    code = "ALREADY_LINKED"


class AlreadyMerged(Refusal):
    """The source has been merged into another one; use that one."""

    code = "ALREADY_MERGED"


class AlreadyErased(Refusal):
    """Nothing of it is left that could be erased."""

    code = "ALREADY_ERASED"


class IdempotencyConflict(Refusal):
    """The idempotency key was used before, for something else."""

    code = "IDEMPOTENCY_CONFLICT"


class Conflict(Refusal):
    """Somebody else wrote to the same subject at the same moment, again and again; try again."""

    code = "CONFLICT"
