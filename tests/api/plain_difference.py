"""What differs between two moments by plain means."""

from __future__ import annotations

from uuid import UUID

from domain.claim import Claim
from domain.words import Scope
from tests.api import plain_objects
from tests.api.plain_filter import chosen
from tests.api.plain_pages import BY_CHANGE, Fields, Obj, connection
from tests.api.plain_record import View


def became(earlier: View, later: View, identity: UUID) -> list[str]:
    """What became of a claim between two moments."""
    before, after = earlier.claims.get(identity), later.claims[identity]
    if before is None:
        return ["NEW"]
    scope = after.retraction and after.retraction.scope
    had = before.retraction and before.retraction.scope
    was_contested = earlier.is_contested(identity)
    is_contested = later.is_contested(identity)
    acts = {
        "CORRECTED": after.declared_changes > before.declared_changes,
        "SILENTLY_EDITED": after.silent_changes > before.silent_changes,
        "RETRACTED": scope is Scope.FULL and had is not Scope.FULL,
        "PARTIALLY_RETRACTED": scope is Scope.PARTIAL and had is not Scope.PARTIAL,
        "REINSTATED": had is not None and scope is None,
        "UNDER_CONCERN": before.concern_since is None and after.concern_since is not None,
        "CONCERN_LIFTED": before.concern_since is not None
        and after.concern_since is None
        and scope is None,
        "NEWLY_CONTESTED": is_contested and not was_contested,
        "NO_LONGER_CONTESTED": was_contested and not is_contested,
        "REVIEWED": len(after.reviews) > len(before.reviews),
        "LINKED": len(after.links) > len(before.links),
    }
    found = [kind for kind, holds in acts.items() if holds]
    return found or (["AMENDED"] if content(before) != content(after) else [])


def content(claim: Claim) -> tuple[object, ...]:
    """What a claim says, and its status."""
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


def changed(
    earlier: View, later: View, filter_: Fields | None, but: str | None = None
) -> dict[UUID, list[str]]:
    """The claims that a filter chooses at the later moment of which something became, and what."""
    fits = chosen(later, filter_, but)
    return {
        identity: kinds
        for identity, claim in later.claims.items()
        if fits(identity, claim) and (kinds := became(earlier, later, identity))
    }


def changes_page(earlier: View, later: View, asked: Fields) -> Obj:
    """A page of changed claims."""

    def wanted(but: str | None = None) -> dict[UUID, list[str]]:
        found = changed(earlier, later, asked.get("filter"), but)
        some = asked.get("kinds")
        return {
            one: kinds for one, kinds in found.items() if some is None or set(some) & set(kinds)
        }

    found = wanted()
    rows = [((later.claims[one].last_changed_at, one), one) for one in found]

    def made(identity: UUID) -> Obj:
        return Obj(
            "ChangedClaim",
            {
                "kinds": found[identity],
                "before": lambda: (
                    plain_objects.claim_obj(earlier, identity)
                    if identity in earlier.claims
                    else None
                ),
                "after": lambda: plain_objects.claim_obj(later, identity),
            },
        )

    page = connection("ChangedClaim", later, BY_CHANGE, rows, made, asked)
    page.fields["leftOut"] = lambda: len(wanted("status")) - len(found)
    return page
