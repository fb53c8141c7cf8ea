"""What is told while the server runs: lines for people, or one JSON object a line for programs."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from api import watching
from cli.faults import FAILED, failure_of
from cli.opening import say
from cli.terminal import plain_text
from eventlog.apikeys import without_secrets

QUIET: Final = 60.0
"""Seconds before the same sort of trouble is told again."""

EXTRAS: Final = ("method", "path", "status", "outcome", "duration_ms", "code", "field")
"""What some lines tell besides."""

REPEATED: Final = ("projections", "api.callers", "api.issuer")
"""Who tells the same again and again while something lasts."""


class LogFormat(StrEnum):
    """What a line of the log looks like."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """The least that is told."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Lines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The object, with what is known of the request that is being answered."""
        at = datetime.fromtimestamp(record.created, UTC)
        told: dict[str, Any] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        watch = watching.current()
        if watch is not None:
            told["request_id"] = watch.id
            told["trace_id"] = watch.trace_id
            told["caller"] = watch.caller
            if watch.operation is not None:
                told["kind"], told["operation"] = watch.operation
        told |= {name: getattr(record, name) for name in EXTRAS if hasattr(record, name)}
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        known = {name: value for name, value in told.items() if value is not None}
        return without_secrets(json.dumps(known, ensure_ascii=False, default=str))


class Plain(logging.Formatter):
    """A line for a person, and the trace of an error of ours below it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = plain_text(record.getMessage())
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return without_secrets(line)


class Said(logging.Handler):
    """Tells a person at a terminal, as the command does."""

    def emit(self, record: logging.LogRecord) -> None:
        """Tell."""
        for line in self.format(record).splitlines():
            say(line)


class NotAgain(logging.Filter):
    """Holds back what was told a moment ago, from those who would go on telling it."""

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is told."""
        if not record.name.startswith(REPEATED):
            return True
        now = time.monotonic()
        if now - self._told.get(record.msg, -QUIET) < QUIET:
            return False
        self._told[record.msg] = now
        return True


@contextmanager
def logging_as(form: LogFormat, level: LogLevel) -> Iterator[None]:
    """Have everything told in a form, on the standard error stream; in JSON also what ends it."""
    handler = Said() if form is LogFormat.TEXT and sys.stderr.isatty() else logging.StreamHandler()
    handler.setFormatter(Lines() if form is LogFormat.JSON else Plain())
    handler.addFilter(NotAgain())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(level.upper())
    # The projector and those who read tell as much.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    try:
        yield
    except Exception as error:
        failure = failure_of(error)
        if form is LogFormat.TEXT:
            raise
        logger = logging.getLogger("cli")
        if failure is None:
            logger.critical("the server failed", exc_info=error)
            raise SystemExit(FAILED) from None
        logger.error(str(failure), extra={"code": failure.code, "field": failure.field})
        raise SystemExit(failure.exit_code) from None
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
