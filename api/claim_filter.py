"""The filter of a list of claims: what each part asks of a row, and the index it is found over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from api.compiler import Field
from api.ids import reference
from api.moments import Moment
from api.parameters import Encode, Given
from domain.ids import Subject, resolve
from domain.moments import last_instant, parse_about, parse_moment
from domain.refusals import InvalidInput, InvalidTime
from domain.words import Status
from projections.terms import Sort, days_of, term

LONGEST: Final = 1_000
"""Characters of a topic or a label."""

Query = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Condition:
    """A part of a filter."""

    holds: str
    """Whether it holds of a row of claims. The row alone decides."""
    among: Query | None = None
    """A query for `claim_id` over an index, which gives every claim of which it can hold. It is
    written only where it is asked, since a statement must use all its parameters."""
    column: str | None = None
    """The column that it bounds, if it is the bound of one that lists are ordered by."""


CONTRADICTED: Final = (
    "SELECT l.to_id AS claim_id FROM read.claim_links l WHERE l.kind = 'contradicts'"
)
"""The claims that were ever contradicted."""


def conditions(field: Field, chosen: Given, row: str) -> Iterator[Condition]:
    """What a filter asks for, but for the status. Raises Refused."""
    if (topic := chosen["topic"]).there:
        named = topic.parameter(encode_text, "text")
        yield Condition(f"{row}.state -> 'topics' ? {named}", lambda: under(Sort.TOPIC, topic))
    if (quantity := chosen["quantity"]).there:
        named = quantity.parameter(encode_text, "text")
        held = f"jsonb_build_array(jsonb_build_object('label', {named}))"
        yield Condition(
            f"{row}.state -> 'quantities' @> {held}", lambda: under(Sort.QUANTITY, quantity)
        )
    if (outlet := chosen["outlet"]).there:
        published = same_source(field, outlet)
        yield Condition(f"{row}.outlet_id = ANY ({published})", lambda: _through(published))
    if (source := chosen["source"]).there:
        sources = same_source(field, source)
        yield Condition(f"{row}.sources && {sources}", lambda: _through(sources))
    if (about := chosen["about"]).there:
        yield _about(about, row)
    if (kind := chosen["kind"]).there:
        yield _worded(f"{row}.kind", Sort.KIND, kind)
    if (change := chosen["change"]).there:
        manners = [one.value for one in change.value]
        changed = " OR ".join(f"{row}.{one}_changes > 0" for one in manners)
        yield Condition(changed or "false", lambda: _terms(Sort.CHANGE, manners))
    if (reviewed := chosen["reviewed"]).there:
        if reviewed.value:
            yield Condition(f"{row}.reviewed", lambda: _terms(Sort.REVIEWED, ["yes"]))
        else:
            yield Condition(f"NOT {row}.reviewed")
    if (contested := chosen["contested"]).there:
        disputed = contradicted(row, field.moment)
        if contested.value:
            yield Condition(disputed, lambda: CONTRADICTED)
        else:
            yield Condition(f"NOT {disputed}")
    yield from _times(field, chosen["reported"], row, "first_reported_at")
    yield from _times(field, chosen["changed"], row, "last_changed_at")


def status_condition(chosen: Given, row: str) -> Condition | None:
    """What a filter asks of the status."""
    status = chosen["status"]
    if not status.there:
        return None
    found = _worded(f"{row}.status", Sort.STATUS, status)
    return Condition(found.holds) if Status.STANDING in status.value else found


def _worded(sql: str, sort: Sort, given: Given) -> Condition:
    """Whether a value is one of some words of the schema."""
    words = [one.value for one in given.value]
    listed = ", ".join(f"'{word}'" for word in words)
    return Condition(f"{sql} IN ({listed})" if words else "false", lambda: _terms(sort, words))


def contradicted(row: str, moment: Moment) -> str:
    """Whether a claim that is not wholly retracted contradicts the claim of a row."""
    return (
        "EXISTS (SELECT FROM read.claim_links l JOIN read.claims c ON c.claim_id = l.from_id"
        f" WHERE l.to_id = {row}.claim_id AND l.kind = 'contradicts'"
        " AND l.to_id = ANY (c.contradicts) AND c.status <> 'retracted'"
        f" AND {moment.held('c')})"
    )


def same_source(field: Field, given: Given) -> str:
    """Every source that goes under the same name as the one given: an array."""
    identity = given.parameter(encode_id(Subject.SOURCE), "uuid")
    known = field.moment.known
    return (
        f"ARRAY(SELECT o.source_id FROM read.sources s JOIN read.sources o"
        f" ON o.canonical_id = s.canonical_id"
        f" WHERE s.source_id = {identity} AND {known('s')} AND {known('o')}"
        f" UNION SELECT {identity})"
    )


def _through(sources: str) -> str:
    return f"SELECT s.claim_id FROM read.claim_sources s WHERE s.source_id = ANY ({sources})"


def under(sort: Sort, given: Given) -> str:
    """A query for every claim that ever came under a topic or a label."""
    found = given.parameter(encode_term(sort), "uuid")
    return f"SELECT t.claim_id FROM read.claim_terms t WHERE t.term = {found}"


def _terms(sort: Sort, words: list[str]) -> str:
    listed = ", ".join(f"'{term(sort, word)}'::uuid" for word in words)
    among = f"t.term IN ({listed})" if listed else "false"
    return f"SELECT t.claim_id FROM read.claim_terms t WHERE {among}"


def _about(about: Given, row: str) -> Condition:
    if (overlaps := about["overlaps"]).there:
        days = overlaps.parameter(encode_days, "daterange")
        return Condition(
            f"{row}.about && {days}",
            lambda: f"SELECT a.claim_id FROM read.claim_abouts a WHERE a.about && {days}",
        )
    return Condition(f"{row}.about IS {'NOT ' if about['known'].value else ''}NULL")


def _times(field: Field, range_: Given, row: str, column: str) -> Iterator[Condition]:
    if not range_.there:
        return
    bounds = []
    for name, sign in (("from", ">="), ("to", "<=")):
        if range_[name].there:
            bound = range_.parameter(encode_end(range_.name, name), "timestamptz")
            bounds.append(f"{column} {sign} {bound}")
    if bounds:
        held = field.moment.held("h")
        within = " AND ".join(f"h.{bound}" for bound in bounds)
        yield Condition(
            " AND ".join(f"{row}.{bound}" for bound in bounds),
            lambda: f"SELECT h.claim_id FROM read.claims h WHERE {within} AND {held}",
            column,
        )


@cache
def encode_id(subject: Subject) -> Callable[[Any], str]:
    """What a client names a thing by as its UUID. Raises InvalidId."""

    def encode(text: Any) -> str:
        return str(resolve(subject, reference(subject, text)))

    return encode


@cache
def encode_term(sort: Sort) -> Encode:
    """A topic or a label as the term that stands for it. Raises InvalidInput."""

    def encode(text: Any) -> str:
        return str(term(sort, encode_text(text)))

    return encode


def encode_text(text: Any) -> str:
    """A topic or a label. Raises InvalidInput where it can be none."""
    if not text or len(text) > LONGEST or "\0" in text:
        raise InvalidInput(f"it has 1 to {LONGEST} characters, and no NUL among them")
    return str(text)


def encode_days(text: Any) -> str:
    """The days that an EDTF date or interval can mean. Raises InvalidTime."""
    parse_about(text)
    return str(days_of(text))


@cache
def encode_end(field: str, name: str) -> Encode:
    """One end of a range of times. Raises InvalidTime where it is none, or the range ends before it
    starts."""

    def encode(given: Any) -> str:
        ends = {}
        for one, read in (("from", _start), ("to", last_instant)):
            text = given.get(one)
            if text is not None:
                try:
                    ends[one] = read(text)
                except InvalidTime as error:
                    raise InvalidTime(str(error), field=f"{field}.{one}") from None
        if len(ends) == 2 and ends["to"] < ends["from"]:
            raise InvalidTime("it lies before `from`", field=f"{field}.to")
        return ends[name].isoformat()

    return encode


def _start(text: str) -> Any:
    return parse_moment(text).start
