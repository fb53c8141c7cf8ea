"""The folds of claims, reports and sources, held to the specification said again in `plain`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from domain.catalogue import Report, Source, report_as_of, source_as_of, story_as_of
from domain.claim import Claim, claim_as_of
from domain.events import (
    AnyEvent,
    ClaimAmended,
    ClaimCorrected,
    ClaimLinked,
    ClaimReinstated,
    ClaimReported,
    ClaimRetracted,
    ClaimReviewed,
    ConcernExpressed,
    ConcernLifted,
    ReportMoved,
    ReportPublished,
    ReportRevised,
    ReportWithdrawn,
    SourceAliasAdded,
    SourceMerged,
    SourceRegistered,
    StoryOpened,
)
from domain.history import Entry, in_effect, voided
from domain.values import Change, Notice, Quantity, QuantityChange
from domain.words import CorrectionNature, LinkKind
from tests.domain import plain
from tests.domain.making import events, of_type, structs

START = datetime(2024, 8, 18, tzinfo=UTC)
days = st.integers(0, 4).map(lambda day: START + timedelta(days=day))
moments = st.none() | st.integers(-1, 5).map(lambda day: START + timedelta(days=day))
positions = st.none() | st.integers(0, 30)
"""Small grids, so that ties and late arrivals are common."""

numbers = st.builds(
    Quantity,
    label=st.sampled_from(["length", "width"]),
    unit=st.sampled_from([None, "m"]),
    value=st.integers(0, 9).map(Decimal),
)
changes: st.SearchStrategy[tuple[Change, ...]] = st.lists(
    of_type(Change) | st.builds(QuantityChange, old=st.none() | numbers, new=st.none() | numbers),
    max_size=3,
).map(tuple)
first_of_a_claim = st.builds(
    lambda event, quantities: replace(event, quantities=tuple(quantities)),
    structs(ClaimReported),
    st.lists(numbers, max_size=2, unique_by=lambda number: number.key),
)
later_of_a_claim: st.SearchStrategy[AnyEvent] = st.one_of(
    st.builds(
        ClaimCorrected,
        nature=st.sampled_from(CorrectionNature),
        version=st.just(1),
        changes=changes,
        notice=st.none() | structs(Notice),
    ),
    structs(ConcernExpressed),
    structs(ConcernLifted),
    structs(ClaimRetracted),
    structs(ClaimReinstated),
    structs(ClaimReviewed),
    st.builds(
        ClaimLinked,
        kind=st.sampled_from(LinkKind),
        to=st.integers(1, 2).map(lambda number: UUID(int=number)),
    ),
)


@st.composite
def claims(draw: st.DrawFn) -> list[Entry]:
    """A claim's entries in the order of recording, amendments of anything among them."""
    entries = [Entry(1, START, START, 1, draw(first_of_a_claim))]
    for sequence in range(2, draw(st.integers(1, 10)) + 1):
        position = entries[-1].position + draw(st.integers(1, 3))
        if draw(st.integers(0, 2)):
            at, event = draw(days), draw(later_of_a_claim)
        else:
            amended = draw(st.sampled_from(entries))
            at, void = amended.reported_at, amended.sequence > 1 and draw(st.booleans())
            event = ClaimAmended(
                amends=amended.sequence, void=void, changes=() if void else draw(changes)
            )
        entries.append(Entry(position, START, at, sequence, event))
    return entries


def recorded(
    first: st.SearchStrategy[AnyEvent], *later: st.SearchStrategy[AnyEvent]
) -> st.SearchStrategy[list[Entry]]:
    """Entries of another subject: its first event, and then others at any time from then on."""
    following = st.lists(st.tuples(days, st.one_of(*later)), max_size=8)
    return st.tuples(first, following).map(
        lambda made: [
            Entry(number, START, at, number, event)
            for number, (at, event) in enumerate([(START, made[0]), *made[1]], start=1)
        ]
    )


addresses = st.sampled_from(["https://a.example", "https://b.example", "https://c.example"])
reports = recorded(
    structs(ReportPublished),
    structs(ReportRevised),
    st.builds(ReportMoved, url=addresses),
    structs(ReportWithdrawn),
)
sources = recorded(
    structs(SourceRegistered),
    structs(SourceAliasAdded),
    structs(SourceMerged),
)


def shown(state: Claim | None) -> plain.State | None:
    """A claim as `plain` has it."""
    if state is None:
        return None
    retraction = None if state.retraction is None else asdict(state.retraction)
    return {
        **asdict(state),
        "retraction": retraction,
        "links": [asdict(link) for link in state.links],
        "reviews": [asdict(review) for review in state.reviews],
        "status": state.status,
    }


def report_shown(state: Report | None) -> plain.State | None:
    """A report as `plain` has it."""
    if state is None:
        return None
    withdrawal = None if state.withdrawal is None else asdict(state.withdrawal)
    return {**asdict(state), "withdrawal": withdrawal, "urls": list(state.urls)}


def source_shown(state: Source | None) -> plain.State | None:
    """A source as `plain` has it."""
    return None if state is None else {**asdict(state), "aliases": list(state.aliases)}


def content(state: Claim | None) -> plain.State:
    """What a claim is, apart from how many events made it so and when the last of them was."""
    told = shown(state)
    assert told is not None
    return {key: told[key] for key in told.keys() - {"version", "last_changed_at"}}


