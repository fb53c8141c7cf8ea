"""Copies, warnings, lag and reach at random moments, against a plain computation in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.app import create_app
from api.scalars import written_instant
from domain.commands import AmendClaim, AnyCommand, CorrectClaim, LinkClaims
from domain.ids import Subject, resolve
from domain.moments import last_instant
from domain.words import CorrectionNature, LinkKind
from eventlog.database import Database
from eventlog.log import Log
from tests.api import plain_bearing, plain_objects
from tests.api.conftest import Ask, asking
from tests.api.copied import record
from tests.api.happenings import of_every_version
from tests.api.plain_record import View, read
from tests.api.serving import served
from tests.projections.commands import CLAIMS, commands, opening
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
        CorrectClaim,
        claim=claims,
        version=st.just(1),
        nature=st.sampled_from(CorrectionNature),
        statement=st.integers(0, 99).map(lambda number: f"Wording {number}"),
        published_at=days,
    ).map(of_every_version)
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
        known = read(log)
    for _ in range(4):
        back = data.draw(st.integers(0, 25))
        day = data.draw(st.none() | st.integers(1, 11).map(lambda day: f"2024-08-{day:02}"))
        as_of = {"reportedAt": day} | ({"position": head - back} if back else {})
        at = None if day is None else last_instant(day)
        answer = ask(QUERY, asOf=as_of, **{name: f"{prefix}{name}" for name in NAMES})
        check(known.view(at, head - back), prefix, answer)


def check(view: View, prefix: str, answer: dict[str, Any]) -> None:
    states = view.claims

    def names(claims: set[UUID]) -> list[str | None]:
        return sorted((states[one].ref for one in claims), key=str)

    for name in NAMES:
        identity = resolve(Subject.CLAIM, f"{prefix}{name}")
        shown = answer["data"][name]
        assert (shown is None) is (identity not in states)
        if shown is None:
            continue
        copies, standing = (
            plain_bearing.copies(view, identity),
            plain_bearing.standing(view, identity),
        )
        assert refs(shown["copies"]) == names(copies)
        assert shown["copies"]["totalCount"] == len(copies)
        assert refs(shown["standing"]) == names(standing)
        assert shown["standing"]["totalCount"] == len(standing)
        assert refs(shown["fallen"]) == names(copies - standing)
        for field, kind in plain_objects.BEARING.items():
            assert refs(shown[field]) == names(plain_bearing.bearing_on(view, kind, identity))
        state = states[identity]
        assert shown["links"] == [{"claim": {"ref": states[one.to].ref}} for one in state.links]
        assert shown["warnings"] == [
            {
                "origin": {"ref": states[one].ref},
                "status": states[one].status.name,
                "since": written_instant(plain_bearing.fallen_since(view, one)),
            }
            for one in plain_bearing.fallen_origins(view, identity)
        ]
        assert shown["corrections"] == [
            {
                "sequence": entry.sequence,
                "lag": (entry.reported_at - state.first_reported_at).total_seconds(),
                "reach": plain_bearing.reach(view, identity, entry.reported_at),
            }
            for entry in plain_bearing.corrections(view, identity)
        ]
