"""A digest of current events, a day of sentences at a time, as commands.

Reads JSON Lines (plain or gzip) with `date`, `source_page`, `section`, `line` and `text`. The
text is that of Wikipedia's current-events portal, by its contributors, under CC BY-SA 4.0; every
command says from which page. `docs/feeds.md` says what becomes of each peculiarity.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, BinaryIO, Final

import msgspec
from msgspec import Meta, Struct

from domain.commands import (
    AddSourceAlias,
    AnyCommand,
    LinkClaims,
    OpenStory,
    PublishReport,
    RegisterSource,
    ReportClaim,
    StepInput,
)
from domain.invalid import invalid
from domain.moments import Precision, parse_moment
from domain.refusals import InvalidInput, InvalidTime, Refusal
from domain.values import Line, Text
from domain.words import ClaimKind, LinkKind, SourceKind, Verb
from feeds.digest_parties import Party, quoted
from feeds.digest_text import (
    AGENCIES,
    Outlet,
    ReportLine,
    outlet_slug,
    plain_outlet,
    report_line,
    slug,
)
from feeds.items import InvalidEncoding, InvalidJson, Item, Refused, Tally, refuse
from feeds.lines import numbered_lines
from feeds.making import made

ACTOR: Final = "feed:digest"

NO_TOPIC: Final = "Uncategorized"
"""The section of every line whose place in the topic tree was lost."""


class DigestLine(Struct, frozen=True, kw_only=True):
    """A line of the digest."""

    date: str
    line: Annotated[int, Meta(ge=0)]
    text: Text
    source_page: Line | None = None
    section: Line = NO_TOPIC


@dataclass(slots=True)
class _Day:
    """What the lines of a day so far say about the next."""

    date: str
    headings: list[str] = field(default_factory=list)
    """The headings above the next line; the last one is its story."""
    heading_was_last: bool = False
    said: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Known:
    """The sources and stories that have been made known, with their spellings."""

    sources: dict[str, set[str]] = field(default_factory=dict)
    stories: set[str] = field(default_factory=set)


_decoder: Final = msgspec.json.Decoder(DigestLine)


def read(
    stream: BinaryIO, *, actor: str = ACTOR, tally: Tally | None = None
) -> Iterator[Item | Refused]:
    """The commands that the lines come to, in their order, and refusals of bad lines.

    Memory grows with the outlets, parties and headings that occur, not with the lines.
    """
    counted = tally if tally is not None else Tally()
    return counted.count(_read(stream, actor, counted))


def _read(stream: BinaryIO, actor: str, tally: Tally) -> Iterator[Item | Refused]:
    day, known = _Day(""), _Known()
    for numbered in numbered_lines(stream):
        tally.lines += 1
        if isinstance(numbered, Refused):
            yield numbered
            continue
        line_number, raw = numbered
        try:
            line = _line(raw)
        except Refusal as refusal:
            yield refuse(line_number, raw, refusal)
            continue
        if line.date != day.date:
            day = _Day(line.date)
        found = report_line(line.text)
        if found is None:
            _head(day, line.text.strip())
            again = line.text in day.said
            day.said.add(line.text)
            tally.skipped["headings, repeated within their day" if again else "headings"] += 1
            continue
        day.heading_was_last = False
        if line.text in day.said:
            tally.skipped["repeated within its day"] += 1
            continue
        day.said.add(line.text)
        reason = f"{line.source_page or line.date}, Wikipedia, CC BY-SA 4.0"
        for command in _commands(line, found, day, known):
            yield made(line_number, command, actor, reason)


def _line(raw: bytes) -> DigestLine:
    try:
        line = _decoder.decode(raw)
    except UnicodeDecodeError:
        raise InvalidEncoding("the line is not UTF-8") from None
    except msgspec.ValidationError as error:
        raise invalid(str(error)) from None
    except msgspec.DecodeError as error:
        raise InvalidJson(str(error)) from None
    try:
        precision = parse_moment(line.date).precision
    except InvalidTime as error:
        raise InvalidTime(str(error), field="date") from None
    if precision is not Precision.DAY:
        raise InvalidTime(f"{line.date!r} is no day", field="date")
    if "\0" in line.text:
        raise InvalidInput("it holds the character NUL", field="text")
    return line


def _head(day: _Day, heading: str) -> None:
    """Headings that follow one another lead from the wider subject to the narrower."""
    if not day.heading_was_last:
        day.headings = []
    day.headings.append(heading)
    day.heading_was_last = True


def _commands(
    line: DigestLine, found: ReportLine, day: _Day, known: _Known
) -> Iterator[AnyCommand]:
    story = None
    if day.headings:
        story = slug(day.headings[-1]) or "untitled"
        if story not in known.stories:
            known.stories.add(story)
            yield OpenStory(story=story, title=day.headings[-1][:1_000])
    party = quoted(found.statement)
    if party is not None:
        yield from _party_known(party, known)
    topics = day.headings[:-1] + ([line.section] if line.section != NO_TOPIC else [])
    first: str | None = None
    refs: set[str] = set()
    for outlet in found.outlets or (None,):
        ref = name = f"digest:{line.date}:{line.line}:{_tail(outlet)}"
        count = 1
        while ref in refs:
            count += 1
            ref = f"{name}~{count}"
        refs.add(ref)
        steps = []
        for supplier in outlet.supplied_by if outlet else ():
            yield from _outlet_known(supplier, known)
            steps.append(StepInput(source=_ref(outlet_slug(supplier)), verb=Verb.REPORTED))
        if party is not None:
            steps.append(StepInput(source=_ref(slug(party.name)), verb=party.verb, role=party.role))
        if outlet is not None:
            yield from _outlet_known(outlet.name, known)
        yield PublishReport(
            report=ref,
            outlet=None if outlet is None else _ref(outlet_slug(outlet.name)),
            published_at=line.date,
        )
        yield ReportClaim(
            claim=ref,
            report=ref,
            story=story,
            kind=_kind(party),
            statement=found.statement,
            language="en",
            about=line.date,
            attribution=tuple(steps),
            topics=tuple(topics),
        )
        if first is None:
            first = ref
        else:
            yield LinkClaims(claim=ref, kind=LinkKind.REPEATS, to=first)


def _tail(outlet: Outlet | None) -> str:
    return "unknown" if outlet is None else outlet_slug(outlet.name) or "unknown"


def _kind(party: Party | None) -> ClaimKind:
    return ClaimKind.DENIAL if party and party.verb is Verb.DENIED else ClaimKind.ASSERTION


def _ref(source: str) -> str:
    return f"digest:{source}"


def _outlet_known(name: str, known: _Known) -> Iterator[AnyCommand]:
    """Register an outlet the first time, and each further spelling as an alias."""
    found = outlet_slug(name)
    kind = SourceKind.AGENCY if found in AGENCIES else SourceKind.OUTLET
    yield from _source_known(found, plain_outlet(name), kind, known)


def _party_known(party: Party, known: _Known) -> Iterator[AnyCommand]:
    yield from _source_known(slug(party.name), party.name, party.kind, known)


def _source_known(source: str, name: str, kind: SourceKind, known: _Known) -> Iterator[AnyCommand]:
    spellings = known.sources.get(source)
    if spellings is None:
        known.sources[source] = {name}
        yield RegisterSource(source=_ref(source), name=name, kind=kind)
    elif name not in spellings:
        spellings.add(name)
        yield AddSourceAlias(source=_ref(source), alias=name)
