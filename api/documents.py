"""From the text of a document to an operation that may be executed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from cachetools import LRUCache
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OverlappingFieldsCanBeMergedRule,
    get_operation_ast,
    parse,
    specified_rules,
    type_from_ast,
    validate,
)

from api.errors import RequestRefused, document_errors
from api.limits import Limits, check, check_length
from api.overlap import conflict
from api.parameters import Shaping, Variables, shaping
from api.watching import ANONYMOUS
from api.watching import Operation as Counted
from api.worker import Worker

KEPT: Final = 500_000
"""Characters of documents that are kept parsed and validated. One takes about 160 bytes."""

RULES: Final = [rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule]
"""All rules of GraphQL but one, which `api.overlap` holds in its stead."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of a document that may be executed."""

    node: OperationDefinitionNode
    document: DocumentNode
    shapings: tuple[tuple[str, Shaping], ...]
    size: int
    """Characters of the document."""
    counted: Counted
    """As what it is counted."""

    @property
    def fragments(self) -> dict[str, FragmentDefinitionNode]:
        """The fragments of its document, by name."""
        return {
            one.name.value: one
            for one in self.document.definitions
            if isinstance(one, FragmentDefinitionNode)
        }

    def shape(self, variables: Variables) -> object:
        """What of the variables the statement depends on."""
        return tuple(
            (name, shape(variables[name])) for name, shape in self.shapings if name in variables
        )


Errors = tuple[dict[str, Any], ...]
"""Errors in a document, as they are sent."""


class Documents:
    """Reads documents, and keeps those that can be executed."""

    def __init__(self, schema: GraphQLSchema, limits: Limits, worker: Worker) -> None:
        self._schema = schema
        self._limits = limits
        self._worker = worker
        self._kept: LRUCache[tuple[str, str | None], Operation] = LRUCache(
            KEPT, getsizeof=lambda operation: operation.size + 500
        )
        self._reading: dict[tuple[str, str | None], asyncio.Task[Operation | Errors | None]] = {}

    async def operation(self, text: str, name: str | None) -> Operation | Errors | None:
        """The operation that is asked for; the errors in its document; or None where the document
        holds none of that name. Raises Busy."""
        key = text, name
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        reading = self._reading.get(key)
        if reading is None:
            reading = self._reading[key] = asyncio.create_task(self._read_anew(key))
            reading.add_done_callback(lambda _: self._reading.pop(key))
        # Whoever else asks for the same waits for the same, and may go away without ending it.
        return await asyncio.shield(reading)

    async def _read_anew(self, key: tuple[str, str | None]) -> Operation | Errors | None:
        found = await self._worker.do(self.read, *key)
        if isinstance(found, Operation):
            self._kept[key] = found
        return found

    def read(self, text: str, name: str | None) -> Operation | Errors | None:
        """The same, read anew."""
        try:
            check_length(text, self._limits)
            document = parse(text, max_tokens=self._limits.tokens)
            check(document, self._limits)
        except GraphQLError as error:
            return tuple(document_errors([error]))
        except RequestRefused as refused:
            return (refused.formatted(),)
        except RecursionError:
            return (RequestRefused("the document is nested too deeply").formatted(),)
        errors = validate(self._schema, document, RULES, max_errors=self._limits.errors)
        if not errors:
            overlapping = conflict(self._schema, document)
            errors = [] if overlapping is None else [overlapping]
        if errors:
            return tuple(document_errors(errors[: self._limits.errors]))
        node = get_operation_ast(document, name)
        if node is None:
            return None
        shapings = []
        for definition in node.variable_definitions or ():
            type_ = type_from_ast(self._schema, definition.type)
            shapings.append((definition.variable.name.value, shaping(type_)))  # type: ignore[arg-type]
        called = ANONYMOUS if node.name is None else node.name.value
        return Operation(
            node, document, tuple(shapings), len(text), Counted(node.operation.value, called)
        )
