"""Writing the tables over which claims are found: by term, by word, by the time they speak of.

None of them is ever taken back: the row of the claim decides what holds at a moment.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor

from projections.copying import identities, instants
from projections.dictionaries import dictionary_of
from projections.terms import wording


def write_claim_terms(cursor: Cursor[Any], rows: set[tuple[UUID, datetime, UUID]]) -> None:
    """Remember under which terms a claim ever came."""
    if rows:
        terms, times, claims = zip(*rows, strict=True)
        cursor.execute(
            "INSERT INTO claim_terms (term, first_reported_at, claim_id)"
            " SELECT * FROM unnest(%s::uuid[], %s::timestamptz[], %s::uuid[])"
            " ON CONFLICT DO NOTHING",
            (identities(terms), instants(times), identities(claims)),
        )


def write_claim_wordings(
    cursor: Cursor[Any], rows: set[tuple[UUID, datetime, str | None, str]]
) -> None:
    """Lay open the words of every statement of a claim: (claim, when first reported, language,
    statement)."""
    if rows:
        claims, times, languages, statements = zip(*rows, strict=True)
        cursor.execute(
            "INSERT INTO claim_wordings (claim_id, wording, first_reported_at, dictionary, words)"
            " SELECT claim, wording, at, dictionary, to_tsvector(dictionary, statement)"
            " FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[], %s::regconfig[], %s::text[])"
            " AS given (claim, wording, at, dictionary, statement) ON CONFLICT DO NOTHING",
            (
                identities(claims),
                identities(map(wording, languages, statements)),
                instants(times),
                [dictionary_of(language) for language in languages],
                list(statements),
            ),
        )


def write_claim_abouts(cursor: Cursor[Any], rows: set[tuple[UUID, str]]) -> None:
    """Remember of which times a claim ever spoke."""
    if rows:
        claims, abouts = zip(*rows, strict=True)
        cursor.execute(
            "INSERT INTO claim_abouts (claim_id, about)"
            " SELECT * FROM unnest(%s::uuid[], %s::daterange[]) ON CONFLICT DO NOTHING",
            (identities(claims), list(abouts)),
        )