@given(claims(), moments, positions)
def test_a_claim_as_of_a_moment_is_what_the_specification_says(
    entries: list[Entry], at: datetime | None, position: int | None
) -> None:
    assert shown(claim_as_of(entries, at, position)) == plain.claim(entries, at, position)


@given(reports, moments, positions)
def test_a_report_as_of_a_moment_is_what_the_specification_says(
    entries: list[Entry], at: datetime | None, position: int | None
) -> None:
    told = report_shown(report_as_of(entries, at, position))
    assert told == plain.report(entries, at, position)


@given(sources, positions)
def test_a_source_as_of_a_position_is_what_the_specification_says(
    entries: list[Entry], position: int | None
) -> None:
    assert source_shown(source_as_of(entries, position)) == plain.source(entries, position)


@given(claims(), moments, st.randoms(use_true_random=False))
def test_the_order_in_which_entries_are_given_changes_nothing(
    entries: list[Entry], at: datetime | None, random: Random
) -> None:
    shuffled = list(entries)
    random.shuffle(shuffled)
    assert claim_as_of(shuffled, at) == claim_as_of(entries, at)


@given(claims(), moments)
def test_replaying_a_prefix_of_the_log_gives_the_state_of_then(
    entries: list[Entry], at: datetime | None
) -> None:
    for count, entry in enumerate(entries, start=1):
        then = claim_as_of(entries[:count], at)
        assert claim_as_of(entries, at, entry.position) == then
        gap = entries[count].position - 1 if count < len(entries) else entry.position + 9
        assert claim_as_of(entries, at, gap) == then


@given(claims(), moments)
def test_what_is_reported_later_changes_nothing_before(
    entries: list[Entry], at: datetime | None
) -> None:
    cut = [entry for entry in entries if at is None or entry.reported_at <= at]
    assert claim_as_of(cut) == claim_as_of(entries, at)


@given(claims(), moments, positions)
def test_the_version_is_the_number_of_events_there_are_by_then(
    entries: list[Entry], at: datetime | None, position: int | None
) -> None:
    state = claim_as_of(entries, at, position)
    count = len(in_effect(entries, at, position))
    assert (state.version if state else 0) == count


@given(claims(), st.data())
def test_an_amendment_takes_effect_at_the_time_of_what_it_amends_from_its_own_position_on(
    entries: list[Entry], data: st.DataObject
) -> None:
    amended = data.draw(st.sampled_from(entries))
    position = entries[-1].position + 1
    event = ClaimAmended(amends=amended.sequence, changes=data.draw(changes))
    amendment = Entry(position, START, amended.reported_at, len(entries) + 1, event)
    longer = [*entries, amendment]
    before = amended.reported_at - timedelta(microseconds=1)
    assert claim_as_of(longer, before) == claim_as_of(entries, before)
    assert claim_as_of(longer, None, position - 1) == claim_as_of(entries)
    state = claim_as_of(longer, amended.reported_at)
    assert state is not None
    assert state.version == len(in_effect(entries, amended.reported_at)) + 1


@given(claims(), st.data())
def test_a_claim_with_a_void_event_is_the_claim_without_it(
    entries: list[Entry], data: st.DataObject
) -> None:
    later = [e for e in entries if e.sequence > 1 and not isinstance(e.event, ClaimAmended)]
    assume(later)
    gone = data.draw(st.sampled_from(later))

    def concerns(entry: Entry) -> bool:
        """It is the event, or what we said about its content, or about that again."""
        while isinstance(entry.event, ClaimAmended) and not entry.event.void:
            entry = entries[entry.event.amends - 1]
        return entry is gone

    event = ClaimAmended(amends=gone.sequence, void=True)
    void = Entry(entries[-1].position + 1, START, gone.reported_at, len(entries) + 1, event)
    without = [entry for entry in entries if not concerns(entry)]
    assert content(claim_as_of([*entries, void])) == content(claim_as_of(without))
    back = replace(void, position=void.position + 1, sequence=void.sequence + 1)
    back = replace(back, event=ClaimAmended(amends=void.sequence, void=True))
    assert content(claim_as_of([*entries, void, back])) == content(claim_as_of(entries))


@given(st.lists(st.tuples(days, st.integers(1, 9), events), max_size=8))
def test_no_sequence_of_events_breaks_a_fold(made: list[tuple[datetime, int, AnyEvent]]) -> None:
    entries = [
        Entry(position, START, at, sequence, event)
        for position, (at, sequence, event) in enumerate(made, start=1)
    ]
    for state in (
        claim_as_of(entries),
        report_as_of(entries),
        source_as_of(entries),
        story_as_of(entries),
    ):
        assert state is None or 1 <= state.version <= len(entries)
    amended = {entry.event.amends for entry in entries if isinstance(entry.event, ClaimAmended)}
    assert voided(entries) <= amended | {entry.sequence for entry in entries}


@given(structs(StoryOpened), positions)
def test_a_story_is_what_it_was_opened_as(event: StoryOpened, position: int | None) -> None:
    state = story_as_of([Entry(3, START, START, 1, event)], position)
    if position is not None and position < 3:
        assert state is None
    else:
        assert state is not None
        assert asdict(state) == {
            "version": 1,
            "ref": event.ref,
            "title": event.title,
            "summary": event.summary,
            "topics": event.topics,
        }


def test_nothing_recorded_is_nothing_known() -> None:
    assert (claim_as_of([]), report_as_of([])) == (None, None)
    assert (source_as_of([]), story_as_of([])) == (None, None)
    assert in_effect([]) == []
    assert voided([]) == frozenset()
