"""Reading and writing the tables of a generation (tables.sql; found by search_path)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from msgspec.json import Decoder, Encoder
from psycopg import Connection, Cursor

from domain.catalogue import Report
from domain.claim import Claim
from domain.words import LinkKind
from projections.copying import (
    NULL,
    copy_lines,
    identities,
    identity,
    instant,
    instants,
    text,
    truth,
)
from projections.hydrate import precision_of
from projections.sources import SourceChanges, StoryRow
from projections.terms import days_of, wording
from projections.timeline import FOREVER, OPEN, Row, Stretch

S = TypeVar("S")

_encoder = Encoder(decimal_format="string")


_claim = Decoder(Claim)
_report = Decoder(Report)


def last_claims(connection: Connection[Any], ids: Sequence[UUID]) -> list[Row[Claim]]:
    """The row of each claim that is about now."""
    found = connection.execute(
        "SELECT claim_id, reported_from, position_from, state::text FROM claims"
        " WHERE claim_id = ANY(%s::uuid[])"
        " AND reported_to = 'infinity' AND position_to = 9223372036854775807",
        (identities(ids),),
    )
    return [_last(row, _claim) for row in found]


def last_reports(connection: Connection[Any], ids: Sequence[UUID]) -> list[Row[Report]]:
    """The row of each report that is about now."""
    found = connection.execute(
        "SELECT report_id, reported_from, position_from, state::text FROM reports"
        " WHERE report_id = ANY(%s::uuid[])"
        " AND reported_to = 'infinity' AND position_to = 9223372036854775807",
        (identities(ids),),
    )
    return [_last(row, _report) for row in found]


def _last(row: tuple[UUID, datetime, int, str], decoder: Decoder[S]) -> Row[S]:
    subject, reported_from, position_from, state = row
    return Row(
        subject, reported_from, FOREVER, position_from, OPEN, decoder.decode(state), stored=True
    )


def claims_in_force(connection: Connection[Any], ids: Sequence[UUID]) -> dict[UUID, list[Stretch]]:
    """The bounds of every row of some claims that no later position has closed."""
    return _in_force(connection, "claims", "claim_id", ids)


def reports_in_force(connection: Connection[Any], ids: Sequence[UUID]) -> dict[UUID, list[Stretch]]:
    """The bounds of every row of some reports that no later position has closed."""
    return _in_force(connection, "reports", "report_id", ids)


def _in_force(
    connection: Connection[Any], table: str, name: str, ids: Sequence[UUID]
) -> dict[UUID, list[Stretch]]:
    found = connection.execute(
        f"SELECT {name}, reported_from, nullif(reported_to, 'infinity'), position_from,"  # noqa: S608
        f" capped_from FROM {table}"
        f" WHERE {name} = ANY(%s::uuid[]) AND position_to = 9223372036854775807",
        (identities(ids),),
    )
    stretches: defaultdict[UUID, list[Stretch]] = defaultdict(list)
    for subject, reported_from, reported_to, position_from, capped_from in found:
        stretches[subject].append(
            Stretch(reported_from, reported_to or FOREVER, position_from, capped_from)
        )
    return stretches


_BOUNDS = ("reported_from", "reported_to", "position_from", "position_to", "capped_from")

_CLAIMS = (
    "claim_id",
    *_BOUNDS,
    "story_id",
    "report_id",
    "outlet_id",
    "first_reported_at",
    "status",
    "kind",
    "version",
    "contradicts",
    "repeats",
    "sources",
    "statement",
    "precision",
    "last_changed_at",
    "declared_changes",
    "silent_changes",
    "reviewed",
    "about",
    "state",
    "wording",
)

_REPORTS = (
    "report_id",
    *_BOUNDS,
    "outlet_id",
    "withdrawn",
    "first_reported_at",
    "precision",
    "state",
)


def write_claims(
    cursor: Cursor[Any],
    opened: Sequence[Row[Claim]],
    changed: Collection[Row[Claim]],
    outlets: Mapping[UUID, UUID | None],
) -> None:
    """Open rows of claims, and change the bounds of others."""
    _bound(cursor, "claims", "claim_id", changed)
    copy_lines(cursor, "claims", _CLAIMS, (_claim_line(row, outlets) for row in opened))


def _claim_line(row: Row[Claim], outlets: Mapping[UUID, UUID | None]) -> str:
    state, outlet = row.state, outlets[row.subject]
    named = [step.source for step in state.attribution]
    sources = dict.fromkeys([outlet, *named] if outlet is not None else named)
    links = state.links
    return "\t".join(
        (
            _bounds_line(row),
            identity(state.story),
            identity(state.report),
            identity(outlet),
            instant(state.first_reported_at),
            state.status.value,
            state.kind.value,
            str(state.version),
            identities(link.to for link in links if link.kind is LinkKind.CONTRADICTS),
            identities(link.to for link in links if link.kind is LinkKind.REPEATS),
            identities(sources),
            text(state.statement),
            precision_of(state.published_at, state.observed_at).value,
            instant(state.last_changed_at),
            str(state.declared_changes),
            str(state.silent_changes),
            truth(bool(state.reviews)),
            days_of(state.about) or NULL,
            _json(state),
            identity(None if state.statement is None else wording(state.language, state.statement)),
        )
    )


def write_reports(
    cursor: Cursor[Any], opened: Sequence[Row[Report]], changed: Collection[Row[Report]]
) -> None:
    """Open rows of reports, and change the bounds of others."""
    _bound(cursor, "reports", "report_id", changed)
    copy_lines(cursor, "reports", _REPORTS, map(_report_line, opened))


def _report_line(row: Row[Report]) -> str:
    state = row.state
    return "\t".join(
        (
            _bounds_line(row),
            identity(state.outlet),
            truth(state.withdrawal is not None),
            instant(state.first_reported_at),
            precision_of(state.published_at, state.observed_at).value,
            _json(state),
        )
    )


def _bounds_line(row: Row[Any]) -> str:
    return (
        f"{identity(row.subject)}\t{instant(row.reported_from)}\t{instant(row.reported_to)}"
        f"\t{row.position_from}\t{row.position_to}\t{row.capped_from}"
    )


def _bound(cursor: Cursor[Any], table: str, name: str, rows: Collection[Row[Any]]) -> None:
    if rows:
        cursor.execute(
            f"UPDATE {table} t SET reported_to = c.reported_to,"  # noqa: S608 - both are literals
            " position_to = c.position_to, capped_from = c.capped_from"
            " FROM unnest(%s::uuid[], %s::timestamptz[], %s::bigint[], %s::timestamptz[],"
            " %s::bigint[], %s::bigint[])"
            " AS c (subject, reported_from, position_from, reported_to, position_to, capped_from)"
            f" WHERE t.{name} = c.subject AND t.position_from = c.position_from"
            " AND t.reported_from = c.reported_from",
            (
                identities(row.subject for row in rows),
                instants(row.reported_from for row in rows),
                [row.position_from for row in rows],
                instants(row.reported_to for row in rows),
                [row.position_to for row in rows],
                [row.capped_from for row in rows],
            ),
        )


def _json(state: Any) -> str:
    """A state as JSON, as a value of a line: there is nothing special in it but backslashes."""
    return _encoder.encode(state).decode().replace("\\", "\\\\")


def write_sources(cursor: Cursor[Any], changes: SourceChanges) -> None:
    """Close and open rows of sources."""
    if changes.closed:
        cursor.executemany(
            "UPDATE sources SET position_to = %s WHERE source_id = %s AND position_from = %s",
            [(row.position_to, row.source_id, row.position_from) for row in changes.closed],
        )
    if changes.opened:
        with cursor.copy(
            "COPY sources (source_id, position_from, position_to, canonical_id, own_name, name,"
            " kind, state, shown) FROM STDIN"
        ) as copy:
            for row in changes.opened:
                copy.write_row(
                    (
                        row.source_id,
                        row.position_from,
                        row.position_to,
                        row.canonical_id,
                        row.state.name or "",
                        row.shown.name or "",
                        row.shown.kind.value,
                        _encoder.encode(row.state).decode(),
                        _encoder.encode(row.shown).decode(),
                    )
                )


def write_stories(cursor: Cursor[Any], stories: Sequence[StoryRow]) -> None:
    """Open rows of stories."""
    if stories:
        with cursor.copy(
            "COPY stories (story_id, position_from, position_to, slug, title, state) FROM STDIN"
        ) as copy:
            for row in stories:
                copy.write_row(
                    (
                        row.story_id,
                        row.position_from,
                        OPEN,
                        row.state.ref,
                        row.state.title,
                        _encoder.encode(row.state).decode(),
                    )
                )


def write_claim_sources(cursor: Cursor[Any], rows: set[tuple[UUID, datetime, UUID]]) -> None:
    """Remember who was ever in a claim's chain."""
    if rows:
        sources, times, claims = zip(*rows, strict=True)
        cursor.execute(
            "INSERT INTO claim_sources (source_id, first_reported_at, claim_id)"
            " SELECT * FROM unnest(%s::uuid[], %s::timestamptz[], %s::uuid[])"
            " ON CONFLICT DO NOTHING",
            (identities(sources), instants(times), identities(claims)),
        )


