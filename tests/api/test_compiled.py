"""Whatever is asked, the compiled statement answers as the plain executor does over the record in
memory: value for value and null for null."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, count
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from graphql import GraphQLObjectType, parse, validate
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from api.app import create_app
from api.compiler import definition_of
from api.fields import Paged
from api.schema import schema
from domain.words import Status
from eventlog.database import Database
from eventlog.log import Log
from eventlog.record import Record
from projections.generations import ensure_generation
from projections.projector import project_all
from tests.api import plain
from tests.api.documents import Values, document
from tests.api.plain_record import PlainRecord
from tests.api.record import fill
from tests.api.serving import served
from tests.projections.commands import CLAIMS, REPORTS, SOURCES, commands, enveloped, opening
from tests.servers import Server

SCHEMA = schema()._schema

ELSEWHERE = {
    "test_node": ("Query.node",),
    "test_events_law": ("Query.events",),
    "test_difference_law": ("Query.changes",),
    "test_over_time_law": ("Query.reporting", "Query.quantitySeries"),
    "test_limits": ("Query.server",),
    "test_claim_lists": ("ClaimConnection.facets",),
    "test_links_law": (
        "Claim.contradictedBy",
        "Claim.supportedBy",
        "Claim.supersededBy",
        "Claim.repeatedBy",
        "Claim.warnings",
        "Claim.corrections",
        "ClaimCorrected.lag",
        "ClaimCorrected.reach",
        "ClaimRetracted.lag",
        "ClaimRetracted.reach",
    ),
    "test_links": (
        "Story.claims",
        "Story.reports",
        "Source.claims",
        "Source.reports",
        "Report.claims",
    ),
}
"""Fields that another module holds to a law of their own, and this one does not ask for."""

LEFT_OUT = frozenset(chain.from_iterable(ELSEWHERE.values()))

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


def lived(database: Database, data: st.DataObject) -> str:
    """A handful of subjects to which random things have happened, projected: their prefix."""
    prefix = f"q{next(_numbers)}-"
    wanted = data.draw(st.lists(commands(prefix), min_size=5, max_size=25))
    with Record(database) as record:
        record.execute_many([enveloped(one) for one in (*opening(prefix), *wanted)])
    project_all(database)
    return prefix


def values_for(prefix: str, record: PlainRecord) -> Values:
    """What the fields of a random query are given."""

    def one_of(*refs: str, **numbered: int) -> Callable[[Random], Any]:
        every = [
            *refs,
            *(f"{prefix}{name}{n}" for name, many in numbered.items() for n in range(many)),
        ]
        return lambda random: random.choice(every)

    def moment(random: Random) -> dict[str, Any] | None:
        asked: dict[str, Any] = {}
        match random.randrange(4):
            case 0:
                asked["position"] = random.randint(0, record.position)
            case 1:
                position = random.randint(1, record.position)
                asked["recordedAt"] = record.recorded_at[position].isoformat()
            case 2:
                return None
        if random.randrange(2):
            asked["reportedAt"] = f"2024-08-{random.randint(1, 11):02}"
        return asked

    claims = one_of("apc", "off", "nothing", c=CLAIMS)
    sources = one_of("the-paper", "nobody", s=SOURCES)
    reports = one_of("article", r=REPORTS)
    stories = one_of("losses", "no-story", f"{prefix}story")

    def chosen(random: Random) -> dict[str, Any]:
        every: dict[str, Callable[[Random], Any]] = {
            "story": stories,
            "source": sources,
            "outlet": sources,
            "status": lambda _: random.sample([one.name for one in Status], random.randint(0, 3)),
        }
        return {name: given(random) for name, given in every.items() if not random.randrange(4)}

    return {
        "Query.claim(id)": claims,
        "Query.source(id)": sources,
        "by": lambda random: random.choice(
            [{"id": reports(random)}, {"url": f"https://outlet.example/{prefix}1"}]
        ),
        "Query.story(slug)": stories,
        "asOf": moment,
        "filter": chosen,
        "first": lambda random: random.randint(1, 6),
        "last": lambda random: random.randint(1, 6),
    }


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
    data: st.DataObject, database: Database, client: httpx.Client
) -> None:
    prefix = lived(database, data)
    with Log(database.conninfo) as log:
        record = plain.read(log)
    values = values_for(prefix, record)
    for _ in range(12):
        asked = document(SCHEMA, values, LEFT_OUT, data.draw(st.integers(0, 2**32)))
        assert validate(SCHEMA, parse(asked.text)) == [], asked.text
        answer = client.post(
            "/graphql", json={"query": asked.text, "variables": asked.variables}
        ).json()
        errors = answer.get("errors", ())
        if any(error["extensions"]["code"] == "DOCUMENT_TOO_COMPLEX" for error in errors):
            continue
        expected = plain.execute(record, asked.text, asked.variables)
        assert answer.get("errors") is None, (asked, answer["errors"])
        assert answer["data"] == expected, asked


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
            assert type_.name.endswith(("Connection", "Edge", "PageInfo", "Facets"))


@pytest.mark.parametrize("module", ELSEWHERE)
def test_what_is_not_asked_here_is_asked_elsewhere(module: str) -> None:
    text = (Path(__file__).parent / f"{module}.py").read_text("utf-8")
    for name in ELSEWHERE[module]:
        type_, _, field = name.partition(".")
        owner = SCHEMA.type_map[type_]
        assert isinstance(owner, GraphQLObjectType)
        assert field in owner.fields
        assert field in text
