"""The answers worked out in memory, from the log's entries and the specification alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.catalogue import Report, Source, report_as_of, source_as_of
from domain.claim import Claim, claim_as_of
from domain.history import Entry
from domain.ids import Subject, resolve
from domain.words import LinkKind, Status
from eventlog.decoding import entries_of
from eventlog.log import Log
from tests.projections.commands import CLAIMS, REPORTS, SOURCES


@dataclass(frozen=True, slots=True)
class Oracle:
    """Everything recorded of the subjects of one prefix."""

    prefix: str
    claims: dict[UUID, list[Entry]]
    reports: dict[UUID, list[Entry]]
    sources: dict[UUID, list[Entry]]

    def states(self, at: datetime | None, position: int) -> dict[UUID, Claim]:
        """The claims as of a moment."""
        folded = {
            identity: claim_as_of(entries, at, position)
            for identity, entries in self.claims.items()
        }
        return {identity: claim for identity, claim in folded.items() if claim is not None}

    def report(self, claim: Claim, at: datetime | None, position: int) -> Report:
        """The report of a claim as of a moment."""
        report = report_as_of(self.reports[claim.report], at, position)
        assert report is not None
        return report

    def source(self, identity: UUID, position: int) -> Source:
        """A source as of a position, by its own name."""
        source = source_as_of(self.sources[identity], position)
        assert source is not None
        return source

    def canonical(self, identity: UUID, position: int) -> UUID:
        """Under whose name a source goes."""
        merged = self.source(identity, position).merged_into
        return identity if merged is None else self.canonical(merged, position)

    def contested(self, at: datetime | None, position: int) -> set[UUID]:
        """The claims that a claim which is not wholly retracted contradicts."""
        return {
            link.to
            for claim in self.states(at, position).values()
            if claim.status is not Status.RETRACTED
            for link in claim.links
            if link.kind is LinkKind.CONTRADICTS
        }


def oracle(log: Log, prefix: str) -> Oracle:
    """What the log holds of the subjects of `commands.opening(prefix)`."""

    def read(subject: Subject, letter: str, count: int) -> dict[UUID, list[Entry]]:
        ids = [resolve(subject, f"{prefix}{letter}{number}") for number in range(count)]
        streams = log.streams(ids)
        return {identity: entries_of(streams[identity]) for identity in ids}

    return Oracle(
        prefix,
        read(Subject.CLAIM, "c", CLAIMS),
        read(Subject.REPORT, "r", REPORTS),
        read(Subject.SOURCE, "s", SOURCES),
    )