def write_claim_links(cursor: Cursor[Any], rows: set[tuple[UUID, str, UUID]]) -> None:
    """Remember which claims ever bore on another."""
    if rows:
        to, kinds, origins = zip(*rows, strict=True)
        cursor.execute(
            "INSERT INTO claim_links (to_id, kind, from_id)"
            " SELECT * FROM unnest(%s::uuid[], %s::text[], %s::uuid[]) ON CONFLICT DO NOTHING",
            (identities(to), list(kinds), identities(origins)),
        )


def write_report_urls(cursor: Cursor[Any], rows: set[tuple[UUID, str]]) -> None:
    """Remember the addresses at which a report was ever found."""
    if rows:
        reports, urls = zip(*rows, strict=True)
        cursor.execute(
            "INSERT INTO report_urls (report_id, url)"
            " SELECT * FROM unnest(%s::uuid[], %s::text[]) ON CONFLICT DO NOTHING",
            (identities(reports), list(urls)),
        )


def write_progress(cursor: Cursor[Any], position: int, recorded_at: datetime) -> None:
    """Say how far the log has been projected, and wake whoever waits for it."""
    cursor.execute(
        "UPDATE progress SET position = %s, recorded_at = %s, projected_at = clock_timestamp()"
        " RETURNING pg_notify('dateline_read', position::text)",
        (position, recorded_at),
    )
