"""The events of the log, of every sort, in the order in which they were recorded."""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Any, Final

import strawberry
from strawberry import UNSET
from strawberry import field as input_field

from api.arguments import TimeRange
from api.claim_filter import encode_text, under
from api.claim_list import encode_id, same_source
from api.compiler import Field
from api.connection import EDGES, NODES, PAGE_INFO, TOTAL, PageInfo
from api.event import Event
from api.fields import paged
from api.listing import Key, Listing, Order
from api.moments import Moment, encode_reported_at
from api.paging import connection, key_of_cursor, moment_of_root
from api.parameters import Given
from api.words import declare
from domain.ids import Subject
from domain.moments import TICK, parse_moment
from domain.refusals import InvalidInput
from domain.words import Status
from projections.refusals import InvalidCursor
from projections.terms import Sort


@unique
class EventKind(StrEnum):
    """The sorts of events, by the names that they have in the log."""

    SOURCE_REGISTERED = "source.registered"
    SOURCE_ALIAS_ADDED = "source.alias_added"
    SOURCE_MERGED = "source.merged"
    SOURCE_ERASED = "source.erased"
    STORY_OPENED = "story.opened"
    REPORT_PUBLISHED = "report.published"
    REPORT_REVISED = "report.revised"
    REPORT_MOVED = "report.moved"
    REPORT_WITHDRAWN = "report.withdrawn"
    REPORT_ERASED = "report.erased"
    CLAIM_REPORTED = "claim.reported"
    CLAIM_CORRECTED = "claim.corrected"
    CONCERN_EXPRESSED = "claim.concern_expressed"
    CONCERN_LIFTED = "claim.concern_lifted"
    CLAIM_RETRACTED = "claim.retracted"
    CLAIM_REINSTATED = "claim.reinstated"
    CLAIM_LINKED = "claim.linked"
    CLAIM_REVIEWED = "claim.reviewed"
    CLAIM_AMENDED = "claim.amended"
    CLAIM_ERASED = "claim.erased"


declare(
    EventKind,
    "EventKind",
    "The sorts of events.",
    {
        EventKind.SOURCE_REGISTERED: "A source became known to the record.",
        EventKind.SOURCE_ALIAS_ADDED: "A source is also spelt in another way.",
        EventKind.SOURCE_MERGED: "A source turned out to be the same party as another.",
        EventKind.SOURCE_ERASED: "The names of a source were erased.",
        EventKind.STORY_OPENED: "A story was opened.",
        EventKind.REPORT_PUBLISHED: "A report was published.",
        EventKind.REPORT_REVISED: "What surrounds the claims of a report changed.",
        EventKind.REPORT_MOVED: "A report was found at another address.",
        EventKind.REPORT_WITHDRAWN: "A report was taken back as a whole.",
        EventKind.REPORT_ERASED: "Content of a report was erased.",
        EventKind.CLAIM_REPORTED: "A report carried a statement.",
        EventKind.CLAIM_CORRECTED: "A claim's content changed, with a notice or silently.",
        EventKind.CONCERN_EXPRESSED: "An outlet holds a claim while it checks.",
        EventKind.CONCERN_LIFTED: "An outlet checked, and lets a claim stand.",
        EventKind.CLAIM_RETRACTED: "A claim was taken back, wholly or in part.",
        EventKind.CLAIM_REINSTATED: "A retraction or a concern was undone.",
        EventKind.CLAIM_LINKED: "A claim was found to bear on another.",
        EventKind.CLAIM_REVIEWED: "Somebody checked a claim.",
        EventKind.CLAIM_AMENDED: "The record was wrong about one of a claim's events.",
        EventKind.CLAIM_ERASED: "Content of a claim was erased.",
    },
)


@strawberry.input(description="Which events. What is left out does not narrow the choice.")
class EventFilter:
    story: strawberry.ID | None = input_field(
        default=UNSET,
        description="Events of this story and of its claims, named by its slug or its id.",
    )
    source: strawberry.ID | None = input_field(
        default=UNSET,
        description="Events that concern this source: its own, those of reports that it published"
        " and of claims that have it as their outlet or in their chain of attribution, and those in"
        " which it checked a claim or issued a notice. What was recorded under a source that was"
        " merged into it counts; in a subscription, what is recorded from then on.",
    )
    topic: str | None = input_field(
        default=UNSET,
        description="Events of claims that come under this topic, spelt exactly so, as of the event"
        " or just before it: the one that takes a claim off the topic is among them.",
    )
    report: strawberry.ID | None = input_field(
        default=UNSET, description="Events of this report and of the claims that it carried."
    )
    claim: strawberry.ID | None = input_field(
        default=UNSET,
        description="Events of this claim, and those that found another claim to bear on it.",
    )
    kind: list[EventKind] | None = input_field(
        default=UNSET, description="Events of one of these sorts."
    )
    status: list[Status] | None = input_field(
        default=UNSET,
        description="Events by which a claim came to have one of these statuses, from another one"
        " or from none.",
    )
    actor: str | None = input_field(
        default=UNSET, description="Events that were recorded by this actor, spelt exactly so."
    )
    recorded: TimeRange | None = input_field(
        default=UNSET, description="Events that were recorded in this time."
    )


CURSOR = (
    "Its place in the log, for `after` and `before`. It stays the same for ever, and what is"
    " recorded later comes after it."
)


@strawberry.type(description="An event on a page, and its place.")
class EventEdge:
    cursor: str = paged(CURSOR)
    node: Event = paged("The event.")


