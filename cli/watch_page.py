"""An event of the record in a few lines, as it is told by the stream: for eyes, or for a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import Console, Group
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from api.change_words import before_and_after, chain
from cli.changes_page import KINDS
from cli.history_page import wording
from cli.terminal import plain_text, said, shows_colour
from projections.views import ChangeKind

Node = dict[str, Any]

NARROW: Final = 60
"""Columns below which the time has no column of its own."""

_RECORDED: Final = {
    "ClaimReported": ("reported", "bold"),
    "ReportPublished": ("report published", "bold"),
    "ReportRevised": ("report revised", "yellow"),
    "ReportMoved": ("report moved", "cyan"),
    "ReportWithdrawn": ("REPORT WITHDRAWN", "bold white on red"),
    "StoryOpened": ("story opened", "bold blue"),
    "SourceRegistered": ("source registered", "blue"),
    "SourceAliasAdded": ("source also spelt", "blue"),
    "SourceMerged": ("source merged", "blue"),
    "ConcernExpressed": KINDS[ChangeKind.UNDER_CONCERN],
    "ConcernLifted": KINDS[ChangeKind.CONCERN_LIFTED],
    "ClaimReinstated": KINDS[ChangeKind.REINSTATED],
    "ClaimLinked": KINDS[ChangeKind.LINKED],
    "ClaimReviewed": KINDS[ChangeKind.REVIEWED],
    "ClaimAmended": KINDS[ChangeKind.AMENDED],
}

_NATURES: Final = {
    "CORRECTION": KINDS[ChangeKind.CORRECTED],
    "CLARIFICATION": ("clarified", "yellow"),
    "UPDATE": ("updated", "yellow"),
    "REFILE": ("refiled", "yellow"),
}

_SILENTLY: Final = (", SILENTLY", "bold yellow")

WIDEST: Final = 26
"""Columns that what happened takes in a pipe."""


class Printer:
    """Prints events one after the other."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._day = ""

    def print(self, node: Node) -> None:
        """Print an event."""
        console = self._console
        recorded = datetime.fromisoformat(node["recordedAt"]).astimezone(UTC)
        if not console.is_terminal:
            console.out(f"{recorded:%Y-%m-%d %H:%M:%S}  {_line(node)}", highlight=False)
            return
        day = f"{recorded:%Y-%m-%d}"
        if day != self._day:
            self._day = day
            console.print(Rule(Text(f"recorded on {day}, UTC", "dim"), style="dim", align="left"))
            console.print()
        head = Text.assemble(*deed(node), "  ", (_by(node), "bold"))
        body = list(_lines(node, marks=not shows_colour(console)))
        time = f"{recorded:%H:%M:%S}"
        if console.width < NARROW:
            first = Text.assemble((time, "dim"), "  ", head)
            console.print(first, Padding(Group(*body), (0, 0, 0, 2), expand=False), "", sep="\n")
            return
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(width=8, style="dim")
        grid.add_column(overflow="fold")
        grid.add_row(time, Group(head, *body))
        console.print(grid)
        console.print()


def deed(node: Node) -> list[tuple[str, str]]:
    """What happened, each part with the style in which it is written."""
    match node["__typename"]:
        case "ClaimCorrected":
            if not node["declared"] and node["correctionNature"] == "CORRECTION":
                return [KINDS[ChangeKind.SILENTLY_EDITED]]
            what = _NATURES[node["correctionNature"]]
        case "ClaimRetracted":
            partial = node["scope"] == "PARTIAL"
            what = KINDS[ChangeKind.PARTIALLY_RETRACTED if partial else ChangeKind.RETRACTED]
        case sort:
            what = _RECORDED[sort]
    return [what] if node.get("declared") is not False else [what, _SILENTLY]


def _by(node: Node) -> str:
    """Who did what is told of, as far as it is known."""
    match node["__typename"]:
        case "ClaimReviewed":
            return plain_text(node["reviewer"]["name"])
        case "SourceMerged":
            return plain_text(node["name"])
    for holder in ("claim", "report"):
        if holder in node:
            outlet = (node[holder] or {}).get("outlet")
            return plain_text(outlet["name"]) if outlet else "outlet not known"
    subject = node.get("source") or node.get("story") or {}
    return plain_text(subject.get("name") or subject.get("title") or "")


