"""One GraphQL request, from its text to its answer. Synchronous: it runs in a worker thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationType,
    execute_sync,
    get_operation_ast,
    parse,
    validate,
)
from msgspec import Struct

from api.errors import (
    BAD_REQUEST,
    BAD_USER_INPUT,
    NO_SUCH_OPERATION,
    RequestRefused,
    document_errors,
    execution_error,
    with_code,
)
from api.limits import Limits, check
from api.moments import Operation
from api.scalars import written_instant
from projections.basis import Basis
from projections.reads import Reads

KEPT: Final = 256
"""Documents that are kept parsed and validated."""


class GraphQLRequest(Struct, frozen=True, rename="camel"):
    """The parameters of a request, as GraphQL over HTTP names them."""

    query: str | None = None
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent. `executed` is false where the request was refused before execution."""

    body: dict[str, Any]
    executed: bool


Prepared = DocumentNode | list[dict[str, Any]]
"""A document that may be executed; or else the errors in it, as they are sent."""


def preparer(schema: GraphQLSchema, limits: Limits) -> Callable[[str], Prepared]:
    """Parsing and validating against a schema, remembered for the documents used last."""

    @lru_cache(maxsize=KEPT)
    def prepare(text: str) -> Prepared:
        try:
            document = parse(text, max_tokens=limits.tokens)
            check(document, limits)
        except GraphQLError as error:
            return document_errors([error])
        except RequestRefused as refused:
            return [refused.formatted()]
        except RecursionError:
            return [RequestRefused("the document is nested too deeply").formatted()]
        errors = validate(schema, document, max_errors=limits.errors)
        return document_errors(errors[: limits.errors]) if errors else document

    return prepare


def answer(
    schema: GraphQLSchema,
    prepare: Callable[[str], Prepared],
    reads: Reads,
    request: GraphQLRequest,
    *,
    only_queries: bool,
) -> Answer:
    """Answer a request. Raises RequestRefused where it names no operation that may be executed."""
    if not request.query:
        raise RequestRefused("the request has no query", code=BAD_REQUEST)
    document = prepare(request.query)
    if not isinstance(document, DocumentNode):
        return Answer({"errors": document}, executed=False)
    chosen = get_operation_ast(document, request.operation_name)
    if chosen is None:
        raise RequestRefused(
            "the document holds no operation of that name"
            if request.operation_name
            else "the document holds several operations: say which by operationName",
            code=NO_SUCH_OPERATION,
            field="operationName",
        )
    if only_queries and chosen.operation is not OperationType.QUERY:
        raise RequestRefused("GET is for queries alone; use POST", status=405)
    with Operation(reads) as operation:
        result = execute_sync(
            schema,
            document,
            variable_values=request.variables,
            operation_name=request.operation_name,
            context_value=operation,
        )
        bases = operation.bases
    errors = result.errors or []
    if result.data is None and errors and not any(error.path for error in errors):
        told = [with_code(error, BAD_USER_INPUT) for error in errors]
        return Answer({"errors": told}, executed=False)
    body: dict[str, Any] = {"data": result.data}
    if errors:
        body["errors"] = [execution_error(error) for error in errors]
    if bases:
        body["extensions"] = basis_extensions(bases)
    return Answer(body, executed=True)


def basis_extensions(bases: dict[str, Basis]) -> dict[str, Any]:
    """The basis of an answer; or of each of its root fields, where they have different ones."""
    written = {key: written_basis(basis) for key, basis in bases.items()}
    first, *others = written.values()
    if all(other == first for other in others):
        return {"basis": first}
    return {"basisByField": written}


def written_basis(basis: Basis) -> dict[str, Any]:
    """A basis as it is sent. `reportedAt` null: no limit."""
    return {
        "position": basis.position,
        "recordedAt": basis.recorded_at and written_instant(basis.recorded_at),
        "reportedAt": basis.reported_at and written_instant(basis.reported_at),
    }
