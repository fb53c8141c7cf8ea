"""What a client is told when something cannot be answered: a sentence, a stable code, the argument
at fault. Nothing of the inside ever gets out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

import psycopg
from graphql import GraphQLError, GraphQLSyntaxError
from psycopg_pool import PoolTimeout

from domain.refusals import Refusal

_logger = logging.getLogger(__name__)

BAD_REQUEST: Final = "BAD_REQUEST"
PARSE_FAILED: Final = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED: Final = "GRAPHQL_VALIDATION_FAILED"
BAD_USER_INPUT: Final = "BAD_USER_INPUT"
NO_SUCH_OPERATION: Final = "OPERATION_RESOLUTION_FAILURE"
TOO_COMPLEX: Final = "DOCUMENT_TOO_COMPLEX"
UNAVAILABLE: Final = "UNAVAILABLE"
INTERNAL: Final = "INTERNAL_SERVER_ERROR"


class RequestRefused(Exception):
    """The request is refused before anything is executed. `str()` is for the client."""

    def __init__(
        self, message: str, *, code: str = BAD_REQUEST, status: int = 400, **details: object
    ) -> None:
        super().__init__(message)
        self.status = status
        self.extensions: dict[str, object] = {"code": code, **details}

    def formatted(self) -> dict[str, Any]:
        """As it is sent."""
        return {"message": str(self), "extensions": self.extensions}


def with_code(error: GraphQLError, code: str) -> dict[str, Any]:
    """An error in the document or its variables, as it is sent."""
    return {**error.formatted, "extensions": {"code": code}}


def document_errors(errors: Sequence[GraphQLError]) -> list[dict[str, Any]]:
    """Errors in a document that cannot be executed, as they are sent."""
    return [
        with_code(
            error, PARSE_FAILED if isinstance(error, GraphQLSyntaxError) else VALIDATION_FAILED
        )
        for error in errors
    ]


def execution_error(error: GraphQLError) -> dict[str, Any]:
    """An error met while answering, as it is sent. What is our fault is logged and masked."""
    original = error.original_error
    match original:
        case Refusal():
            extensions: dict[str, object] = {"code": original.code}
            if original.field is not None:
                extensions["field"] = original.field
            return {**error.formatted, "message": str(original), "extensions": extensions}
        case None | GraphQLError():
            return with_code(error, BAD_USER_INPUT)
        case psycopg.OperationalError() | PoolTimeout():
            _logger.error("the database could not answer: %s", original)
            message = "the record cannot be read just now; try again in a moment"
            return {**error.formatted, "message": message, "extensions": {"code": UNAVAILABLE}}
    _logger.error("a query failed at %s", error.path, exc_info=original)
    message = "something went wrong here; it has been logged"
    return {**error.formatted, "message": message, "extensions": {"code": INTERNAL}}
