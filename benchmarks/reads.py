"""What a page of claims costs over GraphQL, beside other ways to the same rows.

The record: 100,000 claims, 300,000 events of theirs, 500 stories. The question: a story's latest
claims, each with its source, its attribution and its history. One server process each, eight
connections, the same PostgreSQL, the same rows: the peers get them as plain tables about now, which
is all that they can tell; Dateline answers from the tables that hold the past as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from importlib.resources import files
from itertools import count
from random import Random
from statistics import median
from typing import Any, Final

import httpx
import psycopg
from msgspec import json

from api.cost import check_cost
from api.documents import Documents, Operation
from api.limits import Limits
from api.plan import compile_operation
from api.schema import schema
from api.worker import Worker
from benchmarks import peers
from benchmarks.ground import Ground
from benchmarks.http_load import rate
from benchmarks.rounds import Goal, Table, in_turn
from benchmarks.served import served
from benchmarks.workload import Shape, fill, story_ref
from domain.ids import Subject, resolve
from projections.generations import connect, ensure_generation, tidy
from projections.projector import project_all

ROW: Final = (
    " fragment Row on Claim { id statement status reportedAt outlet { name }"
    " attribution { verb source { name } } history { sequence reportedAt recordedAt actor } }"
)
NOW: Final = (
    "query Page($story: ID!, $first: Int!) {"
    " claims(filter: {story: $story}, first: $first) { nodes { ...Row } } }" + ROW
)
PAST: Final = (
    "query Page($story: ID!, $first: Int!, $at: Moment!) {"
    " claims(filter: {story: $story}, first: $first, asOf: {reportedAt: $at})"
    " { nodes { ...Row } } }" + ROW
)
LOADERS: Final = (
    "query Page($story: UUID!, $first: Int!) { claims(story: $story, first: $first) { ...Row } }"
    + ROW
)
WALK: Final = (
    "query Walk($after: String) { claims(first: 20, after: $after)"
    " { nodes { ...Row } pageInfo { endCursor } } }" + ROW
)
STEP: Final = (
    "query Step($after: String) { claims(first: 20, after: $after) { pageInfo { endCursor } } }"
)
SEARCH: Final = (
    "query Search($text: String!) { claims(search: $text, orderBy: RELEVANCE, first: 20)"
    " { edges { rank snippet node { id statement } } } }"
)
POSTGRAPHILE: Final = (
    "query Page($story: UUID!, $first: Int!) { allClaims(condition: {storyId: $story},"
    " orderBy: [REPORTED_AT_DESC, ROW_ID_DESC], first: $first) { nodes {"
    " rowId statement status reportedAt sourceByOutletId { name }"
    " stepsByClaimId(orderBy: PLACE_ASC) { nodes { verb sourceBySourceId { name } } }"
    " eventsByClaimId(orderBy: [REPORTED_AT_ASC, POSITION_ASC])"
    " { nodes { sequence reportedAt recordedAt actor } } } } }"
)
INTROSPECTION: Final = (
    "query I { __schema { types { name kind description fields { name description args { name }"
    " type { name kind ofType { name kind ofType { name } } } } enumValues { name } } } }"
)
PAGES: Final = (1, 20)
BODIES: Final = 2_000


def measure(ground: Ground, small: bool) -> Iterator[Table]:
    """Requests a second, and milliseconds of what happens seldom."""
    shape = Shape(4_000, 20, changes=2) if small else Shape(100_000, 500, changes=2)
    seconds, rounds = (1.0, 1) if small else (4.0, 3)
    database = ground.lasting_record()
    fill(database, shape)
    ensure_generation(database)
    project_all(database)
    with connect(database) as connection:
        tidy(connection)
    with psycopg.connect(database.owner_conninfo, autocommit=True) as owner:
        owner.execute((files("benchmarks") / "plain_tables.sql").read_text())
        owner.execute("GRANT USAGE ON SCHEMA plain TO PUBLIC")
        owner.execute("GRANT SELECT ON ALL TABLES IN SCHEMA plain TO PUBLIC")
        owner.execute("VACUUM (ANALYZE)")
    with ExitStack() as stack:
        ports: dict[str, int] = {}
        for name, side in (
            ("Dateline", "dateline without kept answers"),
            ("Dateline, kept", "dateline"),
            ("hand-written", "handwritten"),
            ("Strawberry", "loaders"),
        ):
            address = stack.enter_context(served(database, side))
            ports[name] = int(address.rpartition(":")[2])
        absent = peers.missing()
        if absent is None:
            ports["PostGraphile"] = stack.enter_context(peers.postgraphile(database))
        sides = Sides(ports, shape, seconds)
        for size in PAGES:
            yield page(sides, size, rounds)
        yield introspection(sides, rounds)
        address = f"http://127.0.0.1:{ports['Dateline']}/graphql"
        yield from seldom(address, shape, rounds, small)


class Sides:
    """The servers at hand, and what they are asked."""

    def __init__(self, ports: dict[str, int], shape: Shape, seconds: float) -> None:
        self.ports = ports
        self.shape = shape
        self.seconds = seconds
        self.random = Random(1)

    def bodies(self, query: str, size: int, *, by_id: bool, past: bool = False) -> list[bytes]:
        """Requests for pages of stories at random."""
        made: list[bytes] = []
        for _ in range(BODIES):
            story = story_ref(self.random.randrange(self.shape.stories))
            named = str(resolve(Subject.STORY, story)) if by_id else story
            variables: dict[str, Any] = {"story": named, "first": size}
            if past:
                # In the later half of the year a story has claims enough for a page.
                month, day = self.random.randint(7, 12), self.random.randint(1, 30)
                variables["at"] = f"2024-{month:02}-{day:02}T12:00:{len(made) % 60:02}Z"
            made.append(json.encode({"query": query, "variables": variables}))
        return made

    def loaded(self, side: str, bodies: list[bytes]) -> Callable[[], float]:
        """How many of some requests a side answers a second."""
        return partial(rate, self.ports[side], bodies, self.seconds)


def page(sides: Sides, size: int, rounds: int) -> Table:
    """Pages of so many claims a second."""
    asked = {
        "Dateline, about now": ("Dateline", NOW, False, False),
        "Dateline, about the past": ("Dateline", PAST, False, True),
        "Dateline, asked again": ("Dateline, kept", NOW, False, False),
        "hand-written": ("hand-written", "", True, False),
        "Strawberry with DataLoaders": ("Strawberry", LOADERS, True, False),
        "PostGraphile": ("PostGraphile", POSTGRAPHILE, True, False),
    }
    runs = {}
    for name, (side, query, by_id, past) in asked.items():
        if side in sides.ports:
            bodies = sides.bodies(query, size, by_id=by_id, past=past)
            runs[name] = sides.loaded(side, bodies[:50] if name.endswith("again") else bodies)
    goals = [
        Goal("Dateline, about now", "hand-written", least=0.8),
        Goal("Dateline, about the past", "Dateline, about now", least=0.85),
    ]
    if size > 1:
        goals.append(Goal("Dateline, about now", "Strawberry with DataLoaders", least=7))
    if "PostGraphile" in runs:
        least = 2 if size == 1 else 1.6
        goals.append(Goal("Dateline, about now", "PostGraphile", least=least))
        goals.append(Goal("Dateline, asked again", "PostGraphile", least=8))
    claims = "claim" if size == 1 else "claims"
    return Table(
        f"A page of {size} {claims}, eight connections",
        "pages/s",
        in_turn(runs, rounds),
        tuple(goals),
    )


def introspection(sides: Sides, rounds: int) -> Table:
    """Introspection queries a second. The peer's schema is far smaller than ours."""
    body = [json.encode({"query": INTROSPECTION})]
    return Table(
        "The introspection query",
        "answers/s",
        in_turn(
            {
                "Dateline": sides.loaded("Dateline, kept", body),
                "Strawberry": sides.loaded("Strawberry", body),
            },
            rounds,
        ),
        (Goal("Dateline", "Strawberry", least=10),),
    )


