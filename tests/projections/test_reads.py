"""Questions about any moment, against the answers worked out in memory."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.commands import CorrectClaim, Envelope, MergeSources, OpenStory
from domain.history import in_effect
from domain.ids import Subject, resolve
from domain.moments import last_instant
from domain.refusals import InvalidInput, InvalidTime
from domain.words import Status
from eventlog.database import Database
from eventlog.log import Log
from eventlog.record import Record
from projections import cursors
from projections.basis import AsOf
from projections.generations import ensure_generation
from projections.projector import project_all
from projections.reads import ClaimFilter, Reads, View
from projections.refusals import InvalidCursor
from projections.views import ChangeKind, ClaimPage, ClaimView
from tests.projections.commands import SOURCES, commands, enveloped, opening
from tests.projections.oracle import Oracle, oracle

_numbers = count(1)


@pytest.fixture
def generation(database: Database) -> Database:
    """A fresh database with an empty live generation."""
    ensure_generation(database)
    return database


@pytest.fixture
def reads(generation: Database) -> Iterator[Reads]:
    """The read side of a fresh database."""
    with Reads(generation.conninfo, pool_size=1) as opened:
        # The pool draws random numbers while it connects, which hypothesis must not see.
        opened.summary()
        yield opened


def lived(database: Database, data: st.DataObject) -> Oracle:
    """A handful of subjects to which random things have happened, projected."""
    prefix = f"p{next(_numbers)}-"
    wanted = data.draw(st.lists(commands(prefix), min_size=5, max_size=25))
    with Record(database) as record:
        record.execute_many([enveloped(one) for one in (*opening(prefix), *wanted)])
    project_all(database)
    with Log(database.conninfo) as log:
        return oracle(log, prefix)


def whole(view: View, chosen: ClaimFilter, size: int, *, backward: bool) -> list[ClaimView]:
    """A list read page by page."""
    pages: list[ClaimPage] = []
    cursor: str | None = None
    while True:
        if backward:
            page = view.claims(chosen, last=size, before=cursor)
            pages.insert(0, page)
            assert page.has_next_page is (cursor is not None)
            if not page.has_previous_page:
                break
            cursor = page.cursors[0]
        else:
            page = view.claims(chosen, first=size, after=cursor)
            pages.append(page)
            assert page.has_previous_page is (cursor is not None)
            if not page.has_next_page:
                break
            cursor = page.cursors[-1]
    return [claim for page in pages for claim in page.items]


moments = st.none() | st.integers(1, 11).map(lambda day: f"2024-08-{day:02}")


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_every_answer_is_the_one_worked_out_in_memory(
    generation: Database, reads: Reads, data: st.DataObject
) -> None:
    known = lived(generation, data)
    head = reads.summary().projected_position
    for _ in range(4):
        back = data.draw(st.integers(0, 30))
        as_of = AsOf(
            reported_at=data.draw(moments), position=None if back == 0 else max(head - back, 0)
        )
        at = None if as_of.reported_at is None else last_instant(as_of.reported_at)
        with reads.at(as_of) as view:
            position = view.basis.position
            assert position == max(head - back, 0)
            check_list(view, known, at, position, data)
            check_claims(view, known, at, position)


def check_list(
    view: View, known: Oracle, at: datetime | None, position: int, data: st.DataObject
) -> None:
    """Lists, pages, totals and what a filter left out."""
    states = known.states(at, position)
    number = data.draw(st.integers(0, SOURCES - 1))
    statuses = data.draw(st.none() | st.frozensets(st.sampled_from(Status), min_size=1))
    by_source = data.draw(st.booleans())
    source = f"{known.prefix}s{number}" if by_source else None
    story = None if by_source else f"{known.prefix}story"
    identity = resolve(Subject.SOURCE, f"{known.prefix}s{number}")

    def about(claim_id: UUID) -> bool:
        claim = states[claim_id]
        if not by_source:
            return claim.story == resolve(Subject.STORY, f"{known.prefix}story")
        if position < known.sources[identity][0].position:
            return False
        outlet = known.report(claim, at, position).outlet
        chain = {step.source for step in claim.attribution} | ({outlet} if outlet else set())
        same = known.canonical(identity, position)
        return any(known.canonical(one, position) == same for one in chain)

    matching = sorted(
        (claim_id for claim_id in states if about(claim_id)),
        key=lambda claim_id: (states[claim_id].first_reported_at, claim_id.bytes),
        reverse=True,
    )
    wanted = [one for one in matching if statuses is None or states[one].status in statuses]
    chosen = ClaimFilter(story=story, source=source, statuses=statuses)
    size = data.draw(st.integers(1, 4))
    for backward in (False, True):
        assert [claim.id for claim in whole(view, chosen, size, backward=backward)] == wanted
    page = view.claims(chosen)
    assert page.total == len(wanted)
    assert page.left_out == len(matching) - len(wanted)


def check_claims(view: View, known: Oracle, at: datetime | None, position: int) -> None:
    """Single claims, their histories, and the counts of their story."""
    states = known.states(at, position)
    disputed = known.contested(at, position)
    for identity, entries in known.claims.items():
        shown, state = view.claim(str(identity)), states.get(identity)
        assert (shown is None) is (state is None)
        if shown is None or state is None:
            continue
        assert shown.version == state.version
        assert shown.status is state.status
        assert shown.statement == state.statement
        assert shown.quantities == state.quantities
        assert shown.links == state.links
        assert shown.contested is (identity in disputed)
        assert shown.reviewed is bool(state.reviews)
        assert shown.reported_at == state.first_reported_at
        assert [step.source.id for step in shown.attribution] == [
            known.canonical(step.source, position) for step in state.attribution
        ]
        for step, before in zip(shown.attribution, state.attribution, strict=True):
            own = known.source(before.source, position).name
            assert step.named_as == (None if step.source.id == before.source else own)
        history = view.history(identity)
        counted = in_effect(entries, at, position)
        assert [item.position for item in history] == [entry.position for entry in counted]
        assert [item.version for item in history] == list(range(1, len(counted) + 1))
    story = view.story(f"{known.prefix}story")
    if story is not None:
        for status in Status:
            assert story.counts[status] == sum(
                claim.status is status and claim.story == story.id for claim in states.values()
            )


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_changes_are_what_differs_between_two_moments(
    generation: Database, reads: Reads, data: st.DataObject
) -> None:
    known = lived(generation, data)
    head = reads.summary().projected_position
    low, high = sorted(data.draw(st.tuples(st.integers(0, 40), st.integers(0, 40))))
    early, late = max(head - high, 0), max(head - low, 0)
    days = sorted(data.draw(st.tuples(st.integers(1, 11), st.integers(1, 11))))
    first, second = (f"2024-08-{day:02}" for day in days)
    found = reads.changes(
        AsOf(reported_at=first, position=early), AsOf(reported_at=second, position=late)
    )
    mine = {change.after.id for change in found.items} & known.claims.keys()
    before = known.states(last_instant(first), early)
    after = known.states(last_instant(second), late)
    was, becomes = (
        known.contested(last_instant(first), early),
        known.contested(last_instant(second), late),
    )
    for identity, state in after.items():
        differs = before.get(identity) != state or ((identity in was) != (identity in becomes))
        if identity in mine:
            assert differs
        elif differs:
            # Only what nobody sees: an event that was voided at once, an update of nothing.
            old = before[identity]
            assert old.status is state.status
            assert (old.statement, old.quantities, old.links) == (
                state.statement,
                state.quantities,
                state.links,
            )
    new = {change.after.id for change in found.items if change.kind is ChangeKind.NEW}
    assert new & known.claims.keys() == after.keys() - before.keys()
    times = [change.after.last_changed_at for change in found.items]
    assert times == sorted(times)


def write_some(database: Database) -> int:
    with Record(database) as record:
        record.execute_many([enveloped(one) for one in opening("w-")])
    return project_all(database)


def test_a_claim_is_not_changed_by_the_merging_of_one_of_its_sources(
    generation: Database, reads: Reads
) -> None:
    head = write_some(generation)
    with Record(generation) as record:
        record.execute_many(
            [
                enveloped(MergeSources(source="w-s0", into="w-s1")),
                # It begins another row of the claim, which says the same on the day before.
                enveloped(
                    CorrectClaim(
                        claim="w-c0", version=1, statement="another", published_at="2024-08-02"
                    )
                ),
            ]
        )
    project_all(generation)
    day = "2024-08-01"
    found = reads.changes(AsOf(reported_at=day, position=head), AsOf(reported_at=day))
    assert found.items == []
    found = reads.changes(AsOf(position=head), AsOf())
    assert [change.kind for change in found.items] == [ChangeKind.SILENTLY_EDITED]


def test_a_cursor_holds_its_moment_whatever_is_recorded_after(
    generation: Database, reads: Reads
) -> None:
    write_some(generation)
    with reads.at() as view:
        first = view.claims(first=2)
    with Record(generation) as record:
        record.execute_many([enveloped(one) for one in opening("later-")])
    project_all(generation)
    with reads.at() as view:
        rest = view.claims(first=100, after=first.cursors[-1])
        assert view.claims().total == 10
    assert rest.basis.position == first.basis.position
    assert rest.total == first.total == 5
    assert not {claim.id for claim in rest.items} & {claim.id for claim in first.items}
    assert len(rest.items) == 3


def test_a_cursor_of_another_moment_than_the_one_asked_about_is_refused(
    generation: Database, reads: Reads
) -> None:
    head = write_some(generation)
    with reads.at(AsOf(reported_at="2024-08-03")) as view:
        cursor = view.claims(first=1).cursors[0]
    with reads.at(AsOf(position=head - 1)) as view, pytest.raises(InvalidCursor) as refused:
        view.claims(after=cursor)
    assert refused.value.field == "after"
    assert refused.value.code == "INVALID_CURSOR"
    with reads.at() as view:
        other = view.claims(first=1).cursors[0]
        with pytest.raises(InvalidCursor):
            view.claims(after=cursor, before=other)


@pytest.mark.parametrize("cursor", ["", "x", "é", "WzFd", "bnVsbA", "W10" * 50, "WzEsIjEiLDEsMV0"])
def test_a_forged_cursor_is_refused(generation: Database, reads: Reads, cursor: str) -> None:
    with reads.at() as view:
        with pytest.raises(InvalidCursor) as refused:
            view.claims(after=cursor)
        assert refused.value.field == "after"
        with pytest.raises(InvalidCursor) as refused:
            view.claims(before=cursor)
        assert refused.value.field == "before"


def test_a_cursor_from_a_later_state_is_refused(generation: Database, reads: Reads) -> None:
    ahead = cursors.write(cursors.Cursor(0, UUID(int=0), 999_999, None))
    with reads.at() as view, pytest.raises(InvalidCursor):
        view.claims(after=ahead)


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [(0, None, "first"), (101, None, "first"), (None, -1, "last"), (1, 1, "last")],
)
def test_the_size_of_a_page_has_limits(
    generation: Database, reads: Reads, first: int | None, last: int | None, field: str
) -> None:
    with reads.at() as view, pytest.raises(InvalidInput) as refused:
        view.claims(first=first, last=last)
    assert refused.value.field == field


def test_a_moment_of_recording_in_the_future_is_refused(generation: Database, reads: Reads) -> None:
    soon = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    for text in (soon, datetime.now(UTC).date().isoformat()):
        with pytest.raises(InvalidTime) as refused, reads.at(AsOf(recorded_at=text)):
            pass
        assert refused.value.field == "recordedAt"


def test_a_moment_of_recording_means_the_last_position_by_then(
    generation: Database, reads: Reads
) -> None:
    with reads.at(AsOf(recorded_at="2020-01-01")) as view:
        assert view.basis.position == 0
        assert view.claims().total == 0
    write_some(generation)
    with Log(generation.conninfo) as log:
        third = log.read(2, 1)[0]
    with reads.at(AsOf(recorded_at=third.recorded_at.isoformat())) as view:
        assert (view.basis.position, view.basis.recorded_at) == (3, third.recorded_at)


@pytest.mark.parametrize(
    ("as_of", "field"),
    [
        (AsOf(position=1), "position"),
        (AsOf(position=-1), "position"),
        (AsOf(position=0, recorded_at="2020-01-01"), "position"),
    ],
)
def test_a_position_that_is_not_there_is_refused(
    generation: Database, reads: Reads, as_of: AsOf, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused, reads.at(as_of):
        pass
    assert refused.value.field == field


def test_a_moment_that_is_no_time_is_refused(generation: Database, reads: Reads) -> None:
    with pytest.raises(InvalidTime) as refused, reads.at(AsOf(reported_at="yesterday")):
        pass
    assert refused.value.field == "reportedAt"


def test_changes_go_forward_only(generation: Database, reads: Reads) -> None:
    write_some(generation)
    for earlier, later in (
        (AsOf(position=2), AsOf(position=1)),
        (AsOf(reported_at="2024-08-02"), AsOf(reported_at="2024-08-01")),
        (AsOf(), AsOf(reported_at="2024-08-01")),
    ):
        with pytest.raises(InvalidInput) as refused:
            reads.changes(earlier, later)
        assert refused.value.field == "to"


def test_a_report_is_found_by_any_address_it_ever_had(generation: Database, reads: Reads) -> None:
    write_some(generation)
    with reads.at() as view:
        found = view.report("https://outlet.example/w-1")
        assert found is not None
        assert found.ref == "w-r1"
        assert view.report("w-r1") == view.report(str(found.id)) == found
        assert view.report("https://outlet.example/nowhere") is None


def test_sources_are_found_by_name(generation: Database, reads: Reads) -> None:
    write_some(generation)
    with reads.at() as view:
        assert [source.ref for source in view.sources("SOURCE 2")] == ["w-s2"]
        assert len(view.sources(limit=3)) == 3


def test_a_story_has_the_longest_slug_that_a_command_may_give(
    generation: Database, reads: Reads
) -> None:
    slug = "é" * 1000
    with Record(generation) as record:
        record.execute(Envelope(command=OpenStory(story=slug, title="Long"), actor="tester"))
    project_all(generation)
    with reads.at() as view:
        story = view.story(slug)
    assert story is not None
    assert story.slug == slug
