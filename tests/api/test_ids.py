"""Global ids are opaque, and what is not one is refused or taken for a reference."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from api.ids import InvalidId, global_id, reference
from domain.ids import Subject

subjects = st.sampled_from(Subject)


@given(subjects, st.uuids())
def test_a_global_id_leads_back_to_its_uuid(subject: Subject, identity: UUID) -> None:
    assert reference(subject, global_id(subject, identity)) == str(identity)


@given(subjects, subjects, st.uuids())
def test_a_global_id_of_another_sort_is_refused(
    one: Subject, other: Subject, identity: UUID
) -> None:
    if one is not other:
        with pytest.raises(InvalidId, match=f"of a {other.value}"):
            reference(one, global_id(other, identity))


@given(subjects, st.text(min_size=1).filter(lambda text: text.strip() and "\0" not in text))
def test_any_other_text_is_a_reference(subject: Subject, text: str) -> None:
    assume(not text.startswith(tuple(f"{one.value}~" for one in Subject)))
    assert reference(subject, text) == text


@pytest.mark.parametrize("text", ["", "  ", "x" * 1001, "a\0b", "claim~", "claim~%%%", "claim~é"])
def test_no_id_at_all_is_refused(text: str) -> None:
    with pytest.raises(InvalidId):
        reference(Subject.CLAIM, text)


def test_an_id_has_one_spelling() -> None:
    with pytest.raises(InvalidId):
        reference(Subject.CLAIM, "claim~AAAAAAAAAAAAAAAAAAAAAB")
