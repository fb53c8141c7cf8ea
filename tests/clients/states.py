"""What the record says of one claim at two moments, as the clients should be told it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from api.ids import global_id
from domain.ids import Subject, resolve


def named(ref: str) -> str:
    """The id of a claim."""
    return global_id(Subject.CLAIM, resolve(Subject.CLAIM, ref))


def _state(version: int, status: str, value: str) -> dict[str, Any]:
    return {
        "claim": {
            "id": named("apc"),
            "statement": f"{value} armoured personnel carriers were lost.",
            "version": version,
            "status": status,
            "quantities": [{"value": value}],
            "outlet": None,
        }
    }


EARLY = _state(1, "STANDING", "17056")
"""As of 18 August 2024."""

LATE = _state(2, "CORRECTED", "16480")
"""As of 20 August 2024."""


def _brief(ref: str, statement: str, version: int) -> dict[str, Any]:
    return {"id": named(ref), "statement": statement, "version": version}


_BEFORE = _brief("apc", EARLY["claim"]["statement"], 1)
_AFTER = _brief("apc", LATE["claim"]["statement"], 2)

TWO_MOMENTS = {
    "early": _BEFORE,
    "late": _AFTER,
    "changes": {
        "nodes": [
            {"kinds": ["SILENTLY_EDITED"], "before": _BEFORE, "after": _AFTER},
            {
                "kinds": ["REVIEWED"],
                "before": _brief("on", "The talks are on.", 3),
                "after": _brief("on", "The talks are on.", 4),
            },
        ]
    },
}
"""Both, and what became of the record between them, in one answer."""


def without_types(answer: Any, also: Collection[str] = ()) -> Any:
    """An answer without the names of types that a client asks for of its own accord."""
    if isinstance(answer, list):
        return [without_types(one, also) for one in answer]
    if isinstance(answer, dict):
        kept = {name for name in answer if name != "__typename" and name not in also}
        return {name: without_types(answer[name], also) for name in answer if name in kept}
    return answer
