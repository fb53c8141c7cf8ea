"""What the server tells of itself, as GraphQL types. Nothing of it is in the record."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

import strawberry
from graphql import FieldNode, GraphQLSchema

from api import limits
from api.compiler import definition_of
from api.fields import Told, told

VERSION: Final = "0.1.0"
"""As in pyproject.toml."""

_MEANINGS: Final = {one.name: one.metadata[limits.DESCRIPTION] for one in fields(limits.Limits)}


def _limit(name: str) -> Any:
    return told(_MEANINGS[name])


@strawberry.type(
    description="The most that one request may ask for, and all of them together. What is beyond a"
    " limit is refused, and the refusal names the limit."
)
class Limits:
    body: int = _limit("body")
    characters: int = _limit("characters")
    tokens: int = _limit("tokens")
    operations: int = _limit("operations")
    depth: int = _limit("depth")
    root_fields: int = _limit("root_fields")
    fields: int = _limit("fields")
    aliases: int = _limit("aliases")
    cost: int = _limit("cost")
    list_entries: int = _limit("list_entries")
    page: int = told("Entries of a page, unless its field says otherwise.")
    errors: int = _limit("errors")
    seconds: float = _limit("seconds")
    connections: int = _limit("connections")
    waiting: int = _limit("waiting")
    subscriptions: int = _limit("subscriptions")
    listening: int = _limit("listening")
    patience: float = _limit("patience")


@strawberry.type(description="The server that answers. Nothing of it is in the record.")
class Server:
    version: str = told("Which version of Dateline it runs.")
    limits: Limits = told("The most that it may be asked for.")


@dataclass(frozen=True, slots=True)
class _Told:
    version: str
    limits: limits.Limits


@dataclass(frozen=True, slots=True)
class Root:
    """What the fields that are not read from the record are read off instead."""

    server: _Told


def root(chosen: limits.Limits) -> Root:
    """What a server with these limits tells."""
    return Root(_Told(VERSION, chosen))


def is_told(schema: GraphQLSchema, node: FieldNode) -> bool:
    """Whether a field of the root is not read from the record."""
    name = node.name.value
    if name.startswith("__"):
        return True
    root = schema.query_type
    return root is not None and isinstance(definition_of(root.fields[name]), Told)
