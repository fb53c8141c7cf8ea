"""The rules for claims: from state and command to events.

A command is held against the claim as it stood at the command's own reporting time, so that what
is learnt late (a correction of last year, found today) is judged by what was in print then.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from domain.catalogue_rules import new_subject, notice, retraction_with_report
from domain.claim import Claim, Link, claim_as_of
from domain.claim_fields import about_of, changes_of, quantities_of, steps_of
from domain.commands import (
    AmendClaim,
    CorrectClaim,
    ExpressConcern,
    LiftConcern,
    LinkClaims,
    ReinstateClaim,
    ReportClaim,
    RetractClaim,
    ReviewClaim,
)
from domain.events import (
    ClaimAmended,
    ClaimCorrected,
    ClaimErased,
    ClaimLinked,
    ClaimReinstated,
    ClaimReported,
    ClaimRetracted,
    ClaimReviewed,
    ConcernExpressed,
    ConcernLifted,
    ReportWithdrawn,
)
from domain.history import voided
from domain.ids import Subject
from domain.moments import parse_moment
from domain.refusals import (
    AlreadyLinked,
    AlreadyRetracted,
    AlreadyUnderConcern,
    InvalidInput,
    NoConcern,
    NotFound,
    NothingChanged,
    NothingToReinstate,
    SelfReference,
    StaleVersion,
)
from domain.words import Scope, Status
from domain.world import Decision, World


def report_claim(world: World, command: ReportClaim) -> Decision:
    """A claim is reported once, by a report that is in the record.

    Where the report has been withdrawn since, the claim is retracted with it at once. A withdrawal
    that is known to the day only may have come at the end of that day.
    """
    subject, ref = new_subject(world, Subject.CLAIM, command.claim)
    report_id, report = world.report(command.report, field="report")
    story = None
    if command.story is not None:
        story, _ = world.story(command.story, field="story")
    published_at, observed_at = command.published_at, command.observed_at
    if published_at is None and observed_at is None:
        published_at, observed_at = report.published_at, report.observed_at
    at = world.reporting_time(
        published_at,
        observed_at,
        earliest=report.first_reported_at,
        what="its report was published",
    )
    event = ClaimReported(
        ref=ref,
        report=report_id,
        story=story,
        kind=command.kind,
        statement=command.statement,
        language=command.language,
        about=about_of(command.about),
        attribution=steps_of(world, command.attribution),
        quantities=quantities_of(command.quantities),
        topics=command.topics,
        published_at=published_at,
        observed_at=observed_at,
    )
    drafts = [world.draft(subject, event, at, parent=report_id)]
    if report.withdrawal is not None:
        withdrawn = next(
            entry.event
            for entry in world.entries(report_id)
            if isinstance(entry.event, ReportWithdrawn)
        )
        gone_by = parse_moment(withdrawn.published_at or withdrawn.observed_at or "").end
        if at >= gone_by:
            raise AlreadyRetracted("its report had been withdrawn by then", field="report")
        gone_at = max(at, report.withdrawal.at)
        drafts.append(
            retraction_with_report(world, subject, report_id, withdrawn, gone_at, after=1)
        )
    return Decision(tuple(drafts), relies_on=((report_id, world.length(report_id)),))


def correct_claim(world: World, command: CorrectClaim) -> Decision:
    """It names the version that stood when it was published, and changes something."""
    subject, before, at = _standing_then(world, command)
    if before.status is Status.RETRACTED:
        raise AlreadyRetracted("the claim is retracted; reinstate it first", field="claim")
    _names_latest(before, command.version)
    event = ClaimCorrected(
        nature=command.nature,
        version=command.version,
        changes=changes_of(world, before, command),
        notice=notice(world, command.notice),
        published_at=command.published_at,
        observed_at=command.observed_at,
    )
    return Decision((world.draft(subject, event, at),))


def express_concern(world: World, command: ExpressConcern) -> Decision:
    """A claim is put on hold once at a time, and not when it has been taken back."""
    subject, before, at = _standing_then(world, command)
    if before.status is Status.RETRACTED:
        raise AlreadyRetracted("the claim is retracted already", field="claim")
    if before.concern_since is not None:
        raise AlreadyUnderConcern("the claim is under concern already", field="claim")
    event = ConcernExpressed(
        notice=notice(world, command.notice),
        published_at=command.published_at,
        observed_at=command.observed_at,
    )
    return Decision((world.draft(subject, event, at),))


def lift_concern(world: World, command: LiftConcern) -> Decision:
    """There is a concern to lift."""
    subject, before, at = _standing_then(world, command)
    if before.concern_since is None:
        raise NoConcern("the claim is not under concern", field="claim")
    event = ConcernLifted(
        notice=notice(world, command.notice),
        published_at=command.published_at,
        observed_at=command.observed_at,
    )
    return Decision((world.draft(subject, event, at),))


def retract_claim(world: World, command: RetractClaim) -> Decision:
    """What is wholly taken back cannot be taken back again; what is partly taken back can."""
    subject, before, at = _standing_then(world, command)
    if before.status is Status.RETRACTED:
        raise AlreadyRetracted("the claim has been retracted already", field="claim")
    if command.part is not None and command.scope is Scope.FULL:
        raise InvalidInput("a part is named, but the scope is full", field="part")
    event = ClaimRetracted(
        scope=command.scope,
        nature=command.nature,
        by=command.by,
        because=command.because,
        part=command.part,
        notice=notice(world, command.notice),
        published_at=command.published_at,
        observed_at=command.observed_at,
    )
    return Decision((world.draft(subject, event, at),))


def reinstate_claim(world: World, command: ReinstateClaim) -> Decision:
    """There is a retraction or a concern to undo."""
    subject, before, at = _standing_then(world, command)
    if before.retraction is None and before.concern_since is None:
        raise NothingToReinstate("the claim is neither retracted nor under concern", field="claim")
    event = ClaimReinstated(
        notice=notice(world, command.notice),
        published_at=command.published_at,
        observed_at=command.observed_at,
    )
    return Decision((world.draft(subject, event, at),))


def link_claims(world: World, command: LinkClaims) -> Decision:
    """Two different claims, not yet linked in this way. It holds from when both were out."""
    subject, claim = world.claim(command.claim, field="claim")
    to, other = world.claim(command.to, field="to")
    if subject == to:
        raise SelfReference("a claim cannot be linked to itself", field="to")
    at = max(claim.first_reported_at, other.first_reported_at)
    if command.published_at is not None or command.observed_at is not None:
        at = world.reporting_time(
            command.published_at,
            command.observed_at,
            earliest=at,
            what="both claims were reported",
        )
    before = claim_as_of(world.entries(subject), at)
    if before is not None and Link(kind=command.kind, to=to) in before.links:
        raise AlreadyLinked(f"the claim {command.kind} {command.to!r} already", field="to")
    event = ClaimLinked(
        kind=command.kind,
        to=to,
        published_at=command.published_at,
        observed_at=command.observed_at,
    )
    return Decision((world.draft(subject, event, at),))


def review_claim(world: World, command: ReviewClaim) -> Decision:
    """Anybody may check a claim, and come to another finding later."""
    subject, before, at = _standing_then(world, command)
    reviewer, _ = world.source(command.reviewer, field="reviewer")
    latest = [review for review in before.reviews if review.reviewer == reviewer]
    if latest and (latest[-1].rating, latest[-1].words) == (command.rating, command.words):
        raise NothingChanged("that is this reviewer's finding already", field="rating")
    event = ClaimReviewed(
        reviewer=reviewer,
        rating=command.rating,
        words=command.words,
        url=command.url,
        published_at=command.published_at,
        observed_at=command.observed_at,
    )
    return Decision((world.draft(subject, event, at),))


def amend_claim(world: World, command: AmendClaim) -> Decision:
    """It names one of the claim's events, and either voids it or says what it should have said.

    The first event cannot be voided: a claim without it would be nothing.
    """
    subject, claim = world.claim(command.claim, field="claim")
    entries = world.entries(subject)
    amended = next((entry for entry in entries if entry.sequence == command.amends), None)
    if amended is None:
        raise NotFound(f"the claim has no event {command.amends}", field="amends")
    if command.void and command.amends == 1:
        raise InvalidInput(
            "the first event of a claim cannot be voided; amend its fields", field="void"
        )
    if isinstance(amended.event, ClaimErased):
        raise InvalidInput("an erasure cannot be amended", field="amends")
    if command.amends in voided(entries):
        raise NothingChanged(f"event {command.amends} does not count already", field="amends")
    before = claim_as_of(entries, amended.reported_at) or claim
    changes = changes_of(world, before, command, required=not command.void)
    if command.void and changes:
        raise InvalidInput("an event is either voided or changed", field="void")
    event = ClaimAmended(amends=command.amends, void=command.void, changes=changes)
    # Its reporting time is that of the event it amends: there the fold takes it up.
    return Decision((world.draft(subject, event, amended.reported_at),))


TimedCommand = (
    CorrectClaim | ExpressConcern | LiftConcern | RetractClaim | ReinstateClaim | ReviewClaim
)


def _standing_then(world: World, command: TimedCommand) -> tuple[UUID, Claim, datetime]:
    """The claim as it stood at the command's reporting time, and that time."""
    subject, claim = world.claim(command.claim, field="claim")
    at = world.reporting_time(
        command.published_at,
        command.observed_at,
        earliest=claim.first_reported_at,
        what="the claim was first reported",
    )
    entries = world.entries(subject)
    if all(entry.reported_at <= at for entry in entries):
        return subject, claim, at  # as it is now known
    return subject, claim_as_of(entries, at) or claim, at


def _names_latest(before: Claim, version: int) -> None:
    if version != before.version:
        raise StaleVersion(
            f"it corrects version {version}, but version {before.version} stood then",
            current=before.version,
        )