Asked = Callable[[], tuple[str, dict[str, object]]]
"""Gives the next question: a query and its variables."""


class Asking:
    """One client that asks one question after the other."""

    def __init__(self, address: str, number: int) -> None:
        self.http = httpx.Client(timeout=60)
        self.address = address
        self.number = number

    def ask(self, query: str, variables: dict[str, object]) -> Any:
        """The data of an answer. Raises RuntimeError where there are errors."""
        response = self.http.post(self.address, json={"query": query, "variables": variables})
        answer = response.json()
        if "errors" in answer:
            raise RuntimeError(str(answer))
        return answer["data"]

    def latency(self, asked: Asked) -> Callable[[], float]:
        """The median of so many answers, in milliseconds."""

        def run() -> float:
            took = []
            for _ in range(self.number):
                query, variables = asked()
                began = time.perf_counter()
                self.ask(query, variables)
                took.append(1000 * (time.perf_counter() - began))
            return median(took)

        return run


def reading(unseen: Callable[[], tuple[str, dict[str, object]]]) -> Callable[[], float]:
    """How many milliseconds this process, which does nothing else, reads a document."""
    limits, made = Limits(), schema()._schema
    documents = Documents(made, limits, Worker())

    def once() -> float:
        text, variables = unseen()
        began = time.perf_counter()
        operation = documents.read(text, None)
        assert isinstance(operation, Operation)
        check_cost(made, operation.fragments, operation.node, variables, limits)
        compile_operation(made, operation.fragments, operation.node, variables)
        return 1_000 * (time.perf_counter() - began)

    return lambda: median(once() for _ in range(200))


def seldom(address: str, shape: Shape, rounds: int, small: bool) -> Iterator[Table]:
    """Milliseconds of single requests, one after the other."""
    asking = Asking(address, 40 if small else 200)
    aliases, random = count(), Random(2)
    first = {"story": story_ref(0), "first": 1}

    def unseen() -> tuple[str, dict[str, object]]:
        return NOW.replace("nodes {", f"nodes {{ a{next(aliases)}: id"), {**first}

    yield Table(
        "A document never seen before, for one claim",
        "ms, median",
        in_turn(
            {
                "seen": asking.latency(lambda: (NOW, {**first})),
                "never seen": asking.latency(unseen),
                "of that, reading it: parsed, measured, validated, compiled": reading(unseen),
            },
            rounds,
        ),
    )
    far = min(1_000, shape.claims // 20 - 1)
    cursor: object = None
    for _ in range(far - 1):
        cursor = asking.ask(STEP, {"after": cursor})["claims"]["pageInfo"]["endCursor"]
    last = f"page {far:,}"
    yield Table(
        "A page far into the list of all claims",
        "ms, median",
        in_turn(
            {
                "page 1": asking.latency(lambda: (WALK, {})),
                last: asking.latency(lambda: (WALK, {"after": cursor})),
            },
            rounds,
        ),
        (Goal(last, "page 1", most=1.2),),
    )

    def searched() -> tuple[str, dict[str, object]]:
        return SEARCH, {"text": f"vehicles lost in matter {random.randrange(shape.claims)}"}

    yield Table(
        f"A search in {shape.claims:,} claims, 20 hits with snippets",
        "ms, median",
        in_turn({"search": asking.latency(searched)}, rounds),
    )
