"""What happens to each peculiarity of the loss claims, made small."""

from __future__ import annotations

import io
import json

import pytest

from domain.claim import Claim, claim_as_of
from domain.ids import Subject, resolve
from domain.words import Status
from feeds import loss_claims
from feeds.items import Item, Refused, Tally
from tests.feeds.memory import Memory


def revision(**fields: object) -> dict[str, object]:
    common: dict[str, object] = {
        "commit": "c" * 40,
        "author_time": "2022-03-06T19:50:51+02:00",
        "subject": "day11",
        "file": "russia_losses_equipment.json",
        "op": "add_record",
        "key": "2022-03-06",
    }
    return common | fields


def take(*lines: object) -> tuple[Memory, list[Refused], Tally]:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    memory, tally = Memory(), Tally()
    refused = memory.take_all(loss_claims.read(io.BytesIO(text.encode()), tally=tally))
    assert memory.refusals == []
    return memory, refused, tally


def claim(ref: str, *, of: Memory) -> Claim | None:
    return claim_as_of(of.world.entries(resolve(Subject.CLAIM, ref)))


def test_numbers_as_text_are_numbers_and_becoming_numbers_changes_nothing() -> None:
    memory, _, _ = take(
        revision(record={"date": "2022-03-06", "tank": "22"}),
        revision(op="change_field", field="tank", old="22", new=22, commit="d" * 40),
    )
    state = claim("loss:2022-03-06:tank", of=memory)
    assert state is not None
    assert state.version == 1
    assert state.quantities[0].value == 22


def test_nan_is_no_claim_and_is_counted() -> None:
    memory, _, tally = take(
        revision(record={"date": "2022-03-06", "tank": "NaN", "drone": 1, "day": 11}),
        revision(op="change_field", field="drone", old=1, new="NaN", commit="d" * 40),
    )
    assert claim("loss:2022-03-06:tank", of=memory) is None
    drone = claim("loss:2022-03-06:drone", of=memory)
    assert drone is not None
    assert drone.status is Status.RETRACTED
    assert tally.skipped["a cell that holds no number"] == 2
    assert tally.skipped["the day of the war is no loss"] == 1


def test_two_records_of_one_date_are_two_claims() -> None:
    memory, _, _ = take(
        revision(record={"date": "2022-03-06", "tank": 1}),
        revision(record={"date": "2022-03-06", "tank": 2}, key="2022-03-06#1"),
    )
    first, second = (claim(f"loss:2022-03-06{n}:tank", of=memory) for n in ("", "#1"))
    assert first is not None
    assert second is not None
    assert first.about == second.about == "2022-03-06"


def test_a_broken_file_at_a_commit_changes_nothing_and_is_counted() -> None:
    broken: dict[str, object] = {"op": "unparseable", "key": None, "error": "x"}
    shape: dict[str, object] = {"op": "unexpected_shape", "key": None, "shape": "dict"}
    memory, refused, tally = take(
        revision(record={"date": "2022-03-06", "tank": 1}),
        revision(**broken, commit="d" * 40),
        revision(**shape, commit="e" * 40),
    )
    assert refused == []
    assert (
        sum(count for reason, count in tally.skipped.items() if "could not be read" in reason) == 2
    )
    assert claim("loss:2022-03-06:tank", of=memory) is not None


def test_another_claimants_table_is_counted_and_left_out() -> None:
    memory, _, tally = take(revision(file="russia_losses_equipment_oryx.json", record={"a": 1}))
    assert memory.log == []
    assert tally.skipped["russia_losses_equipment_oryx.json has another claimant"] == 1


def test_one_is_told_in_the_singular() -> None:
    memory, _, _ = take(
        revision(record={"date": "2022-03-06", "submarines": 1, "tank": "1", "drone": 0})
    )
    told = {
        column: state.statement
        for column in ("submarines", "tank", "drone")
        if (state := claim(f"loss:2022-03-06:{column}", of=memory)) is not None
    }
    assert told == {
        "submarines": "By 2022-03-06 Russia had lost 1 submarine.",
        "tank": "By 2022-03-06 Russia had lost 1 tank.",
        "drone": "By 2022-03-06 Russia had lost 0 drones.",
    }


def test_a_declared_correction_waits_for_its_claim() -> None:
    memory, _, _ = take(
        revision(
            file="russia_losses_equipment_correction.json", record={"date": "2022-03-06", "tank": 5}
        ),
        revision(
            record={"date": "2022-03-06", "tank": 9},
            commit="d" * 40,
            author_time="2022-03-07T10:00:00+02:00",
        ),
    )
    state = claim("loss:2022-03-06:tank", of=memory)
    assert state is not None
    assert [q.value for q in state.quantities] == [9, 5]


@pytest.mark.parametrize(
    ("line", "code", "field"),
    [
        ("{", "INVALID_JSON", None),
        (revision(op="rename"), "INVALID_INPUT", "op"),
        (revision(op="change_field", field="tank", old=1, new=2), "INVALID_INPUT", "key"),
        (revision(op="change_field", old=1, new=2), "INVALID_INPUT", "field"),
        (revision(op="change_field", field="tank", old=1), "INVALID_INPUT", "new"),
        (revision(), "INVALID_INPUT", "record"),
        (revision(record={"tank": 1}), "INVALID_INPUT", "record.date"),
        (revision(record={"date": "6 March"}), "INVALID_TIME", "record.date"),
        (revision(record={"date": "2022-03-06"}, author_time="x"), "INVALID_TIME", "author_time"),
        (revision(record=[1]), "INVALID_INPUT", "record"),
    ],
)
def test_a_bad_line_is_refused_and_the_next_one_is_taken(
    line: object, code: str, field: str | None
) -> None:
    good = revision(record={"date": "2022-03-05", "tank": 1}, key="2022-03-05")
    memory, refused, tally = take(line, good)
    assert [(r.line_number, r.code, r.field) for r in refused] == [(1, code, field)]
    assert claim("loss:2022-03-05:tank", of=memory) is not None
    assert (tally.lines, tally.refused, tally.envelopes) == (2, 1, 5)


def test_items_carry_the_line_that_they_come_from() -> None:
    stream = io.BytesIO(json.dumps(revision(record={"date": "2022-03-06", "tank": 1})).encode())
    results = list(loss_claims.read(stream, actor="somebody"))
    assert all(isinstance(item, Item) and item.line_number == 1 for item in results)
    assert {item.envelope.actor for item in results if isinstance(item, Item)} == {"somebody"}
