"""What became of a claim, event by event, with every field before and after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from cli import phrases
from cli.terminal import plain_text
from cli.times import described, instant
from cli.wording import Op, differences
from domain.events import (
    AnyEvent,
    ClaimAmended,
    ClaimCorrected,
    ClaimErased,
    ClaimLinked,
    ClaimReinstated,
    ClaimReported,
    ClaimRetracted,
    ClaimReviewed,
    ConcernExpressed,
    ConcernLifted,
)
from domain.values import (
    AboutChange,
    AttributionChange,
    Change,
    Notice,
    QuantityChange,
    StatementChange,
    Step,
    StoryChange,
    TopicsChange,
)
from domain.words import Party, Scope
from projections.views import HistoryItem

NameOf = Callable[[UUID], str]

_MARKS: Final = {
    Op.SAME: ("{}", ""),
    Op.REMOVED: ("[-{}-]", "red strike"),
    Op.ADDED: ("{{+{}+}}", "bold green"),
}


_UNPUBLISHED: Final = "when it was published is not known"
_TIMELESS: Final = "no time given; counts as soon as all that it names is out"


def event(item: HistoryItem, name_of: NameOf, *, marks: bool) -> Group:
    """One event: what was done, what it changed, when it was public, and who recorded it when and
    why. With `marks`, differences show without colour."""
    head = Text.assemble((f"{item.version}  ", "bold"), _what(item, name_of))
    details = Text("\n").join(_details(item, name_of, marks=marks))
    return Group(head, Padding(details, (0, 0, 0, 3), expand=False))


def _what(item: HistoryItem, name_of: NameOf) -> Text:
    words, style = _deed(item.event, name_of)
    text = Text.assemble((words, style))
    if item.declared is False:
        text.append(", SILENTLY", style="bold yellow")
    elif item.declared:
        text.append(", declared")
    if item.voided:
        text.append("  (void: we had recorded it wrongly)", style="bold magenta")
    return text


def _deed(event: AnyEvent, name_of: NameOf) -> tuple[str, str]:
    match event:
        case ClaimReported():
            return "reported", "bold"
        case ClaimCorrected():
            return f"{event.nature.value} of version {event.version}", "bold yellow"
        case ConcernExpressed():
            return "held by the outlet while it checks", "bold yellow"
        case ConcernLifted():
            return "concern lifted: the outlet lets it stand", "bold green"
        case ClaimRetracted():
            whole = "RETRACTED" if event.scope is Scope.FULL else "PARTLY RETRACTED"
            by = "the outlet" if event.by is Party.OUTLET else "the claimant"
            why = event.because.value.replace("_", " ")
            return f"{whole} by {by} ({event.nature.value}; reason: {why})", "bold red"
        case ClaimReinstated():
            return "reinstated", "bold green"
        case ClaimLinked():
            return f"{event.kind.value} {plain_text(name_of(event.to))}", "bold"
        case ClaimReviewed():
            rating = event.rating.value.replace("_", " ")
            by_whom = plain_text(name_of(event.reviewer))
            return f"reviewed by {by_whom}: “{phrases.named(event.words)}” ({rating})", "bold cyan"
        case ClaimAmended():
            what = "made void" if event.void else "amended"
            return f"our own record of event {event.amends} {what}", "bold magenta"
        case ClaimErased():
            events = ", ".join(map(str, event.events))
            ground = event.ground.value.replace("_", " ")
            return f"what events {events} said was ERASED ({ground})", "bold red"
    return str(event.__struct_config__.tag), "bold"


def _details(item: HistoryItem, name_of: NameOf, *, marks: bool) -> list[Text]:
    event = item.event
    lines = [*_changes(event, name_of, marks=marks)]
    if isinstance(event, ClaimErased) and event.reference:
        lines.append(Text(f"reference: {plain_text(event.reference)}"))
    if isinstance(event, ClaimRetracted) and event.part:
        lines.append(Text(f"part: {plain_text(event.part)}"))
    if isinstance(event, ClaimReviewed) and event.url:
        lines.append(Text(plain_text(event.url), style="dim"))
    notice = getattr(event, "notice", None)
    if isinstance(notice, Notice):
        lines.extend(_notice(notice, name_of))
    lines.append(Text(_public(event)))
    recorded = f"recorded {instant(item.recorded_at)} at position {item.position:,}"
    recorded += f" by {plain_text(item.actor)}"
    if item.reason:
        recorded += f": {plain_text(item.reason)}"
    lines.append(Text(recorded, style="dim"))
    return lines


def _public(event: AnyEvent) -> str:
    if isinstance(event, ClaimAmended):
        return "counts from when the event that it amends counts"
    if isinstance(event, ClaimErased):
        return "counts from when it was recorded; what it says nothing of is as it was"
    published = getattr(event, "published_at", None)
    observed = getattr(event, "observed_at", None)
    parts = []
    if published:
        parts.append(f"published {described(published)}")
    if observed:
        parts.append(f"seen {described(observed)}")
    if not published:
        parts.append(_UNPUBLISHED if observed else _TIMELESS)
    return "; ".join(parts)


def _notice(notice: Notice, name_of: NameOf) -> list[Text]:
    text = f"notice: “{plain_text(notice.text)}”" if notice.text else "notice: no text recorded"
    if notice.issuer:
        text += f" (issued by {plain_text(name_of(notice.issuer))})"
    lines = [Text(text)]
    if notice.url:
        lines.append(Text(plain_text(notice.url), style="dim"))
    return lines


def _changes(event: AnyEvent, name_of: NameOf, *, marks: bool) -> list[Text]:
    if not isinstance(event, ClaimCorrected | ClaimAmended):
        return []
    return [change_line(change, name_of, marks=marks) for change in event.changes]


def change_line(change: Change, name_of: NameOf, *, marks: bool) -> Text:
    """One field, before and after."""
    if isinstance(change, StatementChange):
        if change.old is None or change.new is None:
            return Text(f"statement: {phrases.ERASED}")
        return Text("statement: ") + wording(change.old, change.new, marks=marks)
    label, old, new = _old_and_new(change, name_of)
    text = Text(f"{label}: ")
    text.append(old, style="red")
    text.append(" → ")
    text.append(new, style="bold green")
    return text


def wording(old: str, new: str, *, marks: bool) -> Text:
    """Two wordings as one text: colour where there is a terminal, else marks as in
    `git diff --word-diff`. What was removed stands before what was added."""
    text = Text()
    last = Op.SAME
    for stretch in differences(old, new):
        form, style = _MARKS[stretch.op]
        words = plain_text(stretch.text)
        if not marks and (last, stretch.op) == (Op.REMOVED, Op.ADDED):
            text.append(" ")  # the two must not read as one word where colour is not seen
        text.append(form.format(words) if marks else words, style=style)
        last = stretch.op
    return text


def _old_and_new(change: Change, name_of: NameOf) -> tuple[str, str, str]:
    match change:
        case QuantityChange() if change.new is None and change.old is None:
            return "number", phrases.ERASED, phrases.ERASED
        case QuantityChange():
            named = change.new or change.old
            label = plain_text(named.label) if named else "number"
            old = phrases.quantity(change.old) if change.old else "nothing"
            return label, old, phrases.quantity(change.new) if change.new else "taken out"
        case AttributionChange():
            return "on whose word", _steps(change.old, name_of), _steps(change.new, name_of)
        case TopicsChange():
            return "topics", _listed(change.old), _listed(change.new)
        case StoryChange():
            old = plain_text(name_of(change.old)) if change.old else "none"
            return "story", old, plain_text(name_of(change.new)) if change.new else "none"
        case AboutChange():
            old = plain_text(change.old) if change.old else "not known"
            return "about", old, plain_text(change.new) if change.new else "not known"
    return str(change.__struct_config__.tag), str(change.old), str(change.new)


def _listed(topics: tuple[str, ...]) -> str:
    return ", ".join(map(plain_text, topics)) or "none"


def _steps(steps: tuple[Step, ...], name_of: NameOf) -> str:
    return ": ".join(f"{plain_text(name_of(s.source))} {s.verb.value}" for s in steps) or "nobody"
