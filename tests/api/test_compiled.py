"""Whatever is asked, the compiled statement answers as the plain executor does over the record in
memory: value for value and null for null."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from random import Random

import httpx
import pytest
from graphql import GraphQLObjectType, GraphQLSchema, parse, validate
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from api import listing
from api.app import create_app
from api.compiler import definition_of
from api.fields import Paged
from api.schema import schema
from eventlog.database import Database
from eventlog.log import Log
from eventlog.record import Record
from projections.generations import ensure_generation
from projections.projector import project_all
from tests.api import plain
from tests.api.asked import Asked
from tests.api.documents import Document, document
from tests.api.happenings import everything
from tests.api.plain_record import PlainRecord
from tests.api.record import fill
from tests.api.serving import served
from tests.projections.commands import enveloped, opening
from tests.servers import Server

SCHEMA = schema()._schema

QUESTIONS = GraphQLSchema(
    SCHEMA.query_type,
    types=[
        type_
        for type_ in SCHEMA.type_map.values()
        if isinstance(type_, GraphQLObjectType)
        and {one.name for one in type_.interfaces} & {"Node", "Event"}
    ],
)
"""The schema without what only mutations give."""

ELSEWHERE = {"test_limits": ("Query.server",)}
"""Fields that another module looks at, and this one does not ask for: nothing of the server is in
the record. Of a search, one word in its one form is asked for here, in any order but that of
relevance. The forms of words in each `language`, the `rank` and the best part of a long statement
are PostgreSQL's own: `test_claim_search` looks at those."""

LEFT_OUT = frozenset(chain.from_iterable(ELSEWHERE.values()))

TOO_LARGE = ("DOCUMENT_TOO_COMPLEX", "TOO_EXPENSIVE", "GRAPHQL_PARSE_FAILED")
"""Codes of what is refused whatever it asks about. What is a document at all is refused by the
parser for its length alone."""

ENOUGH = 4 / 5
"""So much of the schema has to be asked about something that is there, and of the documents
answered and not refused as too large."""

WAYS = ((listing.FEW, listing.NEAR), (2, listing.NEAR), (2, 3))
"""Up to how many rows lists are sorted, and how many are read in the hope of a page: a statement
holds several ways to its rows, and which of them is taken hangs on these."""

_numbers = count(1)


@pytest.fixture(scope="module")
def database(server: Server) -> Iterator[Database]:
    """A record that grows from example to example."""
    with server.fresh_database() as fresh:
        ensure_generation(fresh)
        fill(fresh)
        yield fresh


@pytest.fixture(scope="module")
def client(database: Database) -> Iterator[httpx.Client]:
    """A client of the record, served."""
    with (
        served(create_app(database)) as url,
        httpx.Client(base_url=url, timeout=60) as opened,
    ):
        yield opened


@dataclass
class Told:
    """What the documents came to."""

    fields: set[str] = field(default_factory=set)
    answered: int = 0
    refused: int = 0


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    """What the documents come to, which has to be enough."""
    found = Told()
    yield found
    every = {
        f"{name}.{one}"
        for name, type_ in QUESTIONS.type_map.items()
        if isinstance(type_, GraphQLObjectType) and not name.startswith(("__", "Server", "Limits"))
        for one in type_.fields
    }
    assert len(found.fields) >= ENOUGH * len(every), sorted(every - found.fields)
    assert found.answered >= ENOUGH * (found.answered + found.refused)


def lived(database: Database, data: st.DataObject) -> str:
    """A handful of subjects to which random things have happened, projected: their prefix."""
    prefix = f"q{next(_numbers)}-"
    wanted = data.draw(everything(prefix))
    with Record(database) as record:
        record.execute_many([enveloped(one) for one in (*opening(prefix), *wanted)])
    project_all(database)
    return prefix


@settings(
    max_examples=40,
    report_multiple_bugs=False,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # The record grows with every example, so that a failing one does not shrink.
    phases=[Phase.explicit, Phase.generate],
)
@given(data=st.data())
def test_a_compiled_answer_is_the_plain_answer(
    data: st.DataObject, database: Database, client: httpx.Client, told: Told
) -> None:
    prefix = lived(database, data)
    with Log(database.conninfo) as log:
        record = plain.read(log)
    values = Asked(SCHEMA, record, prefix, LEFT_OUT)
    random = Random(data.draw(st.integers(0, 2**64)))
    few, near = random.choice(WAYS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listing, "FEW", few)
        patch.setattr(listing, "NEAR", near)
        for _ in range(12):
            check(record, document(SCHEMA, values, random.getrandbits(32)), client, told)


def check(record: PlainRecord, asked: Document, client: httpx.Client, told: Told) -> None:
    """A document is answered as the plain executor answers it, unless it is too large."""
    query = parse(asked.text)
    assert validate(SCHEMA, query) == [], asked.text
    answer = client.post(
        "/graphql", json={"query": asked.text, "variables": asked.variables}
    ).json()
    errors = answer.get("errors", ())
    if any(error["extensions"]["code"] in TOO_LARGE for error in errors):
        told.refused += 1
        return
    expected = plain.execute(record, query, asked.variables, told.fields)
    assert answer.get("errors") is None, (asked, answer["errors"])
    assert answer["data"] == expected, asked
    told.answered += 1


@pytest.mark.parametrize(
    "type_",
    [
        type_
        for name, type_ in SCHEMA.type_map.items()
        if isinstance(type_, GraphQLObjectType) and not name.startswith("__")
    ],
    ids=lambda type_: type_.name,
)
def test_every_field_says_where_it_stands(type_: GraphQLObjectType) -> None:
    for one in type_.fields.values():
        definition = definition_of(one)
        if isinstance(definition, Paged):
            assert type_.name.endswith(("Connection", "Edge", "PageInfo", "Facets", "Update"))


@pytest.mark.parametrize("module", ELSEWHERE)
def test_what_is_not_asked_here_is_asked_elsewhere(module: str) -> None:
    text = (Path(__file__).parent / f"{module}.py").read_text("utf-8")
    for name in ELSEWHERE[module]:
        type_, _, field = name.partition(".")
        owner = SCHEMA.type_map[type_]
        assert isinstance(owner, GraphQLObjectType)
        assert field in owner.fields
        assert field in text
