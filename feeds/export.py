"""The log as interchange lines: from events back to the commands that they came from.

An empty record that takes the lines down, in their order, comes to the same events. What was erased
is not in them: a mark stands in its place, until the line of the erasure takes that away too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from domain.codec import encode
from domain.commands import (
    AddSourceAlias,
    AmendClaim,
    AnyCommand,
    CorrectClaim,
    Envelope,
    EraseClaim,
    EraseReport,
    EraseSource,
    ExpressConcern,
    LiftConcern,
    LinkClaims,
    MergeSources,
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
from domain.events import (
    REPORT_FIELDS,
    AnyEvent,
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
    ReportErased,
    ReportMoved,
    ReportPublished,
    ReportRevised,
    ReportWithdrawn,
    SourceAliasAdded,
    SourceErased,
    SourceMerged,
    SourceRegistered,
    StoryOpened,
)
from domain.values import (
    AboutChange,
    AttributionChange,
    Change,
    KindChange,
    Notice,
    Quantity,
    QuantityChange,
    StatementChange,
    Step,
    StoryChange,
    TopicsChange,
)
from feeds.interchange import command_line
from feeds.marks import marked

REMEMBERED: Final = 100_000
"""How many references are kept at hand; a subject whose reference is not is named by its id."""


@dataclass(frozen=True, slots=True)
class Logged:
    """An event as the log has it."""

    position: int
    subject: UUID
    event: AnyEvent
    actor: str
    reason: str | None = None
    key: str | None = None
    erased: str | None = None
    """What stands in the place of what it said, where that was erased."""


def lines(log: Iterable[Logged]) -> Iterator[str]:
    """The log as lines without line ends. Memory does not grow with the log."""
    return (command_line(envelope) for envelope in envelopes(log))


def envelopes(log: Iterable[Logged]) -> Iterator[Envelope]:
    """The commands that come to the events of a log, in its order.

    A retraction that went with its report's withdrawal is left out, and an erasure that went with
    its report's: those make it again.
    Each has the key it was recorded under, or one from its place, so that two that are the same
    in all else are both taken.
    """
    names = Names()
    for logged in log:
        command = _command(logged.subject, marked(logged.event, logged.erased), names)
        if command is not None:
            yield Envelope(
                command=command,
                actor=logged.actor,
                reason=logged.reason,
                key=logged.key or _key(logged),
            )


def _key(logged: Logged) -> str:
    content = f"{logged.position}\0{logged.subject}\0{encode(logged.event)}"
    return f"log:{sha256(content.encode()).hexdigest()}"


class Names:
    """What to call a subject: by its reference as long as that is remembered, else by its id."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._refs: dict[UUID, str] = {}
        self._remembered = remembered

    def made(self, subject: UUID, ref: str | None) -> str:
        """Take the name of something new."""
        if ref is None:
            return str(subject)
        if len(self._refs) >= self._remembered:
            del self._refs[next(iter(self._refs))]
        self._refs[subject] = ref
        return ref

    def of(self, subject: UUID) -> str:
        """The name of something."""
        return self._refs.get(subject) or str(subject)

    def maybe(self, subject: UUID | None) -> str | None:
        """The name of something, if there is something."""
        return None if subject is None else self.of(subject)


def _command(subject: UUID, event: AnyEvent, names: Names) -> AnyCommand | None:
    match event:
        case SourceRegistered():
            return RegisterSource(
                source=names.made(subject, event.ref),
                name=event.name or "",
                kind=event.kind,
                url=event.url,
                country=event.country,
            )
        case SourceAliasAdded():
            return AddSourceAlias(source=names.of(subject), alias=event.alias or "")
        case SourceErased():
            return EraseSource(
                source=names.of(subject), ground=event.ground, reference=event.reference
            )
        case SourceMerged():
            return MergeSources(source=names.of(subject), into=names.of(event.into))
        case StoryOpened():
            return OpenStory(
                story=names.made(subject, event.ref),
                title=event.title,
                summary=event.summary,
                topics=event.topics,
            )
        case ReportErased():
            return EraseReport(
                report=names.of(subject),
                ground=event.ground,
                reference=event.reference,
                with_claims=event.with_claims,
            )
        case ReportPublished() | ReportRevised() | ReportMoved() | ReportWithdrawn():
            return _report_command(subject, event, names)
        case _:
            return _claim_command(subject, event, names)


