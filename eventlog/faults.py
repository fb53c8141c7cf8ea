"""From the driver's exceptions to the log's own, which say what is wrong in the user's words."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from eventsourcing.persistence import PersistenceError

from eventlog.errors import (
    DatabaseFull,
    DatabaseRefused,
    DatabaseUnreachable,
    EventLogError,
    WrongIsolation,
)


def named_fault(error: BaseException) -> EventLogError:
    """Give the log's error for one of the driver's or the library's."""
    match error:
        case psycopg.errors.InsufficientPrivilege():
            return DatabaseRefused(f"The database refuses: {error.diag.message_primary}")
        case psycopg.errors.DiskFull():
            return DatabaseFull(f"The database has no room left: {error.diag.message_primary}")
        case psycopg.errors.InvalidTransactionState():
            return WrongIsolation(f"The database refuses: {error.diag.message_primary}")
        case psycopg.OperationalError() | psycopg.InterfaceError():
            return DatabaseUnreachable(f"The database does not answer: {error}")
        case _:
            return EventLogError(f"The database failed: {error}")


@contextmanager
def named_faults() -> Iterator[None]:
    """Turn the driver's and the library's exceptions inside the block into the log's."""
    try:
        yield
    except psycopg.Error as error:
        raise named_fault(error) from None
    except PersistenceError as error:
        raise named_fault(error.__cause__ or error) from None
