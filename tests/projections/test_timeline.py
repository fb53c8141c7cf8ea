"""The rows of a subject, however its events arrive, against the specification."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.claim import Claim, claim_as_of, evolve
from domain.events import (
    ClaimAmended,
    ClaimCorrected,
    ClaimEvent,
    ClaimReinstated,
    ClaimReported,
    ClaimRetracted,
    ConcernExpressed,
    ConcernLifted,
)
from domain.history import Entry
from domain.values import StatementChange
from projections.bitemporal import Bitemporal
from projections.projection import claim_states
from projections.timeline import FOREVER, OPEN, Row, Stretch

SUBJECT = UUID(int=1)
REPORT = UUID(int=2)
START = datetime(2024, 8, 18, tzinfo=UTC)

later_events: st.SearchStrategy[ClaimEvent] = st.one_of(
    st.builds(
        lambda text: ClaimCorrected(version=1, changes=(StatementChange(old="before", new=text),)),
        st.text("abc", min_size=1, max_size=3),
    ),
    st.just(ClaimRetracted()),
    st.just(ClaimReinstated()),
    st.just(ConcernExpressed()),
    st.just(ConcernLifted()),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    """Entries of one claim, in the order of recording; reporting times on a small grid, so that
    ties and late arrivals are common, and amendments among them."""
    entries = [
        Entry(1, START, START, 1, ClaimReported(report=REPORT, statement="as first reported"))
    ]
    for sequence in range(2, draw(st.integers(1, 9)) + 1):
        position = entries[-1].position + draw(st.integers(1, 3))
        event: ClaimEvent
        if draw(st.integers(0, 3)) == 0:
            amended = entries[draw(st.integers(0, len(entries) - 1))]
            void = amended.sequence > 1 and draw(st.booleans())
            changes = () if void else (StatementChange(old="x", new=f"amended {sequence}"),)
            event = ClaimAmended(amends=amended.sequence, void=void, changes=changes)
            at = amended.reported_at
        else:
            event = draw(later_events)
            at = START + timedelta(days=draw(st.integers(0, 4)))
        entries.append(Entry(position, START, at, sequence, event))
    return entries


def project(entries: Sequence[Entry], batches: Sequence[int]) -> list[Row[Claim]]:
    """The rows after taking up the entries in batches of these sizes, over and over; everything
    kept between batches is dropped, as after a restart."""
    table: list[Row[Claim]] = []
    done: list[Entry] = []

    def load_last(subjects: Sequence[UUID]) -> list[Row[Claim]]:
        return [
            replace(row, stored=True)
            for row in table
            if row.position_to == OPEN and row.reported_to is FOREVER
        ]

    def load_all(
        subjects: Sequence[UUID],
    ) -> Iterator[tuple[UUID, Sequence[Entry], Sequence[Stretch]]]:
        yield SUBJECT, list(done), [bounds(row) for row in table if row.position_to == OPEN]

    rest, turn = list(entries), 0
    while rest:
        size = batches[turn % len(batches)]
        batch, rest, turn = rest[:size], rest[size:], turn + 1
        fold = Bitemporal(evolve, claim_states, load_last, load_all)
        fold.prepare({SUBJECT: batch})
        for entry in batch:
            fold.take(SUBJECT, entry)
        stored = {(row.reported_from, row.position_from): row for row in table}
        for row in fold.changed:
            same = stored[row.reported_from, row.position_from]
            same.reported_to, same.position_to = row.reported_to, row.position_to
            same.capped_from = row.capped_from
        table += [replace(row) for row in fold.opened]
        fold.written()
        done += batch
    return table


def bounds(row: Row[Claim]) -> Stretch:
    return Stretch(row.reported_from, row.reported_to, row.position_from, row.capped_from)


def answer(rows: Sequence[Row[Claim]], at: datetime, position: int) -> Claim | None:
    """What a query over the rows finds; more than one row would be a contradiction."""
    found = [
        row.state
        for row in rows
        if row.reported_from <= at
        and (at < row.reported_to or position < row.capped_from)
        and row.position_from <= position < row.position_to
    ]
    assert len(found) <= 1
    return found[0] if found else None


@settings(deadline=None)
@given(histories(), st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_the_rows_answer_every_question_as_the_specification_does(
    entries: list[Entry], batches: list[int]
) -> None:
    rows = project(entries, batches)
    for day in range(-1, 6):
        at = START + timedelta(days=day)
        for position in range(entries[-1].position + 2):
            assert answer(rows, at, position) == claim_as_of(entries, at, position)


@settings(deadline=None)
@given(histories(), st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_the_size_of_the_batches_changes_nothing(entries: list[Entry], batches: list[int]) -> None:
    def shown(rows: Sequence[Row[Claim]]) -> set[tuple[object, ...]]:
        return {(*bounds(row), row.position_to, row.state) for row in rows}

    assert shown(project(entries, batches)) == shown(project(entries, [1]))


@settings(deadline=None)
@given(histories())
def test_a_row_is_only_ever_closed_or_cut_short(entries: list[Entry]) -> None:
    whole = project(entries, [1])
    for count in range(1, len(entries)):
        cut = entries[count].position
        for row in project(entries[:count], [1]):
            (same,) = (
                one
                for one in whole
                if (one.reported_from, one.position_from) == (row.reported_from, row.position_from)
            )
            assert same.state == row.state
            if same.reported_to != row.reported_to:
                assert row.reported_to is FOREVER
                assert same.capped_from >= cut
            assert same.position_to == row.position_to or same.position_to >= cut
