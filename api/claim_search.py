"""Words looked for in the statements of claims: the query, how well a claim fits, the snippet.

The statement of each claim is stemmed by the dictionary of its own language
(`projections.dictionaries`), the query by that of the language it is said to be in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from api.compiler import Field
from api.parameters import Given
from domain.refusals import InvalidInput
from projections.dictionaries import OTHERWISE, dictionary_of

LONGEST: Final = 1_000
"""Characters of a search."""

LENGTH_COUNTS: Final = 1
"""ts_rank_cd: the same words mean more in a short statement than in a long one."""

SAME: Final = (
    "c.claim_id = w.claim_id AND c.wording = w.wording"
    " AND c.first_reported_at = w.first_reported_at"
)
"""What brings a claim and its words together. The time is the same anyhow; it is named so that the
order of the one is known to be that of the other."""

SHORT: Final = 300
"""Characters of a statement that is shown whole."""

MARKS: Final = "StartSel=<mark>, StopSel=</mark>"
WHOLE: Final = f"{MARKS}, HighlightAll=true"
PARTS: Final = f'{MARKS}, MaxWords=40, MinWords=20, MaxFragments=2, FragmentDelimiter=" … "'

_TAG: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,8}")
_ESCAPES: Final = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;"))


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for, in terms of the statement's parameters."""

    query: str
    """The tsquery. It stands in a sub-select, so that it is read once and not for each row."""

    @property
    def among(self) -> str:
        """The claims that ever had the words."""
        return f"SELECT w.claim_id FROM read.claim_wordings w WHERE w.words @@ {self.query}"

    def fits(self, row: str) -> str:
        """Whether a claim has the words."""
        return (
            f"EXISTS (SELECT FROM read.claim_wordings w WHERE w.claim_id = {row}.claim_id"
            f" AND w.wording = {row}.wording AND w.words @@ {self.query})"
        )

    @property
    def ranked(self) -> str:
        """The claims that have the words, each with its `rank`: a real, the greater the better."""
        return (
            f"(SELECT c.*, w.dictionary, {self._rank} AS rank FROM read.claims c"
            f" JOIN read.claim_wordings w ON {SAME} WHERE w.words @@ {self.query})"
        )

    @property
    def best_first(self) -> str:
        """The same, read in the order of relevance."""
        # Everything is ranked before it is known which of it holds at the moment asked about: the
        # rows that a page does not need are never fetched. OFFSET keeps the planner to that.
        best = (
            f"(SELECT w.claim_id, w.wording, w.first_reported_at, w.dictionary,"
            f" {self._rank} AS rank FROM read.claim_wordings w WHERE w.words @@ {self.query}"
            f" ORDER BY rank DESC, w.first_reported_at DESC, w.claim_id DESC OFFSET 0)"
        )
        return f"(SELECT c.*, w.dictionary, w.rank FROM {best} w JOIN read.claims c ON {SAME})"

    @property
    def _rank(self) -> str:
        return f"ts_rank_cd(w.words, {self.query}, {LENGTH_COUNTS})"

    def snippet(self, row: str) -> str:
        """The statement or the best of it, safe to show as HTML, with the words marked."""
        # It is escaped before it is marked: what is marked then holds no markup but the marks.
        escaped = f"{row}.statement"
        for plain, written in _ESCAPES:
            escaped = f"replace({escaped}, {_literal(plain)}, {_literal(written)})"
        how = (
            f"CASE WHEN length({row}.statement) <= {SHORT}"
            f" THEN {_literal(WHOLE)} ELSE {_literal(PARTS)} END"
        )
        return f"ts_headline({row}.dictionary, {escaped}, {self.query}, {how})"


def search_asked(field: Field) -> Search | None:
    """The search that a field is given, if any. Raises Refused."""
    arguments = field.definition.args
    if "search" not in arguments:
        return None
    text, language = field.given("search"), field.given("language")
    if not text.there:
        if language.there:
            raise language.refuse(InvalidInput("it is the language of a search: give that too"))
        return None
    return Search(
        f"(SELECT websearch_to_tsquery({_dictionary(language)},"
        f" {text.parameter(encode_search, 'text')}))"
    )


def _dictionary(language: Given) -> str:
    if not language.there:
        return f"'{OTHERWISE}'::regconfig"
    return language.parameter(encode_language, "regconfig")


def encode_search(text: Any) -> str:
    """The words that are looked for. Raises InvalidInput."""
    if not text.strip() or len(text) > LONGEST:
        raise InvalidInput(f"a search has 1 to {LONGEST} characters")
    if "\0" in text:
        raise InvalidInput("a search holds no NUL character")
    return str(text)


def encode_language(tag: Any) -> str:
    """The dictionary of a language. Raises InvalidInput where it is no language tag."""
    if not _TAG.fullmatch(tag):
        raise InvalidInput(f"{tag[:40]!r} is no language tag: write de or de-AT")
    return f"pg_catalog.{dictionary_of(tag)}"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
