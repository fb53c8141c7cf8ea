"""Reading and writing the tables of a generation (tables.sql; found by search_path)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from msgspec import Struct
from msgspec.json import Decoder, Encoder
from psycopg import Connection, Cursor

from domain.catalogue import Report
from domain.claim import Claim
from domain.moments import parse_moment
from domain.words import LinkKind
from eventlog.entries import LoggedEvent
from projections.hydrate import precision_of
from projections.sources import SourceChanges, StoryRow
from projections.terms import days_of, wording
from projections.timeline import FOREVER, OPEN, Row

S = TypeVar("S")

_encoder = Encoder(decimal_format="string")


class _Times(Struct):
    """The times of an event as they were given."""

    published_at: str | None = None
    observed_at: str | None = None


_times = Decoder(_Times)
_claim = Decoder(Claim)
_report = Decoder(Report)


@dataclass(frozen=True, slots=True)
class Voiding:
    """An event of a claim becomes void at a position, or is so no longer."""

    claim: UUID
    sequence: int
    position: int
    is_void: bool


def last_claims(connection: Connection[Any], ids: Sequence[UUID]) -> list[Row[Claim]]:
    """The row of each claim that is about now."""
    found = connection.execute(
        "SELECT claim_id, reported_from, position_from, state::text FROM claims"
        " WHERE claim_id = ANY(%s)"
        " AND reported_to = 'infinity' AND position_to = 9223372036854775807",
        (list(ids),),
    )
    return [_last(row, _claim) for row in found]


def last_reports(connection: Connection[Any], ids: Sequence[UUID]) -> list[Row[Report]]:
    """The row of each report that is about now."""
    found = connection.execute(
        "SELECT report_id, reported_from, position_from, state::text FROM reports"
        " WHERE report_id = ANY(%s)"
        " AND reported_to = 'infinity' AND position_to = 9223372036854775807",
        (list(ids),),
    )
    return [_last(row, _report) for row in found]


def _last(row: tuple[UUID, datetime, int, str], decoder: Decoder[S]) -> Row[S]:
    subject, reported_from, position_from, text = row
    return Row(
        subject, reported_from, FOREVER, position_from, OPEN, decoder.decode(text), True, text
    )


def claims_in_force(
    connection: Connection[Any], ids: Sequence[UUID]
) -> dict[UUID, list[Row[Claim]]]:
    """Every row of some claims that no later position has closed."""
    found = connection.execute(
        "SELECT claim_id, reported_from, nullif(reported_to, 'infinity'), position_from,"
        " state::text FROM claims WHERE claim_id = ANY(%s) AND position_to = 9223372036854775807",
        (list(ids),),
    )
    return _in_force(found, _claim)


def reports_in_force(
    connection: Connection[Any], ids: Sequence[UUID]
) -> dict[UUID, list[Row[Report]]]:
    """Every row of some reports that no later position has closed."""
    found = connection.execute(
        "SELECT report_id, reported_from, nullif(reported_to, 'infinity'), position_from,"
        " state::text FROM reports WHERE report_id = ANY(%s) AND position_to = 9223372036854775807",
        (list(ids),),
    )
    return _in_force(found, _report)


def _in_force(
    found: Iterable[tuple[UUID, datetime, datetime | None, int, str]], decoder: Decoder[S]
) -> dict[UUID, list[Row[S]]]:
    rows: defaultdict[UUID, list[Row[S]]] = defaultdict(list)
    for subject, reported_from, reported_to, position_from, text in found:
        rows[subject].append(
            Row(
                subject,
                reported_from,
                reported_to or FOREVER,
                position_from,
                OPEN,
                decoder.decode(text),
                True,
                text,
            )
        )
    return rows


def write_claims(
    cursor: Cursor[Any],
    opened: Sequence[Row[Claim]],
    closed: Sequence[Row[Claim]],
    outlets: Mapping[UUID, UUID | None],
) -> None:
    """Close and open rows of claims."""
    _close(cursor, "claims", "claim_id", closed)
    if not opened:
        return
    with cursor.copy(
        "COPY claims (claim_id, reported_from, reported_to, position_from, position_to, story_id,"
        " report_id, outlet_id, first_reported_at, status, kind, version, contradicts, repeats,"
        " sources,"
        " statement, precision, last_changed_at, declared_changes, silent_changes, reviewed,"
        " about, state, wording) FROM STDIN"
    ) as copy:
        for row in opened:
            state, outlet = row.state, outlets[row.subject]
            named = [step.source for step in state.attribution]
            sources = dict.fromkeys([outlet, *named] if outlet is not None else named)
            copy.write_row(
                (
                    row.subject,
                    row.reported_from,
                    _end(row.reported_to),
                    row.position_from,
                    row.position_to,
                    state.story,
                    state.report,
                    outlet,
                    state.first_reported_at,
                    state.status.value,
                    state.kind.value,
                    state.version,
                    _uuids(link.to for link in state.links if link.kind is LinkKind.CONTRADICTS),
                    _uuids(link.to for link in state.links if link.kind is LinkKind.REPEATS),
                    _uuids(sources),
                    state.statement,
                    precision_of(state.published_at, state.observed_at).value,
                    state.last_changed_at,
                    state.declared_changes,
                    state.silent_changes,
                    bool(state.reviews),
                    days_of(state.about),
                    _text(row),
                    wording(state.language, state.statement),
                )
            )


def write_reports(
    cursor: Cursor[Any], opened: Sequence[Row[Report]], closed: Sequence[Row[Report]]
) -> None:
    """Close and open rows of reports."""
    _close(cursor, "reports", "report_id", closed)
    if not opened:
        return
    with cursor.copy(
        "COPY reports (report_id, reported_from, reported_to, position_from, position_to,"
        " outlet_id, withdrawn, first_reported_at, precision, state) FROM STDIN"
    ) as copy:
        for row in opened:
            copy.write_row(
                (
                    row.subject,
                    row.reported_from,
                    _end(row.reported_to),
                    row.position_from,
                    row.position_to,
                    row.state.outlet,
                    row.state.withdrawal is not None,
                    row.state.first_reported_at,
                    precision_of(row.state.published_at, row.state.observed_at).value,
                    _text(row),
                )
            )


def _close(cursor: Cursor[Any], table: str, identity: str, rows: Sequence[Row[Any]]) -> None:
    if rows:
        cursor.execute(
            f"UPDATE {table} t SET position_to = c.position_to"  # noqa: S608 - both are literals
            " FROM unnest(%s::uuid[], %s::bigint[], %s::timestamptz[], %s::bigint[])"
            " AS c (subject, position_from, reported_from, position_to)"
            f" WHERE t.{identity} = c.subject AND t.position_from = c.position_from"
            " AND t.reported_from = c.reported_from",
            (
                [row.subject for row in rows],
                [row.position_from for row in rows],
                [row.reported_from for row in rows],
                [row.position_to for row in rows],
            ),
        )


def _text(row: Row[Any]) -> str:
    if row.text is None:
        row.text = _encoder.encode(row.state).decode()
    return row.text


def _end(reported_to: datetime) -> datetime | str:
    return "infinity" if reported_to is FOREVER else reported_to


def _uuids(ids: Iterable[UUID]) -> str:
    return "{" + ",".join(map(str, ids)) + "}"


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
                        row.state.name,
                        row.shown.name,
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
            (list(sources), list(times), list(claims)),
        )


def write_claim_links(cursor: Cursor[Any], rows: set[tuple[UUID, str, UUID]]) -> None:
    """Remember which claims ever bore on another."""
    if rows:
        to, kinds, origins = zip(*rows, strict=True)
        cursor.execute(
            "INSERT INTO claim_links (to_id, kind, from_id)"
            " SELECT * FROM unnest(%s::uuid[], %s::text[], %s::uuid[]) ON CONFLICT DO NOTHING",
            (list(to), list(kinds), list(origins)),
        )


def write_report_urls(cursor: Cursor[Any], rows: set[tuple[UUID, str]]) -> None:
    """Remember the addresses at which a report was ever found."""
    if rows:
        reports, urls = zip(*rows, strict=True)
        cursor.execute(
            "INSERT INTO report_urls (report_id, url)"
            " SELECT * FROM unnest(%s::uuid[], %s::text[]) ON CONFLICT DO NOTHING",
            (list(reports), list(urls)),
        )


def write_touches(cursor: Cursor[Any], rows: Sequence[tuple[UUID, int]]) -> None:
    """Index who and what each event touches."""
    with cursor.copy("COPY touches (subject_id, position) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def write_events(cursor: Cursor[Any], events: Sequence[LoggedEvent]) -> None:
    """Lay events open, as they are shown."""
    found = cursor.execute(
        "SELECT latest_reported_at FROM events ORDER BY position DESC LIMIT 1"
    ).fetchone()
    latest: datetime | None = found[0] if found else None
    with cursor.copy(
        "COPY events (position, recorded_at, reported_at, subject_id, sequence, type, precision,"
        " actor, reason, latest_reported_at, body) FROM STDIN"
    ) as copy:
        for one in events:
            times = _times.decode(one.content or "{}")
            given = times.published_at or times.observed_at
            if one.reported_at is not None:
                latest = one.reported_at if latest is None else max(latest, one.reported_at)
            copy.write_row(
                (
                    one.position,
                    one.recorded_at,
                    one.reported_at,
                    one.stream_id,
                    one.version,
                    one.type,
                    parse_moment(given).precision.value if given else None,
                    one.actor,
                    one.reason,
                    latest,
                    one.content,
                )
            )


def write_voided(cursor: Cursor[Any], rows: Sequence[Voiding]) -> None:
    """Say from which position on events are void, or no longer are."""
    for row in rows:
        cursor.execute(
            "UPDATE events SET voided = CASE WHEN %(is_void)s"
            " THEN coalesce(voided, '{}') + int8multirange(int8range(%(position)s, NULL))"
            " ELSE coalesce(voided, '{}') - int8multirange(int8range(%(position)s, NULL)) END"
            " WHERE subject_id = %(claim)s AND sequence = %(sequence)s",
            {
                "is_void": row.is_void,
                "position": row.position,
                "claim": row.claim,
                "sequence": row.sequence,
            },
        )


def write_progress(cursor: Cursor[Any], position: int, recorded_at: datetime) -> None:
    """Say how far the log has been projected, and wake whoever waits for it."""
    cursor.execute(
        "UPDATE progress SET position = %s, recorded_at = %s, projected_at = clock_timestamp()",
        (position, recorded_at),
    )
    cursor.execute("SELECT pg_notify('dateline_read', %s)", (str(position),))
