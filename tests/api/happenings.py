"""Random things that happen to claims, for laws that need more of them than of others."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

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
    OpenStory,
    PublishReport,
    QuantityInput,
    QuantityKey,
    RegisterSource,
    ReinstateClaim,
    ReportClaim,
    RetractClaim,
    ReviewClaim,
    ReviseReport,
    StepInput,
    WithdrawReport,
)
from domain.words import (
    ClaimKind,
    CorrectionNature,
    Hedge,
    LinkKind,
    Party,
    Rating,
    ReportKind,
    RetractionReason,
    Scope,
    SourceKind,
    Verb,
)
from tests.projections.commands import ABOUTS, CLAIMS, REPORTS, SOURCES, TOPICS, commands, times

TIMES = (*ABOUTS, "../2024-08-04", "2024~", "2024-08-02~/2024-08-05?", "2023-02?/", "/2024-02")
"""What claims can speak of, in every form."""

Acts = st.SearchStrategy[list[AnyCommand]]


def contradictions(prefix: str) -> st.SearchStrategy[AnyCommand]:
    """Claims contradict one another, are retracted, and never did either."""
    claims = st.integers(0, CLAIMS - 1).map(lambda number: f"{prefix}c{number}")
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


@dataclass(frozen=True)
class Happening:
    """What can happen to the subjects of a prefix, and to some more of them."""

    prefix: str

    def one_of(self, *names: str, **numbered: int) -> st.SearchStrategy[str]:
        """Things by their references."""
        every = [f"{name}{n}" for name, many in numbered.items() for n in range(many)]
        return st.sampled_from([f"{self.prefix}{name}" for name in (*names, *every)])

    @property
    def claims(self) -> st.SearchStrategy[str]:
        """Claims, among them those of `more`."""
        return self.one_of(c=CLAIMS, d=2)

    @property
    def notices(self) -> st.SearchStrategy[NoticeInput]:
        """Notices with more or less in them."""
        return st.builds(
            NoticeInput,
            text=st.none() | st.just("We regret it."),
            issuer=st.none() | self.one_of("owner", s=SOURCES),
            url=st.none() | st.just("https://outlet.example/notice"),
        )

    @property
    def chains(self) -> st.SearchStrategy[tuple[StepInput, ...]]:
        """Chains of attribution."""
        steps = st.builds(
            StepInput,
            source=self.one_of("owner", s=SOURCES),
            verb=st.sampled_from(Verb),
            role=st.none() | st.just("in passing"),
        )
        return st.lists(steps, max_size=2).map(tuple)

    def more(self) -> st.SearchStrategy[list[AnyCommand]]:
        """A source, a story and a report of which everything is known, and claims in any."""
        prefix = self.prefix
        claims: st.SearchStrategy[AnyCommand] = st.builds(
            ReportClaim,
            claim=self.one_of(d=2),
            report=self.one_of("paper", r=REPORTS),
            story=st.none() | self.one_of("story", "second"),
            kind=st.sampled_from(ClaimKind),
            statement=st.sampled_from(["A third <b>", "one wording & another", "Nothing"]),
            language=st.sampled_from([None, "en", "de"]),
            about=st.sampled_from(TIMES),
            attribution=self.chains,
            quantities=NUMBERS,
            topics=st.lists(st.sampled_from(TOPICS), max_size=3, unique=True).map(tuple),
            published_at=st.none() | st.just("2024-08-05T10:15:30.25+03:00"),
        )
        fixed: list[AnyCommand] = [
            RegisterSource(
                source=f"{prefix}owner",
                name="The Owner",
                kind=SourceKind.ORGANISATION,
                url="https://owner.example/",
                country="AT",
            ),
            OpenStory(
                story=f"{prefix}second", title="Another story", summary="It is.", topics=TOPICS[:1]
            ),
            PublishReport(
                report=f"{prefix}paper",
                outlet=f"{prefix}owner",
                kind=ReportKind.PAPER,
                headline="A paper",
                byline=("A Writer", "Another"),
                credits=("An Agency",),
                language="de",
                url=f"https://outlet.example/{prefix}paper",
                caution="Not yet checked.",
                observed_at="2024-08-02T10:15",
            ),
        ]
        return st.lists(claims, max_size=2).map(lambda some: [*fixed, *some])

    def corrections(self) -> Acts:
        """A correction of any part of a claim, with a notice or without."""
        parts: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
            {},
            optional={
                "statement": st.sampled_from(["one wording", "another wording", "a third"]),
                "kind": st.sampled_from(ClaimKind),
                "about": st.sampled_from(TIMES),
                "topics": st.lists(st.sampled_from(TOPICS), max_size=2).map(tuple),
                "attribution": self.chains,
                "quantities": NUMBERS,
                "notice": self.notices,
            },
        )
        removed = st.just({"remove_quantities": (QuantityKey(label="count"),)})
        time = st.tuples(st.sampled_from(["published_at", "published_at", "observed_at"]), times)

        def made(
            claim: str, nature: CorrectionNature, at: tuple[str, str], given: dict[str, Any]
        ) -> list[AnyCommand]:
            parts = given | dict([at])
            return of_every_version(CorrectClaim(claim=claim, version=1, nature=nature, **parts))

        return st.builds(
            made, self.claims, st.sampled_from(CorrectionNature), time, parts | removed
        )

    def returning(self) -> Acts:
        """A number that a claim gave from the start goes away, and comes back as it was."""

        def made(number: int, gone: str, back: str) -> list[AnyCommand]:
            one = CorrectClaim(claim=f"{self.prefix}c{number}", version=1, published_at=gone)
            count = QuantityInput(label="count", value=Decimal(number))
            return [
                *of_every_version(replace(one, remove_quantities=(QuantityKey(label="count"),))),
                *of_every_version(replace(one, quantities=(count,), published_at=back)),
            ]

        return st.builds(made, st.integers(0, CLAIMS - 1), times, times)

    def seldom(self) -> st.SearchStrategy[AnyCommand]:
        """What happens too seldom otherwise for all of the schema to have something to tell."""
        reports = self.one_of("paper", r=REPORTS)
        reasons = st.sampled_from(RetractionReason)
        return st.one_of(
            st.builds(
                ReviseReport,
                report=reports,
                byline=st.sampled_from([UNSET, (), ("A Writer",)]),
                caution=st.sampled_from([UNSET, None, "Not for children."]),
                headline=st.sampled_from([UNSET, "one wording"]),
                notice=st.none() | self.notices,
                published_at=times,
            ),
            reports.flatmap(
                lambda report: st.builds(
                    MoveReport,
                    report=st.just(report),
                    url=st.integers(0, 2).map(lambda n: f"https://outlet.example/{report}/{n}"),
                    published_at=times,
                )
            ),
            st.builds(
                AddSourceAlias,
                source=self.one_of("owner", s=SOURCES),
                alias=st.sampled_from(["one name", "another name"]),
            ),
            st.builds(ExpressConcern, claim=self.claims, published_at=times),
            st.builds(
                LiftConcern, claim=self.claims, notice=st.none() | self.notices, published_at=times
            ),
            st.builds(
                ReinstateClaim,
                claim=self.claims,
                notice=st.none() | self.notices,
                published_at=times,
            ),
            st.builds(
                RetractClaim,
                claim=self.claims,
                scope=st.just(Scope.PARTIAL),
                by=st.sampled_from(Party),
                because=reasons,
                part=st.just("the day"),
                notice=st.none() | self.notices,
                published_at=times,
            ),
            st.builds(
                WithdrawReport,
                report=reports,
                because=reasons,
                notice=st.none() | self.notices,
                observed_at=times,
            ),
            st.builds(
                ReviewClaim,
                claim=self.claims,
                reviewer=self.one_of("owner", s=SOURCES),
                rating=st.sampled_from(Rating),
                words=st.just("Hardly"),
                url=st.just("https://checker.example/one"),
                observed_at=times,
            ),
            st.builds(
                AmendClaim,
                claim=self.claims,
                amends=st.integers(1, 5),
                story=self.one_of("story", "second"),
            ),
        )

    def copied(self) -> st.SearchStrategy[AnyCommand]:
        """A claim repeats another."""
        return st.builds(
            LinkClaims, claim=self.claims, kind=st.just(LinkKind.REPEATS), to=self.claims
        )

    def single(self) -> st.SearchStrategy[AnyCommand]:
        """Anything that can happen."""
        seldom = self.seldom()
        return st.one_of(commands(self.prefix), contradictions(self.prefix), seldom, seldom)


NUMBERS = st.lists(
    st.builds(
        QuantityInput,
        label=st.just("count"),
        # Few, so that a claim comes back to one that it gave before.
        value=st.integers(0, 1).map(Decimal),
        unit=st.sampled_from([None, None, "tanks"]),
        hedge=st.sampled_from([Hedge.EXACTLY, Hedge.EXACTLY, Hedge.ABOUT]),
        low=st.sampled_from([None, None, Decimal("-0.50")]),
        high=st.sampled_from([None, None, Decimal(9)]),
    ),
    min_size=1,
    max_size=2,
    unique_by=lambda one: one.unit,
).map(tuple)


@st.composite
def everything(draw: st.DrawFn, prefix: str) -> list[AnyCommand]:
    """A good deal of whatever can happen, mixed."""
    happening = Happening(prefix)
    chosen: list[list[AnyCommand]] = [
        *([one] for one in draw(st.lists(happening.single(), min_size=10, max_size=40))),
        *([one] for one in draw(st.lists(happening.copied(), min_size=1, max_size=6))),
        *draw(st.lists(happening.corrections(), min_size=3, max_size=9)),
        *draw(st.lists(happening.returning(), max_size=2)),
    ]
    mixed = [one for some in draw(st.permutations(chosen)) for one in some]
    return [*draw(happening.more()), *mixed]
