"""A claim at a moment, for those that ask by address: a question that is always the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from api.answers import Lasting
from api.errors import NOT_FOUND, RequestRefused
from api.execution import Engine
from api.request import GraphQLRequest

QUESTION: Final = """
query Claim($id: ID!, $asOf: AsOf, $known: AsOf) {
  claim(id: $id, asOf: $asOf) {
    id ref version status contested reviewed kind statement language about topics
    attribution { source { ...Source } verb role namedAs }
    quantities { label value unit hedge low high }
    outlet { ...Source }
    report { id ref kind headline byline language urls publishedAt observedAt reportedAt precision }
    story { id slug title }
    publishedAt observedAt reportedAt precision lastChangedAt declaredChanges silentChanges
    concernSince erased { at ground reference }
    retraction { scope nature by because declared part withReport reportedAt }
    links { kind claimId }
    reviews { reviewer { ...Source } rating words url reportedAt }
    history { ...Event }
  }
  versions: claim(id: $id, asOf: $known) { history { reportedAt } }
}

fragment Source on Source { id ref name kind }

fragment Notice on Notice { text url issuer { ...Source } }

fragment Event on ClaimEvent {
  __typename version position recordedAt reportedAt precision actor reason voided
  erased { at ground reference }
  ... on ClaimCorrected {
    correctionNature correctsVersion declared notice { ...Notice } changes { ...Change }
  }
  ... on ConcernExpressed { declared notice { ...Notice } }
  ... on ConcernLifted { declared notice { ...Notice } }
  ... on ClaimRetracted { scope retractionNature by because part declared notice { ...Notice } }
  ... on ClaimReinstated { declared notice { ...Notice } }
  ... on ClaimErased { ground reference erases }
  ... on ClaimAmended { amends voids changes { ...Change } }
}

fragment Change on ClaimChange {
  __typename
  ... on StatementChange { oldStatement newStatement }
  ... on KindChange { oldKind newKind }
  ... on AboutChange { oldAbout newAbout }
  ... on QuantityChange {
    oldQuantity { label value unit hedge low high }
    newQuantity { label value unit hedge low high }
  }
  ... on TopicsChange { oldTopics newTopics }
}
"""


class _Version(Struct, frozen=True, rename="camel"):
    """A version of the claim."""

    reported_at: datetime


class _Basis(Struct, frozen=True):
    """What is needed of an answer's basis."""

    position: int


class _Versions(Struct, frozen=True):
    history: tuple[_Version, ...]


class _Data(Struct, frozen=True):
    claim: Raw
    versions: _Versions | None


class _Extensions(Struct, frozen=True, rename="camel"):
    basis: Raw = Raw()
    basis_by_field: dict[str, Raw] = {}


class _Error(Struct, frozen=True):
    message: str
    extensions: dict[str, Any]


class _Answered(Struct, frozen=True):
    data: _Data | None = None
    extensions: _Extensions | None = None
    errors: tuple[_Error, ...] = ()


_answered = msgspec.json.Decoder(_Answered)
_basis = msgspec.json.Decoder(_Basis)


@dataclass(frozen=True, slots=True)
class Found:
    """A claim at a moment, and when its versions were reported, as known then."""

    body: bytes
    lasting: Lasting
    position: int
    times: Sequence[datetime]

    def at(self, instant: datetime) -> datetime:
        """The version that was in print at an instant; the first, if none was yet."""
        return max((one for one in self.times if one <= instant), default=self.times[0])


async def find(engine: Engine, claim: str, reported_at: str | None, position: int | None) -> Found:
    """A claim at a moment. Raises RequestRefused where the record holds none then, or the moment is
    none; and whatever `Engine.answer` does."""
    known = {} if position is None else {"position": position}
    moment = known if reported_at is None else {**known, "reportedAt": reported_at}
    variables = {"id": claim, "asOf": moment, "known": known}
    request = GraphQLRequest(QUESTION, "Claim", Raw(msgspec.json.encode(variables)))
    answer = await engine.answer(request, own=True)
    answered = _answered.decode(answer.body)
    for error in answered.errors:
        raise RequestRefused(error.message, **error.extensions)
    data, extensions = answered.data, answered.extensions
    if data is None or bytes(data.claim) == b"null" or extensions is None or data.versions is None:
        raise RequestRefused(
            "the record holds no such claim at that moment", code=NOT_FOUND, status=404
        )
    basis = extensions.basis_by_field.get("claim", extensions.basis)
    return Found(
        msgspec.json.encode({"claim": data.claim, "basis": basis}),
        answer.lasting,
        _basis.decode(basis).position,
        sorted({one.reported_at for one in data.versions.history}),
    )
