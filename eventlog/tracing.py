"""Traces, as OpenTelemetry has them: where the time of a request goes, down to its statements.

There is one tracer for the process, or none: then each place that could tell something asks once
whether there is one, and nothing of OpenTelemetry is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

_TARGET: Final = re.compile(r"\b(?:read|dateline)\.[a-z_0-9]+")

LONGEST: Final = 255
"""Characters of what is told of a statement."""

tracer: Tracer | None = None
"""None: nothing is traced."""


def trace_with(chosen: Tracer | None) -> None:
    """Trace from now on, or trace nothing."""
    global tracer  # noqa: PLW0603 -- one for the process, as OpenTelemetry has it
    tracer = chosen


@contextmanager
def span(name: str, **told: str | int) -> Iterator[Span]:
    """What happens inside. Only where there is a tracer.

    An exception is told by its type alone: its message can hold what a client wrote.
    """
    assert tracer is not None
    with started(tracer.start_as_current_span, name, attributes=told) as made:
        yield made


@contextmanager
def started(start: Callable[..., Any], name: str, **how: Any) -> Iterator[Span]:
    """A span that is started in some way."""
    with start(name, record_exception=False, set_status_on_exception=False, **how) as made:
        try:
            yield made
        except Exception as error:
            failed(made, type(error).__qualname__)
            raise


def failed(made: Span, kind: str) -> None:
    """Say of a span that it ended in a fault."""
    from opentelemetry.trace import StatusCode

    made.set_attribute("error.type", kind)
    made.set_status(StatusCode.ERROR)


@contextmanager
def statement(sql: bytes | str) -> Iterator[None]:
    """A statement that the database works at for a request. Only where there is a tracer.

    It is told by what it reads alone: its text can hold what a client wrote.
    """
    from opentelemetry.trace import SpanKind, get_current_span

    if tracer is None or not get_current_span().get_span_context().is_valid:
        yield  # the polling of those who follow the log belongs to no request
        return
    summary = summary_of(sql)
    with started(
        tracer.start_as_current_span,
        summary,
        kind=SpanKind.CLIENT,
        attributes={"db.system.name": "postgresql", "db.query.summary": summary},
    ):
        yield


@contextmanager
def together(spans: Sequence[Span], name: str) -> Iterator[None]:
    """What is done for several requests at once: a part of the first, and linked with the others.
    Nothing where none of them is traced."""
    if tracer is None or not spans:
        yield
        return
    from opentelemetry.trace import Link, set_span_in_context

    with started(
        tracer.start_as_current_span,
        name,
        context=set_span_in_context(spans[0]),
        links=[Link(one.get_span_context()) for one in spans[1:]],
        attributes={"dateline.commands": len(spans)},
    ) as made:
        for one in spans[1:]:
            one.add_link(made.get_span_context())
        yield


@lru_cache(maxsize=2_000)
def summary_of(sql: bytes | str) -> str:
    """The operation of a statement and what it reads, in the order of its text."""
    text = sql.decode() if isinstance(sql, bytes) else sql
    words = [text.split(None, 1)[0].upper(), *dict.fromkeys(_TARGET.findall(text))]
    return " ".join(words)[:LONGEST]
