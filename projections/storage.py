"""Reading and writing the tables of a generation (tables.sql; found by search_path)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from msgspec.json import Decoder
from psycopg import Connection

from domain.catalogue import Report
from domain.claim import Claim
from eventlog.entries import LoggedEvent
from projections.rows import Batch
from projections.timeline import FOREVER, OPEN, Row, Stretch

S = TypeVar("S")

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


_WRITE: Final = "SELECT write_batch({})".format(
    ", ".join(["%s"] * 5 + ["NULL"] + ["%s::json"] * 16)
)


def write(
    connection: Connection[Any],
    batch: Batch,
    after: int,
    last: LoggedEvent,
    *,
    shape: str,
    live: bool,
) -> bool:
    """Take a batch into the tables, which are then projected up to its last event; false, and
    nothing is written, where they are not projected up to the position `after`, or are not of the
    shape that the rows were made for. `live`: the generation is the live one, which may be swapped
    for another."""
    parameters = (shape, after, last.position, last.recorded_at, live, *batch.as_json())
    row = connection.execute(_WRITE, parameters, prepare=True).fetchone()
    return bool(row and row[0])


def latest(connection: Connection[Any]) -> datetime | None:
    """The latest reporting time of all events so far."""
    found = connection.execute(
        "SELECT latest_reported_at FROM events ORDER BY position DESC LIMIT 1"
    ).fetchone()
    return found[0] if found else None


def identities(values: Iterable[UUID]) -> str:
    """An array of UUIDs as a parameter. Without hyphens: they take most of the time."""
    return "{" + ",".join([f"{value.int:032x}" for value in values]) + "}"
