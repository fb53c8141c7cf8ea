"""Which commands can be decided together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domain.commands import AnyCommand, Batch, Envelope, Erase, WithdrawReport


def runs(envelopes: Sequence[Envelope]) -> Iterator[Sequence[Envelope]]:
    """Stretches that can be decided together."""
    start = 0
    for index, envelope in enumerate(envelopes):
        if stands_alone(envelope.command):
            if start < index:
                yield envelopes[start:index]
            yield envelopes[index : index + 1]
            start = index + 1
    if start < len(envelopes):
        yield envelopes[start:]


def stands_alone(command: AnyCommand | Batch) -> bool:
    """Whether it looks at all the claims of a report, or erases: what it is about has to be in
    the log."""
    if isinstance(command, Batch):
        return any(isinstance(one, WithdrawReport) for one in command.commands)
    return isinstance(command, WithdrawReport | Erase)