def _lines(node: Node, *, marks: bool) -> Iterator[Text]:
    """What stands below the first line."""
    changes = node.get("changes") or ()
    if not any(one["__typename"] == "StatementChange" for one in changes) and (
        text := _subject(node)
    ):
        taken_back = node["__typename"] == "ClaimRetracted" and node["scope"] == "FULL"
        yield said(text, "strike" if taken_back else "")
    for change in changes:
        yield _change(change, marks=marks)
    for line in _more(node):
        yield said(line)
    notice = node.get("notice")
    if notice:
        yield said(f"notice: “{notice['text']}”" if notice["text"] else "notice: no text recorded")
        if notice["url"]:
            yield said(notice["url"], "dim")
    yield Text.assemble((_called(node), "cyan"), (f"  {_when(node)}", "dim"))


def _change(change: dict[str, Any], *, marks: bool) -> Text:
    label, old, new = before_and_after(change)
    if label is None:
        return wording(old or "", new or "", marks=marks)
    text = Text(f"{plain_text(label)}: ")
    text.append(plain_text(old) if old is not None else "nothing", style="red")
    text.append(" → ")
    text.append(plain_text(new) if new is not None else "taken out", style="bold green")
    return text


def _subject(node: Node) -> str | None:
    """What the claim says, or what the report is headed."""
    if node.get("claim"):
        return str(node["claim"]["statement"])
    report = node.get("report")
    return str(report["headline"]) if report and report["headline"] else None


def _more(node: Node) -> Iterator[str]:
    match node["__typename"]:
        case "ClaimReported" if node["attribution"]:
            yield f"on the word of: {chain(node['attribution'])}"
        case "ClaimRetracted":
            by = "the claimant" if node["by"] == "CLAIMANT" else "the outlet"
            why = "no reason stated"
            if node["because"] != "NOT_STATED":
                why = f"reason: {_spelt(node['because'])}"
            whole = ", with its whole report" if node["withReport"] else ""
            yield f"by {by}{whole}; {why}"
            if node["part"]:
                yield f"part: {node['part']}"
        case "ClaimReviewed":
            yield f"“{node['words']}” ({_spelt(node['rating'])})"
        case "ClaimLinked":
            yield f"{_spelt(node['linkKind'])} {node['claimId']}"
        case "ClaimAmended":
            what = "never happened" if node["voids"] else "was recorded wrongly"
            why = f": {node['reason']}" if node["reason"] else ""
            yield f"{node['actor']}: its event {node['amends']} {what}{why}"
        case "ReportMoved":
            yield f"to {node['movedTo']}"
        case "SourceAliasAdded":
            yield f"“{node['alias']}”"
        case "SourceMerged":
            yield f"into {node['into']['name'] if node['into'] else 'a source that was erased'}"


def _called(node: Node) -> str:
    """What a person can call it by that it is about."""
    about = node.get("claim") or node.get("report") or node.get("source") or node.get("story") or {}
    return plain_text(about.get("ref") or about.get("slug") or node["subjectId"])


def _when(node: Node) -> str:
    told = [f"position {node['position']:,}"]
    if node.get("publishedAt"):
        told.insert(0, f"published {node['publishedAt']}")
    elif node.get("observedAt"):
        told.insert(0, f"seen {node['observedAt']}")
    return ", ".join(told)


def _line(node: Node) -> str:
    """What follows the time where no person looks."""
    text = _subject(node)
    parts = []
    for change in node.get("changes") or ():
        line = _change(change, marks=True).plain
        if change["__typename"] == "StatementChange":
            text = line
        else:
            parts.append(line)
    lines = [*([text] if text else []), *parts, *_more(node)]
    who = _by(node) or "-"
    told = "; ".join(plain_text(line) for line in lines) or "-"
    what = "".join(words for words, _ in deed(node))
    return f"{what:<{WIDEST}}  {_called(node)}  {who}  {told}"


def _spelt(word: str) -> str:
    return word.lower().replace("_", " ")
