"""What became of claims between two moments."""

from __future__ import annotations

from typing import Final

from projections.views import ChangeKind, Changes, ClaimChange, ClaimView
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli import phrases
from cli.history_page import wording
from cli.terminal import lines_table, plain_text, print_lines, said
from cli.wording import differences, marked
from domain.values import Quantity

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
    ChangeKind.AMENDED: ("our record amended", "magenta"),
    ChangeKind.GONE: ("gone", "bold magenta"),
}
"""How a change is written, and in which style."""


def print_changes(console: Console, changes: Changes) -> None:
    """All changes, in the order of their reporting times, and between which moments."""
    if not changes.items:
        console.print("Nothing changed.")
    elif console.is_terminal:
        console.print(_for_eyes(changes.items))
    else:
        print_lines(console, _for_pipes(changes.items))
        console.print()
    count = len(changes.items)
    console.print(f"{count:,} {'change' if count == 1 else 'changes'}.")
    console.print(f"From: {phrases.basis(changes.earlier)}", style="dim")
    console.print(f"To:   {phrases.basis(changes.later)}", style="dim")


def _shown(change: ClaimChange) -> ClaimView:
    claim = change.after or change.before
    if claim is None:
        raise ValueError("a change is of a claim")
    return claim


def _for_eyes(changes: list[ClaimChange]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, expand=True, header_style="bold")
    table.add_column("Changed", width=16)
    table.add_column("What", min_width=13, max_width=16)
    table.add_column("Claim", ratio=1, overflow="fold")
    for change in changes:
        words, style = KINDS[change.kind]
        when = f"{_shown(change).last_changed_at:%Y-%m-%d %H:%M}"
        table.add_row(when, Text(words, style=style), Group(*_lines(change)))
    return table


def _lines(change: ClaimChange) -> list[RenderableType]:
    claim = _shown(change)
    before, after = change.before, change.after
    lines: list[RenderableType] = []
    if before and after and before.statement != after.statement:
        lines.append(wording(before.statement, after.statement, marks=False))
    else:
        lines.append(phrases.statement(claim))
    for old, new, label in _numbers(change):
        line = Text(f"{label}: ")
        line.append(old, style="red")
        line.append(" → ")
        line.append(new, style="bold green")
        lines.append(line)
    lines.append(Text(phrases.source_name(claim.outlet), style="dim"))
    lines.append(Text(phrases.name_of(claim), style="dim"))
    return lines


def _for_pipes(changes: list[ClaimChange]) -> Table:
    table = lines_table("CHANGED", "WHAT", "REF", "NUMBERS", "STATEMENT")
    for change in changes:
        claim, before, after = _shown(change), change.before, change.after
        statement = said(claim.statement)
        if before and after and before.statement != after.statement:
            statement = said(marked(differences(before.statement, after.statement)))
        numbers = "; ".join(f"{label}: {old} → {new}" for old, new, label in _numbers(change))
        table.add_row(
            f"{claim.last_changed_at:%Y-%m-%d %H:%M}",
            KINDS[change.kind][0],
            Text(phrases.name_of(claim)),
            Text(numbers or "-"),
            statement,
        )
    return table


def _numbers(change: ClaimChange) -> list[tuple[str, str, str]]:
    """Numbers that differ: old, new, label."""
    if change.before is None or change.after is None:
        return []
    before = {quantity.key: quantity for quantity in change.before.quantities}
    after = {quantity.key: quantity for quantity in change.after.quantities}
    found = []
    for key in {**before, **after}:
        old, new = before.get(key), after.get(key)
        if old != new:
            found.append((_number(old, "nothing"), _number(new, "taken out"), plain_text(key[0])))
    return found


def _number(quantity: Quantity | None, otherwise: str) -> str:
    return phrases.quantity(quantity) if quantity else otherwise
