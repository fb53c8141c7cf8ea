"""The page about the command line, from the command itself.

`python -m cli.reference` prints it; `docs/reference/command-line.md` is that text.
"""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stdout, suppress
from typing import Final

import typer

from cli.main import app

HEAD: Final = """\
# The command line

What `dateline --help` says, and each command after it. Made by `python -m cli.reference`; a test
holds it to the program. What programs get is in [JSON on the command line](command-line-json.md).
"""


def page() -> str:
    """The page in Markdown."""
    parts = [HEAD, _section("dateline")]
    parts += [_section("dateline", name) for name in _names(app)]
    for group in app.registered_groups:
        if group.typer_instance is not None and group.name is not None:
            parts.append(_section("dateline", group.name))
            parts += [
                _section("dateline", group.name, name) for name in _names(group.typer_instance)
            ]
    return "\n".join(parts)


def _names(commands: typer.Typer) -> list[str]:
    callbacks = [(info.name, info.callback) for info in commands.registered_commands]
    return [name or callback.__name__ for name, callback in callbacks if callback]


def _section(program: str, *command: str) -> str:
    printed = io.StringIO()
    with redirect_stdout(printed), suppress(SystemExit):
        app(args=[*command, "--help"], prog_name=program, terminal_width=80)
    title = " ".join((program, *command))
    return f"## {title}\n\n```text\n{printed.getvalue().strip()}\n```\n"


if __name__ == "__main__":
    sys.stdout.write(page())
