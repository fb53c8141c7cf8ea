"""Delivery to webhooks: by one process at a time, at least once, in order for each subject.

What is to be sent is taken from the log into the outbox in the database, and the cursor moves on
in the same transaction. From there it is sent, and goes only when the receiver has taken it or it
is given up. So there is one way for everything: the first time, again after a failure, after a
crash, and a dead letter that somebody has sent again. Of the content nothing is kept; it is read
when it is sent.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass
from random import random
from time import monotonic
from typing import Final, NoReturn
from uuid import UUID

import msgspec
import psycopg
from anyio import CancelScope
from graphql import GraphQLSchema

from api.limits import Limits
from api.receivers import GONE, Outcome, Receiver
from api.webhook_events import Followed, follow
from eventlog.listening import connected
from eventlog.outbox import Due, Outbox
from eventlog.webhooks import Webhook
from projections.readers import Crowded
from projections.statements import Head, Statements

SCHEDULE: Final = (
    5.0,
    300.0,
    1_800.0,
    7_200.0,
    18_000.0,
    36_000.0,
    50_400.0,
    72_000.0,
    86_400.0,
)
"""Seconds between attempts: those that Standard Webhooks proposes, three days in all."""

JITTER: Final = 0.2
"""The part of a pause that is added to it by chance, at most."""

AT_ONCE: Final = 8
"""Deliveries to one webhook at the same time."""

WAITING: Final = 1_000
"""Events of a webhook that may wait in the outbox. With more, its cursor stays where it is."""

PAGE: Final = 200
"""Events that are taken into the outbox at once."""

REST: Final = 60.0
"""Seconds that a receiver is left alone at most, of which no attempt succeeded lately."""

STRETCH: Final = 20_000
"""Positions that are looked through at once. A filter may choose none of them."""

RETRY: Final = 1.0
"""Seconds before something is tried again that the database did not answer."""

COUNT: Final = 10.0
"""Seconds between two looks at how many events wait."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """What can be set about deliveries."""

    private: bool = False
    """Receivers may have addresses that are not public, and addresses with `http`."""
    timeout: float = 15.0
    """Seconds that a receiver has to answer."""
    schedule: tuple[float, ...] = SCHEDULE
    """Seconds before each further attempt, of which there is one at least. After the last one an
    event is given up."""
    poll: float = 1.0
    """Seconds after which it is seen that a webhook was made, paused, or has something due."""


class Webhooks:
    """Delivers to all webhooks while no other process does."""

    def __init__(
        self,
        conninfo: str,
        schema: GraphQLSchema,
        statements: Statements,
        head: Head,
        limits: Limits,
        settings: WebhookSettings,
        source: str,
    ) -> None:
        """`source`: of the events, as CloudEvents has it."""
        self._conninfo = conninfo
        self.schema = schema
        self.statements = statements
        self.head = head
        self.limits = limits
        self.settings = settings
        self.source = source
        self.outcomes: Counter[str] = Counter(delivered=0, failed=0, dead=0)
        """Attempts of this process, by what came of them. Each event that was given up is among
        the failed ones, too."""
        self.leading = False
        """Whether it is this process that delivers."""
        self.counts = 0, 0, 0
        """As `Outbox.counts`, a moment ago; nothing where another process delivers."""

    async def run(self) -> None:
        """Deliver, or stand by, until cancelled."""
        while True:
            try:
                async with connected(self._conninfo) as connection:
                    outbox = Outbox(connection)
                    while not await outbox.hold():  # noqa: ASYNC110 - nobody tells when it is free
                        await asyncio.sleep(self.settings.poll)
                    self.leading = True
                    await self._lead(outbox)
            except psycopg.Error as error:
                _logger.warning("webhooks wait for the database: %s", error)
            finally:
                self.leading, self.counts = False, (0, 0, 0)
            await asyncio.sleep(RETRY)

    async def _lead(self, outbox: Outbox) -> None:
        running: dict[str, tuple[_Delivering, asyncio.Task[None]]] = {}
        counted = -COUNT
        try:
            while True:
                found = {one.id: one for one in await outbox.webhooks()}
                for identity, (delivering, task) in list(running.items()):
                    if identity not in found:
                        await _end(task)
                    if task.done():
                        del running[identity]
                    delivering.wake.set()
                for identity in found.keys() - running.keys():
                    made = _Delivering(self, found[identity], outbox)
                    running[identity] = made, asyncio.create_task(made.run())
                if monotonic() - counted >= COUNT:
                    self.counts, counted = await outbox.counts(), monotonic()
                await asyncio.sleep(self.settings.poll)
        finally:
            await _end(*(task for _, task in running.values()))


class _Paused(Exception):
    """Nothing more is sent to a webhook until somebody resumes it."""


class _Delivering:
    """Delivery to one webhook, until it is cancelled or cannot go on."""

    def __init__(self, webhooks: Webhooks, webhook: Webhook, outbox: Outbox) -> None:
        self._all = webhooks
        self._webhook = webhook
        self._name = f"{webhook.id} ({webhook.name})"
        self._outbox = outbox
        self._settings = webhooks.settings
        self._receiver = Receiver(
            webhook.url,
            webhook.secret,
            private=self._settings.private,
            timeout=self._settings.timeout,
            at_once=AT_ONCE,
        )
        self._quiet_until = 0.0
        """On the clock that only goes forward: when the receiver wants to hear again."""
        self._failed = 0
        """Attempts in a row that failed."""
        self.wake = asyncio.Event()
        """Something may be due."""

    async def run(self) -> None:
        """Deliver. Whatever goes wrong is told in the log: whoever called begins again."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._follow(tasks))
        except* _Paused as paused:
            _logger.warning("the webhook %s is paused: %s", self._name, paused.exceptions[0])
        except* psycopg.Error as errors:
            _logger.warning("the webhook %s waits: %s", self._name, errors.exceptions[0])
        except* Exception:
            _logger.exception("delivery to the webhook %s failed here", self._name)
        finally:
            await self._receiver.close()

    async def _follow(self, tasks: asyncio.TaskGroup) -> None:
        try:
            followed = await asyncio.to_thread(
                follow,
                self._all.schema,
                self._all.limits,
                self._webhook.document,
                msgspec.json.decode(self._webhook.variables),
            )
        except ValueError as error:
            await self._pause(f"its subscription is refused: {error}")
        tasks.create_task(self._take(followed))
        await self._send(followed, tasks)

    async def _pause(self, reason: str) -> NoReturn:
        await self._outbox.pause(self._webhook.id, reason)
        raise _Paused(reason)

    async def _take(self, followed: Followed) -> None:
        """Take what is recorded into the outbox."""
        place, stretch = self._webhook.cursor, STRETCH
        while True:
            head = await self._all.head.beyond(place)
            if await self._outbox.waiting(self._webhook.id) >= WAITING:
                await asyncio.sleep(self._settings.poll)
                continue
            upto = min(head, place + stretch)
            try:
                events = await followed.page(self._all.statements, place, upto, PAGE)
            except (psycopg.Error, Crowded) as error:
                if isinstance(error, psycopg.errors.QueryCanceled):  # it took too long
                    stretch = max(stretch // 4, 1)
                _logger.warning("a webhook waits for the database: %s", error)
                await asyncio.sleep(RETRY)
                continue
            place = events[-1][0] if len(events) == PAGE else upto
            await self._outbox.take(self._webhook.id, events, place)
            if events:
                self.wake.set()

    async def _send(self, followed: Followed, tasks: asyncio.TaskGroup) -> None:
        """Send what is due, as much at once as may be."""
        busy: set[UUID] = set()

        async def attempt(due: Due) -> None:
            try:
                await self._attempt(followed, due)
            finally:
                busy.discard(due.subject)
                self.wake.set()

        while True:
            self.wake.clear()
            room = AT_ONCE - len(busy)
            if room and monotonic() >= self._quiet_until:
                for due in await self._outbox.due(self._webhook.id, list(busy), room):
                    busy.add(due.subject)
                    tasks.create_task(attempt(due))
            await self.wake.wait()

    async def _attempt(self, followed: Followed, due: Due) -> None:
        identity = self._webhook.id
        outcome = await self._post(followed, due.position)
        if outcome.delivered:
            self._failed = 0
            self._all.outcomes["delivered"] += 1
            await self._outbox.delivered(identity, due.position)
            return
        self._all.outcomes["failed"] += 1
        if outcome.status == GONE:
            # The event stays where it is: whoever resumes the webhook has it sent.
            await self._pause("the receiver wants nothing more (410 Gone)")
        self._leave_alone(outcome.wait or 0.0)
        again = None
        if due.attempts < len(self._settings.schedule):
            again = self._settings.schedule[due.attempts] * (1 + JITTER * random())  # noqa: S311
            again = max(again, outcome.wait or 0.0)
        else:
            self._all.outcomes["dead"] += 1
        await self._outbox.failed(identity, due.position, outcome.status, outcome.reason, again)
        _logger.warning(
            "position %d was not delivered to the webhook %s: %s; %s",
            due.position,
            self._name,
            outcome.reason,
            "it is given up" if again is None else f"again in {again:.0f} s",
        )

    def _leave_alone(self, wanted: float) -> None:
        """Send nothing for as many seconds as are wanted; longer where nothing succeeds. Whoever
        is down is not to hear of each of a thousand events that it is down."""
        self._failed += 1
        rounds = min(self._failed // AT_ONCE, 20)
        if rounds:
            wanted = max(wanted, min(self._settings.schedule[0] * 2 ** (rounds - 1), REST))
        self._quiet_until = max(self._quiet_until, monotonic() + wanted)

    async def _post(self, followed: Followed, position: int) -> Outcome:
        body = None
        while body is None:
            try:
                body = await followed.cloud_event(self._all.statements, position, self._all.source)
            except psycopg.errors.QueryCanceled:
                return Outcome(None, "it took too long to read the event")
            except (psycopg.OperationalError, Crowded) as error:  # no fault of the receiver
                _logger.warning("a webhook waits for the database: %s", error)
                await asyncio.sleep(RETRY)
        return await self._receiver.post(f"{self._webhook.id}-{position}", body)


async def _end(*tasks: asyncio.Task[None]) -> None:
    """End tasks and wait until they have: also while whoever ends them is being ended."""
    for task in tasks:
        task.cancel()
    with CancelScope(shield=True):
        await asyncio.gather(*tasks, return_exceptions=True)
