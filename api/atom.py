"""An Atom feed (RFC 4287) as bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, Final

from feedgenerator import Atom1Feed  # type: ignore[import-untyped]
from feedgenerator.django.utils.encoding import iri_to_uri  # type: ignore[import-untyped]

ATOM: Final = "application/atom+xml"

# What no XML document may hold, however it is written (XML 1.0, section 2.2).
_UNWRITABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a feed. All addresses are absolute."""

    id: str
    """Never another, and never that of another entry (RFC 4287, section 4.2.6)."""
    title: str
    """Plain text."""
    summary: str
    """HTML."""
    link: str
    """What the entry is about."""
    related: tuple[tuple[str, str], ...]
    """Further addresses, each with its relation before it."""
    author: str
    published: datetime
    updated: datetime
    categories: tuple[tuple[str, str], ...]
    """Each as its term and its label."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A page of a feed."""

    id: str
    title: str
    subtitle: str
    home: str
    updated: datetime
    links: tuple[tuple[str, str], ...]
    """Where it is found, and its other pages (RFC 5005), each with its relation before it."""
    entries: tuple[Entry, ...]


class _Writer(Atom1Feed):  # type: ignore[misc]
    """The library's feed, with links of every relation and categories with labels."""

    def latest_post_date(self) -> datetime:
        updated: datetime = self.feed["updated"]
        return updated

    def add_root_elements(self, handler: Any) -> None:
        super().add_root_elements(handler)
        self._add_links(handler, self.feed["links"])

    def add_item_elements(self, handler: Any, item: Any) -> None:
        super().add_item_elements(handler, item)
        self._add_links(handler, item["related"])
        for term, label in item["labelled"]:
            handler.addQuickElement("category", "", {"term": term, "label": label})

    def _add_links(self, handler: Any, links: tuple[tuple[str, str], ...]) -> None:
        for relation, address in links:
            handler.addQuickElement("link", "", {"rel": relation, "href": iri_to_uri(address)})


def written(feed: Feed) -> bytes:
    """A feed in UTF-8. The same feed gives the same bytes."""
    writer = _Writer(
        title=_writable(feed.title),
        link=feed.home,
        description=None,
        subtitle=_writable(feed.subtitle),
        feed_guid=feed.id,
        updated=feed.updated,
        links=feed.links,
    )
    for entry in feed.entries:
        writer.add_item(
            title=_writable(entry.title),
            link=entry.link,
            description=_writable(entry.summary),
            unique_id=entry.id,
            author_name=_writable(entry.author),
            pubdate=entry.published,
            updateddate=entry.updated,
            related=[(relation, _writable(address)) for relation, address in entry.related],
            labelled=entry.categories,
        )
    out = BytesIO()
    writer.write(out, "utf-8")
    return out.getvalue()


def _writable(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)
