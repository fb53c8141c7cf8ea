"""Lists within objects: pages of the claims and reports that belong to one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.bearing import bears_on, copies, last_corrected, stands, taken_back
from api.claim_list import claims_listing
from api.compiler import Field
from api.paging import connection
from api.report_list import reports_listing
from domain.words import LinkKind

if TYPE_CHECKING:
    from api.connection import ClaimConnection, ReportConnection

# A claim has pages of claims: the types go round in a ring, so that these come by name.
Claims = Annotated["ClaimConnection", strawberry.lazy("api.connection")]
Reports = Annotated["ReportConnection", strawberry.lazy("api.connection")]


def claims_of_story(field: Field) -> str:
    """The claims gathered under a story."""
    return connection(field, claims_listing(field, f"{{row}}.story_id = {field.row}.story_id"))


def claims_of_report(field: Field) -> str:
    """The claims that a report carries."""
    return connection(field, claims_listing(field, f"{{row}}.report_id = {field.row}.report_id"))


def claims_of_source(field: Field) -> str:
    """The claims that a source published, or has a part in the chain of."""
    same = _under_its_name(field)
    through = f"SELECT s.claim_id FROM read.claim_sources s WHERE s.source_id = ANY ({same})"
    # As with the same filter, the planner is kept from betting on how many there are.
    holds = f"coalesce({{row}}.sources && {same}, false)"
    return connection(field, claims_listing(field, holds, among=through))


def reports_of_story(field: Field) -> str:
    """The reports that carry the claims of a story."""
    return connection(
        field,
        reports_listing(
            field,
            "{row}.report_id IN (SELECT c.report_id FROM read.claims c"
            f" WHERE c.story_id = {field.row}.story_id AND {field.moment.held('c')})",
        ),
    )


def reports_of_source(field: Field) -> str:
    """The reports that a source published."""
    same = _under_its_name(field)
    return connection(field, reports_listing(field, f"{{row}}.outlet_id = ANY ({same})"))


def _under_its_name(field: Field) -> str:
    """Every source that goes under the name of the row's: an array."""
    return (
        "ARRAY(SELECT o.source_id FROM read.sources o"
        f" WHERE o.canonical_id = {field.row}.canonical_id AND {field.moment.known('o')})"
    )


def bearing(kind: LinkKind) -> Callable[[Field], str]:
    """The claims that bear on the claim of the row in one way."""

    def write(field: Field) -> str:
        claim = f"{field.row}.claim_id"
        linked = (
            "ARRAY(SELECT l.from_id FROM read.claim_links l"
            f" WHERE l.to_id = {claim} AND l.kind = '{kind.value}')"
        )
        return connection(
            field,
            claims_listing(
                field, f"{{row}}.claim_id = ANY ({linked})", bears_on("{row}", kind, claim)
            ),
        )

    return write


def repeated_by(field: Field) -> str:
    """The copies of the claim of the row."""
    moment, row = field.moment, field.row
    conditions = [f"{{row}}.claim_id = ANY ({copies(f'{row}.claim_id', moment)})"]
    standing = field.given("standing")
    if standing.there:
        changed = f"greatest({last_corrected(row, moment)}, {taken_back(row)})"
        stand = stands("{row}", f"coalesce({changed}, '-infinity')", moment)
        conditions.append(stand if standing.value else f"NOT ({stand})")
    return connection(field, claims_listing(field, *conditions))
