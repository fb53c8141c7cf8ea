"""How the command ends: its exit codes, and errors as one line that a person can act on."""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

import psycopg

from cli.terminal import plain_text, stderr
from domain.refusals import Refusal
from eventlog.errors import EventLogError
from eventlog.faults import named_fault

FAILED: Final = 1
"""Something was refused, was not found, or failed."""
USAGE: Final = 2
"""The command was not understood: an unknown option, or a value that it cannot have."""
NO_DATABASE: Final = 3
"""The database cannot be reached, started or written."""
INTERRUPTED: Final = 130
"""Ctrl-C. What was recorded until then stays."""
TERMINATED: Final = 143
"""SIGTERM. As with Ctrl-C."""

EXIT_CODES: Final[Mapping[int, str]] = MappingProxyType(
    {
        0: "all is well",
        FAILED: "something was refused, was not found, or failed",
        USAGE: "the command was not understood",
        NO_DATABASE: "the database cannot be reached, started or written",
        INTERRUPTED: "interrupted with Ctrl-C; what was recorded stays",
    }
)

_OPTIONS: Final = {
    "reportedAt": "--as-of",
    "recordedAt": "--recorded",
    "position": "--position",
    "after": "--after",
    "first": "--first",
    "from": "--from",
    "to": "--to",
    "--from or --to": "--from or --to",
}
"""The options that fill the fields of a question."""


class Failure(Exception):
    """A fault that the command itself finds. `str()` is one sentence for a person."""

    def __init__(
        self, message: str, *, code: str = "FAILED", field: str | None = None, exit_code: int = 1
    ) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        self.exit_code = exit_code


def failure_of(error: Exception) -> Failure | None:
    """What a known fault comes to; None for one that should not happen."""
    match error:
        case Failure():
            return error
        case Refusal():
            option = _OPTIONS.get(error.field or "")
            return Failure(
                str(error),
                code=error.code,
                field=option or error.field,
                exit_code=USAGE if option else FAILED,
            )
        case EventLogError():
            return Failure(str(error), code=error.code.upper(), exit_code=NO_DATABASE)
        case psycopg.Error():
            return failure_of(named_fault(error))
        case OSError() if error.errno == errno.ENOSPC:
            named = error.filename or "where this is written to"
            return Failure(f"no room left on the disk: {named}", code="DISK_FULL")
        case OSError():
            named = f"{error.filename}: " if error.filename else ""
            return Failure(f"{named}{error.strerror or error}", code="FILE")
    return None


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Name the file in the error of a write to it, which the system does not do."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def tell(failure: Failure, *, as_json: bool) -> None:
    """Write the error to the standard error stream, as one line or as one JSON object."""
    if as_json:
        error = {"code": failure.code, "message": str(failure), "field": failure.field}
        sys.stderr.write(json.dumps({"error": error}, ensure_ascii=False) + "\n")
        return
    where = f"{failure.field}: " if failure.field else ""
    line = f"Error: {plain_text(where + str(failure))} [{failure.code}]"
    stderr().print(line, style="red", soft_wrap=True)
