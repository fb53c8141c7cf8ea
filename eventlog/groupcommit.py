"""Appends that come at the same time share one round trip and one commit.

One thread leads: it takes what everybody has queued, sends it as one batch, hands out the
outcomes, and passes the lead on as soon as its own request is decided. The others sleep.
"""

import itertools
import time
from collections import deque
from collections.abc import Sequence
from threading import Lock

from eventsourcing.persistence import InterfaceError, OperationalError, PersistenceError
from psycopg_pool import PoolTimeout

from eventlog import tracing
from eventlog.batching import Batch, next_batch
from eventlog.entries import Append, Outcome
from eventlog.errors import EventLogError, OutcomeUnknown
from eventlog.faults import named_fault
from eventlog.persistence import APPEND, LogRecorder

_RETRY_FOR = 20.0  # seconds in which a keyed unit is sent again after the connection was lost
_PAUSE = 0.2  # seconds before it is sent again
_GATHER = 0.0002  # seconds a leader lets those it just served come back, a part of one commit


class _Request:
    """The units of one call, and a lock that its thread sleeps on."""

    __slots__ = ("abandoned", "error", "first_number", "outcomes", "undecided", "units", "wake")

    def __init__(self, units: Sequence[Append]) -> None:
        self.units = units
        self.outcomes: list[Outcome | None] = [None] * len(units)
        self.undecided = len(units)
        self.error: BaseException | None = None
        self.first_number = 0
        self.abandoned = False
        self.wake = Lock()
        self.wake.acquire()

    @property
    def done(self) -> bool:
        return self.undecided == 0 or self.error is not None


class GroupCommit:
    """Brings the appends of all threads to one recorder."""

    def __init__(self, recorder: LogRecorder) -> None:
        self._recorder = recorder
        self._mutex = Lock()
        self._arrived: deque[_Request] = deque()
        self._leader: _Request | None = None
        # Only the leader touches these.
        self._pending: list[tuple[int, Append]] = []
        self._requests: dict[int, _Request] = {}
        self._next_number = 0
        self._served = 0  # calls that were waiting when the last batch was made up
        self._lost_since: float | None = None

    def append(self, units: Sequence[Append]) -> list[Outcome]:
        """Store the units and return their outcomes in order; see ``Log.append``."""
        request = _Request(units)
        try:
            with self._mutex:
                self._arrived.append(request)
                leading = self._leader is None
                if leading:
                    self._leader = request
            if not leading:
                request.wake.acquire()
            while not request.done:
                self._take_arrived()
                self._send_next()
        except BaseException as error:
            # Interrupted, as by Ctrl-C: nobody may sleep for ever on a leader that went away.
            request.abandoned = True
            if self._leader is request:
                self._pending = []
                for interrupted in set(self._requests.values()):
                    self._fail(interrupted, OutcomeUnknown(f"The append was cut short: {error!r}"))
            raise
        finally:
            with self._mutex:
                if self._leader is request:
                    self._leader = self._heir()
                    if self._leader is not None:
                        self._leader.wake.release()
        if request.error is not None:
            raise request.error
        return [outcome for outcome in request.outcomes if outcome is not None]

    def _heir(self) -> _Request | None:
        for request in itertools.chain(self._requests.values(), self._arrived):
            if not request.abandoned:
                return request
        return None

    def _take_arrived(self) -> None:
        # Threads that append in a loop come back a moment after their last commit. Without this
        # wait batches of one and of many would take turns, each at the price of a commit.
        deadline = time.perf_counter() + _GATHER
        while (
            1 < self._served > len(set(self._requests.values())) + len(self._arrived)
            and time.perf_counter() < deadline
        ):
            time.sleep(0)
        while self._arrived:
            request = self._arrived[0]
            if not request.abandoned:
                request.first_number = self._next_number
                self._next_number += len(request.units)
                for number, unit in enumerate(request.units, request.first_number):
                    self._requests[number] = request
                    self._pending.append((number, unit))
            self._arrived.popleft()
        self._served = len(set(self._requests.values()))

    def _send_next(self) -> None:
        batch, waiting = next_batch(self._pending)
        try:
            if tracing.tracer is None:
                outcomes = self._recorder.append_batch(batch)
            else:
                with tracing.statement(APPEND):
                    outcomes = self._recorder.append_batch(batch)
        except (OperationalError, InterfaceError) as error:
            if _was_refused(error):
                self._send_singly(batch, waiting)
            else:
                self._after_lost_connection(batch, error)
        except PersistenceError:
            self._send_singly(batch, waiting)
        else:
            self._lost_since = None
            # What was refused is out of the way: the rest of its batch goes again, in front.
            self._pending = [
                (number, unit)
                for number, unit in zip(batch.units, batch.appends, strict=True)
                if number not in outcomes
            ] + waiting
            for number, outcome in outcomes.items():
                self._decide(number, outcome)

    def _send_singly(self, batch: Batch, waiting: list[tuple[int, Append]]) -> None:
        """After the database refused a batch: find the unit at fault, and spare the others."""
        self._pending = waiting
        for number, unit in zip(batch.units, batch.appends, strict=True):
            request = self._requests.get(number)
            if request is None:
                continue  # another unit of the same call was at fault
            single, _ = next_batch([(number, unit)])
            try:
                outcomes = self._recorder.append_batch(single)
            except PersistenceError as error:
                self._fail(request, _named(error))
            else:
                self._decide(number, outcomes[number])

    def _after_lost_connection(self, batch: Batch, error: PersistenceError) -> None:
        """Keep what can safely be sent again; give up on the rest, and on all after a while."""
        now = time.monotonic()
        self._lost_since = self._lost_since or now
        sent = not isinstance(error.__cause__, PoolTimeout)
        for number, unit in zip(batch.units, batch.appends, strict=True):
            request = self._requests.get(number)
            if request is None:
                continue
            if not sent or now - self._lost_since > _RETRY_FOR:
                self._fail(request, _named(error))
            elif unit.key is None:
                self._fail(
                    request,
                    OutcomeUnknown(
                        "The connection was lost during the append: it may be stored or not."
                        " Read the stream to know, or append with a key."
                    ),
                )
        if self._pending:
            time.sleep(_PAUSE)
        else:
            self._lost_since = None

    def _decide(self, number: int, outcome: Outcome) -> None:
        request = self._requests.pop(number)
        request.outcomes[number - request.first_number] = outcome
        request.undecided -= 1
        if request.undecided == 0:
            request.wake.release()

    def _fail(self, request: _Request, error: EventLogError) -> None:
        request.error = error
        numbers = range(request.first_number, request.first_number + len(request.units))
        for number in numbers:
            self._requests.pop(number, None)
        self._pending = [item for item in self._pending if item[0] not in numbers]
        request.wake.release()


def _was_refused(error: PersistenceError) -> bool:
    """True where the server answered: then nothing was stored, and the connection is well."""
    state = getattr(error.__cause__, "sqlstate", None)
    return state is not None and state[:2] not in ("08", "57")


def _named(error: PersistenceError) -> EventLogError:
    return named_fault(error.__cause__ or error)
