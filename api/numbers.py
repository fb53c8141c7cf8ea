"""What is known anyway and looked up when somebody reads the metrics."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from api.channels import Channels
from api.execution import Engine
from api.metrics import counter, gauge
from api.recording import Recording
from api.webhooks import Webhooks
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


def numbers_of_channels(channels: Channels) -> Iterator[Metric]:
    """Who listens."""
    yield gauge("dateline_subscribers", "Subscriptions that are listened to.", channels.listening)
    yield gauge("dateline_streams", "Different streams among them.", channels.streams)


def numbers_of_recording(recording: Recording) -> Iterator[Metric]:
    """How many commands wait, and how often they could be read at once."""
    yield gauge(
        "dateline_commands_waiting", "Commands that wait to be recorded.", recording.waiting
    )
    yield counter(
        "dateline_append_batches_inline",
        "Batches that were projected in the transaction that appended them.",
        value=0 if recording.inline is None else recording.inline.batches,
    )


def numbers_of_webhooks(webhooks: Webhooks) -> Iterator[Metric]:
    """What was sent, and what waits, where this process sends."""
    yield counter(
        "dateline_webhook_deliveries", "Attempts to deliver to webhooks.", **webhooks.outcomes
    )
    yield gauge(
        "dateline_webhooks_leader",
        "Whether this process delivers to webhooks.",
        int(webhooks.leading),
    )
    waiting, failing, dead = webhooks.counts
    yield gauge("dateline_webhook_events_waiting", "Events that are to be sent.", waiting)
    yield gauge(
        "dateline_webhook_events_failing",
        "Those of them that could not be delivered so far.",
        failing,
    )
    yield gauge("dateline_webhook_dead_letters", "Events that were given up.", dead)
