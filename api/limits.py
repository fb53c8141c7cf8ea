"""How large a document may be. Every check is linear in the size of the document.

Each fragment is measured once, however often it is spread: a measure that follows every spread
anew takes time that doubles with each fragment (the trap of parse-server's GHSA-mfj6-6p54-m98c).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from api.errors import TOO_COMPLEX, RequestRefused


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one request may ask for."""

    body: int = 1_000_000
    """Bytes of a request's body."""
    tokens: int = 2_000
    """Words and signs of a document."""
    depth: int = 20
    """Fields within fields."""
    fields: int = 1_000
    """Fields, each fragment counted wherever it is spread."""
    aliases: int = 50
    """Fields that are given another name, counted in the same way."""
    seconds: float = 10.0
    """How long the database may work at one answer."""
    errors: int = 20
    """Errors that are told at once."""


NESTING: Final = 100
"""Selections within selections, fragments included. It bounds our own recursion."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What a selection comes to."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0


def check(document: DocumentNode, limits: Limits) -> None:
    """Raises RequestRefused, naming the limit, where an operation of the document is beyond one."""
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    measured: dict[str, Measure] = {}
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            measure = _measure(definition.selection_set, fragments, measured, 0)
            for name in ("depth", "fields", "aliases"):
                found, allowed = getattr(measure, name), getattr(limits, name)
                if found > allowed:
                    raise _beyond(name, found, allowed)


def _beyond(name: str, found: int, allowed: int) -> RequestRefused:
    return RequestRefused(
        f"the document is too complex: {name} {found}, at most {allowed} allowed",
        code=TOO_COMPLEX,
        limit=name,
        found=found,
        allowed=allowed,
    )


def _measure(
    selections: SelectionSetNode | None,
    fragments: dict[str, FragmentDefinitionNode],
    measured: dict[str, Measure],
    nesting: int,
) -> Measure:
    if selections is None:
        return Measure()
    if nesting > NESTING:
        raise _beyond("nesting", nesting, NESTING)
    depth = fields = aliases = 0
    for selection in selections.selections:
        match selection:
            case FieldNode():
                inner = _measure(selection.selection_set, fragments, measured, nesting + 1)
                depth = max(depth, 1 + inner.depth)
                fields += 1 + inner.fields
                aliases += (selection.alias is not None) + inner.aliases
                continue
            case InlineFragmentNode():
                inner = _measure(selection.selection_set, fragments, measured, nesting + 1)
            case FragmentSpreadNode():
                name = selection.name.value
                if name not in measured:
                    measured[name] = Measure()  # a ring of fragments is for validation to refuse
                    if name in fragments:
                        measured[name] = _measure(
                            fragments[name].selection_set, fragments, measured, nesting + 1
                        )
                inner = measured[name]
            case _:
                continue
        depth = max(depth, inner.depth)
        fields += inner.fields
        aliases += inner.aliases
    return Measure(depth, fields, aliases)
