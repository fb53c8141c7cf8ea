"""What is known anyway and looked up when somebody reads the metrics."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from api.execution import Engine
from api.metrics import counter, gauge
from api.recording import Recording
from projections.readers import Readers


def numbers_of_readers(readers: Readers) -> Iterator[Metric]:
    """How the connections that read are used."""
    yield gauge("dateline_readers", "Connections that read.", readers.size)
    yield gauge("dateline_readers_in_use", "Those with a statement.", readers.in_use)
    yield gauge(
        "dateline_readers_waiting", "Statements that wait for a connection.", readers.waiting
    )
    yield counter(
        "dateline_readers_waits", "Statements that had to wait for one.", value=readers.waits
    )
    yield counter(
        "dateline_readers_turned_away",
        "Statements that waited too long, or found too many waiting.",
        value=readers.turned_away,
    )


def numbers_of_answers(engine: Engine) -> Iterator[Metric]:
    """How often what is kept could be given again."""
    yield counter(
        "dateline_kept_answers",
        "Questions, by whether a kept answer was given again.",
        hit=engine.hits,
        miss=engine.misses,
    )
    yield gauge("dateline_kept_answers_bytes", "What the kept answers take.", engine.kept)


def numbers_of_recording(recording: Recording) -> Iterator[Metric]:
    """How many commands wait."""
    yield gauge(
        "dateline_commands_waiting", "Commands that wait to be recorded.", recording.waiting
    )
