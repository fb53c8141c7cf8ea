"""What a command needs is all that is looked at to decide it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.commands import (
    AmendClaim,
    AnyCommand,
    CorrectClaim,
    EraseClaim,
    EraseReport,
    EraseSource,
    NoticeInput,
    PublishReport,
    ReportClaim,
    RetractClaim,
    ReviseReport,
    StepInput,
    WithdrawReport,
)
from domain.decide import decide, needs
from domain.history import Entry
from domain.refusals import Refusal
from domain.words import ErasureGround
from domain.world import Children, World
from tests.domain.desk import Desk, empty
from tests.projections.commands import commands, opening, times

KNOWN = "s0"
somebody = st.sampled_from([f"s{number}" for number in range(4)] + ["nobody"])
notices = st.builds(NoticeInput, issuer=st.none() | somebody)
chains = st.lists(st.builds(StepInput, source=somebody), max_size=2).map(tuple)
claims = st.sampled_from([f"c{number}" for number in range(7)])
reports = st.sampled_from([f"r{number}" for number in range(4)])
stories = st.sampled_from([None, "story", "nothing"])

more: st.SearchStrategy[AnyCommand] = st.one_of(
    st.builds(
        ReportClaim,
        claim=claims,
        report=reports,
        story=stories,
        statement=st.just("x"),
        attribution=chains,
        observed_at=st.none() | times,
    ),
    st.builds(PublishReport, report=reports, outlet=st.none() | somebody, published_at=times),
    st.builds(
        CorrectClaim,
        claim=claims,
        version=st.integers(1, 2),
        attribution=chains,
        notice=notices,
        published_at=times,
    ),
    st.builds(
        AmendClaim, claim=claims, amends=st.integers(1, 3), attribution=chains, story=stories
    ),
    st.builds(RetractClaim, claim=claims, notice=notices, published_at=times),
    st.builds(
        ReviseReport, report=reports, headline=st.just("x"), notice=notices, published_at=times
    ),
    st.builds(WithdrawReport, report=reports, notice=notices, published_at=times),
    st.builds(EraseClaim, claim=claims, ground=st.sampled_from(ErasureGround)),
    st.builds(
        EraseReport,
        report=reports,
        ground=st.just(ErasureGround.COURT_ORDER),
        with_claims=st.booleans(),
    ),
    st.builds(EraseSource, source=somebody, ground=st.just(ErasureGround.COPYRIGHT)),
)
anything = commands("") | more


class Watched(dict[UUID, list[Entry]]):
    """The subjects of a world, which remember which of them were looked up."""

    def __init__(self, subjects: dict[UUID, list[Entry]]) -> None:
        super().__init__(subjects)
        self.asked: set[UUID] = set()

    def get(self, subject: UUID, default: Any = None) -> Any:
        self.asked.add(subject)
        return super().get(subject, default)

    def __getitem__(self, subject: UUID) -> list[Entry]:
        self.asked.add(subject)
        return super().__getitem__(subject)


def lived(made: list[AnyCommand]) -> Desk:
    """A desk on which as much of this was recorded as the rules let through."""
    desk = empty()
    for command in (*opening(""), *made):
        try:
            desk.when(command)
        except Refusal:
            continue
    return desk


def outcome(world: World, command: AnyCommand) -> object:
    """The decision, or what is told about the refusal."""
    try:
        return decide(world, command)
    except Refusal as refusal:
        return type(refusal), refusal.field, str(refusal)


def only_needed(desk: Desk, command: AnyCommand) -> World:
    """The world as the write door loads it for one command."""
    needed = needs(command)
    subjects: set[UUID] = set(needed.subjects)
    children: dict[UUID, Children] = {}
    for report in needed.claims_of:
        if report in desk.children:
            children[report] = desk.children[report]
            subjects.update(children[report].claims)
    held = {subject: desk.entries(subject) for subject in subjects if desk.entries(subject)}
    return World(desk.world.now, held, children)


@given(st.lists(anything, max_size=8), anything)
def test_a_command_is_decided_alike_over_what_it_needs_and_over_everything(
    made: list[AnyCommand], command: AnyCommand
) -> None:
    desk = lived(made)
    assert outcome(only_needed(desk, command), command) == outcome(desk.world, command)


@given(st.lists(anything, max_size=8), anything)
def test_whatever_is_looked_up_is_named_as_needed(
    made: list[AnyCommand], command: AnyCommand
) -> None:
    desk = lived(made)
    watched = Watched(desk.world.subjects)
    outcome(World(desk.world.now, watched, desk.children), command)
    needed = needs(command)
    allowed = set(needed.subjects)
    for report in needed.claims_of:
        if report in desk.children:
            allowed.update(desk.children[report].claims)
    assert watched.asked
    assert watched.asked <= allowed


@given(st.lists(anything, max_size=12))
def test_what_the_rules_let_in_keeps_its_promises(made: list[AnyCommand]) -> None:
    desk = lived(made)
    for entries in desk.world.subjects.values():
        assert [entry.sequence for entry in entries] == list(range(1, len(entries) + 1))
        assert all(entry.reported_at >= entries[0].reported_at for entry in entries)
    for report, children in desk.children.items():
        out = desk.entries(report)[0].reported_at
        assert all(desk.entries(claim)[0].reported_at >= out for claim in children.claims)
