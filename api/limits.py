"""How large a document may be. Every check is linear in the size of the document.

Each fragment is measured once, however often it is spread: a measure that follows every spread
anew takes time that doubles with each fragment (the trap of parse-server's GHSA-mfj6-6p54-m98c).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Final

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
from api.listing import LARGEST_PAGE

DESCRIPTION: Final = "description"
"""The key of a limit's meaning in its metadata."""


def limit(default: Any, description: str) -> Any:
    """A limit, its value unless another is set, and what it means."""
    return field(default=default, metadata={DESCRIPTION: description})


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one request may ask for, and all of them together. The schema tells their
    values and meanings (`server { limits }`)."""

    body: int = limit(1_000_000, "Bytes of a request's body.")
    characters: int = limit(50_000, "Characters of a document.")
    tokens: int = limit(2_000, "Words and signs of a document.")
    operations: int = limit(50, "Operations of a document.")
    depth: int = limit(20, "Fields within fields.")
    root_fields: int = limit(20, "Fields of the root, each fragment counted wherever it is spread.")
    fields: int = limit(1_000, "Fields, each fragment counted wherever it is spread.")
    aliases: int = limit(50, "Fields that are given another name, counted in the same way.")
    cost: int = limit(
        50_000,
        "Objects that an answer may hold, by the estimate: what is inside a page counts as often as"
        " the page has entries, and what is inside any other list as often as `list` says.",
    )
    list_entries: int = limit(
        5, "Entries that a list without a size is taken to have in the estimate."
    )
    errors: int = limit(5, "Errors that are told at once.")
    seconds: float = limit(10.0, "How long the database may work at one answer.")
    connections: int = limit(8, "Questions that the database works at at once.")
    waiting: int = limit(200, "Questions that may wait for their turn.")
    subscriptions: int = limit(50, "Subscriptions of one connection at once.")
    listening: int = limit(
        5_000, "Subscriptions of one caller at once, or of one address where nobody says who asks."
    )
    patience: float = limit(5.0, "Seconds that one waits before it is refused.")

    @property
    def page(self) -> int:
        """Entries of a page."""
        return LARGEST_PAGE


def limits_from(given: Iterable[str]) -> Limits:
    """Limits some of which are set, as `cost=20000`. Raises ValueError, in a sentence."""
    known = {
        camel(one.name): (one.name, float if one.type == "float" else int) for one in fields(Limits)
    }
    chosen: dict[str, Any] = {}
    for text in given:
        name, _, value = text.partition("=")
        if name not in known:
            raise ValueError(f"there is no limit {name!r}; there are {', '.join(known)}")
        own, convert = known[name]
        try:
            chosen[own] = convert(value)
        except ValueError:
            raise ValueError(f"{name} is a number, not {value!r}") from None
        if not 0 < chosen[own] < float("inf"):
            raise ValueError(f"{name} is more than 0")
    return Limits(**chosen)


NESTING: Final = 100
"""Selections within selections, fragments included. It bounds our own recursion."""

MEASURES: Final = ("depth", "root_fields", "fields", "aliases")

FURTHER: Final = {"introspections": 1}
"""What is limited and needs no setting."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What a selection comes to."""

    depth: int = 0
    root_fields: int = 0
    """The fields of the selection itself."""
    fields: int = 0
    aliases: int = 0
    introspections: int = 0
    """Descriptions of the whole schema. One is as much work as a hundred other questions."""
    nesting: int = 0


def check_length(text: str, limits: Limits) -> None:
    """Raises RequestRefused where a document is too long even to be read."""
    if len(text) > limits.characters:
        raise beyond("characters", len(text), limits.characters)


def check(document: DocumentNode, limits: Limits) -> None:
    """Raises RequestRefused, naming the limit, where an operation of the document is beyond one."""
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    operations = sum(isinstance(one, OperationDefinitionNode) for one in document.definitions)
    if operations > limits.operations:
        raise beyond("operations", operations, limits.operations)
    measured: dict[str, Measure] = {}
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            measure = _measure(definition.selection_set, fragments, measured, 0)
            allowances = {**{name: getattr(limits, name) for name in MEASURES}, **FURTHER}
            for name, allowed in allowances.items():
                found = getattr(measure, name)
                if found > allowed:
                    raise beyond(name, found, allowed)


def beyond(name: str, found: int, allowed: int) -> RequestRefused:
    """The refusal of a document that is over one of the limits."""
    told = camel(name)
    return RequestRefused(
        f"the document is too complex: {told} {found}, at most {allowed} allowed",
        code=TOO_COMPLEX,
        limit=told,
        found=min(found, FOUND),
        allowed=allowed,
    )


FOUND: Final = 2**53 - 1
"""The largest number that every reader of JSON takes for what it is."""


def camel(name: str) -> str:
    """A name as it is written in GraphQL."""
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)


def _measure(
    selections: SelectionSetNode | None,
    fragments: dict[str, FragmentDefinitionNode],
    measured: dict[str, Measure],
    nesting: int,
) -> Measure:
    if selections is None:
        return Measure()
    depth = own = fields = aliases = introspections = inside = 0
    for selection in selections.selections:
        match selection:
            case FieldNode():
                inner = _measure(selection.selection_set, fragments, measured, nesting + 1)
                depth = max(depth, 1 + inner.depth)
                own += 1
                fields += 1
                aliases += selection.alias is not None
                introspections += selection.name.value == "__schema"
            case InlineFragmentNode():
                inner = _measure(selection.selection_set, fragments, measured, nesting + 1)
                depth, own = max(depth, inner.depth), own + inner.root_fields
            case FragmentSpreadNode():
                name = selection.name.value
                if name not in measured:
                    measured[name] = Measure()  # a ring of fragments is for validation to refuse
                    if name in fragments:
                        measured[name] = _measure(
                            fragments[name].selection_set, fragments, measured, nesting + 1
                        )
                inner = measured[name]
                depth, own = max(depth, inner.depth), own + inner.root_fields
            case _:
                continue
        fields += inner.fields
        aliases += inner.aliases
        introspections += inner.introspections
        inside = max(inside, inner.nesting)
    if nesting + inside > NESTING:
        raise beyond("nesting", nesting + inside, NESTING)
    return Measure(depth, own, fields, aliases, introspections, 1 + inside)
