"""How claims bear on one another at a moment: which repeat which, and which copies still stand.

A copy is a claim that repeats another, directly or through further copies; what it repeats is its
origin. The row of the claim that repeats decides, as of the moment asked about, so that a link
which was recorded later is not followed.
"""

from __future__ import annotations

from api.compiler import Field
from api.moments import Moment
from domain.words import CorrectionNature, LinkKind, Status

_WRONG = ", ".join(
    f"'{nature.value}'" for nature in (CorrectionNature.CORRECTION, CorrectionNature.CLARIFICATION)
)
_ON_HOLD = f"{{row}}.status = '{Status.UNDER_CONCERN.value}'"
_TAKEN_BACK = f"'{Status.RETRACTED.value}', '{Status.PARTIALLY_RETRACTED.value}'"


def bears_on(row: str, kind: LinkKind, other: str) -> str:
    """Whether a claim, by its row, bears on another, by its id."""
    if kind in (LinkKind.REPEATS, LinkKind.CONTRADICTS):
        return f"{other} = ANY ({row}.{kind.value})"  # columns of their own
    link = f"jsonb_build_array(jsonb_build_object('kind', '{kind.value}', 'to', {other}))"
    return f"({row}.state -> 'links') @> {link}"


def copies(claim: str, moment: Moment) -> str:
    """The copies of a claim, by its id, each once: an array. A ring of copies ends where it began,
    and the claim is no copy of itself."""
    return (
        f"ARRAY(WITH RECURSIVE w AS (SELECT {claim} AS claim_id UNION SELECT l.from_id FROM w"
        f" JOIN read.claim_links l ON l.to_id = w.claim_id AND l.kind = '{LinkKind.REPEATS.value}'"
        f" JOIN read.claims c ON c.claim_id = l.from_id AND {moment.held('c')}"
        f" AND {bears_on('c', LinkKind.REPEATS, 'l.to_id')})"
        f" SELECT w.claim_id FROM w WHERE w.claim_id <> {claim})"
    )


def origins(claim: str, moment: Moment) -> str:
    """What a claim, by its id, is a copy of: an array, as `copies`."""
    return (
        f"ARRAY(WITH RECURSIVE w AS (SELECT {claim} AS claim_id UNION SELECT v.v FROM w"
        f" JOIN read.claims c ON c.claim_id = w.claim_id AND {moment.held('c')}"
        " CROSS JOIN unnest(c.repeats) v(v))"
        f" SELECT w.claim_id FROM w WHERE w.claim_id <> {claim})"
    )


def counts_still(row: str, moment: Moment) -> str:
    """Whether an event counts at the moment: it has happened, and was not amended away."""
    return f"{moment.happened(row)} AND NOT coalesce({row}.voided @> {moment.head}, false)"


def _corrections(claim: str, moment: Moment) -> str:
    """The corrections and clarifications of a claim that count, as `e`, after FROM."""
    return (
        f"read.events e WHERE e.subject_id = {claim} AND e.type = 'claim.corrected'"
        f" AND coalesce(e.body ->> 'nature', 'correction') IN ({_WRONG})"
        f" AND {counts_still('e', moment)}"
    )


def last_corrected(row: str, moment: Moment) -> str:
    """The reporting time of a claim's last correction or clarification; null if there is none."""
    return f"(SELECT max(e.reported_at) FROM {_corrections(f'{row}.claim_id', moment)})"


def taken_back(row: str) -> str:
    """The reporting time of the retraction in force, full or partial; null if there is none."""
    return f"({row}.state -> 'retraction' ->> 'at')::timestamptz"


def changed(row: str, since: str, moment: Moment) -> str:
    """Whether a claim is taken back, or was corrected at a reporting time or later. A coarse time
    counts from its start, so that what happened on the same day counts as well."""
    return (
        f"({row}.status IN ({_TAKEN_BACK}) OR {row}.declared_changes + {row}.silent_changes > 0"
        f" AND EXISTS (SELECT FROM {_corrections(f'{row}.claim_id', moment)}"
        f" AND e.reported_at >= {since}))"
    )


def stands(row: str, since: str, moment: Moment) -> str:
    """Whether a claim is neither `changed` nor under concern."""
    return f"NOT ({_ON_HOLD.format(row=row)} OR {changed(row, since, moment)})"


def reach(field: Field) -> str:
    """What became of the copies that were out when a correction was, which is the row."""
    row, moment = field.compiling.row(), field.moment
    since = f"{field.row}.reported_at"
    has_changed = changed("d", since, moment)
    return (
        f"(SELECT {field.inside(row)} FROM (SELECT count(*) AS repeats,"
        f" count(*) FILTER (WHERE {has_changed}) AS changed,"
        f" count(*) FILTER (WHERE {_ON_HOLD.format(row='d')} AND NOT {has_changed})"
        " AS under_concern FROM read.claims d"
        f" WHERE d.claim_id = ANY ({copies(f'{field.row}.subject_id', moment)})"
        f" AND d.first_reported_at <= {since} AND {moment.held('d')}) {row})"
    )
