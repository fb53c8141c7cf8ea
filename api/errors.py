"""What a client is told when something cannot be answered: a sentence, a stable code, the argument
at fault. Nothing of the inside ever gets out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

import psycopg
from graphql import GraphQLError, GraphQLSyntaxError

from api.parameters import Refused
from eventlog.errors import (
    DatabaseFull,
    DatabaseUnreachable,
    ErasureListUnusable,
    OutcomeUnknown,
)
from projections.readers import Crowded

_logger = logging.getLogger(__name__)

BAD_REQUEST: Final = "BAD_REQUEST"
PARSE_FAILED: Final = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED: Final = "GRAPHQL_VALIDATION_FAILED"
BAD_USER_INPUT: Final = "BAD_USER_INPUT"
NO_SUCH_OPERATION: Final = "OPERATION_RESOLUTION_FAILURE"
TOO_COMPLEX: Final = "DOCUMENT_TOO_COMPLEX"
TOO_EXPENSIVE: Final = "TOO_EXPENSIVE"
NOT_FOUND: Final = "NOT_FOUND"
NOT_YET_PROJECTED: Final = "NOT_YET_PROJECTED"
NOT_WRITING: Final = "NOTHING_IS_RECORDED_HERE"
BUSY: Final = "BUSY"
TIMEOUT: Final = "TIMEOUT"
UNAVAILABLE: Final = "UNAVAILABLE"
OUTCOME_UNKNOWN: Final = "OUTCOME_UNKNOWN"
DATABASE_FULL: Final = "DATABASE_FULL"
ERASURE_LIST_UNUSABLE: Final = "ERASURE_LIST_UNUSABLE"
INTERNAL: Final = "INTERNAL_SERVER_ERROR"
UNAUTHENTICATED: Final = "UNAUTHENTICATED"
FORBIDDEN: Final = "FORBIDDEN"
RATE_LIMITED: Final = "RATE_LIMITED"
STREAMED: Final = "SUBSCRIPTION_NEEDS_A_STREAM"
TOO_MANY_SUBSCRIPTIONS: Final = "TOO_MANY_SUBSCRIPTIONS"
ISSUER_UNAVAILABLE: Final = "ISSUER_UNAVAILABLE"


LONGEST: Final = 1_000
"""Characters of a message. What graphql-core says repeats the values at fault, however long."""

LOCATIONS: Final = 10
"""Places in the document that are told of one error."""


class RequestRefused(Exception):
    """The request is refused before anything is executed. `str()` is for the client."""

    def __init__(
        self,
        message: str,
        *,
        code: str = BAD_REQUEST,
        status: int = 400,
        plain: int | None = None,
        retry: int = 1,
        **details: object,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry = retry
        """Seconds after which it is worth trying again, where it is (429, 503)."""
        self.plain = plain or status
        """The status where the answer is plain JSON, to clients that know no other than 200."""
        self.extensions: dict[str, object] = {"code": code, **details}

    def formatted(self) -> dict[str, Any]:
        """As it is sent."""
        return {"message": str(self), "extensions": self.extensions}


class Busy(RequestRefused):
    """So much is waiting that it is better to try again later."""

    def __init__(self) -> None:
        super().__init__(
            "too much is waiting to be answered; try again in a moment", code=BUSY, status=503
        )


class Unauthenticated(RequestRefused):
    """The request says who sends it, and that cannot be right; or it says nothing, and has to."""

    def __init__(self, message: str, *, given: bool = True) -> None:
        """`given`: it says something."""
        super().__init__(message, code=UNAUTHENTICATED, status=401)
        self.given = given


class IssuerUnavailable(RequestRefused):
    """The token may be good, but the keys to find that out cannot be had."""

    def __init__(self, retry: int) -> None:
        super().__init__(
            "the issuer of tokens does not answer, so that this one cannot be verified; try again"
            " in a moment",
            code=ISSUER_UNAVAILABLE,
            status=503,
            retry=retry,
        )


class RateLimited(RequestRefused):
    """Somebody asks more often than they may."""

    def __init__(self, message: str, *, retry: int, limit: str, allowed: int) -> None:
        super().__init__(
            message, code=RATE_LIMITED, status=429, retry=retry, limit=limit, allowed=allowed
        )


def too_many(limit: str, allowed: int, who: str) -> RequestRefused:
    """More subscriptions are asked for than somebody may have at once."""
    return RequestRefused(
        f"{who} has at most {allowed} subscriptions at once",
        code=TOO_MANY_SUBSCRIPTIONS,
        status=429,
        limit=limit,
        allowed=allowed,
    )


def streamed() -> RequestRefused:
    """A subscription was asked for where one answer is given."""
    return RequestRefused(
        "a subscription is answered as a stream: ask for it over a WebSocket, or accept"
        " text/event-stream",
        code=STREAMED,
        status=406,
    )


def no_operation(name: str | None) -> RequestRefused:
    """The document does not say which operation is meant."""
    return RequestRefused(
        "the document holds no operation of that name"
        if name
        else "the document holds several operations: say which by operationName",
        code=NO_SUCH_OPERATION,
        field="operationName",
    )


def with_code(error: GraphQLError, code: str) -> dict[str, Any]:
    """An error in the document or its variables, as it is sent."""
    formatted: dict[str, Any] = {**error.formatted, "extensions": {"code": code}}
    if len(error.message) > LONGEST:
        formatted["message"] = error.message[:LONGEST] + "…"
    if "locations" in formatted:
        formatted["locations"] = formatted["locations"][:LOCATIONS]
    return formatted


def document_errors(errors: Sequence[GraphQLError]) -> list[dict[str, Any]]:
    """Errors in a document that cannot be executed, as they are sent."""
    return [
        with_code(
            error, PARSE_FAILED if isinstance(error, GraphQLSyntaxError) else VALIDATION_FAILED
        )
        for error in errors
    ]


def refused_error(refused: Refused) -> dict[str, Any]:
    """A value that was refused, as it is sent."""
    refusal = refused.refusal
    return {
        "message": str(refusal),
        "path": list(refused.path),
        "extensions": {"code": refusal.code, "field": refusal.field},
    }


def fault_error(fault: Exception) -> tuple[int, dict[str, Any]]:
    """What is told, and with which status, when an answer could not be given. What is our fault is
    logged and masked."""
    match fault:
        case Crowded():
            return 503, Busy().formatted()
        case psycopg.errors.QueryCanceled():
            message = "the answer took too long; ask for less at once"
            return 503, {"message": message, "extensions": {"code": TIMEOUT}}
        case DatabaseFull():
            _logger.error("the database is full: %s", fault)
            message = "the record has no room left; nothing was recorded"
            return 503, {"message": message, "extensions": {"code": DATABASE_FULL}}
        case ErasureListUnusable():
            _logger.error("nothing was erased: %s", fault)
            message = "the list of erasures cannot be written; nothing was erased"
            return 503, {"message": message, "extensions": {"code": ERASURE_LIST_UNUSABLE}}
        # Only who records meets these: readers have the driver's own.
        case DatabaseUnreachable() | OutcomeUnknown():
            _logger.error("the database did not answer an append: %s", fault)
            message = (
                "the database did not answer: it may be recorded or not; asked again with the same"
                " idempotency key it is recorded once"
            )
            return 503, {"message": message, "extensions": {"code": OUTCOME_UNKNOWN}}
        case psycopg.OperationalError():
            _logger.error("the database could not answer: %s", fault)
            message = "the record cannot be read just now; try again in a moment"
            return 503, {"message": message, "extensions": {"code": UNAVAILABLE}}
    _logger.error("a query failed", exc_info=fault)
    message = "something went wrong here; it has been logged"
    return 500, {"message": message, "extensions": {"code": INTERNAL}}
