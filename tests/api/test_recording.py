"""Many who record at once: they share commits, and nothing else."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from api.errors import Busy, fault_error
from api.recording import Recording
from domain.commands import Envelope, OpenStory, PublishReport, RegisterSource, ReportClaim
from domain.words import SourceKind
from eventlog.database import Database
from eventlog.errors import DatabaseUnreachable
from eventlog.plan import Recorded
from eventlog.record import Record
from tests.api.mutations import desk, logged

PAPER = RegisterSource(source="paper", name="The Paper", kind=SourceKind.OUTLET)
REPORT = PublishReport(report="r", outlet="paper", published_at="2024-08-01")


def test_many_who_race_with_one_key_record_one_event(fresh: Database) -> None:
    with desk(fresh) as writing, ThreadPoolExecutor(50) as pool:
        came = list(pool.map(lambda _: writing.record(PAPER, idempotencyKey="race"), range(200)))
        assert {one["position"] for one in came} == {1}
        assert sum(not one["replayed"] for one in came) == 1
        assert len(logged(fresh)) == 1


def test_one_that_is_refused_does_not_fail_its_neighbours(fresh: Database) -> None:
    with desk(fresh) as writing, ThreadPoolExecutor(32) as pool:
        for command in (PAPER, REPORT):
            writing.record(command)
        # Every third names a report that is not there.
        wanted = [
            ReportClaim(claim=f"c{n}", report="r" if n % 3 else "none", statement=f"Number {n}.")
            for n in range(200)
        ]
        came = list(pool.map(writing.record, wanted))
        for number, one in enumerate(came):
            if number % 3:
                assert one["claim"]["statement"] == f"Number {number}."
            else:
                assert one["refusal"]["__typename"] == "NotFound"
        positions = [one["position"] for one in came if one["position"]]
        assert len(set(positions)) == len(positions) == 133


def test_more_than_can_wait_is_told_to_come_again(fresh: Database) -> None:
    stories = [
        Envelope(command=OpenStory(story=f"s{n}", title="A story"), actor="desk", key=f"k{n}")
        for n in range(4)
    ]

    async def crowd() -> list[object]:
        async with Recording(Record(fresh), together=1, waiting=2) as recording:
            with psycopg.connect(fresh.owner_conninfo) as owner:
                owner.execute("LOCK TABLE dateline.log IN EXCLUSIVE MODE")  # nobody gets on
                first = asyncio.create_task(recording.record(stories[0]))
                await asyncio.sleep(0.2)  # it is at the database by now
                others = [asyncio.create_task(recording.record(one)) for one in stories[1:3]]
                await asyncio.sleep(0)
                with pytest.raises(Busy) as refused:
                    await recording.record(stories[3])
                assert refused.value.status == 503
            return [await one for one in (first, *others)]

    came = asyncio.run(crowd())
    assert [one.last_position for one in came if isinstance(one, Recorded)] == [1, 2, 3]


def test_a_database_that_does_not_answer_leaves_it_open_what_was_recorded() -> None:
    status, told = fault_error(DatabaseUnreachable("connection lost"))
    assert (status, told["extensions"]) == (503, {"code": "OUTCOME_UNKNOWN"})
    assert "idempotency key" in told["message"]
    assert "lost" not in told["message"]
