"""Whom a sentence of the digest quotes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from domain.words import SourceKind, Verb


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody whom a sentence quotes, and how it puts that. The kind is read off the name."""

    name: str
    kind: SourceKind
    verb: Verb
    role: str | None = None


_VERBS: Final = {
    "claim": Verb.CLAIMED,
    "assert": Verb.CLAIMED,
    "report": Verb.REPORTED,
    "announce": Verb.ANNOUNCED,
    "confirm": Verb.CONFIRMED,
    "allege": Verb.ALLEGED,
    "estimate": Verb.ESTIMATED,
    "warn": Verb.WARNED,
}
_WHO = r"(?P<who>(?=[A-Z“\"])(?:[^.;:]|\b[A-Z]\.){2,140}?)"
_SAYS = re.compile(
    rf"^{_WHO},? (?:also )?"
    r"(?:(?P<say>says?|said)(?! (?:in|to|on|at|by)\b)"
    r"|(?P<deny>den(?:y|ies|ied))(?= (?:that|having|\w+ing|any|involvement|responsibility)\b"
    r"| (?:the |these |those |all )?(?:claim|report|allegation|accusation|rumou?r)s?\b)"
    rf"|(?P<that>{'|'.join(_VERBS)})(?:s|ed|d)? that)\b"
)
_ACCORDING = re.compile(
    r"(?:^|[,;]? )[Aa]ccording to "
    r"(?P<who>(?:the |an? )?(?:[^.,;:]|\b[A-Z]\.){2,100}?)(?=[,;]|\.(?:\s|$)|$)"
)
_NOT_A_NAME = re.compile(
    r"\b(?:is|are|was|were|has|have|had|after|when|while|where|as|because|although|who|which|that"
    r"|kills?|killed|following|amid|despite|into|says?|said|by|his|her|its|their"
    r"|law|laws|policy|plan|plans|data|estimates|figures|rules|results|study|survey|poll)\b"
)
_TITLE: Final = (
    r"(?:\w+-)?(?:[Pp]resident|[Mm]inister|[Cc]hancellor|[Ss]ecretary|[Ss]pokes(?:man|woman|person)"
    r"|[Gg]overnor|[Mm]ayor|[Gg]eneral|[Ll]eader|[Pp]remier|[Aa]mbassador|[Ss]enator|[Cc]hief|[Kk]ing"
    r"|[Qq]ueen|[Pp]rince|[Pp]ope|CEO|[Dd]irector|[Cc]ommander|[Cc]hair(?:man|woman)?|[Aa]dviser"
    r"|[Aa]dvisor|[Ee]nvoy|[Cc]ommissioner|[Hh]ead)(?:-\w+)?"
)
_NAME: Final = (
    r"(?P<name>[A-Z][\w'’-]+(?: (?:[A-Z][\w'’.-]+|al|bin|ibn|von|van|de|der|da))*"
    r" [A-Z][\w'’-]+)"
)
_TITLED = re.compile(rf"^(?P<role>(?:[\w'’.–-]+ )*?{_TITLE}) {_NAME}$")
_OF_TITLED = re.compile(rf"^(?P<role>(?:[\w'’.–-]+ )*?{_TITLE} (?:of|for) [\w'’ .–-]+), {_NAME}$")
_UNNAMED = re.compile(
    r"\b(?:officials?|sources?|witness(?:es)?|residents?|locals|activists?|experts?|analysts?"
    r"|reports?|media|scientists|researchers|doctors|medics|survivors|rumou?rs"
    r"|spokes(?:man|woman|person))\b"
)
_OFFICIAL = re.compile(
    r"\b(?:[Mm]inistry|[Gg]overnment|[Pp]olice|[Aa]rmy|[Ff]orces?|[Mm]ilitary|[Dd]epartment"
    r"|[Aa]uthorit(?:y|ies)|[Pp]arliament|[Cc]ourt|[Cc]ouncil|[Oo]ffice|[Nn]avy|Kremlin|Pentagon"
    r"|White House|[Pp]rosecutors?|[Aa]dministration|[Ss]enate|[Cc]ongress|[Ee]mbassy|Command"
    r"|General Staff|Coast Guard)\b"
)
_ORGANISATION = re.compile(
    r"\b(?:Nations|Organi[sz]ation|Union|League|Agency|Association|Committee|Commission|Company"
    r"|Corporation|Bank|Fund|Federation|Foundation|Institute|University|Observatory|Party|Front"
    r"|Movement|Group|Red Cross|Watch|International|Service|Survey|Society|Network|Airlines"
    r"|Airways|Center|Centre|Program(?:me)?)\b"
)
_STATE = re.compile(
    r"(?:"
    r"Afghanistan|Algeria|Argentina|Armenia|Australia|Austria|Azerbaijan|Bangladesh|Belarus|"
    r"Belgium|Brazil|Bulgaria|Cambodia|Canada|Chile|China|Colombia|Croatia|Cuba|Denmark|"
    r"Egypt|Eritrea|Estonia|Ethiopia|Finland|France|Georgia|Germany|Greece|Hungary|India|"
    r"Indonesia|Iran|Iraq|Ireland|Israel|Italy|Japan|Jordan|Kazakhstan|Kenya|Kosovo|Latvia|"
    r"Lebanon|Libya|Lithuania|Malaysia|Mali|Mexico|Moldova|Myanmar|Netherlands|New Zealand|"
    r"Niger|Nigeria|North Korea|Norway|Pakistan|Peru|Philippines|Poland|Portugal|Qatar|"
    r"Romania|Russia|Rwanda|Saudi Arabia|Serbia|Singapore|Somalia|South Korea|Spain|Sudan|"
    r"Sweden|Switzerland|Syria|Taiwan|Thailand|Tunisia|Turkey|Uganda|Ukraine|United Kingdom|"
    r"United States|Venezuela|Vietnam|Yemen"
    r")"
)
_SMALL_WORDS: Final = frozenset(("of", "for", "the", "and", "on", "in", "de"))


