"""The page about clients shows what is run here, line by line."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "how-to" / "use-a-graphql-client.md"


def lines(text: str) -> str:
    """A text without empty lines and without what the lines begin and end with."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def test_every_piece_of_code_on_the_page_is_run() -> None:
    shown = re.findall(r"^```\w+\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    files = [*HERE.glob("*.py"), *(HERE / "npm").glob("*.*"), *(HERE / "npm").glob("[!n]*/*.*")]
    run = [f"\n{lines(path.read_text('utf-8'))}\n" for path in files if path.is_file()]
    assert len(shown) > 8
    assert [piece for piece in shown if not any(f"\n{lines(piece)}\n" in one for one in run)] == []
