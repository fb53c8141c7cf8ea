"""One claim in full: what it says, on whose word, what became of it, and how."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli import phrases
from cli.history_page import event
from cli.terminal import plain_text, said, show, shows_colour
from cli.times import described, instant
from domain.words import Party, RetractionReason, Status
from projections.basis import Basis
from projections.views import ClaimView, HistoryItem

NameOf = Callable[[UUID], str]
"""How something is called that an event names by its id."""


def print_claim(
    console: Console, claim: ClaimView, history: list[HistoryItem], basis: Basis, name_of: NameOf
) -> None:
    """The claim as of the basis. What a reader must not overlook comes first."""
    marks = not shows_colour(console)
    show(
        console,
        Group(
            *(Text(words, style=style) for words, style in warnings(claim)),
            Padding(phrases.statement(claim), (1, 0), expand=False),
            _fields(claim, name_of),
            Text("\nHistory", style="bold"),
            *(event(item, name_of, marks=marks) for item in history),
            Text(),
            Text(phrases.basis(basis), style="dim"),
        ),
    )


def warnings(claim: ClaimView) -> list[tuple[str, str]]:
    """What a reader must not overlook, each with its style."""
    found = []
    for what, erased in (("", claim.erased), (" (its report)", claim.report.erased)):
        if erased is not None:
            found.append((phrases.erasure(erased) + what, "bold red"))
    retraction = claim.retraction
    if retraction is not None:
        whole = claim.status is Status.RETRACTED
        by = "the outlet" if retraction.by is Party.OUTLET else "the claimant"
        how = "declared" if retraction.declared else "silently, with no notice"
        words = f"{'RETRACTED' if whole else 'PARTLY RETRACTED'} by {by}, {how}: "
        words += f"{retraction.nature.value}, {_reason(retraction.because)}"
        words += f"; {instant(retraction.reported_at)}"
        if retraction.part:
            words += f". Part: {plain_text(retraction.part)}"
        found.append((words, phrases.STATUS[claim.status][1]))
    if claim.concern_since is not None:
        words = f"UNDER CONCERN: the outlet is checking this since {instant(claim.concern_since)}"
        found.append((words, "bold yellow"))
    if claim.contested:
        found.append(("CONTESTED: a claim that has not been retracted contradicts this", "magenta"))
    if claim.report.withdrawal is not None:
        found.append(("The whole report was withdrawn", "bold red"))
    if claim.report.caution:
        found.append((f"The report warns: {plain_text(claim.report.caution)}", "yellow"))
    return found


def _reason(because: RetractionReason) -> str:
    if because is RetractionReason.NOT_STATED:
        return "no reason stated"
    return f"because of {because.value.replace('_', ' ')}"


def _fields(claim: ClaimView, name_of: NameOf) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")

    def row(label: str, value: RenderableType) -> None:
        grid.add_row(label, value)

    version = f"  version {claim.version}, {_changes(claim)}"
    row("Status", Text.assemble(phrases.STATUS[claim.status], version))
    row("On whose word", _chain(claim))
    row("Outlet", phrases.source_name(claim.outlet) if claim.outlet else "not known")
    row("Report", _report(claim))
    row("Kind", claim.kind.value)
    if claim.story:
        row("Story", f"{plain_text(claim.story.title)} ({plain_text(claim.story.slug)})")
    row("About", plain_text(claim.about) if claim.about else "time not known")
    row("Published", described(claim.published_at) if claim.published_at else "not known")
    if claim.observed_at:
        row("Seen", described(claim.observed_at))
    for index, quantity in enumerate(claim.quantities):
        label = "Numbers" if index == 0 else ""
        row(label, f"{plain_text(quantity.label)}: {phrases.quantity(quantity)}")
    if claim.topics:
        row("Topics", ", ".join(map(plain_text, claim.topics)))
    for link in claim.links:
        row("Link", f"{link.kind.value}: {plain_text(name_of(link.to))}")
    for review in claim.reviews:
        rating = review.rating.value.replace("_", " ")
        row(
            "Review",
            f"{phrases.source_name(review.reviewer)}: “{phrases.named(review.words)}” ({rating})",
        )
    row("Ref", phrases.name_of(claim))
    return grid


def _changes(claim: ClaimView) -> str:
    counted = ((claim.declared_changes, "declared"), (claim.silent_changes, "silent"))
    parts = [
        f"{count} {how} {'change' if count == 1 else 'changes'}" for count, how in counted if count
    ]
    return " and ".join(parts) or "content unchanged"


def _chain(claim: ClaimView) -> Text:
    if not claim.attribution:
        return Text("the report's own; no attribution recorded")
    text = Text()
    for depth, step in enumerate(claim.attribution):
        text.append("\n" + "  " * depth if depth else "")
        text.append(phrases.chain((step,)))
    return text


def _report(claim: ClaimView) -> Text:
    report = claim.report
    text = said(report.headline) if report.headline else Text("no headline recorded")
    if report.urls:
        text.append("\n")
        text.append(plain_text(report.urls[0]), style="dim")
    return text
