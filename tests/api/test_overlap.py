"""Fields that meet under one key: our rule refuses what the one of graphql-core refuses, no more
and no less, in time that grows with the document and not with its square."""

from __future__ import annotations

import cProfile
from typing import Any

import pytest
from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    OverlappingFieldsCanBeMergedRule,
    build_schema,
    get_named_type,
    is_leaf_type,
    parse,
    validate,
)
from hypothesis import assume, given
from hypothesis import strategies as st

from api.documents import RULES
from api.overlap import conflict
from api.schema import text

SMALL = build_schema(
    """
    type Query { cat: Cat cats(first: Int, like: Like): [Cat!]! pet: Pet one: One }
    interface Pet { name: String friend: Pet }
    type Cat implements Pet { name: String friend: Pet lives: Int size(unit: Unit): Float }
    type Dog implements Pet { name: String friend: Pet lives: Float! size(unit: Unit): Float }
    union One = Cat | Dog
    input Like { name: String kind: Unit }
    enum Unit { CM IN }
    """
)
ARGUMENTS = {
    "first": ["1", "2"],
    "unit": ["CM", "IN"],
    "like": ['{name: "a", kind: CM}', '{kind: CM, name: "a"}', '{name: "a"}'],
}


@st.composite
def selections(draw: st.DrawFn, named: Any, depth: int) -> str:
    """What may be selected of a type, the same things again and again."""
    found = []
    for _ in range(draw(st.integers(1, 4))):
        fields = getattr(named, "fields", {})
        possible = SMALL.get_possible_types(named) if not _is_object(named) else [named]
        choice = draw(st.sampled_from(["field", "field", "field", "inline", "spread"]))
        if choice == "spread":
            found.append(f"...{draw(st.sampled_from(['OnCat', 'OnPet']))}")
        elif choice == "inline" or not fields:
            within = draw(st.sampled_from(list(possible)))
            found.append(f"... on {within.name} {draw(selections(within, max(depth - 1, 0)))}")
        else:
            names = [n for n, f in fields.items() if depth or is_leaf_type(get_named_type(f.type))]
            name = draw(st.sampled_from([*names, "__typename"]))
            alias = draw(st.sampled_from(["", "", "x: ", "name: "]))
            if name == "__typename":
                found.append(alias + name)
                continue
            field = fields[name]
            asked = [
                f"{argument}: {draw(st.sampled_from(ARGUMENTS[argument]))}"
                for argument in field.args
                if draw(st.booleans())
            ]
            inner = get_named_type(field.type)
            inside = "" if is_leaf_type(inner) else draw(selections(inner, depth - 1))
            arguments = f"({', '.join(asked)})" if asked else ""
            found.append(f"{alias}{name}{arguments} {inside}")
    return "{ " + " ".join(found) + " }"


def _is_object(named: Any) -> bool:
    return isinstance(named, GraphQLObjectType)


FRAGMENTS = (
    " fragment OnCat on Cat { name: lives x: name friend { name } }"
    " fragment OnPet on Pet { x: name friend { x: __typename } }"
)


@given(selections(SMALL.query_type, 4))
def test_it_refuses_what_the_rule_of_graphql_core_refuses(selected: str) -> None:
    document = parse(selected + FRAGMENTS)
    rules = [rule for rule in RULES if rule.__name__ != "NoUnusedFragmentsRule"]
    assume(not validate(SMALL, document, rules))
    expected = validate(SMALL, document, [OverlappingFieldsCanBeMergedRule])
    assert bool(expected) == (conflict(SMALL, document) is not None)


@pytest.mark.parametrize(
    ("selected", "merged"),
    [
        ("{cat{name name}}", True),
        ("{cat{name name: lives}}", False),
        ("{cat{x: name} cat{x: lives}}", False),
        ("{cats(first: 1){name} cats(first: 1){lives}}", True),
        ("{cats(first: 1){name} cats(first: 2){lives}}", False),
        ("{cats(first: 1){name} cats{lives}}", False),
        ('{cats(like: {name: "a", kind: CM}){name} cats(like: {kind: CM, name: "a"}){name}}', True),
        ("{pet{... on Cat{x: name} ... on Dog{x: friend{name}}}}", False),
        ("{pet{... on Cat{x: name} ... on Dog{x: name}}}", True),
        ("{pet{... on Cat{size(unit: CM)} ... on Dog{size(unit: IN)}}}", True),
        ("{pet{... on Cat{size(unit: CM)} ... on Cat{size(unit: IN)}}}", False),
        ("{pet{... on Cat{lives} ... on Dog{lives}}}", False),
        ("{pet{name ... on Cat{name: __typename}}}", False),
        ("{one{... on Cat{friend{x: name}} ... on Dog{friend{x: __typename}}}}", True),
        ("{a: __schema{queryType{name}} a: __typename}", False),
    ],
)
def test_what_meets_under_one_key(selected: str, merged: bool) -> None:
    document = parse(selected)
    assert validate(SMALL, document, RULES) == []
    assert (conflict(SMALL, document) is None) is merged
    assert (validate(SMALL, document, [OverlappingFieldsCanBeMergedRule]) == []) is merged


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(text())


@pytest.mark.parametrize(
    "pattern", ["claims{nodes{id ref}} ", "claims{nodes{...on Claim{id}}} ", "log{position} "]
)
def test_its_work_is_in_proportion_to_the_document(schema: GraphQLSchema, pattern: str) -> None:
    # The rule of graphql-core takes seconds for the larger one.
    calls = {}
    for times in (100, 800):
        document = parse("{" + pattern * times + "}")
        profile = cProfile.Profile()
        assert profile.runcall(conflict, schema, document) is None
        calls[times] = sum(entry.callcount for entry in profile.getstats())
    assert calls[800] < 10 * calls[100]
