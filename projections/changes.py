"""What differs between two moments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from msgspec.json import Decoder
from psycopg import Connection

from domain.claim import Claim
from domain.refusals import InvalidInput
from domain.words import Status
from projections import hydrate, pages
from projections.basis import Basis, extent
from projections.pages import ClaimFilter
from projections.views import ChangeKind, Changes, ClaimChange, ClaimView

_claim = Decoder(Claim)


def compare(
    connection: Connection[Any],
    earlier: Basis,
    later: Basis,
    filter: ClaimFilter,  # noqa: A002 - the field's word
) -> Changes:
    """What became of the claims that the filter chooses as of the later moment.

    Raises InvalidInput where the later moment is before the earlier one on either axis.
    """
    if later.position < earlier.position:
        raise InvalidInput("it is recorded before the moment to compare from", field="to")
    if later.reported_at is not None and (
        earlier.reported_at is None or later.reported_at < earlier.reported_at
    ):
        raise InvalidInput("it is before the moment to compare from", field="to")
    changed = _changed(connection, earlier, later, filter)
    after = {claim.id: claim for claim in hydrate.claims(connection, later, changed)}
    found = pages.rows_of(connection, earlier, [identity for identity, _ in changed])
    before = {claim.id: claim for claim in hydrate.claims(connection, earlier, found)}
    was, becomes = dict(found), dict(changed)
    items = [
        ClaimChange(kind, before.get(identity), claim)
        for identity, claim in after.items()
        for kind in _kinds(before.get(identity), claim, was.get(identity), becomes[identity])
    ]
    items.sort(key=lambda change: (change.after.last_changed_at, change.after.id))
    return Changes(earlier, later, items)


def _changed(
    connection: Connection[Any],
    earlier: Basis,
    later: Basis,
    filter: ClaimFilter,  # noqa: A002
) -> list[tuple[UUID, str]]:
    """Claims whose row is another one at the later moment, and those that a claim contradicts
    whose row is.

    A row of the later moment that had begun by the earlier one on both axes also held then, so
    only rows that begin in between are looked at.
    """
    wanted = pages.chosen(connection, later, filter)
    since = ["c.position_from > %(since_position)s"]
    if earlier.reported_at is not None:
        since.append("c.reported_from > %(since_reported)s")
    values = {
        **wanted.values,
        "since_position": earlier.position,
        "since_reported": earlier.reported_at,
    }
    return connection.execute(
        "WITH begun AS MATERIALIZED ("  # noqa: S608 - built from constants
        f"SELECT c.claim_id, c.contradicts FROM read.claims c WHERE {extent(later, 'c')}"
        f" AND ({' OR '.join(since)})"
        "), concerned AS ("
        "SELECT claim_id FROM begun UNION SELECT unnest(contradicts) FROM begun"
        ") SELECT c.claim_id, c.state::text FROM read.claims c JOIN concerned USING (claim_id)"
        f" WHERE {extent(later, 'c')}{wanted.sql()}",
        values,
    ).fetchall()


def _kinds(
    before: ClaimView | None, after: ClaimView, was: str | None, becomes: str
) -> Iterator[ChangeKind]:
    """What became of a claim, from how it is shown and from its states."""
    if before is None or was is None:
        yield ChangeKind.NEW
        return
    found = list(_acts(before, after))
    yield from found
    if not found and _content(was) != _content(becomes):
        yield ChangeKind.AMENDED


def _acts(before: ClaimView, after: ClaimView) -> Iterator[ChangeKind]:
    if after.declared_changes > before.declared_changes:
        yield ChangeKind.CORRECTED
    if after.silent_changes > before.silent_changes:
        yield ChangeKind.SILENTLY_EDITED
    if after.status is not before.status and after.status is Status.RETRACTED:
        yield ChangeKind.RETRACTED
    if after.status is not before.status and after.status is Status.PARTIALLY_RETRACTED:
        yield ChangeKind.PARTIALLY_RETRACTED
    if before.retraction is not None and after.retraction is None:
        yield ChangeKind.REINSTATED
    if before.concern_since is None and after.concern_since is not None:
        yield ChangeKind.UNDER_CONCERN
    if before.concern_since is not None and after.concern_since is None and not after.retraction:
        yield ChangeKind.CONCERN_LIFTED
    if after.contested and not before.contested:
        yield ChangeKind.NEWLY_CONTESTED
    if before.contested and not after.contested:
        yield ChangeKind.NO_LONGER_CONTESTED
    if len(after.reviews) > len(before.reviews):
        yield ChangeKind.REVIEWED
    if len(after.links) > len(before.links):
        yield ChangeKind.LINKED


def _content(state: str) -> tuple[object, ...]:
    """What a claim says. It is read off the state: how its sources are shown changes also when one
    of them is merged into another, and that is no change of the claim."""
    claim = _claim.decode(state)
    return (
        claim.statement,
        claim.kind,
        claim.about,
        claim.attribution,
        claim.quantities,
        claim.topics,
        claim.status,
        claim.story,
    )
