"""What was corrected or taken back, for those who read it as a feed: a question that is always the
same, and its answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct, field

from api.answers import Lasting
from api.change_words import CHANGE
from api.errors import NOT_FOUND, RequestRefused
from api.execution import Engine
from api.request import GraphQLRequest

ENTRIES: Final = 50
"""Entries of a page."""

QUESTION: Final = (
    """
query Record($filter: EventFilter, $last: Int, $before: String) {
  events(filter: $filter, last: $last, before: $before) { ...Page }
}

query OfStory($of: String!, $filter: EventFilter, $last: Int, $before: String) {
  events(filter: $filter, last: $last, before: $before) { ...Page }
  story(slug: $of) { name: slug title }
}

query OfSource($of: ID!, $filter: EventFilter, $last: Int, $before: String) {
  events(filter: $filter, last: $last, before: $before) { ...Page }
  source(id: $of) { name: id title: name }
}

fragment Page on EventConnection {
  pageInfo { hasPreviousPage }
  nodes { ...Event }
}

fragment Event on Event {
  __typename position recordedAt actor reason
  ... on ClaimEvent {
    reportedAt publishedAt observedAt
    claim { id statement outlet { name } report { headline urls } }
  }
  ... on ClaimCorrected {
    nature: correctionNature declared notice { ...Notice } changes { ...Change }
  }
  ... on ConcernExpressed { declared notice { ...Notice } }
  ... on ConcernLifted { declared notice { ...Notice } }
  ... on ClaimRetracted { scope by because part withReport declared notice { ...Notice } }
  ... on ClaimReinstated { declared notice { ...Notice } }
  ... on ClaimAmended { amends voids changes { ...Change } }
}

fragment Notice on Notice { text url issuer { name } }
"""
    + CHANGE
)

KINDS: Final = (
    "CLAIM_CORRECTED",
    "CLAIM_RETRACTED",
    "CLAIM_REINSTATED",
    "CONCERN_EXPRESSED",
    "CONCERN_LIFTED",
    "CLAIM_AMENDED",
)
"""The sorts of events that are told of. An amendment is among them because it may say that one of
the others never happened. A report that is withdrawn is not: each claim that it takes along is."""


class Named(Struct, frozen=True):
    """Something with a name."""

    name: str


class Report(Struct, frozen=True):
    """What carried a claim."""

    headline: str | None
    urls: tuple[str, ...]


class Claim(Struct, frozen=True):
    """A claim as it was once an event had happened."""

    id: str
    statement: str
    outlet: Named | None
    report: Report


class Notice(Struct, frozen=True):
    """What an outlet declared."""

    text: str | None
    url: str | None
    issuer: Named | None


class Event(Struct, frozen=True, rename="camel", kw_only=True):
    """An event of a claim. What those of its sort do not have is as if it were not there."""

    type: str = field(name="__typename")
    position: int
    recorded_at: datetime
    actor: str
    reason: str | None
    reported_at: datetime
    published_at: str | None
    observed_at: str | None
    claim: Claim | None
    """None where it was erased."""
    nature: str | None = None
    declared: bool | None = None
    notice: Notice | None = None
    changes: tuple[dict[str, Any], ...] = ()
    """Each with its `__typename`."""
    scope: str | None = None
    by: str | None = None
    because: str | None = None
    part: str | None = None
    with_report: bool = False
    amends: int = 0
    voids: bool = False


class Of(Struct, frozen=True):
    """The story or the source that a feed is about."""

    name: str
    """As it stands in addresses."""
    title: str


class Page(Struct, frozen=True):
    """A page of what was corrected or taken back, the earliest first."""

    events: tuple[Event, ...]
    is_last: bool
    """There is nothing before it."""
    of: Of | None
    """None where it is about the whole record."""
    known_since: datetime
    """When the position was recorded up to which the answer knows the record."""
    lasting: Lasting


class _PageInfo(Struct, frozen=True, rename="camel"):
    has_previous_page: bool


class _Events(Struct, frozen=True, rename="camel"):
    page_info: _PageInfo
    nodes: tuple[Event, ...]


class _Data(Struct, frozen=True):
    events: _Events
    story: Of | None = None
    source: Of | None = None


class _Basis(Struct, frozen=True, rename="camel"):
    recorded_at: datetime | None


class _Extensions(Struct, frozen=True):
    basis: _Basis


class _Error(Struct, frozen=True):
    message: str
    extensions: dict[str, Any]


class _Answered(Struct, frozen=True):
    data: _Data | None = None
    extensions: _Extensions | None = None
    errors: tuple[_Error, ...] = ()


_answered = msgspec.json.Decoder(_Answered)

_OPERATIONS: Final = {None: "Record", "story": "OfStory", "source": "OfSource"}


async def page(engine: Engine, sort: str | None, name: str | None, before: str | None) -> Page:
    """What was corrected or taken back in the whole record, or in the `story` or `source` of a
    name; before a position, or else the latest. Raises RequestRefused where there is no such story
    or source, or the position is none; and whatever `Engine.answer` does."""
    chosen: dict[str, object] = {"kind": KINDS}
    variables: dict[str, object] = {"filter": chosen, "last": ENTRIES}
    if sort is not None:
        chosen[sort] = variables["of"] = name
    if before is not None:
        variables["before"] = before
    request = GraphQLRequest(QUESTION, _OPERATIONS[sort], Raw(msgspec.json.encode(variables)))
    answer = await engine.answer(request, own=True)
    answered = _answered.decode(answer.body)
    for error in answered.errors:
        raise RequestRefused(error.message, **error.extensions)
    data, extensions = answered.data, answered.extensions
    if data is None or extensions is None:
        raise TypeError("an answer without errors has data")
    of = data.story or data.source
    if sort is not None and of is None:
        raise RequestRefused(f"the record holds no such {sort}", code=NOT_FOUND, status=404)
    return Page(
        data.events.nodes,
        not data.events.page_info.has_previous_page,
        of,
        extensions.basis.recorded_at or datetime.fromtimestamp(0, UTC),
        answer.lasting,
    )
