"""Feeds of corrections and retractions: of the whole record, of a story, of a source."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from starlette.types import Scope

from api.atom import ATOM, Feed, written
from api.correction_entry import entry
from api.corrections import Page, page
from api.errors import NOT_FOUND, RequestRefused
from api.forms import Form, made
from api.negotiation import coding
from api.resource import Resource
from api.watching import FEED_PAGE
from domain.refusals import InvalidInput

_ADDRESS: Final = re.compile(r"/feeds/(?:corrections|(stories|sources)/([^/]+))\.atom")

_SORTS: Final = {None: None, "stories": "story", "sources": "source"}


class Feeds(Resource):
    """`/feeds/corrections.atom`, `/feeds/stories/{slug}.atom` and `/feeds/sources/{id}.atom`."""

    operation = FEED_PAGE

    async def answer(self, scope: Scope, headers: dict[bytes, bytes]) -> Form:
        """A page of a feed."""
        sort, name = _named(scope)
        before = _before(scope)
        found = await page(scope["state"]["engine"], sort, name, before)
        # A feed is read far from where it was fetched: its links have to be whole.
        feed = _feed(found, sort, before, self.base(scope, headers) or _served(scope))
        accepted = coding(headers.get(b"accept-encoding", b"").decode("latin-1"))
        return made(written(feed), found.lasting, ATOM, accepted, vary=b"Accept-Encoding")


def _served(scope: Scope) -> str:
    name, port = scope.get("server") or ("localhost", None)
    host = f"[{name}]:{port}" if ":" in name else f"{name}:{port or 80}"
    return f"{scope['scheme']}://{host}"


def _named(scope: Scope) -> tuple[str | None, str | None]:
    """The sort and the name of what the feed at an address is about."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    match = _ADDRESS.fullmatch(raw.decode("ascii"), raw.find(b"/feeds/"))
    if match is None:
        raise RequestRefused("there is nothing at this address", code=NOT_FOUND, status=404)
    try:
        return _SORTS[match[1]], match[2] and unquote(match[2], errors="strict")
    except UnicodeDecodeError:
        raise RequestRefused("the address is not in UTF-8") from None


def _before(scope: Scope) -> str | None:
    before = dict(parse_qsl(scope["query_string"].decode("latin-1"))).get("before")
    if before is not None and not re.fullmatch(r"[0-9]{1,18}", before):
        raise InvalidInput("a position is a whole number", field="before")
    return before


def _feed(found: Page, sort: str | None, before: str | None, base: str) -> Feed:
    host = (urlsplit(base).hostname or "localhost").lower()
    if ":" in host:  # a tag has no place for an address of IPv6 (RFC 4151, section 2.1)
        host = "localhost"
    of = found.of
    if of is None:
        own, about = f"{base}/feeds/corrections.atom", "Corrections and retractions"
    else:
        folder = "stories" if sort == "story" else "sources"
        own = f"{base}/feeds/{folder}/{quote(of.name, safe='')}.atom"
        about = f"Corrections and retractions: {of.title}"
    here = own if before is None else f"{own}?before={before}"
    links = [("self", here), ("first", own)]
    if not found.is_last:
        links.append(("next", f"{own}?before={found.events[0].position}"))
    entries = (entry(event, base, host) for event in reversed(found.events))
    return Feed(
        id=own,
        title=about,
        subtitle="From a record of reporting, in the order in which it was recorded, latest first.",
        home=f"{base}/",
        updated=found.events[-1].recorded_at if found.events else found.known_since,
        links=tuple(links),
        entries=tuple(one for one in entries if one is not None),
    )