def quoted(statement: str) -> Party | None:
    """Whom a sentence quotes, where it says so in plain words; None otherwise.

    `X says`, `X denies that` or `X claims that` at its start, or `according to X`. What stands in
    X's place has to be sure: a title and a name, an office, a state, an organisation that its name
    shows to be one, or a word for people without names. Rather nobody than half a sentence.
    """
    if (found := _SAYS.match(statement)) is not None:
        if found["say"]:
            return _party(found["who"], Verb.SAID)
        return _party(found["who"], Verb.DENIED if found["deny"] else _VERBS[found["that"]])
    if (found := _ACCORDING.search(statement)) is not None:
        return _party(found["who"], Verb.SAID)
    return None


def _party(who: str, verb: Verb) -> Party | None:
    who = re.sub(r"^(?:The|the|An?|an?)\s+", "", who.strip().strip(",")).strip()
    words = who.split()
    if not words or len(words) > 10 or _NOT_A_NAME.search(who) or re.search(r"\d", who):
        return None
    if titled := _OF_TITLED.match(who) or (None if " of " in who else _TITLED.match(who)):
        role = titled["role"]
        return None if " and " in role else Party(titled["name"], SourceKind.PERSON, verb, role)
    if "," in who:
        return None
    if _STATE.fullmatch(who.split(" and ")[0]) and " and " in who:
        return None
    if _UNNAMED.search(who) or who == who.lower():
        return Party(who, SourceKind.UNNAMED, verb)
    if _STATE.fullmatch(who) or _OFFICIAL.search(who):
        return Party(who, SourceKind.OFFICIAL_BODY, verb)
    proper = all(word[0].isupper() or word in _SMALL_WORDS for word in words)
    if proper and (_ORGANISATION.search(who) or re.fullmatch(r"[A-Z]{2,6}s?", who)):
        return Party(who, SourceKind.ORGANISATION, verb)
    return None
