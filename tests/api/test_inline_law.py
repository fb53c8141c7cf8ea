"""Whatever happens while new claims are recorded, the tables are what the log comes to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.commands import (
    AnyCommand,
    Batch,
    PublishReport,
    ReportClaim,
)
from domain.refusals import Refusal
from eventlog.database import Database
from eventlog.log import Log
from eventlog.plan import Result
from projections.generations import ensure_generation
from projections.projector import Projector
from tests.api.inlining import desk, enveloped, same_as_rebuilt
from tests.projections.commands import REPORTS, commands, opening

_numbers = count(1)


def happenings(prefix: str) -> st.SearchStrategy[list[tuple[str, Any]]]:
    """What may happen one after the other while claims are recorded."""
    refs = st.integers(0, 40).map(lambda number: f"{prefix}new{number}")
    reports = st.integers(0, REPORTS + 2).map(lambda number: f"{prefix}r{number}")
    days = st.integers(1, 9).map(lambda day: f"2024-08-0{day}")
    claims: st.SearchStrategy[AnyCommand] = st.builds(
        ReportClaim,
        claim=refs,
        report=reports,
        statement=st.sampled_from(["one", "another"]),
        published_at=st.none() | days,
    )
    published: st.SearchStrategy[AnyCommand] = st.builds(
        PublishReport,
        report=reports | refs,
        outlet=st.none() | st.just(f"{prefix}s1"),
        published_at=days,
    )
    few = st.lists(claims | published, min_size=1, max_size=4)
    others = st.lists(commands(prefix), min_size=1, max_size=2)
    return st.lists(
        st.one_of(
            st.tuples(st.just("together"), few),
            st.tuples(st.just("together"), few),
            st.tuples(st.just("batch"), few),
            st.tuples(st.just("together"), others),
            st.tuples(
                st.just("together"), st.tuples(few, others).map(lambda two: [*two[0], *two[1]])
            ),
            st.tuples(st.just("elsewhere"), few | others),
            st.tuples(st.just("wait"), st.none()),
        ),
        min_size=3,
        max_size=14,
    )


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(data=st.data())
def test_whatever_happens_the_tables_are_what_the_log_comes_to(
    data: st.DataObject, database: Database, law: Projector
) -> None:
    prefix = f"p{next(_numbers)}-"
    happened = data.draw(happenings(prefix))

    async def lived() -> None:
        async with desk(database, law) as at:
            await at.record(Batch(commands=tuple(opening(prefix))))
            await at.caught_up()
            answered: list[tuple[str, Result]] = []
            for what, given in happened:
                if what == "wait":
                    await at.caught_up()
                elif what == "elsewhere":
                    await at.elsewhere(*given)
                else:
                    together = [Batch(commands=tuple(given))] if what == "batch" else given
                    envelopes = [enveloped(one) for one in together]
                    results = await at.record(*envelopes)
                    keys = [one.key or "" for one in envelopes]
                    answered += zip(keys, results, strict=True)
            await at.caught_up()
        with Log(database.conninfo) as log:
            stored = {one.position: one.key for one in log.read(0, 1_000_000)}
        for key, result in answered:
            where = [position for position, by in stored.items() if by == key]
            if isinstance(result, Refusal):
                assert where == []
            else:
                assert where == list(range(result.first_position, result.last_position + 1))

    asyncio.run(lived())
    same_as_rebuilt(database)


@pytest.fixture
def law(database: Database) -> Iterator[Projector]:
    """A projector that goes on through all examples."""
    ensure_generation(database)
    projector = Projector(database)
    projector.start()
    yield projector
    projector.stop()
