"""A served record that delivers to webhooks, and claims that something happens to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from api.app import ApiSettings, create_app
from api.webhook_events import EVENTS
from api.webhooks import WebhookSettings
from domain.commands import AnyCommand, CorrectClaim, PublishReport, ReportClaim
from eventlog.database import Database
from eventlog.log import Log
from eventlog.record import Record
from eventlog.webhooks import Standing, Webhook, list_webhooks, make_webhook
from projections.generations import ensure_generation
from projections.projector import Projector
from tests.api.serving import served
from tests.projections.commands import enveloped

SOON = (0.05, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1)
"""Pauses for who has no time."""


@dataclass(frozen=True, slots=True)
class Delivering:
    """A served record."""

    database: Database
    address: str

    def hook(
        self,
        url: str,
        *,
        after: int | None = 0,
        document: str = EVENTS,
        variables: dict[str, Any] | None = None,
    ) -> tuple[Webhook, str]:
        """Make a webhook. With it comes its secret."""
        owner = self.database.owner_conninfo
        return make_webhook(
            owner, "a test", url, document, variables or {}, created_by="me", after=after
        )

    def standing(self, webhook: Webhook) -> tuple[Webhook, Standing]:
        """The same webhook now, and how it is going."""
        found = {one.id: (one, it) for one, it in list_webhooks(self.database.owner_conninfo)}
        return found[webhook.id]

    def head(self) -> int:
        """The last position."""
        with Log(self.database.conninfo) as log:
            return log.head().position

    def record(self, commands: Sequence[AnyCommand]) -> int:
        """Record something, all of it: the last position."""
        with Record(self.database) as record:
            results = record.execute_many([enveloped(one) for one in commands])
        assert not [one for one in results if isinstance(one, Exception)]
        return self.head()


def claims(*names: str) -> list[AnyCommand]:
    """Claims in a report of their own: a position for it, and one for each of them."""
    report = f"{names[0]}-report"
    return [
        PublishReport(report=report, published_at="2024-08-01"),
        *(ReportClaim(claim=name, report=report, statement=f"{name} 1") for name in names),
    ]


def corrected(name: str, version: int) -> AnyCommand:
    """A claim changes silently: one position."""
    statement = f"{name} {version + 1}"
    return CorrectClaim(claim=name, version=version, statement=statement, observed_at="2024-08-02")


@contextmanager
def delivering(database: Database, settings: WebhookSettings | None = None) -> Iterator[Delivering]:
    """Serve a record, and follow it."""
    chosen = settings or WebhookSettings(private=True, schedule=SOON, poll=0.02)
    ensure_generation(database)
    projector = Projector(database)
    projector.start()
    try:
        app = create_app(database, ApiSettings(webhooks=chosen), projector)
        with served(app) as address:
            yield Delivering(database, address)
    finally:
        projector.stop()
