"""Lists of claims and of stories, for a person."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from cli import phrases
from cli.terminal import lines_table, plain_text, said, show
from cli.times import short
from domain.words import Status
from projections.basis import Basis
from projections.views import ClaimPage, ClaimView, StoryView


def print_page(console: Console, page: ClaimPage, basis: Basis) -> None:
    """A page of claims, how many there are besides, and on what the answer stands."""
    if not page.items:
        console.print("No claim matches.")
    elif console.is_terminal:
        console.print(_claims_for_eyes(page.items))
    else:
        show(console, _claims_for_pipes(page.items))
        console.print()
    for line in page_notes(page):
        console.print(line)
    console.print(phrases.basis(basis), style="dim")


def page_notes(page: ClaimPage) -> list[str]:
    """What the page leaves out."""
    notes = []
    if page.items:
        notes.append(f"{len(page.items)} of {page.total:,} {_claims(page.total)}.")
    if page.left_out:
        notes.append(f"The status filter leaves out {page.left_out:,} {_claims(page.left_out)}.")
    if page.has_next_page:
        notes.append(f"Next page: the same command with --after {page.cursors[-1]}")
    return notes


def _claims(count: int) -> str:
    return "claim" if count == 1 else "claims"


def _claims_for_eyes(claims: list[ClaimView]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, expand=True, header_style="bold", leading=1)
    table.add_column("Reported (UTC)", width=16)
    table.add_column("Claim", ratio=1, overflow="fold")
    for claim in claims:
        when = short(claim.published_at, claim.observed_at, claim.reported_at)
        table.add_row(Group(when, phrases.status(claim)), _claim_for_eyes(claim))
    return table


def _claim_for_eyes(claim: ClaimView) -> Group:
    outlet = phrases.source_name(claim.outlet)
    whom = phrases.chain(claim.attribution)
    name = Text(phrases.name_of(claim), style="cyan")
    if claim.version > 1:
        name.append(f"  version {claim.version}", style="default")
    return Group(
        phrases.statement(claim),
        Text(f"{whom}; {outlet}" if whom else outlet, style="dim"),
        name,
    )


def _claims_for_pipes(claims: list[ClaimView]) -> Table:
    table = lines_table("REPORTED", "STATUS", "ALSO", "VERSION", "REF", "OUTLET", "STATEMENT")
    for claim in claims:
        table.add_row(
            short(claim.published_at, claim.observed_at, claim.reported_at),
            phrases.STATUS[claim.status][0],
            ", ".join(flag for flag, _ in phrases.flags(claim)) or "-",
            str(claim.version),
            Text(phrases.name_of(claim)),
            Text(phrases.source_name(claim.outlet)),
            said(phrases.named(claim.statement)),
        )
    return table


def print_stories(console: Console, stories: list[StoryView], basis: Basis) -> None:
    """All stories, with their claims counted."""
    if not stories:
        console.print("There is no story.")
    elif console.is_terminal:
        table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
        table.add_column("Story", overflow="fold")
        table.add_column("Title", overflow="fold")
        table.add_column("Claims", justify="right")
        table.add_column("Taken back", justify="right")
        for story in stories:
            taken = _taken_back(story)
            table.add_row(
                said(story.slug, "cyan"),
                said(story.title),
                f"{sum(story.counts.values()):,}",
                Text(f"{taken:,}", style="bold red" if taken else "dim"),
            )
        console.print(table)
    else:
        lines = lines_table("STORY", "CLAIMS", "TAKEN_BACK", "TITLE")
        for story in stories:
            lines.add_row(
                said(story.slug),
                str(sum(story.counts.values())),
                str(_taken_back(story)),
                said(story.title),
            )
        show(console, lines)
        console.print()
    console.print(phrases.basis(basis), style="dim")


def _taken_back(story: StoryView) -> int:
    taken = (Status.RETRACTED, Status.PARTIALLY_RETRACTED)
    return sum(story.counts.get(status, 0) for status in taken)


def print_story_head(console: Console, story: StoryView) -> None:
    """A story's title, what it is about, and its claims by status."""
    console.print(said(story.title, "bold"))
    if story.summary:
        console.print(said(story.summary))
    if story.topics:
        console.print("Topics: " + ", ".join(map(plain_text, story.topics)), style="dim")
    counts = Text()
    for status, (words, style) in phrases.STATUS.items():
        if count := story.counts.get(status, 0):
            counts.append(" · " if counts else "")
            counts.append(f"{count:,} {words}", style=style)
    console.print(counts if counts else "No claims.")
    console.print()
