"""The terminal: colour and boxes where a person looks, plain lines where a program reads."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from typing import Any, Final

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

ENDLESS: Final = 1_000_000
"""Columns of a pipe: nothing is folded there."""

_BIDI: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def stdout() -> Console:
    """The console for answers. In a pipe it has no colour, and lines of any length."""
    return _console(sys.stdout.isatty(), stderr=False)


def stderr() -> Console:
    """The console for what is said beside an answer: progress, notes, errors."""
    return _console(sys.stderr.isatty(), stderr=True)


def _console(is_terminal: bool, *, stderr: bool) -> Console:
    forced = bool(os.environ.get("FORCE_COLOR"))
    return Console(
        stderr=stderr,
        markup=False,
        emoji=False,
        highlight=False,
        width=None if is_terminal or forced or "COLUMNS" in os.environ else ENDLESS,
    )


def shows_colour(console: Console) -> bool:
    """Whether what colour alone says can be seen: there is a terminal, it has colour, and nobody
    has asked it not to (NO_COLOR)."""
    return console.is_terminal and console.color_system is not None and not console.no_color


def plain_text(text: str) -> str:
    """The text with what could steer a terminal made visible: other people wrote it.

    Line ends and tabs become spaces; other control characters, and those that turn the reading
    direction, are written as `\\u001b`.
    """
    if text.isprintable():
        return text
    return "".join(_visible(letter) for letter in text)


def _visible(letter: str) -> str:
    if letter in "\n\t\r\u2028\u2029":
        return " "
    if letter in _BIDI or unicodedata.category(letter) in ("Cc", "Cs"):
        return f"\\u{ord(letter):04x}"
    return letter


def said(text: str, style: str = "") -> Text:
    """Somebody else's words, safe to print."""
    return Text(plain_text(text), style=style)


def lines_table(*headings: str) -> Table:
    """A table for a pipe: one line a row, columns two spaces apart, no frame."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    return table


def show(console: Console, renderable: RenderableType) -> None:
    """Print something. Where no person looks, without the spaces that would fill up its lines."""
    if console.is_terminal:
        console.print(renderable)
        return
    with console.capture() as captured:
        console.print(renderable)
    for line in captured.get().splitlines():
        console.out(line.rstrip(), highlight=False)


def print_json(value: dict[str, Any]) -> None:
    """Print one JSON object, for programs."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
