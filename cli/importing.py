"""From a file to the record: recorded in batches, refused lines put aside."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Final, Self, TextIO

from cli.faults import writing
from domain.commands import Envelope, Erase
from domain.refusals import Refusal
from eventlog.bulk import in_bulk
from eventlog.later import Later
from eventlog.plan import Recorded
from eventlog.record import PATIENCE, Record
from feeds.interchange import command_line
from feeds.items import Item, Refused, Tally

BATCH: Final = 1_000
"""Commands that are decided together and appended in one round trip."""

SHOWN: Final = 5
"""Refusals that are shown in the terminal; the file has them all."""

Results = Iterator[Item | Refused]


@dataclass(slots=True)
class Outcome:
    """What an import has come to so far. Lines and what was skipped are the reader's tally."""

    tally: Tally = field(default_factory=Tally)
    recorded: int = 0
    already: int = 0
    refused: int = 0
    first_refusals: list[Refused] = field(default_factory=list)

    def shape(self) -> dict[str, Any]:
        """For programs."""
        return {
            "lines": self.tally.lines,
            "recorded": self.recorded,
            "already_there": self.already,
            "refused": self.refused,
            "skipped": dict(self.tally.skipped),
        }


class RefusedLines:
    """A file that comes into being with the first refused line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            with suppress(OSError):  # each line was written out, or told to be lost, before
                self._file.close()

    def write(self, refused: Refused) -> None:
        """Put a line aside, with the reason. Raises OSError where that is not possible."""
        with writing(self.path):
            self._write(refused)

    def _write(self, refused: Refused) -> None:
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8")
        line = {
            "line": refused.line_number,
            "code": refused.code,
            "field": refused.field,
            "reason": refused.reason,
            "raw": refused.raw,
        }
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()


def record_all(
    record: Record,
    results: Results,
    outcome: Outcome,
    put_aside: Callable[[Refused], None],
    on_progress: Callable[[], None],
) -> None:
    """Record every command of a file in its order, and put aside what is refused.

    Each command is recorded wholly or not at all, so that an import can end at any point and be
    started again. `outcome` then holds all but the batches at hand: one is read and decided while
    the one before it is appended.
    """
    waiting: deque[list[Item | Refused]] = deque()

    def envelopes(batches: Iterator[list[Item | Refused]]) -> Iterator[list[Envelope]]:
        for batch in batches:
            waiting.append(batch)
            yield [result.envelope for result in batch if isinstance(result, Item)]

    with (
        in_bulk(),
        closing(_batches(results)) as batches,
        closing(record.execute_batches(envelopes(batches))) as done,
    ):
        for answers in done:
            left = iter(answers)
            for result in waiting.popleft():
                answer = next(left) if isinstance(result, Item) else None
                if isinstance(answer, Recorded):
                    outcome.already += answer.replayed
                    outcome.recorded += not answer.replayed
                    continue
                refused = _refused(result, answer)
                outcome.refused += 1
                if len(outcome.first_refusals) < SHOWN:
                    outcome.first_refusals.append(refused)
                put_aside(refused)
            on_progress()


def without_erasures(results: Results) -> Generator[Item | Refused, None, None]:
    """The same, with each line refused that erases content: nobody can undo it."""
    try:
        for result in results:
            if isinstance(result, Item) and isinstance(result.envelope.command, Erase):
                yield Refused(
                    result.line_number,
                    command_line(result.envelope),
                    "ERASURE_NOT_ALLOWED",
                    "command",
                    "it erases content, which is allowed by --allow-erasures alone",
                )
            else:
                yield result
    finally:
        if isinstance(results, Generator):
            results.close()


def _batches(results: Results) -> Generator[list[Item | Refused], None, None]:
    """What a reader gives, in batches; one is read while those before it are recorded.

    The reader is closed before its file is, unless it waits for a pipe that nothing comes through.
    """
    reading = Lock()

    def read() -> list[Item | Refused]:
        with reading:
            return list(islice(results, BATCH))

    try:
        following = Later(read, "import-reader")
        while batch := following.result():
            following = Later(read, "import-reader")
            yield batch
    finally:
        # An interruption can come between the start of a thread and the name for it, so it is the
        # lock that tells whether the reader is at work.
        if reading.acquire(timeout=PATIENCE):
            if isinstance(results, Generator):
                results.close()
            reading.release()


def _refused(result: Item | Refused, refusal: Refusal | None) -> Refused:
    if isinstance(result, Refused):
        return result
    if refusal is None:
        raise RuntimeError("a command that is not recorded is refused")
    raw = command_line(result.envelope)
    return Refused(result.line_number, raw, refusal.code, refusal.field, str(refusal))