@strawberry.type(
    description="A page of events. Each is told as of its own position, with all that is in it: as"
    " it was told when it was recorded, and as it will always be. Where the question sets a limit"
    " on the time of reporting, that limits what is in it too."
)
class EventConnection:
    edges: list[EventEdge] = paged(EDGES)
    nodes: list[Event] = paged(NODES)
    page_info: PageInfo = paged(PAGE_INFO)
    total_count: int = paged(TOTAL)


def read_position(text: str) -> str:
    """Checks a position that stands in a cursor, or for one. Raises InvalidCursor."""
    if len(text) > 19 or not text.isdecimal() or int(text) >= 2**63:
        raise InvalidCursor("it is no place in a log")
    return str(int(text))


IN_THE_LOG: Final = Order("e", (Key("{row}.position", "bigint", read=read_position),), plain=True)

TABLE: Final = (
    "(SELECT {row}v.*, (SELECT count(*) FROM read.events v WHERE v.subject_id = {row}v.subject_id"
    " AND v.position <= {row}v.position"
    " AND (v.reported_at, v.position) <= ({row}v.reported_at, {row}v.position)) AS version"
    " FROM read.events {row}v)"
)
"""The events, each with the version that it made of its claim when it was recorded."""


def events(field: Field) -> str:
    """A page of events. Raises Refused."""
    at = field.at(field.row, moment_of_root(field, settled=False))
    for name in ("after", "before"):
        cursor = field.given(name)
        if cursor.there:
            place = cursor.parameter(key_of_cursor(IN_THE_LOG, 0), "bigint")
            field.compiling.reached.append(place)
    return connection(at, events_listing(at))


def events_listing(field: Field, story: str | None = None, *, lasting: bool = False) -> Listing:
    """The events that a field's filter chooses; or else, of the story of an identity. `lasting`:
    nothing that is recorded after an event decides whether it is chosen."""
    row, moment = field.compiling.row(), field.moment
    if story is not None:
        wanted = [_touching(row, f"= {story}")]
    else:
        chosen = field.given("filter")
        wanted = _conditions(field, chosen, row, lasting) if chosen.there else []
    if moment.position is not None:
        wanted.append(f"{row}.position <= {moment.position}")
    if moment.reported_at is not None:
        # What is known of sources and stories has no time of reporting, and counts at every one.
        wanted.append(f"({row}.reported_at IS NULL OR {row}.reported_at <= {moment.reported_at})")
    shown = Moment(f"{row}.position", moment.reported_at)
    conditions = tuple(wanted) or ("true",)
    return Listing(row, TABLE.format(row=row), conditions, IN_THE_LOG, shown=shown)


def _conditions(field: Field, chosen: Given, row: str, lasting: bool) -> list[str]:
    found = [
        _touching(row, f"= {chosen[subject.value].parameter(encode_id(subject), 'uuid')}")
        for subject in (Subject.STORY, Subject.REPORT, Subject.CLAIM)
        if chosen[subject.value].there
    ]
    if (source := chosen["source"]).there:
        found.append(_touching(row, f"= ANY ({same_source(field, source)})"))
        if lasting:  # these were perhaps not the same yet
            then = same_source(field.at(field.row, Moment(f"{row}.position")), source)
            found.append(
                f"EXISTS (SELECT FROM read.touches t WHERE t.position = {row}.position"
                f" AND t.subject_id = ANY ({then}))"
            )
    if (topic := chosen["topic"]).there:
        named = topic.parameter(encode_text, "text")
        filed = (_as_of(field, row, one, f"c.state -> 'topics' ? {named}") for one in (0, 1))
        found.append(f"{row}.subject_id IN ({under(Sort.TOPIC, topic)}) AND ({' OR '.join(filed)})")
    if (statuses := chosen["status"]).there:
        held = [f"c.status = '{one.value}'" for one in statuses.value]
        reached = (
            f"{_as_of(field, row, 0, one)} AND NOT {_as_of(field, row, 1, one)}" for one in held
        )
        found.append(f"({' OR '.join(reached) or 'false'})")
    if (kinds := chosen["kind"]).there:
        listed = ", ".join(f"'{one.value}'" for one in kinds.value)
        found.append(f"{row}.type IN ({listed})" if listed else "false")
    if (actor := chosen["actor"]).there:
        found.append(f"{row}.actor = {actor.parameter(encode_actor, 'text')}")
    if (earliest := chosen["recorded"]["from"]).there:
        before = earliest.parameter(encode_just_before, "timestamptz")
        found.append(f"{row}.position > dateline.position_at({before})")
    if (latest := chosen["recorded"]["to"]).there:
        until = latest.parameter(encode_reported_at, "timestamptz")
        found.append(f"{row}.position <= dateline.position_at({until})")
    return found


def _as_of(field: Field, row: str, back: int, holds: str) -> str:
    """Whether something holds of the claim of an event as of its position, or so many before."""
    moment = Moment(f"({row}.position - {back})", field.moment.reported_at)
    return (
        f"EXISTS (SELECT FROM read.claims c WHERE c.claim_id = {row}.subject_id"
        f" AND {moment.held('c')} AND {holds})"
    )


def _touching(row: str, subject: str) -> str:
    return f"{row}.position IN (SELECT t.position FROM read.touches t WHERE t.subject_id {subject})"


def encode_actor(text: Any) -> str:
    """The name of an actor. Raises InvalidInput for one that nobody can have."""
    if not text or "\0" in text:
        raise InvalidInput("it has a character at least, and no NUL among them")
    return str(text)


def encode_just_before(text: Any) -> str:
    """The last instant before a time begins. Raises InvalidTime."""
    try:
        return (parse_moment(text).start - TICK).isoformat()
    except OverflowError:
        return "-infinity"
