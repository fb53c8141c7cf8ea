"""Random commands over a handful of subjects, most of which the rules let through."""

from decimal import Decimal

from hypothesis import strategies as st

from domain.commands import (
    AddSourceAlias,
    AmendClaim,
    AnyCommand,
    CorrectClaim,
    Envelope,
    ExpressConcern,
    LiftConcern,
    LinkClaims,
    MergeSources,
    MoveReport,
    NoticeInput,
    OpenStory,
    PublishReport,
    QuantityInput,
    RegisterSource,
    ReinstateClaim,
    ReportClaim,
    RetractClaim,
    ReviewClaim,
    ReviseReport,
    StepInput,
    WithdrawReport,
)
from domain.words import ClaimKind, CorrectionNature, LinkKind, Rating, Scope, SourceKind, Verb

SOURCES, REPORTS, CLAIMS = 4, 3, 5
TOPICS = ("talks", "war", "trade")
LABELS = ("count", "share")
ABOUTS = (None, "2024-08-03", "2024-07", "2024-08-02/..", "2023/2024-08-05")

times = st.integers(1, 9).map(lambda day: f"2024-08-0{day}")
"""A grid of days, so that ties and late arrivals are common."""


def opening(prefix: str) -> list[AnyCommand]:
    """What the random commands build on."""
    commands: list[AnyCommand] = [
        RegisterSource(source=f"{prefix}s{number}", name=f"Source {number}", kind=SourceKind.OUTLET)
        for number in range(SOURCES)
    ]
    commands.append(OpenStory(story=f"{prefix}story", title="A story"))
    commands += (
        PublishReport(
            report=f"{prefix}r{number}",
            outlet=f"{prefix}s{number}" if number else None,
            url=f"https://outlet.example/{prefix}{number}",
            published_at=f"2024-08-0{number + 1}",
        )
        for number in range(REPORTS)
    )
    commands += (
        ReportClaim(
            claim=f"{prefix}c{number}",
            report=f"{prefix}r{number % REPORTS}",
            story=f"{prefix}story" if number % 2 else None,
            kind=list(ClaimKind)[number % 3],
            statement=f"Statement {number}",
            about=ABOUTS[number % len(ABOUTS)],
            topics=TOPICS[: number % 3],
            attribution=(StepInput(source=f"{prefix}s{number % SOURCES}", verb=Verb.SAID),),
            quantities=(QuantityInput(label="count", value=Decimal(number)),),
        )
        for number in range(CLAIMS)
    )
    return commands


def commands(prefix: str) -> st.SearchStrategy[AnyCommand]:
    """Any further command about the subjects of `opening`."""
    sources = st.integers(0, SOURCES - 1).map(lambda number: f"{prefix}s{number}")
    reports = st.integers(0, REPORTS - 1).map(lambda number: f"{prefix}r{number}")
    claims = st.integers(0, CLAIMS - 1).map(lambda number: f"{prefix}c{number}")
    notices = st.none() | st.just(NoticeInput(text="We regret the error."))
    steps = st.lists(st.builds(StepInput, source=sources), max_size=2).map(tuple)
    values = st.integers(0, 9).map(
        lambda value: (QuantityInput(label="count", value=Decimal(value)),)
    )
    texts = st.sampled_from(["one wording", "another wording", "a third"])
    acts: list[st.SearchStrategy[AnyCommand]] = [
        st.builds(
            CorrectClaim,
            claim=claims,
            version=st.integers(1, 4),
            statement=texts,
            quantities=values,
            notice=notices,
            published_at=times,
        ),
        st.builds(
            CorrectClaim,
            claim=claims,
            version=st.integers(1, 3),
            attribution=steps,
            observed_at=times,
        ),
        st.builds(
            CorrectClaim,
            claim=claims,
            version=st.integers(1, 3),
            nature=st.sampled_from(CorrectionNature),
            kind=st.sampled_from(ClaimKind),
            about=st.sampled_from(ABOUTS),
            topics=st.lists(st.sampled_from(TOPICS), max_size=2).map(tuple),
            quantities=st.sampled_from(LABELS).map(
                lambda label: (QuantityInput(label=label, value=Decimal(1)),)
            ),
            notice=notices,
            published_at=times,
        ),
        st.builds(ExpressConcern, claim=claims, notice=notices, published_at=times),
        st.builds(LiftConcern, claim=claims, notice=notices, published_at=times),
        st.builds(RetractClaim, claim=claims, scope=st.sampled_from(Scope), published_at=times),
        st.builds(ReinstateClaim, claim=claims, published_at=times),
        st.builds(LinkClaims, claim=claims, kind=st.sampled_from(LinkKind), to=claims),
        st.builds(
            ReviewClaim,
            claim=claims,
            reviewer=sources,
            rating=st.sampled_from(Rating),
            words=st.just("as the checker put it"),
            published_at=times,
        ),
        st.builds(AmendClaim, claim=claims, amends=st.integers(1, 4), statement=texts),
        st.builds(AmendClaim, claim=claims, amends=st.integers(2, 4), void=st.just(True)),
        st.builds(
            AmendClaim,
            claim=claims,
            amends=st.just(1),
            story=st.sampled_from([None, f"{prefix}story"]),
        ),
        st.builds(WithdrawReport, report=reports, published_at=times),
        st.builds(MoveReport, report=reports, url=texts, published_at=times),
        st.builds(ReviseReport, report=reports, headline=texts, published_at=times),
        st.builds(MergeSources, source=sources, into=sources),
        st.builds(AddSourceAlias, source=sources, alias=texts),
    ]
    return st.one_of(acts)


def enveloped(command: AnyCommand) -> Envelope:
    """The command, as the tests ask for it."""
    return Envelope(command=command, actor="tester", reason="to see what happens")
