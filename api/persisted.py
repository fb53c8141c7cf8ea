"""Documents that a request names instead of sending them.

There are two ways. *Automatic*: a client sends a document's SHA-256 alone; where nobody has sent
the document before, it is told so and sends both (Apollo's protocol, which urql speaks as well).
*Trusted*: the server is given all documents that there are beforehand, and refuses every other one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
from cachetools import LRUCache

from api.errors import RequestRefused
from api.request import GraphQLRequest

NOT_FOUND: Final = "PERSISTED_QUERY_NOT_FOUND"
NOT_SUPPORTED: Final = "PERSISTED_QUERY_NOT_SUPPORTED"
OTHER_HASH: Final = "PERSISTED_QUERY_HASH_MISMATCH"
NOT_IN_LIST: Final = "PERSISTED_QUERY_NOT_IN_LIST"
NOT_IN_SAFELIST: Final = "QUERY_NOT_IN_SAFELIST"

KEPT: Final = 4_000_000
"""Characters of documents that are kept because clients sent them with their hash."""

_HASH: Final = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")


class Store:
    """Finds the document that a request means."""

    def __init__(self, trusted: Mapping[str, str] | None = None, kept: int = KEPT) -> None:
        """`trusted`: the only documents that are answered, by id. `kept`: how many characters of
        others are kept; 0 turns automatic persisted queries off."""
        self._trusted = trusted
        self._safe = frozenset() if trusted is None else frozenset(trusted.values())
        self._kept: LRUCache[str, str] = LRUCache(kept, getsizeof=lambda text: len(text) + 200)

    def text(self, request: GraphQLRequest) -> str:
        """The document. Raises RequestRefused where there is none, or it is not to be answered."""
        name = _named(request)
        query = request.query
        if self._trusted is not None:
            return self._trusted_text(name, query)
        if name is None:
            if not query:
                raise RequestRefused("the request has no query", field="query")
            return query
        if self._kept.maxsize == 0:
            raise RequestRefused(
                "PersistedQueryNotSupported", code=NOT_SUPPORTED, plain=200, field="extensions"
            )
        digest = _HASH.fullmatch(name)
        if query:
            if digest is None or sha256(query.encode()).hexdigest() != digest[1].lower():
                raise RequestRefused(
                    "the hash is not that of the query", code=OTHER_HASH, field="extensions"
                )
            return query
        kept = self._kept.get(digest[1].lower()) if digest else None
        if kept is None:
            # Apollo's and urql's clients know it by this message.
            raise RequestRefused("PersistedQueryNotFound", code=NOT_FOUND, plain=200)
        return kept

    def _trusted_text(self, name: str | None, query: str | None) -> str:
        assert self._trusted is not None
        if name is not None:
            trusted = self._trusted.get(name) or self._trusted.get(name.removeprefix("sha256:"))
            if trusted is None or (query and query != trusted):
                raise RequestRefused(
                    "only documents on this server's list are answered, and this id is not on it",
                    code=NOT_IN_LIST,
                    status=403,
                )
            return trusted
        if query not in self._safe:
            raise RequestRefused(
                "only documents on this server's list are answered, and this one is not on it",
                code=NOT_IN_SAFELIST,
                status=403,
            )
        assert query is not None
        return query

    def keep(self, request: GraphQLRequest) -> None:
        """Keep the document of a request that came with its hash and was answered."""
        name, query = _named(request), request.query
        digest = _HASH.fullmatch(name or "")
        if digest and query and self._trusted is None and len(query) + 200 <= self._kept.maxsize:
            self._kept[digest[1].lower()] = query


def _named(request: GraphQLRequest) -> str | None:
    """The id by which a request names its document. Raises RequestRefused."""
    name = request.document_id or request.doc_id
    persisted = (request.extensions or {}).get("persistedQuery")
    if name is not None or persisted is None:
        return name
    match persisted:
        case {"version": 1, "sha256Hash": str(given)}:
            return given
    raise RequestRefused(
        "a persisted query has version 1 and a sha256Hash", field="extensions.persistedQuery"
    )


class UnreadableDocuments(Exception):
    """The trusted documents cannot be read. `str()` says why."""


def read_trusted(path: Path) -> dict[str, str]:
    """The trusted documents, by every id that each may be named by: its SHA-256, and the id that it
    has in a manifest, or the name of its file.

    `path` is a manifest or a folder of them and of `.graphql` files. A manifest is the JSON object
    from ids to documents that Relay's compiler and GraphQL Code Generator write, or Apollo's
    (`apollo-persisted-query-manifest`). Raises UnreadableDocuments.
    """
    found: dict[str, str] = {}
    try:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            for name, text in _documents_in(file):
                for key in (name, sha256(text.encode()).hexdigest()):
                    if found.setdefault(key, text) != text:
                        raise UnreadableDocuments(f"{file}: {key} names two documents")
    except (OSError, UnicodeError, msgspec.DecodeError) as error:
        raise UnreadableDocuments(f"{path}: {error}") from error
    if not found:
        raise UnreadableDocuments(f"{path} holds no documents")
    return found


def _documents_in(file: Path) -> Iterator[tuple[str, str]]:
    match file.suffix:
        case ".graphql" | ".gql":
            yield file.stem, file.read_text("utf-8")
        case ".json":
            manifest: Any = msgspec.json.decode(file.read_bytes())
            match manifest:
                case {"format": "apollo-persisted-query-manifest", "operations": [*operations]}:
                    pairs = [(one.get("id"), one.get("body")) for one in operations]
                case dict():
                    pairs = list(manifest.items())
                case _:
                    pairs = [(None, None)]
            for name, text in pairs:
                if not isinstance(name, str) or not isinstance(text, str):
                    raise UnreadableDocuments(f"{file} is no manifest of documents")
                yield name, text
