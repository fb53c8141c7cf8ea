"""What other people wrote cannot steer the terminal."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from cli.terminal import plain_text


@given(st.text(st.characters(codec=None)))
def test_no_control_character_comes_through(text: str) -> None:
    shown = plain_text(text)
    assert not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in shown)


def test_an_escape_and_a_turned_direction_are_made_visible() -> None:
    assert plain_text("a\x1b[2Jb\u202ec") == "a\\u001b[2Jb\\u202ec"


def test_a_line_end_is_a_space_and_every_script_stays() -> None:
    assert plain_text("ab\nc") == "ab c"
    assert plain_text("Курск 库尔斯克 كورسك") == "Курск 库尔斯克 كورسك"
