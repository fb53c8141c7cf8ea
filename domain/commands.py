"""Commands: what somebody asks the record to take down.

They name things by reference or by id (`domain.ids`). Their fields are the interchange format's
fields: `feeds.interchange` reads them as they stand here.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import UNSET, Struct, UnsetType

from domain.values import Line, Text, Url
from domain.words import (
    ClaimKind,
    CorrectionNature,
    ErasureGround,
    Hedge,
    LinkKind,
    Party,
    Rating,
    ReportKind,
    RetractionNature,
    RetractionReason,
    Scope,
    SourceKind,
    Verb,
)


class Part(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    gc=False,
):
    """A part of a command."""


class StepInput(Part, frozen=True, kw_only=True):
    """One step of an attribution chain, outermost first."""

    source: Line
    verb: Verb = Verb.SAID
    role: Line | None = None


class QuantityInput(Part, frozen=True, kw_only=True):
    """A number. Its value is written as a string or a number; it is kept as a decimal."""

    label: Line
    value: Decimal
    unit: Line | None = None
    hedge: Hedge = Hedge.EXACTLY
    low: Decimal | None = None
    high: Decimal | None = None


class QuantityKey(Part, frozen=True, kw_only=True):
    """Names a number of a claim."""

    label: Line
    unit: Line | None = None


class NoticeInput(Part, frozen=True, kw_only=True):
    """What the outlet declared. Give it, even empty, and the change is a declared one."""

    text: Text | None = None
    url: Url | None = None
    issuer: Line | None = None


class Command(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="command",
    gc=False,
):
    """Something to be taken down."""


class RegisterSource(Command, tag="register_source", frozen=True, kw_only=True):
    """Make a source known."""

    source: Line
    name: Line
    kind: SourceKind
    url: Url | None = None
    country: Line | None = None


class AddSourceAlias(Command, tag="add_source_alias", frozen=True, kw_only=True):
    """Say that a source is also spelt another way."""

    source: Line
    alias: Line


class MergeSources(Command, tag="merge_sources", frozen=True, kw_only=True):
    """Say that a source is the same party as another, under whose name it then goes."""

    source: Line
    into: Line


class OpenStory(Command, tag="open_story", frozen=True, kw_only=True):
    """Open a running subject. Its reference is its address (slug)."""

    story: Line
    title: Line
    summary: Text | None = None
    topics: tuple[Line, ...] = ()


class PublishReport(Command, tag="publish_report", frozen=True, kw_only=True):
    """Record that something was published. Leave `outlet` out where it is not known."""

    report: Line
    outlet: Line | None = None
    kind: ReportKind = ReportKind.ARTICLE
    headline: Line | None = None
    byline: tuple[Line, ...] = ()
    credits: tuple[Line, ...] = ()
    language: Line | None = None
    url: Url | None = None
    caution: Text | None = None
    published_at: str | None = None
    observed_at: str | None = None


class ReviseReport(Command, tag="revise_report", frozen=True, kw_only=True):
    """Record a new headline, byline, credits, language or caution. What is left out stays."""

    report: Line
    headline: Line | UnsetType | None = UNSET
    byline: tuple[Line, ...] | UnsetType = UNSET
    credits: tuple[Line, ...] | UnsetType = UNSET
    language: Line | UnsetType | None = UNSET
    caution: Text | UnsetType | None = UNSET
    notice: NoticeInput | None = None
    published_at: str | None = None
    observed_at: str | None = None


class MoveReport(Command, tag="move_report", frozen=True, kw_only=True):
    """Record that a report is now found at another address."""

    report: Line
    url: Url
    published_at: str | None = None
    observed_at: str | None = None


class WithdrawReport(Command, tag="withdraw_report", frozen=True, kw_only=True):
    """Record that a whole report was taken back, and every claim still standing in it."""

    report: Line
    nature: RetractionNature = RetractionNature.WITHDRAWAL
    because: RetractionReason = RetractionReason.NOT_STATED
    notice: NoticeInput | None = None
    published_at: str | None = None
    observed_at: str | None = None


class ReportClaim(Command, tag="report_claim", frozen=True, kw_only=True):
    """Record that a report carried a statement. Without a time of its own it has the report's."""

    claim: Line
    report: Line
    story: Line | None = None
    kind: ClaimKind = ClaimKind.ASSERTION
    statement: Text
    language: Line | None = None
    about: Line | None = None
    attribution: tuple[StepInput, ...] = ()
    quantities: tuple[QuantityInput, ...] = ()
    topics: tuple[Line, ...] = ()
    published_at: str | None = None
    observed_at: str | None = None


