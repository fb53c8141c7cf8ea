"""Copies, warnings, lag and reach at random moments, against a plain computation in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.app import create_app
from api.scalars import written_instant
from domain.claim import Claim
from domain.commands import AmendClaim, AnyCommand, CorrectClaim, LinkClaims
from domain.events import ClaimCorrected, ClaimRetracted
from domain.history import Entry, in_effect, voided
from domain.ids import Subject, resolve
from domain.moments import last_instant
from domain.words import CorrectionNature, LinkKind, Status
from eventlog.database import Database
from eventlog.log import Log
from tests.api.conftest import Ask, asking
from tests.api.copied import record
from tests.api.serving import served
from tests.projections.commands import CLAIMS, commands, opening
from tests.projections.oracle import Oracle, oracle
from tests.servers import Server

_numbers = count(1)

NAMES = [f"c{number}" for number in range(CLAIMS)]

QUERY = (
    f"query({', '.join(f'${name}: ID!' for name in NAMES)}, $asOf: AsOf) {{"
    + " ".join(f"{name}: claim(id: ${name}, asOf: $asOf) {{ ...Told }}" for name in NAMES)
    + """}
    fragment Told on Claim {
      copies: repeatedBy(first: 100) { totalCount nodes { ref } }
      standing: repeatedBy(standing: true) { totalCount nodes { ref } }
      fallen: repeatedBy(standing: false) { nodes { ref } }
      contradictedBy { nodes { ref } }
      supportedBy { nodes { ref } }
      supersededBy { nodes { ref } }
      links { claim { ref } }
      warnings { origin { ref } status since }
      corrections { sequence lag reach { repeats changed underConcern standing } }
    }"""
)


@pytest.fixture(scope="module")
def growing(server: Server) -> Iterator[Database]:
    with server.fresh_database() as database:
        record(database, [])
        yield database


@pytest.fixture(scope="module")
def ask(growing: Database) -> Iterator[Ask]:
    with served(create_app(growing)) as url, httpx.Client(base_url=url, timeout=20) as client:
        yield asking(client)


days = st.integers(3, 6).map(lambda day: f"2024-08-0{day}")
"""A few, so that copies are often corrected on the same day as their origins."""


@st.composite
def acts(draw: st.DrawFn, prefix: str) -> list[AnyCommand]:
    """Some commands that make copies, some that correct claims, and some others, mixed."""
    claims = st.sampled_from([f"{prefix}{name}" for name in NAMES])
    copied: st.SearchStrategy[AnyCommand] = st.builds(
        LinkClaims,
        claim=claims,
        kind=st.just(LinkKind.REPEATS),
        to=claims,
        published_at=st.none() | days,
    )
    corrected = st.builds(
        corrections,
        claims,
        st.sampled_from(CorrectionNature),
        st.integers(0, 99).map(lambda number: f"Wording {number}"),
        days,
    )
    void: st.SearchStrategy[AnyCommand] = st.builds(
        AmendClaim, claim=claims, amends=st.integers(2, 6), void=st.just(True)
    )
    chosen: list[list[AnyCommand]] = [
        *([one] for one in draw(st.lists(copied, min_size=4, max_size=10))),
        *draw(st.lists(corrected, min_size=5, max_size=12)),
        *([one] for one in draw(st.lists(void, min_size=2, max_size=6))),
        *([one] for one in draw(st.lists(commands(prefix), max_size=12))),
    ]
    return [one for some in draw(st.permutations(chosen)) for one in some]


def corrections(claim: str, nature: CorrectionNature, statement: str, day: str) -> list[AnyCommand]:
    """The same correction of several versions, of which one at most is the right one."""
    return [
        CorrectClaim(claim=claim, version=one, nature=nature, statement=statement, published_at=day)
        for one in range(8, 0, -1)
    ]


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to tell at one moment, worked out from states and events alone."""

    known: Oracle
    at: datetime | None
    position: int

    @property
    def states(self) -> dict[UUID, Claim]:
        return self.known.states(self.at, self.position)

    def linked(self, kind: LinkKind, claim: UUID) -> set[UUID]:
        """The claims that bear on a claim."""
        return {
            one
            for one, state in self.states.items()
            if any(link.kind is kind and link.to == claim for link in state.links)
        }

    def repeated(self, claim: UUID) -> set[UUID]:
        """The claims that a claim repeats, directly."""
        return {link.to for link in self.states[claim].links if link.kind is LinkKind.REPEATS}

    def copies(self, claim: UUID) -> set[UUID]:
        return spread(claim, lambda one: self.linked(LinkKind.REPEATS, one))

    def corrections(self, claim: UUID) -> list[Entry]:
        counted = in_effect(self.known.claims[claim], self.at, self.position)
        void = voided(counted)
        return [
            entry
            for entry in counted
            if isinstance(entry.event, ClaimCorrected | ClaimRetracted)
            and entry.sequence not in void
        ]

    def corrected(self, claim: UUID) -> list[datetime]:
        """The reporting times of a claim's corrections and clarifications."""
        natures = (CorrectionNature.CORRECTION, CorrectionNature.CLARIFICATION)
        return [
            entry.reported_at
            for entry in self.corrections(claim)
            if isinstance(entry.event, ClaimCorrected) and entry.event.nature in natures
        ]

    def fate(self, claim: UUID, since: datetime) -> str:
        """What became of a copy since its origin was corrected."""
        state = self.states[claim]
        if state.retraction is not None or any(at >= since for at in self.corrected(claim)):
            return "changed"
        return "underConcern" if state.concern_since is not None else "standing"

    def standing(self, claim: UUID) -> set[UUID]:
        """The copies of a claim that stand although it was corrected or taken back."""
        changes = self.corrected(claim)
        retraction = self.states[claim].retraction
        if retraction is not None:
            changes.append(retraction.at)
        since = max(changes, default=datetime.min.replace(tzinfo=UTC))
        return {one for one in self.copies(claim) if self.fate(one, since) == "standing"}

    def reach(self, claim: UUID, since: datetime) -> dict[str, int]:
        out = [
            self.fate(one, since)
            for one in self.copies(claim)
            if self.states[one].first_reported_at <= since
        ]
        fates = {fate: out.count(fate) for fate in ("changed", "underConcern", "standing")}
        return {"repeats": len(out), **fates}

    def warnings(self, claim: UUID) -> list[dict[str, Any]]:
        states = self.states
        found = [
            one for one in spread(claim, self.repeated) if states[one].status is not Status.STANDING
        ]
        found.sort(key=lambda one: (states[one].first_reported_at, one.bytes))
        return [
            {
                "origin": {"ref": states[one].ref},
                "status": states[one].status.name,
                "since": written_instant(self.since(one)),
            }
            for one in found
        ]

    def since(self, claim: UUID) -> datetime:
        """Since when a claim has a status that is worth a warning."""
        state = self.states[claim]
        if state.retraction is not None:
            return state.retraction.at
        return state.concern_since or max(self.corrected(claim))


