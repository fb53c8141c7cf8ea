"""The log's events by plain means: as they are told, and which of them a filter chooses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from api.ids import global_id
from domain import codec, events, values
from domain.catalogue import report_as_of
from domain.claim import Claim, claim_as_of
from domain.history import Entry
from domain.ids import Subject
from domain.moments import last_instant, parse_moment
from domain.touch import named_by, named_in
from tests.api import plain_bearing, plain_objects
from tests.api.plain_pages import IN_THE_LOG, Fields, Obj, connection, named
from tests.api.plain_record import PlainRecord, View, precision_of


def sort_of(entry: Entry) -> Subject:
    """Of which sort the subject of an event is."""
    return Subject(codec.type_of(entry.event).partition(".")[0])


def kind_of(entry: Entry) -> str:
    """The sort of an event, by the name that it has in the schema."""
    kind = codec.type_of(entry.event).replace(".", "_").upper()
    return kind.replace("CLAIM_CONCERN_", "CONCERN_")


def touched(record: PlainRecord, subject: UUID, entry: Entry) -> set[UUID]:
    """Whom an event touches, from the entries alone."""
    if entry.position not in record.touched:
        record.touched[entry.position] = _touched(record, subject, entry)
    return record.touched[entry.position]


def _touched(record: PlainRecord, subject: UUID, entry: Entry) -> set[UUID]:
    found = {subject, *named_by(entry.event)}
    carrier = subject if sort_of(entry) is Subject.REPORT else None
    if sort_of(entry) is Subject.CLAIM:
        state = claim_as_of(record.subjects[subject], None, entry.position)
        assert state is not None
        found |= set(named_in(state))
        carrier = state.report
    if carrier is not None:
        (published, *_) = record.subjects[carrier]
        assert isinstance(published.event, events.ReportPublished)
        if published.event.outlet is not None:
            found.add(published.event.outlet)
    return found


def fitting(view: View, asked: Fields) -> list[tuple[UUID, Entry]]:
    """The events that count at a moment and that a filter chooses, in the order of recording."""
    wanted = [
        view.same(named(subject, asked[subject.value]))
        if subject is Subject.SOURCE
        else {named(subject, asked[subject.value])}
        for subject in Subject
        if asked.get(subject.value) is not None
    ]
    start, end = _recorded_in(asked.get("recorded") or {})
    kinds, actor = asked.get("kind"), asked.get("actor")
    topic, statuses = asked.get("topic"), asked.get("status")
    return [
        (subject, entry)
        for subject, entry in view.record.entries
        if entry.position <= view.position
        and (view.at is None or entry.reported_at <= view.at)
        and (kinds is None or kind_of(entry) in kinds)
        and (actor is None or entry.actor == actor)
        and (start is None or entry.recorded_at >= start)
        and (end is None or entry.recorded_at <= end)
        and (topic is None or comes_under(view, subject, entry, topic))
        and (statuses is None or reached(view, subject, entry) in statuses)
        and all(them & touched(view.record, subject, entry) for them in wanted)
    ]


def around(view: View, subject: UUID, entry: Entry) -> tuple[Claim | None, Claim | None]:
    """The claim of an event just before it and as of it, by the reporting times that count."""
    if sort_of(entry) is not Subject.CLAIM:
        return None, None
    entries = view.record.subjects[subject]
    before, after = (claim_as_of(entries, view.at, entry.position - back) for back in (1, 0))
    return before, after


def comes_under(view: View, subject: UUID, entry: Entry, topic: str) -> bool:
    """Whether a claim comes under a topic, as of an event of it or just before."""
    return any(one is not None and topic in one.topics for one in around(view, subject, entry))


def reached(view: View, subject: UUID, entry: Entry) -> str | None:
    """The status that an event brought a claim to; None where it has the one that it had."""
    before, after = around(view, subject, entry)
    if after is None or (before is not None and before.status is after.status):
        return None
    return after.status.name


def _recorded_in(asked: Fields) -> tuple[datetime | None, datetime | None]:
    start, end = asked.get("from"), asked.get("to")
    return (
        None if start is None else parse_moment(start).start,
        None if end is None else last_instant(end),
    )


def events_page(view: View, asked: Fields) -> Obj:
    """A page of events, each told as of its own position."""
    rows = [
        ((entry.position,), (subject, entry))
        for subject, entry in fitting(view, asked.get("filter") or {})
    ]

    def made(item: tuple[UUID, Entry]) -> Obj:
        subject, entry = item
        return event_obj(view.record.view(view.at, entry.position), subject, entry)

    return connection("Event", view, IN_THE_LOG, rows, made, asked)


def history_of(view: View, claim: UUID) -> list[Obj]:
    """What made a claim what it is."""
    return [event_obj(view, claim, entry) for _, entry, _ in view.history(claim)]


def corrections_of(view: View, claim: UUID) -> list[Obj]:
    """What changed a claim, or took it back."""
    return [event_obj(view, claim, entry) for entry in plain_bearing.corrections(view, claim)]


def event_obj(view: View, subject: UUID, entry: Entry) -> Obj:
    """An event, told at a moment."""
    event: Any = entry.event
    sort = sort_of(entry)
    fields: Fields = {
        "subjectId": global_id(sort, subject),
        "sequence": entry.sequence,
        "position": entry.position,
        "recordedAt": entry.recorded_at,
        "actor": entry.actor,
        "reason": entry.reason,
        "erased": lambda: plain_objects.erasure_of(view, subject, entry.sequence),
    }
    fields |= OF_THE_SORT[sort](view, subject, entry)
    if hasattr(event, "notice"):
        fields["declared"] = event.notice is not None
        fields["notice"] = lambda: notice_obj(view, event.notice)
    if isinstance(event, events.ClaimCorrected | events.ClaimRetracted):
        fields["lag"] = lambda: _lag(view, subject, entry)
        fields["reach"] = lambda: Obj(
            "Reach", dict(plain_bearing.reach(view, subject, entry.reported_at))
        )
    return Obj(type(event).__name__, fields | OF_THE_EVENT[type(event)](view, subject, entry))


def _lag(view: View, claim: UUID, entry: Entry) -> float:
    return (entry.reported_at - view.claims[claim].first_reported_at).total_seconds()


def notice_obj(view: View, notice: values.Notice | None) -> Obj | None:
    """A notice, if there is one."""
    if notice is None:
        return None
    issuer = notice.issuer
    return Obj(
        "Notice",
        {
            "text": notice.text,
            "url": notice.url,
            "issuer": lambda: plain_objects.optional_source(view, issuer),
        },
    )


def change_obj(view: View, change: values.Change) -> Obj:
    """One field of a claim, before and after."""
    name = type(change).__name__
    what = name.removesuffix("Change")

    def shown(value: Any) -> Any:
        match change:
            case values.QuantityChange():
                return plain_objects.quantity_obj(value)
            case values.AttributionChange():
                return plain_objects.steps_of(view, value)
            case values.TopicsChange():
                return list(value)
            case values.StoryChange():
                return None if value is None else plain_objects.story_obj(view, value)
        return value

    return Obj(
        name, {f"old{what}": lambda: shown(change.old), f"new{what}": lambda: shown(change.new)}
    )


def _reporting_time(entry: Entry) -> Fields:
    event: Any = entry.event
    published_at = getattr(event, "published_at", None)
    observed_at = getattr(event, "observed_at", None)
    return {
        "reportedAt": entry.reported_at,
        "precision": precision_of(published_at, observed_at),
        "publishedAt": published_at,
        "observedAt": observed_at,
    }


def _of_a_claim(view: View, claim: UUID, entry: Entry) -> Fields:
    version, void = next(
        (version, void)
        for version, one, void in view.history(claim)
        if one.sequence == entry.sequence
    )
    return {
        **_reporting_time(entry),
        "claim": lambda: plain_objects.claim_obj(view, claim),
        "version": version,
        "voided": void,
    }


Told = Callable[[View, UUID, Any], Fields]
"""What an entry tells, by the subject that it belongs to. Which event it holds, the table says."""

OF_THE_SORT: dict[Subject, Told] = {
    Subject.SOURCE: lambda view, subject, _: {
        "source": lambda: plain_objects.source_obj(view, subject)
    },
    Subject.STORY: lambda view, subject, _: {
        "story": lambda: plain_objects.story_obj(view, subject)
    },
    Subject.REPORT: lambda view, subject, entry: {
        **_reporting_time(entry),
        "report": lambda: plain_objects.report_obj(view, subject),
    },
    Subject.CLAIM: _of_a_claim,
}
"""What all events of a sort of subject tell."""


def _published(view: View, _: UUID, entry: Entry) -> Fields:
    event: Any = entry.event
    return {
        "reportKind": event.kind,
        "outlet": lambda: plain_objects.optional_source(view, event.outlet),
        "url": event.url,
        **_surroundings(event),
    }


def _surroundings(report: Any) -> Fields:
    """What surrounds the claims of a report."""
    return {
        "headline": report.headline,
        "byline": list(report.byline),
        "credits": list(report.credits),
        "language": report.language,
        "caution": report.caution,
    }


def _revised(view: View, subject: UUID, entry: Entry) -> Fields:
    """All of what surrounds the claims as it read from then on, what stayed included."""
    report = report_as_of(view.record.subjects[subject], entry.reported_at, entry.position)
    return _surroundings(report)


def _reported(view: View, _: UUID, entry: Entry) -> Fields:
    event: Any = entry.event
    return {
        "kind": event.kind,
        "statement": event.statement,
        "about": event.about,
        "attribution": lambda: plain_objects.steps_of(view, event.attribution),
        "quantities": lambda: [plain_objects.quantity_obj(one) for one in event.quantities],
        "topics": list(event.topics),
    }


def _changes(view: View, entry: Entry) -> Fields:
    event: Any = entry.event
    return {"changes": lambda: [change_obj(view, change) for change in event.changes]}


def _own(**fields: str) -> Told:
    """Fields that are values of the event, by the names that they have there."""
    return lambda _view, _subject, entry: {
        name: getattr(entry.event, own) for name, own in fields.items()
    }


def _erased(**more: Callable[[Any], Any]) -> Told:
    return lambda _view, _subject, entry: {
        "ground": entry.event.ground,
        "reference": entry.event.reference,
        "erases": list(entry.event.events),
        "firstErasedAt": entry.event.first_erased_at,
        **{name: take(entry.event) for name, take in more.items()},
    }


def _merged(view: View, subject: UUID, entry: Entry) -> Fields:
    event: Any = entry.event
    return {
        "name": view.sources[subject].name,
        "into": lambda: plain_objects.source_obj(view, event.into),
    }


OF_THE_EVENT: dict[type[Any], Told] = {
    events.SourceRegistered: _own(name="name", sourceKind="kind", url="url", country="country"),
    events.SourceAliasAdded: _own(alias="alias"),
    events.SourceMerged: _merged,
    events.StoryOpened: lambda view, subject, entry: {
        **_own(slug="ref", title="title", summary="summary")(view, subject, entry),
        "topics": list(view.stories[subject].topics),
    },
    events.ReportPublished: _published,
    events.ReportRevised: _revised,
    events.ReportMoved: _own(movedTo="url"),
    events.ReportWithdrawn: _own(retractionNature="nature", because="because"),
    events.ClaimReported: _reported,
    events.ClaimCorrected: lambda view, subject, entry: {
        **_own(correctionNature="nature", correctsVersion="version")(view, subject, entry),
        **_changes(view, entry),
    },
    events.ConcernExpressed: _own(),
    events.ConcernLifted: _own(),
    events.ClaimRetracted: lambda view, subject, entry: {
        **_own(scope="scope", retractionNature="nature", by="by", because="because", part="part")(
            view, subject, entry
        ),
        "withReport": entry.event.with_report is not None,
    },
    events.ClaimReinstated: _own(),
    events.ClaimLinked: lambda _view, _subject, entry: {
        "linkKind": entry.event.kind,
        "claimId": global_id(Subject.CLAIM, entry.event.to),
    },
    events.ClaimReviewed: lambda view, subject, entry: {
        **_own(rating="rating", words="words", url="url")(view, subject, entry),
        "reviewer": lambda: plain_objects.source_obj(view, entry.event.reviewer),
    },
    events.SourceErased: _erased(),
    events.ReportErased: _erased(withClaims=lambda event: event.with_claims),
    events.ClaimErased: _erased(withReport=lambda event: event.with_report is not None),
    events.ClaimAmended: lambda view, subject, entry: {
        **_own(amends="amends", voids="void")(view, subject, entry),
        **_changes(view, entry),
    },
}
"""What events of one kind tell."""
