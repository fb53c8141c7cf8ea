"""What became of claims between two moments."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from cli import phrases
from cli.history_page import wording
from cli.terminal import lines_table, plain_text, said, show, shows_colour
from cli.wording import differences, marked
from domain.values import Quantity
from projections.views import ChangeKind, Changes, ClaimChange, ClaimView

KINDS: Final = {
    ChangeKind.NEW: ("new", "green"),
    ChangeKind.CORRECTED: ("corrected", "yellow"),
    ChangeKind.SILENTLY_EDITED: ("EDITED SILENTLY", "bold yellow"),
    ChangeKind.RETRACTED: ("RETRACTED", "bold white on red"),
    ChangeKind.PARTIALLY_RETRACTED: ("PARTLY RETRACTED", "bold red"),
    ChangeKind.REINSTATED: ("reinstated", "green"),
    ChangeKind.UNDER_CONCERN: ("UNDER CONCERN", "bold yellow"),
    ChangeKind.CONCERN_LIFTED: ("concern lifted", "green"),
    ChangeKind.NEWLY_CONTESTED: ("contested", "magenta"),
    ChangeKind.NO_LONGER_CONTESTED: ("not contested any more", "magenta"),
    ChangeKind.REVIEWED: ("reviewed", "cyan"),
    ChangeKind.LINKED: ("linked", "cyan"),
    ChangeKind.AMENDED: ("our record amended", "magenta"),
}
"""How a change is written, and in which style."""


def print_changes(console: Console, changes: Changes, kinds: frozenset[ChangeKind]) -> None:
    """The changes of some kinds, in the order of their reporting times; how many there are of each
    kind; and between which moments. No kinds: all of them."""
    chosen = [change for change in changes.items if not kinds or change.kind in kinds]
    grouped = [list(same) for _, same in groupby(chosen, key=lambda each: each.after.id)]
    if grouped and console.is_terminal:
        console.print(_for_eyes(grouped, marks=not shows_colour(console)))
    elif grouped:
        show(console, _for_pipes(grouped))
        console.print()
    console.print(_counts(changes.items))
    if len(chosen) < len(changes.items):
        console.print(f"The kind filter leaves out {len(changes.items) - len(chosen):,} of them.")
    for end, basis in (("From", changes.earlier), ("To  ", changes.later)):
        console.print(f"{end}  {phrases.basis(basis).removeprefix('As of ')}", style="dim")


def _counts(changes: list[ClaimChange]) -> Text:
    counted = Counter(change.kind for change in changes)
    if not counted:
        return Text("Nothing changed.")
    text = Text("Changes: ")
    for number, (kind, (words, style)) in enumerate(
        (kind, known) for kind, known in KINDS.items() if counted[kind]
    ):
        text.append(", " if number else "")
        text.append(f"{counted[kind]:,} {words}", style=style)
    return text.append(".")


def _for_eyes(grouped: list[list[ClaimChange]], *, marks: bool) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, expand=True, header_style="bold", leading=1)
    table.add_column("Changed (UTC)", width=16)
    table.add_column("Claim", ratio=1, overflow="fold")
    for same in grouped:
        what = Text("\n").join(Text.assemble(KINDS[change.kind]) for change in same)
        when = f"{same[0].after.last_changed_at:%Y-%m-%d %H:%M}"
        table.add_row(Group(when, what), Group(*_lines(same[0].before, same[0].after, marks)))
    return table


def _lines(before: ClaimView | None, after: ClaimView, marks: bool) -> list[Text]:
    if before and before.statement and after.statement and before.statement != after.statement:
        lines = [wording(before.statement, after.statement, marks=marks)]
    else:
        lines = [phrases.statement(after)]
    for label, old, new in _numbers(before, after):
        line = Text(f"{label}: ")
        line.append(old, style="red")
        line.append(" → ")
        line.append(new, style="bold green")
        lines.append(line)
    lines.append(Text(phrases.source_name(after.outlet), style="dim"))
    lines.append(Text(phrases.name_of(after), style="cyan"))
    return lines


def _for_pipes(grouped: list[list[ClaimChange]]) -> Table:
    table = lines_table("CHANGED", "WHAT", "REF", "NUMBERS", "STATEMENT")
    for same in grouped:
        before, after = same[0].before, same[0].after
        statement = said(phrases.named(after.statement))
        if before and before.statement and after.statement and before.statement != after.statement:
            statement = said(marked(differences(before.statement, after.statement)))
        numbers = [f"{label}: {old} → {new}" for label, old, new in _numbers(before, after)]
        table.add_row(
            f"{after.last_changed_at:%Y-%m-%d %H:%M}",
            ", ".join(KINDS[change.kind][0] for change in same),
            Text(phrases.name_of(after)),
            Text("; ".join(numbers) or "-"),
            statement,
        )
    return table


def _numbers(before: ClaimView | None, after: ClaimView) -> list[tuple[str, str, str]]:
    """Numbers that differ: label, old, new."""
    if before is None:
        return []
    earlier = {quantity.key: quantity for quantity in before.quantities}
    later = {quantity.key: quantity for quantity in after.quantities}
    found = []
    for key in {**earlier, **later}:
        old, new = earlier.get(key), later.get(key)
        if old != new:
            found.append((plain_text(key[0]), _number(old, "nothing"), _number(new, "taken out")))
    return found


def _number(quantity: Quantity | None, otherwise: str) -> str:
    return phrases.quantity(quantity) if quantity else otherwise
