"""The specification of design section 3 said again, slowly and without the domain's folds.

"The state of a claim as of (reported t, recorded p) is the fold of those of its events whose
position is <= p and whose reporting time is <= t, in the order (reporting time, position). An
amendment takes effect at the reporting time of the event that it amends, from its own position on."

States are dictionaries here, and events are told apart by their names in the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from domain.history import Entry

State = dict[str, Any]


CLAIM_KEYS = [
    "ref",
    "report",
    "story",
    "kind",
    "statement",
    "language",
    "about",
    "attribution",
    "quantities",
    "topics",
    "published_at",
    "observed_at",
]
REVISED_KEYS = ["headline", "byline", "credits", "language", "caution"]
REPORT_KEYS = ["ref", "outlet", "kind", *REVISED_KEYS, "published_at", "observed_at"]


def name(entry: Entry) -> str:
    """What the log calls the event."""
    return str(entry.event.__struct_config__.tag)


def seen(entries: Iterable[Entry], at: datetime | None, position: int | None) -> list[Entry]:
    """What counts as of a moment, earliest first."""
    left = list(entries)
    if position is not None:
        left = [entry for entry in left if not entry.position > position]
    if at is not None:
        left = [entry for entry in left if not entry.reported_at > at]
    ordered: list[Entry] = []
    while left:
        first = left[0]
        for entry in left:
            earlier = entry.reported_at < first.reported_at
            tied = entry.reported_at == first.reported_at
            if earlier or (tied and entry.position < first.position):
                first = entry
        left.remove(first)
        ordered.append(first)
    return ordered


def happened(entry: Entry, known: Sequence[Entry]) -> bool:
    """Whether an event is not void: no amendment that is not void itself says so, and it is not
    about the content of an event that is."""
    for other in known:
        if name(other) == "claim.amended":
            amendment: Any = other.event
            if amendment.void and amendment.amends == entry.sequence and happened(other, known):
                return False
    if name(entry) == "claim.amended":
        own: Any = entry.event
        if not own.void:
            return all(happened(one, known) for one in known if one.sequence == own.amends)
    return True


def claim(entries: Iterable[Entry], at: datetime | None, position: int | None) -> State | None:
    """A claim as of a moment."""
    known = seen(entries, at, position)
    state: State | None = None
    acts: list[Entry] = []
    for entry in known:
        event: Any = entry.event
        if name(entry) == "claim.reported":
            state = {key: getattr(event, key) for key in CLAIM_KEYS}
            state |= {"version": 0, "first_reported_at": entry.reported_at}
            acts = []
        if state is None:
            continue
        state["version"] += 1
        if happened(entry, known) and name(entry) != "claim.erased":
            acts.append(entry)
    if state is None:
        return None
    for entry in acts:
        change_fields(state, getattr(entry.event, "changes", ()))
    corrections: list[Any] = [act.event for act in acts if name(act) == "claim.corrected"]
    state |= {
        "last_changed_at": acts[-1].reported_at,
        "corrected": any(one.nature in ("correction", "clarification") for one in corrections),
        "declared_changes": len([one for one in corrections if one.notice is not None]),
        "silent_changes": len([one for one in corrections if one.notice is None]),
        "links": links(acts),
        "reviews": reviews(acts),
        **standing(acts),
    }
    state["status"] = status(state)
    return state


def change_fields(state: State, changes: Iterable[Any]) -> None:
    """Set each field to what the change says is new."""
    for change in changes:
        field = str(change.__struct_config__.tag)
        if field != "quantity":
            state[field] = change.new
            continue
        named = change.new or change.old
        if named is None:
            continue
        numbers = list(state["quantities"])
        places = [n for n, one in enumerate(numbers) if (one.label, one.unit) == named.key]
        if change.new is None:
            numbers = [one for one in numbers if (one.label, one.unit) != named.key]
        elif places:
            numbers[places[0]] = change.new
        else:
            numbers.append(change.new)
        state["quantities"] = tuple(numbers)


def standing(acts: Sequence[Entry]) -> State:
    """The retraction and the concern that hold after these acts."""
    held: datetime | None = None
    taken: State | None = None
    for act in acts:
        event: Any = act.event
        match name(act):
            case "claim.concern_expressed":
                held = held if held is not None else act.reported_at
            case "claim.concern_lifted":
                held = None
            case "claim.corrected" if event.nature in ("correction", "clarification"):
                held = None
            case "claim.retracted" if taken is None or taken["scope"] == "partial":
                taken = {
                    key: getattr(event, key)
                    for key in ("scope", "nature", "by", "because", "part", "with_report")
                }
                taken |= {"declared": event.notice is not None, "at": act.reported_at}
                held = None
            case "claim.reinstated" if taken is not None:
                taken = None
            case "claim.reinstated":
                held = None
    return {"concern_since": held, "retraction": taken}


def status(state: State) -> str:
    """The strongest that holds."""
    taken = state["retraction"]
    if taken is not None and taken["scope"] == "full":
        return "retracted"
    if taken is not None:
        return "partially_retracted"
    if state["concern_since"] is not None:
        return "under_concern"
    return "corrected" if state["corrected"] else "standing"


def links(acts: Iterable[Entry]) -> list[State]:
    """Each link once."""
    found: list[State] = []
    for act in acts:
        if name(act) == "claim.linked":
            event: Any = act.event
            link = {"kind": event.kind, "to": event.to}
            if link not in found:
                found.append(link)
    return found


def reviews(acts: Iterable[Entry]) -> list[State]:
    """Every finding."""
    keys = ("reviewer", "rating", "words", "url")
    return [
        {**{key: getattr(act.event, key) for key in keys}, "at": act.reported_at}
        for act in acts
        if name(act) == "claim.reviewed"
    ]


def report(entries: Iterable[Entry], at: datetime | None, position: int | None) -> State | None:
    """A report as of a moment."""
    state: State | None = None
    for entry in seen(entries, at, position):
        event: Any = entry.event
        if name(entry) == "report.published":
            state = {key: getattr(event, key) for key in REPORT_KEYS}
            state |= {"version": 0, "first_reported_at": entry.reported_at, "withdrawal": None}
            state["urls"] = [event.url] if event.url else []
        if state is None:
            continue
        state["version"] += 1
        match name(entry):
            case "report.revised":
                for key in event.fields or REVISED_KEYS:
                    state[key] = getattr(event, key)
            case "report.moved" if event.url is not None:
                state["urls"] = [event.url, *(url for url in state["urls"] if url != event.url)]
            case "report.withdrawn" if state["withdrawal"] is None:
                state["withdrawal"] = {
                    "nature": event.nature,
                    "because": event.because,
                    "declared": event.notice is not None,
                    "at": entry.reported_at,
                }
    return state


def source(entries: Iterable[Entry], position: int | None) -> State | None:
    """A source as of a position."""
    state: State | None = None
    for entry in seen(entries, None, position):
        event: Any = entry.event
        if name(entry) == "source.registered":
            state = {key: getattr(event, key) for key in ("ref", "name", "kind", "url", "country")}
            state |= {"version": 0, "aliases": [], "merged_into": None}
        if state is None:
            continue
        state["version"] += 1
        if name(entry) == "source.alias_added" and event.alias is not None:
            state["aliases"].append(event.alias)
        if name(entry) == "source.merged":
            state["merged_into"] = event.into
    return state
