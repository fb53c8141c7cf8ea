"""The pages about clients show what is run here, line by line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGES = HERE.parents[1] / "docs" / "how-to"


def lines(text: str) -> str:
    """A text without empty lines and without what the lines begin and end with."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


@pytest.mark.parametrize("page", ["use-a-graphql-client", "follow-what-comes-next"])
def test_every_piece_of_code_on_a_page_is_run(page: str) -> None:
    text = (PAGES / f"{page}.md").read_text("utf-8")
    # Documents are tried where the API is (tests/api/test_streaming.py).
    shown = re.findall(r"^```(?!graphql)\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    files = [*HERE.glob("*.py"), *(HERE / "npm").glob("*.*"), *(HERE / "npm").glob("[!n]*/*.*")]
    run = [f"\n{lines(path.read_text('utf-8'))}\n" for path in files if path.is_file()]
    assert len(shown) > 8
    assert [piece for piece in shown if not any(f"\n{lines(piece)}\n" in one for one in run)] == []
