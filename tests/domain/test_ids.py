"""What a reference means."""

from uuid import UUID, uuid5

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.ids import NAMESPACE, Subject, resolve
from domain.refusals import InvalidInput
from tests.domain.making import texts

subjects = st.sampled_from(Subject)


@pytest.mark.parametrize(
    ("subject", "ref", "expected"),
    [
        (Subject.SOURCE, "bbc", "ea6c2dbd-23b7-5825-a7eb-f89822be41d3"),
        (Subject.REPORT, "bbc", "6623af1c-8fdc-52ff-a682-a0c4635e43bd"),
        (Subject.STORY, "kursk", "7ee3c466-2d32-5621-b11d-6b3e8aa60fa7"),
        (Subject.CLAIM, "loss:2024-08-18:APC", "f41fdfe6-f38f-52ca-92de-3139c4f99e47"),
    ],
)
def test_a_reference_means_the_same_id_for_ever(subject: Subject, ref: str, expected: str) -> None:
    assert str(resolve(subject, ref)) == expected


@given(subjects, st.uuids())
def test_a_uuid_means_itself_in_either_case(subject: Subject, identity: UUID) -> None:
    assert resolve(subject, str(identity)) == identity
    assert resolve(subject, str(identity).upper()) == identity


@given(subjects, texts())
@example(Subject.CLAIM, "urn:6f4c3a525a0e5d0b9c1a3a8f0f4f7a11")
@example(Subject.CLAIM, "{6f4c3a52-5a0e-5d0b-9c1a3a8f0f4f7a1}")
@example(Subject.CLAIM, "6-f4c3a525a0e-5d0b9c1a-3a8f0f4f7-a11")
@example(Subject.CLAIM, "6f4c3a52-5a0e-5d0b-9c1a-3a8f0f4f7a1١")
@example(Subject.CLAIM, "6f4c3a52-5a0e-5d0b-9c1a-3a8f0f4f7a1g")
def test_anything_else_is_derived_from(subject: Subject, ref: str) -> None:
    identity = resolve(subject, ref)
    assert identity == uuid5(NAMESPACE, f"{subject.value}:{ref}")
    assert identity.version == 5


@given(texts())
def test_one_reference_means_four_things_of_four_sorts(ref: str) -> None:
    assert len({resolve(subject, ref) for subject in Subject}) == len(Subject)


def test_half_of_a_surrogate_pair_is_no_reference() -> None:
    for _ in range(2):
        with pytest.raises(InvalidInput):
            resolve(Subject.SOURCE, "\ud83d")
