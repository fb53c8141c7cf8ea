"""From a file to the record: read ahead, recorded in batches, refused lines put aside."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Thread
from types import TracebackType
from typing import Any, Final, Self, TextIO

from domain.refusals import Refusal
from eventlog.record import Record
from feeds.interchange import command_line
from feeds.items import Item, Refused, Tally

BATCH: Final = 1_000
"""Commands that are decided together and appended in one round trip."""

PATIENCE: Final = 2.0
"""Seconds for the reader to end; it has less than a batch to go, unless it waits for a pipe."""

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
            self._file.close()

    def write(self, refused: Refused) -> None:
        """Put a line aside, with the reason. Raises OSError where that is not possible."""
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
    started again. `outcome` then holds all but the batch at hand.
    """
    for batch in ahead(results, BATCH):
        items = [result for result in batch if isinstance(result, Item)]
        refusals = [result for result in batch if isinstance(result, Refused)]
        answers = record.execute_many([item.envelope for item in items])
        for item, answer in zip(items, answers, strict=True):
            if isinstance(answer, Refusal):
                refusals.append(_refused(item, answer))
            elif answer.replayed:
                outcome.already += 1
            else:
                outcome.recorded += 1
        for refused in sorted(refusals, key=lambda refused: refused.line_number):
            outcome.refused += 1
            if len(outcome.first_refusals) < SHOWN:
                outcome.first_refusals.append(refused)
            put_aside(refused)
        on_progress()


def _refused(item: Item, refusal: Refusal) -> Refused:
    raw = command_line(item.envelope)
    return Refused(item.line_number, raw, refusal.code, refusal.field, str(refusal))


def ahead(results: Results, size: int) -> Iterator[list[Item | Refused]]:
    """Batches, of which the next are read in a thread while the caller is busy with one."""
    batches: Queue[list[Item | Refused] | Exception] = Queue(maxsize=2)
    stop = Event()

    def read() -> None:
        try:
            while not stop.is_set() and (batch := list(islice(results, size))):
                batches.put(batch)
            batches.put([])
        except Exception as error:
            batches.put(error)
        finally:
            if isinstance(results, Generator):
                results.close()  # before its file is

    # A daemon: a pipe that never ends must not keep an interrupted command alive.
    thread = Thread(target=read, name="reader", daemon=True)
    thread.start()
    try:
        while True:
            match batches.get():
                case Exception() as error:
                    raise error
                case []:
                    return
                case batch:
                    yield batch
    finally:
        stop.set()
        with suppress(Empty):
            while True:
                batches.get_nowait()
        thread.join(PATIENCE)
