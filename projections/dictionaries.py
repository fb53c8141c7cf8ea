"""Which of PostgreSQL's dictionaries stems the words of a language."""

from __future__ import annotations

from typing import Final

OTHERWISE: Final = "english"
"""Where no language was given. Most of the reporting that is taken apart here is in English."""

UNSTEMMED: Final = "simple"
"""Where PostgreSQL has no dictionary for a language."""

DICTIONARIES: Final = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
"""By language (ISO 639-1). PostgreSQL 15 has all of them."""


def dictionary_of(language: str | None) -> str:
    """The dictionary for a language tag such as `en` or `en-GB` (RFC 5646)."""
    if language is None:
        return OTHERWISE
    return DICTIONARIES.get(language.partition("-")[0].lower(), UNSTEMMED)
