"""A claim by its address, as it is and as it was: Memento (RFC 7089) over reporting times.

`/claims/{id}` is the original resource and its own TimeGate (pattern 1.1): with `Accept-Datetime`
it leads to what was in print at that time, at an address of its own. Such an address names both the
reporting time and the position of the log, so that what it shows never changes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl, quote, unquote

from starlette.types import Scope

from api.claim_state import find
from api.errors import NOT_FOUND, RequestRefused
from api.execution import Engine
from api.forms import Form, Headers, made
from api.ids import global_id, reference
from api.negotiation import JSON, coding, prefers
from api.resource import Resource
from api.timemap import LINK_FORMAT, Links, written_date
from api.watching import CLAIM_PAGE
from domain.ids import Subject, resolve
from domain.moments import last_instant
from domain.refusals import InvalidInput, InvalidTime

_DATE: Final = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    r" (\d{4}) (\d\d):(\d\d):(\d\d) GMT"
)
_MONTHS: Final = "JanFebMarAprMayJunJulAugSepOctNovDec"


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address names."""

    claim: str
    """Its global id."""
    is_canonical: bool
    """The address names the claim by its global id."""
    timemap: bool
    reported_at: str | None
    position: int | None

    def path(self) -> str:
        """The address, with the claim's global id."""
        base = f"/claims/{self.claim}"
        if self.reported_at is not None:
            base += f"@{quote(self.reported_at, safe=':')}"
        elif self.timemap:
            base += "/timemap"
        return base if self.position is None else f"{base}?position={self.position}"


class Mementos(Resource):
    """`/claims/{id}`, `/claims/{id}@{time}` and `/claims/{id}/timemap`."""

    operation = CLAIM_PAGE

    async def answer(self, scope: Scope, headers: dict[bytes, bytes]) -> Form:
        """The claim, its time map, or the way to one of them."""
        asked = asked_by(scope)
        if not asked.is_canonical:
            return redirect(301, asked.path(), [])
        wanted = headers.get(b"accept-datetime")
        instant = None
        if wanted is not None and asked.reported_at is None and not asked.timemap:
            instant = read_date(wanted.decode("latin-1"))
        engine: Engine = scope["state"]["engine"]
        found = await find(engine, asked.claim, asked.reported_at, asked.position)
        links = Links(self.base(scope, headers) or "", asked.claim, found.position, found.times)
        accepted = coding(headers.get(b"accept-encoding", b"").decode("latin-1"))
        if asked.timemap:
            accept = headers.get(b"accept", b"").decode("latin-1")
            if prefers(accept, JSON, LINK_FORMAT):
                return made(links.timemap_json(), found.lasting, JSON, accepted)
            return made(links.timemap(), found.lasting, LINK_FORMAT, accepted)
        if asked.reported_at is not None and asked.position is None:
            pinned = Asked(asked.claim, True, False, asked.reported_at, found.position)
            return redirect(302, pinned.path(), links.header(None))
        if instant is not None:
            chosen = found.at(instant)
            return redirect(302, links.memento(chosen), links.header(chosen))
        if asked.reported_at is None:
            vary = b"Accept-Datetime, Accept-Encoding"
            return made(found.body, found.lasting, JSON, accepted, links.header(None), vary=vary)
        in_print = found.at(last_instant(asked.reported_at))
        more = [(b"memento-datetime", written_date(in_print).encode()), *links.header(in_print)]
        return made(found.body, found.lasting, JSON, accepted, more, vary=b"Accept-Encoding")


def asked_by(scope: Scope) -> Asked:
    """What an address names. Raises RequestRefused and InvalidId."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    _, _, rest = raw.decode("ascii").partition("/claims/")
    name, slash, more = rest.partition("/")
    if slash and (more != "timemap" or "@" in name):
        raise RequestRefused("there is nothing at this address", code=NOT_FOUND, status=404)
    given, at, time = name.rpartition("@")
    if not at:
        given, time = name, ""
    try:
        identity, reported_at = (unquote(one, errors="strict") for one in (given, time))
    except UnicodeDecodeError:
        raise RequestRefused("the address is not in UTF-8") from None
    claim = global_id(Subject.CLAIM, resolve(Subject.CLAIM, reference(Subject.CLAIM, identity)))
    position = dict(parse_qsl(scope["query_string"].decode("latin-1"))).get("position")
    if position is not None and not re.fullmatch(r"[0-9]{1,18}", position):
        raise InvalidInput("a position is a whole number", field="position")
    return Asked(
        claim,
        is_canonical=claim == given,
        timemap=bool(slash),
        reported_at=reported_at if at else None,
        position=None if position is None else int(position),
    )


def redirect(status: int, to: str, more: Headers) -> Form:
    """The way to another address."""
    headers = [
        (b"location", to.encode()),
        (b"content-length", b"0"),
        (b"vary", b"Accept-Datetime"),
        (b"cache-control", b"no-cache"),
        *more,
    ]
    return Form(status, headers, b"")


def read_date(text: str) -> datetime:
    """The last instant of the second that `Accept-Datetime` names (RFC 7089, section 2.1.1). Raises
    InvalidTime."""
    match = _DATE.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError
        day, month, year, hour, minute, second = match.groups()
        return datetime(
            int(year),
            _MONTHS.index(month) // 3 + 1,
            int(day),
            int(hour),
            int(minute),
            int(second),
            999_999,
            tzinfo=UTC,
        )
    except ValueError:
        raise InvalidTime(
            f"{text[:100]!r} is not a date as in `Sun, 18 Aug 2024 00:00:00 GMT`",
            field="Accept-Datetime",
        ) from None
