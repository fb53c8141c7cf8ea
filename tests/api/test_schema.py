"""The schema as a text: generated, complete in its descriptions, and usable without aliases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    is_specified_scalar_type,
)

from api.schema import text

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def built() -> GraphQLSchema:
    return build_schema(text())


def own_types(schema: GraphQLSchema) -> list[GraphQLNamedType]:
    return [
        named
        for name, named in schema.type_map.items()
        if not name.startswith("__") and not is_specified_scalar_type(named)
    ]


def test_a_node_is_asked_for_by_its_id_alone_since_relay_refetches_by_no_other(
    built: GraphQLSchema,
) -> None:
    assert built.query_type is not None
    assert list(built.query_type.fields["node"].args) == ["id"]


def test_schema_graphql_is_what_make_schema_writes() -> None:
    assert (ROOT / "schema.graphql").read_text("utf-8") == text(), "run `make schema`"


def descriptions(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    for named in own_types(schema):
        yield named.name, named.description
        match named:
            case GraphQLObjectType() | GraphQLInterfaceType():
                for name, field in named.fields.items():
                    yield f"{named.name}.{name}", field.description
                    for argument, described in field.args.items():
                        yield f"{named.name}.{name}({argument})", described.description
            case GraphQLInputObjectType():
                for name, input_field in named.fields.items():
                    yield f"{named.name}.{name}", input_field.description
            case GraphQLEnumType():
                for name, value in named.values.items():
                    yield f"{named.name}.{name}", value.description


def test_everything_in_the_schema_is_described_in_sentences(built: GraphQLSchema) -> None:
    told = dict(descriptions(built))
    assert len(told) > 250
    wanting = [name for name, description in told.items() if not (description or "").endswith(".")]
    assert wanting == []


def test_whatever_can_be_selected_together_can_be_without_aliases(built: GraphQLSchema) -> None:
    for named in own_types(built):
        if not isinstance(named, GraphQLUnionType | GraphQLInterfaceType):
            continue
        types = defaultdict(set)
        for member in built.get_possible_types(named):
            for name, field in member.fields.items():
                types[name].add(str(field.type))
        if named.name == "Node":  # one asks a node for what is peculiar to its sort
            continue
        assert {name: found for name, found in types.items() if len(found) > 1} == {}


def test_the_connection_is_one_that_relay_can_page_through(built: GraphQLSchema) -> None:
    page_info = built.type_map["PageInfo"]
    assert isinstance(page_info, GraphQLObjectType)
    assert {name: str(field.type) for name, field in page_info.fields.items()} == {
        "hasNextPage": "Boolean!",
        "hasPreviousPage": "Boolean!",
        "startCursor": "String",
        "endCursor": "String",
    }
    query = built.query_type
    assert query is not None
    assert {"first", "after", "last", "before"} < set(query.fields["claims"].args)
