"""What a line of the digest is: a heading, or a report with its outlets."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

_OUTLETS = re.compile(r"(?:[\s,;\[]*\((?:[^()]|\([^()]*\))+\))+[\s.\]]*$")
_OUTLET = re.compile(r"\(((?:[^()]|\([^()]*\))+)\)")
_UNCLOSED = re.compile(r"\s*\(([A-Z][^()]{1,40})$")
_STOP = re.compile(r"[.?!…][\"”'’»)\]]*$")
_ABBREVIATION = re.compile(
    r"(?:\b[A-Z]\.|\b(?:Jr|Sr|Inc|Ltd|Co|Corp|St|No|Bros|vs?|al|etc)\.)[\"”]?$"
)
_ADDED_TO_A_TITLE = re.compile(r"\b\d{4}\b|present$|^[a-z]")
_FINITE = re.compile(r"\b(?:is|are|was|were|has|have)\b")
_ADDRESS = re.compile(r"https?://")


@dataclass(frozen=True, slots=True)
class Outlet:
    """Who published a report, and from whom they had it, the nearest first: `AFP via France 24`."""

    name: str
    supplied_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A line that reports something."""

    statement: str
    outlets: tuple[Outlet, ...]


def report_line(text: str) -> ReportLine | None:
    """The report that a line holds; None for a heading.

    A line reports if, without the brackets at its end, it closes like a sentence (and not with an
    abbreviation, as `Washington, D.C.` does). Where the full stop is missing, it reports if it
    has eight words or more before brackets that name an outlet (and do not belong to a title, as
    `(state)` and `(2023)` do), holds an address, or has ten words and `is`, `are`, `was`, `were`,
    `has` or `have`.
    """
    text = text.strip()
    found = _OUTLETS.search(text)
    body = text[: found.start()].rstrip(" [,;") if found else text
    brackets = _OUTLET.findall(found[0]) if found else []
    if found and _ends(body):
        return ReportLine(body, _outlets(brackets))
    if found and not text.endswith("."):
        named = [name for name in brackets if not _ADDED_TO_A_TITLE.search(name)]
        if named and len(body.split()) >= 8:
            return ReportLine(body, _outlets(named))
    if (cut := _UNCLOSED.search(text)) and _ends(text[: cut.start()]):
        return ReportLine(text[: cut.start()], _outlets([cut[1]]))
    long = len(text.split()) >= 10 and _FINITE.search(text)
    if _ends(text) or _ADDRESS.search(text) or long:
        return ReportLine(text, ())
    return None


def _ends(body: str) -> bool:
    return bool(_STOP.search(body)) and not _ABBREVIATION.search(body)


def _outlets(brackets: list[str]) -> tuple[Outlet, ...]:
    found = []
    for bracket in brackets:
        *supplied, name = [part.strip() for part in re.split(r"\s+via\s+", bracket.strip())]
        if any(letter.isalnum() for letter in name):
            found.append(Outlet(name, tuple(reversed([part for part in supplied if part]))))
    return tuple(found)


_LANGUAGE = re.compile(r"\s*\(?\bin (?:Brazilian )?[A-Z][a-z]+\)?$")
_NUMBERED = re.compile(r"\s[1-9]$")
_OWN_NUMBER = re.compile(
    r"\b(?:formula|channel|radio|tv|tvn|canal|kanal|france|bbc|rai|npo)\s\d$", re.I
)

SPELLINGS: Final = {
    "afp-news": "afp",
    "agence-france-presse": "afp",
    "anadolu-agency": "aa",
    "ap-news": "ap",
    "associated-press": "ap",
    "deutsche-welle": "dw",
    "kyiv-indepenent": "kyiv-independent",
    "new-york-times": "nyt",
    "radio-free-europe-radio-liberty": "rfe-rl",
    "radiofreeeurope-radioliberty": "rfe-rl",
    "voice-of-america": "voa",
    "wall-street-journal": "wsj",
    "xinhua-news-agency": "xinhua",
    "yahoo-news": "yahoo",
    "yonhap-news-agency": "yonhap",
}
"""Spellings that are surely one outlet, beyond what `outlet_slug` brings together by itself."""

AGENCIES: Final = frozenset(
    {"aa", "afp", "ani", "ap", "apa", "bernama", "efe", "interfax", "kyodo-news", "pti", "reuters"}
    | {"saba", "tass", "ukrinform", "upi", "xinhua", "yonhap"}
)


def plain_outlet(name: str) -> str:
    """An outlet's name without what the digest adds: `Reuters 2`, `Gestión in Spanish`."""
    name = _LANGUAGE.sub("", " ".join(name.split())).rstrip(". ") or name
    if _NUMBERED.search(name) and not _OWN_NUMBER.search(name):
        name = _NUMBERED.sub("", name)
    return name


def outlet_slug(name: str) -> str:
    """What the spellings of an outlet share: case, accents, marks and `The` are set aside."""
    found = slug(re.sub(r"^the\s+(?=\S)", "", plain_outlet(name), flags=re.I))
    return SPELLINGS.get(found, found)


def slug(text: str) -> str:
    """A text as a reference: Latin letters and digits, joined by hyphens."""
    folded = unicodedata.normalize("NFKD", text.replace("’", "").replace("'", ""))
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter)).casefold()
    spaced = re.sub(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])", "-", plain)
    return re.sub(r"[\W_]+", "-", spaced).strip("-")
