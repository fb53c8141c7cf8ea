"""Claims in short phrases, the same wherever the command shows them."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from rich.text import Text

from cli.terminal import plain_text, said
from cli.times import instant
from domain.values import Quantity
from domain.words import Hedge, Status, Verb
from projections.basis import Basis
from projections.views import ClaimView, ErasureView, SourceView, StepView

STATUS: Final = {
    Status.STANDING: ("standing", "green"),
    Status.CORRECTED: ("corrected", "yellow"),
    Status.UNDER_CONCERN: ("UNDER CONCERN", "bold yellow"),
    Status.PARTIALLY_RETRACTED: ("PARTLY RETRACTED", "bold red"),
    Status.RETRACTED: ("RETRACTED", "bold white on red"),
}
"""How a status is written, and in which style."""

_HEDGES: Final = {
    Hedge.EXACTLY: "",
    Hedge.ABOUT: "about ",
    Hedge.MORE_THAN: "more than ",
    Hedge.LESS_THAN: "less than ",
}

ERASED: Final = "(erased)"
"""What stands in the place of a text that was erased."""

_VERBS: Final = {Verb.OTHER: "in other words"}


def status(claim: ClaimView) -> Text:
    """The status, and below it what else must not be overlooked."""
    text = Text.assemble(STATUS[claim.status])
    for flag, flag_style in flags(claim):
        text.append("\n")
        text.append(flag, style=flag_style)
    return text


def flags(claim: ClaimView) -> list[tuple[str, str]]:
    """What is true of a claim besides its status, each with its style."""
    found = []
    if claim.contested:
        found.append(("contested", "magenta"))
    if claim.silent_changes:
        found.append(("edited silently", "yellow"))
    if claim.reviewed:
        found.append(("reviewed", "cyan"))
    return found


def source_name(source: SourceView | None, what: str = "outlet") -> str:
    """The name of a source, or that it is not known."""
    return named(source.name) if source else f"{what} not known"


def named(text: str | None) -> str:
    """A text that is there unless it was erased."""
    return ERASED if text is None else plain_text(text)


def chain(steps: tuple[StepView, ...]) -> str:
    """An attribution chain, outermost first: `Lavrov said: Putin claimed`."""
    return ": ".join(_step(step) for step in steps)


def _step(step: StepView) -> str:
    name = named(step.source.name)
    if step.named_as and step.named_as != step.source.name:
        name += f" (named as {plain_text(step.named_as)})"
    if step.role:
        name += f", {plain_text(step.role)},"
    return f"{name} {_VERBS.get(step.verb, step.verb.value)}"


def amount(value: Decimal) -> str:
    """A number without an exponent."""
    return format(value, "f")


def quantity(quantity: Quantity) -> str:
    """A number with its hedge and bounds: `about 500 tonnes (450 to 550)`."""
    text = f"{_HEDGES[quantity.hedge]}{amount(quantity.value)}"
    if quantity.unit:
        text += f" {plain_text(quantity.unit)}"
    low = amount(quantity.low) if quantity.low is not None else "?"
    high = amount(quantity.high) if quantity.high is not None else "?"
    return text if low == high == "?" else f"{text} ({low} to {high})"


def statement(claim: ClaimView) -> Text:
    """What the claim says; struck through where it has been taken back."""
    if claim.statement is None:
        return Text(ERASED, style="dim")
    return said(claim.statement, "strike" if claim.status is Status.RETRACTED else "")


def erasure(erased: ErasureView) -> str:
    """That content was erased, when, and on what ground."""
    words = f"ERASED {instant(erased.at)}: {erased.ground.value.replace('_', ' ')}"
    return words + (f", {plain_text(erased.reference)}" if erased.reference else "")


def name_of(claim: ClaimView) -> str:
    """What a person can call the claim by."""
    return plain_text(claim.ref or str(claim.id))


def basis(basis: Basis) -> str:
    """On what an answer stands, in one sentence."""
    if basis.position == 0:
        return "As of an empty record."
    recorded = f"position {basis.position:,} of the log"
    if basis.recorded_at:
        recorded += f" (recorded {instant(basis.recorded_at)})"
    if basis.reported_at is None:
        return f"As of {recorded}; whatever the reporting time."
    return f"As of {recorded}; reported until {instant(basis.reported_at)}."
