"""A record of who repeated whom: an agency's claim, its copies, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable

from domain.commands import (
    AmendClaim,
    AnyCommand,
    CorrectClaim,
    Envelope,
    ExpressConcern,
    LinkClaims,
    MergeSources,
    NoticeInput,
    OpenStory,
    PublishReport,
    RegisterSource,
    ReportClaim,
    RetractClaim,
    StepInput,
)
from domain.words import CorrectionNature, LinkKind, SourceKind
from eventlog.database import Database
from eventlog.record import Record
from projections.generations import ensure_generation
from projections.projector import project_all

OUTLETS = {
    "agency": "2024-09-01T08:00Z",
    "early": "2024-09-01T10:00Z",
    "second-hand": "2024-09-02",
    "careful": "2024-09-02",
    "unsure": "2024-09-03",
    "afterwards": "2024-09-08",
}
"""The sources, each with the time of its one report and of the one claim in it, all of one name."""

COPIES = ("early", "second-hand", "careful", "unsure", "afterwards")


def corrected(claim: str, at: str, nature: CorrectionNature, version: int = 2) -> CorrectClaim:
    """The claim's statement is changed, silently."""
    return CorrectClaim(
        claim=claim,
        version=version,
        statement=f"Changed on {at}.",
        nature=nature,
        observed_at=at,
    )


def repeats(claim: str, other: str) -> LinkClaims:
    """A claim repeats another from when both were out."""
    return LinkClaims(claim=claim, kind=LinkKind.REPEATS, to=other)


COMMANDS: list[AnyCommand] = [
    OpenStory(story="bridge", title="The bridge"),
    *(RegisterSource(source=one, name=one, kind=SourceKind.OUTLET) for one in OUTLETS),
    *(PublishReport(report=one, outlet=one, published_at=at) for one, at in OUTLETS.items()),
    *(
        ReportClaim(claim=one, report=one, story="bridge", statement="The bridge has fallen.")
        for one in OUTLETS
    ),
    repeats("early", "agency"),
    repeats("second-hand", "early"),
    repeats("second-hand", "agency"),
    repeats("careful", "agency"),
    repeats("unsure", "second-hand"),
    repeats("afterwards", "agency"),
    # A slip is mended in one copy before the agency corrects itself, the other one follows it.
    corrected("early", "2024-09-03", CorrectionNature.CORRECTION),
    corrected("agency", "2024-09-04T08:00Z", CorrectionNature.CORRECTION, version=1),
    corrected("careful", "2024-09-04T20:00Z", CorrectionNature.CLARIFICATION),
    corrected("second-hand", "2024-09-05", CorrectionNature.UPDATE, version=3),
    ExpressConcern(claim="unsure", published_at="2024-09-06"),
    RetractClaim(claim="agency", notice=NoticeInput(text="It stands."), published_at="2024-09-07"),
    # What the record had wrong: this never happened.
    corrected("afterwards", "2024-09-09", CorrectionNature.CORRECTION),
    AmendClaim(claim="afterwards", amends=3, void=True),
    # Three claims that go round in a ring, in one report of an outlet that was taken over later,
    # and claims that bear on the first of them in other ways.
    RegisterSource(source="ring", name="ring", kind=SourceKind.OUTLET),
    RegisterSource(source="owner", name="owner", kind=SourceKind.OUTLET),
    PublishReport(report="ring", outlet="ring", published_at="2024-08-01"),
    *(ReportClaim(claim=one, report="ring", statement=one) for one in ("a", "b", "c")),
    repeats("a", "b"),
    repeats("b", "c"),
    repeats("c", "a"),
    RetractClaim(claim="b", published_at="2024-08-02"),
    PublishReport(report="others", published_at="2024-08-03"),
    *(
        ReportClaim(
            claim=kind.value,
            report="others",
            statement=f"It {kind.value} a.",
            attribution=(StepInput(source="ring"),),
        )
        for kind in (LinkKind.CONTRADICTS, LinkKind.SUPPORTS, LinkKind.SUPERSEDES)
    ),
    *(
        LinkClaims(claim=kind.value, kind=kind, to="a", published_at="2024-08-04")
        for kind in (LinkKind.CONTRADICTS, LinkKind.SUPPORTS, LinkKind.SUPERSEDES)
    ),
    RetractClaim(claim="contradicts", published_at="2024-08-05"),
    MergeSources(source="ring", into="owner"),
]


def record(database: Database, commands: Iterable[AnyCommand]) -> int:
    """Record commands and project them: the last position."""
    with Record(database) as opened:
        opened.execute_many(
            [Envelope(command=one, actor="tester", reason="to be asked") for one in commands]
        )
    ensure_generation(database)
    return project_all(database)
