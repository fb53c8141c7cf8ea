"""Random things that happen to claims, for laws that need more of them than of others."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from domain.commands import (
    AddSourceAlias,
    AmendClaim,
    AnyCommand,
    CorrectClaim,
    ExpressConcern,
    LiftConcern,
    LinkClaims,
    MoveReport,
    NoticeInput,
    QuantityInput,
    RetractClaim,
    ReviseReport,
    StepInput,
)
from domain.words import ClaimKind, CorrectionNature, Hedge, LinkKind
from tests.projections.commands import ABOUTS, CLAIMS, REPORTS, SOURCES, TOPICS, commands, times

Acts = st.SearchStrategy[list[AnyCommand]]


def claims_of(prefix: str) -> st.SearchStrategy[str]:
    """The claims of `commands.opening(prefix)`."""
    return st.integers(0, CLAIMS - 1).map(lambda number: f"{prefix}c{number}")


def contradictions(prefix: str) -> st.SearchStrategy[AnyCommand]:
    """Claims contradict one another, are retracted, and never did either."""
    claims = claims_of(prefix)
    return st.one_of(
        st.builds(
            LinkClaims,
            claim=claims,
            kind=st.just(LinkKind.CONTRADICTS),
            to=claims,
            published_at=times,
        ),
        st.builds(RetractClaim, claim=claims, published_at=times),
        st.builds(AmendClaim, claim=claims, amends=st.integers(2, 3), void=st.just(True)),
    )


def of_every_version(command: CorrectClaim) -> list[AnyCommand]:
    """The same correction of several versions, of which one at most is the right one."""
    return [replace(command, version=one) for one in range(8, 0, -1)]


def corrections(prefix: str) -> Acts:
    """A correction of any part of a claim, with a notice or without."""
    sources = st.integers(0, SOURCES - 1).map(lambda number: f"{prefix}s{number}")
    notices = st.builds(
        NoticeInput,
        text=st.none() | st.just("We regret it."),
        issuer=st.none() | sources,
        url=st.none() | st.just("https://outlet.example/notice"),
    )
    numbers = st.builds(
        QuantityInput,
        label=st.just("count"),
        value=st.integers(0, 3).map(Decimal),
        unit=st.sampled_from([None, "tanks"]),
        hedge=st.sampled_from(Hedge),
        low=st.none() | st.just(Decimal("-0.50")),
    )
    steps = st.builds(StepInput, source=sources, role=st.none() | st.just("in passing"))
    parts: st.SearchStrategy[dict[str, object]] = st.fixed_dictionaries(
        {},
        optional={
            "statement": st.sampled_from(["one wording", "another wording", "a third"]),
            "kind": st.sampled_from(ClaimKind),
            "about": st.sampled_from(ABOUTS),
            "topics": st.lists(st.sampled_from(TOPICS), max_size=2).map(tuple),
            "attribution": st.lists(steps, max_size=2).map(tuple),
            "quantities": st.lists(
                numbers, min_size=1, max_size=2, unique_by=lambda one: one.unit
            ).map(tuple),
            "notice": notices,
        },
    )
    return st.builds(
        lambda claim, nature, at, given: of_every_version(
            CorrectClaim(claim=claim, version=1, nature=nature, published_at=at, **given)
        ),
        claims_of(prefix),
        st.sampled_from(CorrectionNature),
        times,
        parts,
    )


def seldom(prefix: str) -> st.SearchStrategy[AnyCommand]:
    """What happens too seldom otherwise for all of the schema to have something to tell."""
    claims = claims_of(prefix)
    reports = st.integers(0, REPORTS - 1).map(lambda number: f"{prefix}r{number}")
    return st.one_of(
        st.builds(LinkClaims, claim=claims, kind=st.just(LinkKind.REPEATS), to=claims),
        st.builds(
            ReviseReport,
            report=reports,
            byline=st.sampled_from([UNSET, (), ("A Writer",)]),
            caution=st.sampled_from([UNSET, None, "Not for children."]),
            headline=st.sampled_from([UNSET, "one wording"]),
            notice=st.none() | st.just(NoticeInput()),
            published_at=times,
        ),
        st.builds(
            MoveReport,
            report=reports,
            url=st.integers(0, 5).map(lambda one: f"https://outlet.example/{prefix}at-{one}"),
            published_at=times,
        ),
        st.builds(
            AddSourceAlias,
            source=st.integers(0, SOURCES - 1).map(lambda number: f"{prefix}s{number}"),
            alias=st.sampled_from(["one name", "another name"]),
        ),
        st.builds(ExpressConcern, claim=claims, published_at=times),
        st.builds(LiftConcern, claim=claims, published_at=times),
    )


@st.composite
def everything(draw: st.DrawFn, prefix: str) -> list[AnyCommand]:
    """A good deal of whatever can happen, mixed."""
    single = st.one_of(commands(prefix), contradictions(prefix), seldom(prefix))
    chosen: list[list[AnyCommand]] = [
        *([one] for one in draw(st.lists(single, min_size=10, max_size=40))),
        *draw(st.lists(corrections(prefix), min_size=2, max_size=8)),
    ]
    return [one for some in draw(st.permutations(chosen)) for one in some]
