"""A small record in which everything that the API can answer has happened once."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from domain.commands import (
    AmendClaim,
    AnyCommand,
    CorrectClaim,
    Envelope,
    ExpressConcern,
    LiftConcern,
    LinkClaims,
    MergeSources,
    NoticeInput,
    OpenStory,
    PublishReport,
    QuantityInput,
    RegisterSource,
    ReinstateClaim,
    ReportClaim,
    RetractClaim,
    ReviewClaim,
    StepInput,
    WithdrawReport,
)
from domain.words import (
    ClaimKind,
    CorrectionNature,
    LinkKind,
    Rating,
    RetractionReason,
    Scope,
    SourceKind,
    Verb,
)
from eventlog.database import Database
from eventlog.record import Record
from projections.generations import ensure_generation
from projections.projector import project_all

COMMANDS: list[AnyCommand] = [
    RegisterSource(source="staff", name="General Staff", kind=SourceKind.OFFICIAL_BODY),
    RegisterSource(source="paper", name="The Paper", kind=SourceKind.OUTLET, country="GB"),
    RegisterSource(source="the-paper", name="Paper, The", kind=SourceKind.OUTLET),
    RegisterSource(source="checker", name="The Checker", kind=SourceKind.ORGANISATION),
    OpenStory(story="losses", title="Losses", summary="What was lost.", topics=("war",)),
    OpenStory(story="talks", title="Talks"),
    PublishReport(report="table", published_at="2024-08-18", url="https://staff.example/18"),
    PublishReport(
        report="article",
        outlet="paper",
        headline="Talks are off",
        byline=("A Writer",),
        language="en",
        published_at="2024-08-17T10:00:00Z",
    ),
    PublishReport(report="kill", outlet="the-paper", published_at="2024-08-16"),
    ReportClaim(
        claim="apc",
        report="table",
        story="losses",
        kind=ClaimKind.FIGURE,
        statement="17056 armoured personnel carriers were lost.",
        about="2024-02-24/2024-08-18",
        attribution=(StepInput(source="staff", verb=Verb.CLAIMED, role="in its daily table"),),
        quantities=(QuantityInput(label="APC", value=Decimal("17056"), unit="vehicles"),),
        topics=("losses",),
    ),
    CorrectClaim(
        claim="apc",
        version=1,
        statement="16480 armoured personnel carriers were lost.",
        quantities=(QuantityInput(label="APC", value=Decimal("16480"), unit="vehicles"),),
        observed_at="2024-08-19",
    ),
    ReportClaim(
        claim="off",
        report="article",
        story="talks",
        statement="The talks are off.",
        attribution=(
            StepInput(source="the-paper", verb=Verb.REPORTED),
            StepInput(source="staff", verb=Verb.CONFIRMED),
        ),
    ),
    CorrectClaim(
        claim="off",
        version=1,
        nature=CorrectionNature.CLARIFICATION,
        kind=ClaimKind.INFERENCE,
        about="2024-08",
        topics=("talks",),
        attribution=(StepInput(source="the-paper", verb=Verb.REPORTED),),
        notice=NoticeInput(text="It was misleading.", issuer="the-paper"),
        published_at="2024-08-18",
    ),
    ExpressConcern(claim="off", published_at="2024-08-19", notice=NoticeInput()),
    LiftConcern(claim="off", published_at="2024-08-20"),
    RetractClaim(
        claim="off",
        scope=Scope.PARTIAL,
        part="the day",
        because=RetractionReason.ERROR,
        notice=NoticeInput(text="Not that day.", url="https://paper.example/notice"),
        published_at="2024-08-21",
    ),
    ReinstateClaim(claim="off", published_at="2024-08-22"),
    ReportClaim(
        claim="on",
        report="article",
        story="losses",
        kind=ClaimKind.DENIAL,
        statement="The talks are on.",
    ),
    LinkClaims(claim="on", kind=LinkKind.CONTRADICTS, to="off", published_at="2024-08-18"),
    ReviewClaim(
        claim="on",
        reviewer="checker",
        rating=Rating.MOSTLY_FALSE,
        words="Hardly",
        url="https://checker.example/on",
        published_at="2024-08-20",
    ),
    AmendClaim(claim="on", amends=1, story="talks"),
    ReportClaim(claim="killed", report="kill", story="talks", statement="They met at night."),
    WithdrawReport(report="kill", published_at="2024-08-17"),
    MergeSources(source="the-paper", into="paper"),
]


def fill(database: Database, commands: Iterable[AnyCommand] = COMMANDS) -> int:
    """Record the commands and project them: the last position."""
    record = Record(database)
    for command in commands:
        record.execute(Envelope(command=command, actor="tester", reason="to be asked about"))
    record.close()
    ensure_generation(database)
    return project_all(database)
