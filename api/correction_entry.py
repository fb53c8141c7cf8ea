"""A correction or a retraction as an entry of a feed, in words."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any, Final

from api.atom import Entry
from api.change_words import before_and_after
from api.corrections import Event, Notice

LONGEST_TITLE: Final = 160
"""Characters. What is longer stands in the summary as a whole."""

NOBODY: Final = "Outlet not known"
"""Stands for the author that every entry has to have (RFC 4287, section 4.1.2)."""

_NATURES: Final = {
    "CORRECTION": ("correction", "Corrected"),
    "CLARIFICATION": ("clarification", "Clarified"),
    "UPDATE": ("update", "Updated"),
    "REFILE": ("refile", "Refiled"),
}


def entry(event: Event, base: str, host: str) -> Entry | None:
    """The entry of an event; None where the claim that it is about was erased. `base`: how
    addresses begin. `host`: whose names the ids are."""
    claim = event.claim
    if claim is None:
        return None
    term, deed = _deed(event)
    categories = [(term, deed)]
    if event.declared is not None:
        if not event.declared:
            deed = f"{deed} silently"
        categories.append(
            ("declared", "Declared") if event.declared else ("silent", "Silent: no notice said so")
        )
    related = [("via", url) for url in claim.report.urls[:1] if _on_the_web(url)]
    if event.notice is not None and event.notice.url and _on_the_web(event.notice.url):
        related.append(("related", event.notice.url))
    return Entry(
        id=f"tag:{host},{event.recorded_at:%Y-%m-%d}:position/{event.position}",
        title=_short(f"{deed}: {_one_line(claim.statement)}"),
        summary="".join(f"<p>{line}</p>" for line in _lines(event)),
        link=f"{base}/claims/{claim.id}",
        related=tuple(related),
        author=(claim.outlet.name if claim.outlet else "").strip() or NOBODY,
        published=event.reported_at,
        updated=event.recorded_at,
        categories=tuple(categories),
    )


def _deed(event: Event) -> tuple[str, str]:
    """What happened, as a term that programs tell apart, and in words."""
    match event.type:
        case "ClaimCorrected":
            return _NATURES[event.nature or "CORRECTION"]
        case "ClaimRetracted":
            if event.scope == "FULL":
                return "retraction", "Retracted"
            return "partial-retraction", "Partly retracted"
        case "ClaimReinstated":
            return "reinstatement", "Reinstated"
        case "ConcernExpressed":
            return "concern", "Under concern"
        case "ConcernLifted":
            return "concern-lifted", "Concern lifted"
        case "ClaimAmended":
            return "amendment", "Our record was wrong"
    raise ValueError(event.type)


def _lines(event: Event) -> Iterator[str]:
    """The summary, paragraph by paragraph, in HTML."""
    claim = event.claim
    assert claim is not None
    yield from (_change(change) for change in event.changes)
    if not any(change["__typename"] == "StatementChange" for change in event.changes):
        yield f"“{escape(claim.statement)}”"
    if event.type == "ClaimAmended":
        what = "never happened" if event.voids else "was recorded wrongly"
        yield f"What we recorded as event {event.amends} of this claim {what}." + (
            f" Why: {escape(event.reason)}" if event.reason else ""
        )
    if event.type == "ClaimRetracted":
        yield _taken_back(event)
    if event.notice is not None:
        yield _notice(event.notice)
    elif event.declared is False:
        yield "No notice said so."
    report = claim.report
    named = escape(report.headline or "the report")
    if report.urls and _on_the_web(report.urls[0]):
        named = f'<a href="{escape(report.urls[0])}">{named}</a>'
    yield f"In: {named}"
    if event.type != "ClaimAmended":
        yield escape(_public(event))


def _taken_back(event: Event) -> str:
    by = "the claimant" if event.by == "CLAIMANT" else "the outlet"
    words = f"Taken back by {by}"
    if event.with_report:
        words += " together with its whole report"
    if event.because not in (None, "NOT_STATED"):
        words += f"; reason: {str(event.because).lower().replace('_', ' ')}"
    else:
        words += "; no reason stated"
    if event.part:
        words += f". Part: {escape(event.part)}"
    return f"{words}."


def _notice(notice: Notice) -> str:
    words = f"“{escape(notice.text)}”" if notice.text else "no text recorded"
    if notice.url and _on_the_web(notice.url):
        words = f'<a href="{escape(notice.url)}">{words}</a>'
    issuer = f" (issued by {escape(notice.issuer.name)})" if notice.issuer else ""
    return f"Notice: {words}{issuer}"


def _public(event: Event) -> str:
    parts = []
    if event.published_at:
        parts.append(f"Published {event.published_at}")
    if event.observed_at:
        parts.append(f"Seen {event.observed_at}")
    if not event.published_at:
        parts.append("when it was published is not known")
    words = "; ".join(parts)
    return f"{words[0].upper()}{words[1:]}."


def _change(change: dict[str, Any]) -> str:
    """One field, before and after."""
    label, old, new = before_and_after(change)
    was = f"<del>{escape(old)}</del>" if old is not None else "not there"
    now = f"<ins>{escape(new)}</ins>" if new is not None else "taken out"
    if label is None:
        return f"Was: {was}<br>Now: {now}"
    return f"{escape(label)}: {was} → {now}"


def _on_the_web(url: str) -> bool:
    # Other people wrote it, and a reader makes a link of it that runs whatever it names.
    return url.lower().startswith(("https://", "http://"))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TITLE else f"{text[: LONGEST_TITLE - 1].rstrip()}…"