def spread(start: UUID, step: Callable[[UUID], set[UUID]]) -> set[UUID]:
    """Everything that is reached step by step, without where it began."""
    found: set[UUID] = set()
    to_go = {start}
    while to_go:
        to_go = {other for one in to_go for other in step(one)} - found
        found |= to_go
    return found - {start}


def refs(page: Mapping[str, Any]) -> list[str]:
    return sorted(node["ref"] for node in page["nodes"])


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_is_told_of_links_is_what_the_specification_gives(
    growing: Database, ask: Ask, data: st.DataObject
) -> None:
    prefix = f"l{next(_numbers)}-"
    head = record(growing, [*opening(prefix), *data.draw(acts(prefix))])
    with Log(growing.conninfo) as log:
        known = oracle(log, prefix)
    for _ in range(4):
        back = data.draw(st.integers(0, 25))
        day = data.draw(st.none() | st.integers(1, 11).map(lambda day: f"2024-08-{day:02}"))
        as_of = {"reportedAt": day} | ({"position": head - back} if back else {})
        at = None if day is None else last_instant(day)
        answer = ask(QUERY, asOf=as_of, **{name: f"{prefix}{name}" for name in NAMES})
        check(Told(known, at, head - back), answer)


def check(told: Told, answer: dict[str, Any]) -> None:
    states = told.states

    def names(claims: set[UUID]) -> list[str | None]:
        return sorted((states[one].ref for one in claims), key=str)

    for name in NAMES:
        identity = resolve(Subject.CLAIM, f"{told.known.prefix}{name}")
        shown = answer["data"][name]
        assert (shown is None) is (identity not in states)
        if shown is None:
            continue
        copies, standing = told.copies(identity), told.standing(identity)
        assert refs(shown["copies"]) == names(copies)
        assert shown["copies"]["totalCount"] == len(copies)
        assert refs(shown["standing"]) == names(standing)
        assert shown["standing"]["totalCount"] == len(standing)
        assert refs(shown["fallen"]) == names(copies - standing)
        for field, kind in (
            ("contradictedBy", LinkKind.CONTRADICTS),
            ("supportedBy", LinkKind.SUPPORTS),
            ("supersededBy", LinkKind.SUPERSEDES),
        ):
            assert refs(shown[field]) == names(told.linked(kind, identity))
        state = states[identity]
        assert shown["links"] == [{"claim": {"ref": states[one.to].ref}} for one in state.links]
        assert shown["warnings"] == told.warnings(identity)
        assert shown["corrections"] == [
            {
                "sequence": entry.sequence,
                "lag": (entry.reported_at - state.first_reported_at).total_seconds(),
                "reach": told.reach(identity, entry.reported_at),
            }
            for entry in told.corrections(identity)
        ]