class CorrectClaim(Command, tag="correct_claim", frozen=True, kw_only=True):
    """Record that the content changed. Give the fields that are new; what is left out stays."""

    claim: Line
    version: int
    nature: CorrectionNature = CorrectionNature.CORRECTION
    statement: Text | UnsetType = UNSET
    kind: ClaimKind | UnsetType = UNSET
    about: Line | UnsetType | None = UNSET
    attribution: tuple[StepInput, ...] | UnsetType = UNSET
    quantities: tuple[QuantityInput, ...] = ()
    remove_quantities: tuple[QuantityKey, ...] = ()
    topics: tuple[Line, ...] | UnsetType = UNSET
    notice: NoticeInput | None = None
    published_at: str | None = None
    observed_at: str | None = None


class ExpressConcern(Command, tag="express_concern", frozen=True, kw_only=True):
    """Record that the outlet holds the claim while it checks."""

    claim: Line
    notice: NoticeInput | None = None
    published_at: str | None = None
    observed_at: str | None = None


class LiftConcern(Command, tag="lift_concern", frozen=True, kw_only=True):
    """Record that the outlet checked, and lets the claim stand."""

    claim: Line
    notice: NoticeInput | None = None
    published_at: str | None = None
    observed_at: str | None = None


class RetractClaim(Command, tag="retract_claim", frozen=True, kw_only=True):
    """Record that the outlet or the claimant took the claim, or a part of it, back."""

    claim: Line
    scope: Scope = Scope.FULL
    nature: RetractionNature = RetractionNature.RETRACTION
    by: Party = Party.OUTLET
    because: RetractionReason = RetractionReason.NOT_STATED
    part: Text | None = None
    notice: NoticeInput | None = None
    published_at: str | None = None
    observed_at: str | None = None


class ReinstateClaim(Command, tag="reinstate_claim", frozen=True, kw_only=True):
    """Record that a retraction was undone; or, where there is none, a concern."""

    claim: Line
    notice: NoticeInput | None = None
    published_at: str | None = None
    observed_at: str | None = None


class LinkClaims(Command, tag="link_claims", frozen=True, kw_only=True):
    """Record how one claim bears on another. Without a time it holds as soon as both are out."""

    claim: Line
    kind: LinkKind
    to: Line
    published_at: str | None = None
    observed_at: str | None = None


class ReviewClaim(Command, tag="review_claim", frozen=True, kw_only=True):
    """Record a checker's finding about a claim."""

    claim: Line
    reviewer: Line
    rating: Rating
    words: Line
    url: Url | None = None
    published_at: str | None = None
    observed_at: str | None = None


class AmendClaim(Command, tag="amend_claim", frozen=True, kw_only=True):
    """Say that we had recorded one of a claim's events wrongly."""

    claim: Line
    amends: int
    void: bool = False
    statement: Text | UnsetType = UNSET
    kind: ClaimKind | UnsetType = UNSET
    about: Line | UnsetType | None = UNSET
    attribution: tuple[StepInput, ...] | UnsetType = UNSET
    quantities: tuple[QuantityInput, ...] = ()
    remove_quantities: tuple[QuantityKey, ...] = ()
    topics: tuple[Line, ...] | UnsetType = UNSET
    story: Line | UnsetType | None = UNSET


class EraseClaim(Command, tag="erase_claim", frozen=True, kw_only=True):
    """Erase what a claim says, and what was said about it. That it was made, when, and what became
    of it stay."""

    claim: Line
    ground: ErasureGround
    reference: Line | None = None


class EraseReport(Command, tag="erase_report", frozen=True, kw_only=True):
    """Erase what surrounds the claims of a report: headline, byline, addresses; and, where that is
    asked for, what its claims say."""

    report: Line
    ground: ErasureGround
    reference: Line | None = None
    with_claims: bool = False


class EraseSource(Command, tag="erase_source", frozen=True, kw_only=True):
    """Erase the names and the description of a source. Claims that name it go on doing so."""

    source: Line
    ground: ErasureGround
    reference: Line | None = None


Erase = EraseClaim | EraseReport | EraseSource
"""They are recorded each by itself, never within a batch."""

AnyCommand = (
    RegisterSource
    | AddSourceAlias
    | MergeSources
    | OpenStory
    | PublishReport
    | ReviseReport
    | MoveReport
    | WithdrawReport
    | ReportClaim
    | CorrectClaim
    | ExpressConcern
    | LiftConcern
    | RetractClaim
    | ReinstateClaim
    | LinkClaims
    | ReviewClaim
    | AmendClaim
    | Erase
)


class Batch(Struct, frozen=True, gc=False):
    """Commands that are recorded together or not at all, each in the world that those before it
    have made."""

    commands: tuple[AnyCommand, ...]


class Envelope(Struct, frozen=True, kw_only=True, gc=False):
    """A command with who asks for it, why, and under which idempotency key."""

    command: AnyCommand | Batch
    actor: str
    reason: str | None = None
    key: str | None = None
