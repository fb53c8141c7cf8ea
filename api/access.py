"""Who asks, and what they may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final
from uuid import UUID

from domain import commands


class Role(IntEnum):
    """What somebody may do. Each role may do what those before it may."""

    READER = 0
    """Ask questions."""
    REPORTER = 1
    """Record what was published: sources, stories, reports, claims, and what became of addresses
    and headlines."""
    EDITOR = 2
    """Record what became of claims: corrections, retractions, links, reviews, amendments; merge
    sources; withdraw reports."""
    ADMIN = 3
    """Erase content."""


NEEDED: Final[Mapping[type[Any], Role]] = {
    commands.RegisterSource: Role.REPORTER,
    commands.AddSourceAlias: Role.REPORTER,
    commands.OpenStory: Role.REPORTER,
    commands.PublishReport: Role.REPORTER,
    commands.ReviseReport: Role.REPORTER,
    commands.MoveReport: Role.REPORTER,
    commands.ReportClaim: Role.REPORTER,
    commands.MergeSources: Role.EDITOR,
    commands.WithdrawReport: Role.EDITOR,
    commands.CorrectClaim: Role.EDITOR,
    commands.ExpressConcern: Role.EDITOR,
    commands.LiftConcern: Role.EDITOR,
    commands.RetractClaim: Role.EDITOR,
    commands.ReinstateClaim: Role.EDITOR,
    commands.LinkClaims: Role.EDITOR,
    commands.ReviewClaim: Role.EDITOR,
    commands.AmendClaim: Role.EDITOR,
    commands.EraseClaim: Role.ADMIN,
    commands.EraseReport: Role.ADMIN,
    commands.EraseSource: Role.ADMIN,
}
"""The least role that a command takes."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    name: str
    """As it stands in the log: the actor of what they record."""
    role: Role
    sources: frozenset[UUID] | None = None
    """The outlets whose reports and claims they may touch; None: all."""
    stories: frozenset[UUID] | None = None
    """The stories whose claims they may touch; None: all."""

    @property
    def limited(self) -> bool:
        """Whether what they may do depends on what it is done to."""
        return self.sources is not None or self.stories is not None


ANYBODY: Final = Caller("anonymous", Role.READER)
"""Whoever does not say who they are."""
