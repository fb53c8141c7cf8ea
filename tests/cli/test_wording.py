"""Word-level differences."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cli.wording import Op, differences, marked

TEXTS = st.text(st.sampled_from("ab1,. \n’é"), max_size=30) | st.text(max_size=20)


@given(TEXTS, TEXTS)
def test_the_stretches_make_up_both_texts(old: str, new: str) -> None:
    stretches = differences(old, new)
    assert "".join(s.text for s in stretches if s.op is not Op.ADDED) == old
    assert "".join(s.text for s in stretches if s.op is not Op.REMOVED) == new


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert all(stretch.op is Op.SAME for stretch in differences(text, text))


def test_a_number_changes_as_a_whole() -> None:
    assert marked(differences("lost 17,056 carriers.", "lost 16,480 carriers.")) == (
        "lost [-17,056-]{+16,480+} carriers."
    )


def test_changed_words_beside_each_other_are_one_change() -> None:
    assert marked(differences("a red fox ran", "a grey wolf ran")) == (
        "a [-red fox-]{+grey wolf+} ran"
    )
