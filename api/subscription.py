"""What can be subscribed to, and the query for a page of the messages of each."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum, unique
from typing import Final

import strawberry

from api.arguments import ClaimFilter
from api.catalogue import Story
from api.claim_filter import encode_id
from api.claim_list import claims_listing
from api.claims import Claim
from api.compiler import Field
from api.event import Event
from api.event_list import EventEdge, EventFilter, events_listing
from api.fields import argument, column, one, paged, streamed
from api.listing import Listing
from api.moments import Moment
from api.paging import edge
from api.scalars import Position
from api.streams import Bounds
from api.words import declare
from domain.ids import Subject


@unique
class SetChange(StrEnum):
    """What became of a claim in the set that a live query is about."""

    ENTERED = "entered"
    CHANGED = "changed"
    LEFT = "left"


declare(
    SetChange,
    "SetChange",
    "What became of a claim in the set of those that a live query is about.",
    {
        SetChange.ENTERED: "It matches, and did not before. So begins every live query.",
        SetChange.CHANGED: "It matched and still does, and something happened to it.",
        SetChange.LEFT: "It matched, and does not any more.",
    },
)

CURSOR: Final = (
    "The place in the stream after this message. Subscribe with it as `after`, and it goes on from"
    " there, also on another connection and after any time."
)


@strawberry.type(description="What became of a claim in the set that a live query is about.")
class ClaimUpdate:
    cursor: str = paged(CURSOR)
    change: SetChange = column("{row}.change", "What became of it.")
    position: Position = column(
        "{row}.upto", "The position in the log that the set is up to date with."
    )
    claim: Claim | None = one(
        "read.claims {row} WHERE {row}.claim_id = {parent}.claim_id AND {held}",
        "The claim as of that position, also where it left; null where nothing is known of it any"
        " more.",
    )


@strawberry.type(description="Something happened in a story.")
class StoryUpdate:
    cursor: str = paged(CURSOR)
    node: Event = paged("What happened, as in `events`.")
    story: Story | None = one(
        "read.stories {row} WHERE {row}.story_id = {parent}.of_story AND {known}",
        "The story as of the position of the event; null where nothing was known of it then.",
    )


def events(field: Field, bounds: Bounds) -> str:
    """The events that a filter chooses. Raises Refused."""
    listing = events_listing(field, lasting=True)
    return _logged(field, listing, bounds, listing.table)


def story(field: Field, bounds: Bounds) -> str:
    """What happened in a story. Raises Refused."""
    named = field.given("slug").parameter(encode_id(Subject.STORY), "uuid")
    listing = events_listing(field, story=named)
    table = f"(SELECT v.*, {named} AS of_story FROM {listing.table} v)"
    return _logged(field, listing, bounds, table)


def _logged(field: Field, listing: Listing, bounds: Bounds, table: str) -> str:
    row = listing.row
    body = field.at(row, listing.shown).assembled(lambda inner: edge(inner, listing))
    where = " AND ".join(listing.conditions)
    return (
        f"SELECT {row}.position::text AS place, {body} AS body FROM {table} {row}"
        f" WHERE {where} AND {row}.position > {bounds.after} AND {row}.position <= {bounds.upto}"
        f" ORDER BY {row}.position LIMIT {bounds.limit}"
    )


def claims(field: Field, bounds: Bounds) -> str:
    """What became of the set of claims that a filter chooses. Raises Refused."""
    later, earlier = Moment(bounds.upto), Moment(bounds.after)
    now, was = (claims_listing(field.at(field.row, moment)) for moment in (later, earlier))
    row = field.compiling.row()
    cursor = f"concat({bounds.after}, '.', {bounds.upto}, '.', {row}.claim_id)"

    def write(inner: Field) -> str:
        return f"""concat('"', {cursor}, '"')""" if inner.name == "cursor" else inner.sql()

    body = field.at(row, later).assembled(write)
    is_in, was_in = (
        f"EXISTS (SELECT FROM {one.table} {one.row} WHERE {one.row}.claim_id = t.claim_id"
        f" AND {one.where()})"
        for one in (now, was)
    )
    touched = " UNION ALL ".join(_touched(field, bounds, now))
    return (
        f"SELECT {cursor} AS place, {body} AS body FROM (SELECT u.claim_id, {bounds.upto} AS upto,"
        " CASE WHEN NOT u.was_in THEN 'entered' WHEN u.is_in THEN 'changed' ELSE 'left' END"
        f" AS change FROM (SELECT t.claim_id, bool_or(t.own) AS own, {is_in} AS is_in,"
        f" {was_in} AS was_in FROM ({touched}) t GROUP BY t.claim_id) u"
        " WHERE u.is_in <> u.was_in OR (u.is_in AND u.own)"
        f" ORDER BY u.claim_id LIMIT {bounds.limit}) {row}"
    )


def _touched(field: Field, bounds: Bounds, now: Listing) -> Iterator[str]:
    """Queries for the claims that may have entered the set or left it, or changed in it, each with
    whether something happened to the claim itself. At first the set is what matches."""
    row = now.row
    yield (
        f"(SELECT {row}.claim_id, true AS own FROM {now.table} {row} WHERE {bounds.after} = 0"
        f" AND {row}.claim_id > {bounds.last} AND {now.where()}"
        f" ORDER BY {row}.claim_id LIMIT {bounds.limit})"
    )
    happened = f"{bounds.after} > 0 AND e.position > {bounds.after} AND e.position <= {bounds.upto}"
    yield (
        f"SELECT e.subject_id, true FROM read.events e WHERE {happened}"
        f" AND e.type LIKE 'claim.%' AND e.subject_id > {bounds.last}"
    )
    chosen = field.given("filter")
    if chosen.there and chosen["contested"].there:
        yield (
            "SELECT l.to_id, false FROM read.events e JOIN read.claim_links l"
            f" ON l.from_id = e.subject_id WHERE {happened} AND l.kind = 'contradicts'"
            f" AND l.to_id > {bounds.last}"
        )
    if chosen.there and (chosen["source"].there or chosen["outlet"].there):
        known = Moment(bounds.upto).known
        yield (
            "SELECT s.claim_id, false FROM read.events e"
            f" JOIN read.sources m ON m.source_id = e.subject_id AND {known('m')}"
            f" JOIN read.sources o ON o.canonical_id = m.canonical_id AND {known('o')}"
            " JOIN read.claim_sources s ON s.source_id = o.source_id"
            f" WHERE {happened} AND e.type = 'source.merged' AND s.claim_id > {bounds.last}"
        )


AFTER: Final = argument(
    "after",
    str | None,
    "The cursor of the last message that you have, or a position in digits: everything recorded"
    " after it comes first, and then what comes next. Left out, only what comes next.",
)


@strawberry.type(
    description="What can be followed as it happens. A stream goes on from whatever cursor it is"
    " given, with nothing left out, nothing twice and everything in order."
)
class Subscription:
    events: EventEdge = streamed(
        events,
        "The events of the log, as in the query of that name.",
        AFTER,
        argument("filter", EventFilter | None, "Which events."),
    )
    claims: ClaimUpdate = streamed(
        claims,
        "A live query: the claims that match now, and then whatever becomes of that set.",
        argument(
            "after",
            str | None,
            "The cursor of the last message that you have: what became of the set since then comes"
            " first. Left out, every claim that matches now.",
        ),
        argument("filter", ClaimFilter | None, "Which claims."),
        by_steps=True,
    )
    story: StoryUpdate = streamed(
        story,
        "What happens in a story: to itself and to its claims.",
        argument("slug", str, "Its slug, its id or its UUID."),
        AFTER,
    )