def _report_command(
    subject: UUID,
    event: ReportPublished | ReportRevised | ReportMoved | ReportWithdrawn,
    names: Names,
) -> AnyCommand:
    times: dict[str, Any] = {"published_at": event.published_at, "observed_at": event.observed_at}
    match event:
        case ReportPublished():
            return PublishReport(
                report=names.made(subject, event.ref),
                outlet=names.maybe(event.outlet),
                kind=event.kind,
                headline=event.headline,
                byline=event.byline,
                credits=event.credits,
                language=event.language,
                url=event.url,
                caution=event.caution,
                **times,
            )
        case ReportRevised():
            named = event.fields or REPORT_FIELDS
            return ReviseReport(
                report=names.of(subject),
                **{name: getattr(event, name) for name in named},
                notice=_notice(event.notice, names),
                **times,
            )
        case ReportMoved():
            return MoveReport(report=names.of(subject), url=event.url or "", **times)
        case ReportWithdrawn():
            return WithdrawReport(
                report=names.of(subject),
                nature=event.nature,
                because=event.because,
                notice=_notice(event.notice, names),
                **times,
            )


def _claim_command(subject: UUID, event: AnyEvent, names: Names) -> AnyCommand | None:
    if isinstance(event, ClaimAmended):
        return AmendClaim(
            claim=names.of(subject),
            amends=event.amends,
            void=event.void,
            **_changed(event.changes, names),
        )
    times: dict[str, Any] = {
        "published_at": getattr(event, "published_at", None),
        "observed_at": getattr(event, "observed_at", None),
    }
    match event:
        case ClaimReported():
            return ReportClaim(
                claim=names.made(subject, event.ref),
                report=names.of(event.report),
                story=names.maybe(event.story),
                kind=event.kind,
                statement=event.statement or "",
                language=event.language,
                about=event.about,
                attribution=_steps(event.attribution, names),
                quantities=tuple(_quantity(quantity) for quantity in event.quantities),
                topics=event.topics,
                **times,
            )
        case ClaimLinked():
            return LinkClaims(
                claim=names.of(subject), kind=event.kind, to=names.of(event.to), **times
            )
        case ClaimReviewed():
            return ReviewClaim(
                claim=names.of(subject),
                reviewer=names.of(event.reviewer),
                rating=event.rating,
                words=event.words or "",
                url=event.url,
                **times,
            )
        case ClaimErased():
            if event.with_report is not None:
                return None
            return EraseClaim(
                claim=names.of(subject), ground=event.ground, reference=event.reference
            )
    times["notice"] = _notice(getattr(event, "notice", None), names)
    match event:
        case ClaimCorrected():
            return CorrectClaim(
                claim=names.of(subject),
                version=event.version,
                nature=event.nature,
                **_changed(event.changes, names),
                **times,
            )
        case ConcernExpressed():
            return ExpressConcern(claim=names.of(subject), **times)
        case ConcernLifted():
            return LiftConcern(claim=names.of(subject), **times)
        case ClaimReinstated():
            return ReinstateClaim(claim=names.of(subject), **times)
        case ClaimRetracted() if event.with_report is None:
            return RetractClaim(
                claim=names.of(subject),
                scope=event.scope,
                nature=event.nature,
                by=event.by,
                because=event.because,
                part=event.part,
                **times,
            )
    return None


def _notice(notice: Notice | None, names: Names) -> NoticeInput | None:
    if notice is None:
        return None
    return NoticeInput(text=notice.text, url=notice.url, issuer=names.maybe(notice.issuer))


def _steps(steps: tuple[Step, ...], names: Names) -> tuple[StepInput, ...]:
    return tuple(
        StepInput(source=names.of(step.source), verb=step.verb, role=step.role) for step in steps
    )


def _quantity(quantity: Quantity) -> QuantityInput:
    return QuantityInput(
        label=quantity.label,
        value=quantity.value,
        unit=quantity.unit,
        hedge=quantity.hedge,
        low=quantity.low,
        high=quantity.high,
    )


def _changed(changes: tuple[Change, ...], names: Names) -> dict[str, Any]:
    """The fields of a command that makes these changes."""
    fields: dict[str, Any] = {}
    quantities: list[QuantityInput] = []
    removed: list[QuantityKey] = []
    for change in changes:
        match change:
            case StatementChange():
                fields["statement"] = change.new
            case KindChange():
                fields["kind"] = change.new
            case AboutChange():
                fields["about"] = change.new
            case AttributionChange():
                fields["attribution"] = _steps(change.new, names)
            case TopicsChange():
                fields["topics"] = change.new
            case StoryChange():
                fields["story"] = names.maybe(change.new)
            case QuantityChange() if change.new is not None:
                quantities.append(_quantity(change.new))
            case QuantityChange() if change.old is not None:
                removed.append(QuantityKey(label=change.old.label, unit=change.old.unit))
    return fields | {"quantities": tuple(quantities), "remove_quantities": tuple(removed)}
