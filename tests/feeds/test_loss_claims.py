"""The history of the loss claims, with everything odd that is in it."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.claim import Claim, claim_as_of, evolve
from domain.events import ClaimCorrected, ClaimReported
from domain.history import Entry
from domain.ids import Subject, resolve
from domain.moments import parse_moment
from domain.words import CorrectionNature, Hedge, RetractionNature, Status
from feeds import loss_claims
from feeds.loss_table import DIRECTION
from tests.feeds.data import data_file
from tests.feeds.memory import Memory

FOLDER = "ukraine-loss-claims"
HEDGES = {
    "about": Hedge.ABOUT,
    "more than": Hedge.MORE_THAN,
    "more": Hedge.MORE_THAN,
    "almost": Hedge.LESS_THAN,
}

Figures = Counter[tuple[str, str, object, Hedge]]


@cache
def record() -> Memory:
    memory = Memory()
    with data_file(f"{FOLDER}/revisions.jsonl.gz").open("rb") as stream:
        assert memory.take_all(loss_claims.read(stream)) == []
    assert memory.refusals == []
    return memory


@cache
def revisions() -> list[dict[str, Any]]:
    with gzip.open(data_file(f"{FOLDER}/revisions.jsonl.gz")) as stream:
        return [json.loads(line) for line in stream]


def entries(ref: str) -> list[Entry]:
    return record().world.entries(resolve(Subject.CLAIM, ref))


def claim(ref: str, at: str | None = None, of: Memory | None = None) -> Claim | None:
    world = (of or record()).world
    limit = None if at is None else parse_moment(at).start
    return claim_as_of(world.entries(resolve(Subject.CLAIM, ref)), limit)


def amount(state: Claim, index: int = 0) -> int:
    return int(state.quantities[index].value)


def in_row(file: str, row: dict[str, Any]) -> Figures:
    """What a row of a file says, read from the raw file and nothing else."""
    found: Figures = Counter()
    for column, value in row.items():
        if column in ("date", "day", "personnel*", "*personnel") or value == "NaN":
            continue
        if file.endswith("correction.json"):
            if value:
                found[
                    row["date"], f"{column}: declared adjustment", Decimal(value), Hedge.EXACTLY
                ] += 1
        elif column == DIRECTION:
            found[row["date"], column, value, Hedge.EXACTLY] += 1
        else:
            word = row.get("personnel*", row.get("*personnel", ""))
            hedge = HEDGES.get(word, Hedge.EXACTLY) if column == "personnel" else Hedge.EXACTLY
            found[row["date"], column, Decimal(value), hedge] += 1
    return found


def in_claim(state: Claim | None) -> Figures:
    """What a claim says, if it stands."""
    if state is None or state.status is Status.RETRACTED:
        return Counter()
    if not state.quantities:
        said = (state.statement or "").split(" greatest at ")[1].removesuffix(".")
        return Counter([(state.about or "", DIRECTION, said, Hedge.EXACTLY)])
    return Counter(
        (state.about or "", quantity.label, quantity.value, quantity.hedge)
        for quantity in state.quantities
    )


def in_record(memory: Memory, at: datetime) -> Figures:
    found: Figures = Counter()
    for history in memory.world.subjects.values():
        if isinstance(history[0].event, ClaimReported):
            found += in_claim(claim_as_of(history, at))
    return found


def in_files(before: datetime) -> Figures:
    """What the files said at a moment, rebuilt from their revisions."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for revision in revisions():
        if datetime.fromisoformat(revision["author_time"]) > before:
            break
        change(rows, revision)
    found: Figures = Counter()
    for (file, _), row in rows.items():
        found += in_row(file, row)
    return found


def change(rows: dict[tuple[str, str], dict[str, Any]], revision: dict[str, Any]) -> None:
    if "oryx" in revision["file"] or "key" not in revision:
        return
    place = (revision["file"], revision["key"])
    match revision["op"]:
        case "add_record":
            rows[place] = revision["record"]
        case "remove_record":
            del rows[place]
        case "remove_field":
            rows[place] = {k: v for k, v in rows[place].items() if k != revision["field"]}
        case "add_field" | "change_field":
            rows[place] = rows[place] | {revision["field"]: revision["new"]}


def test_at_the_end_of_june_2025_the_record_equals_the_three_files() -> None:
    expected: Figures = Counter()
    for name in ("equipment", "personnel"):
        path = data_file(f"{FOLDER}/russia_losses_{name}.json.gz")
        with gzip.open(path) as stream:
            for row in json.load(stream):
                expected += in_row(f"{name}.json", row)
    path = data_file(f"{FOLDER}/russia_losses_equipment_correction.json")
    for row in json.loads(path.read_text()):
        expected += in_row("correction.json", row)
    at = parse_moment("2025-06-30T23:59:59").start
    assert in_record(record(), at) == expected
    assert sum(expected.values()) > 16_000


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 1_212 * 24 * 60))
def test_at_any_earlier_moment_it_equals_the_files_as_they_were(minutes: int) -> None:
    at = datetime.fromtimestamp(1_646_524_800 + minutes * 60, parse_moment("2022").start.tzinfo)
    assert in_record(record(), at) == in_files(at)


def test_after_every_single_commit_it_equals_the_files_as_they_were() -> None:
    events = sorted(
        (entry.reported_at, logged.position, logged.subject, entry)
        for logged, entry in zip(record().log, taken(), strict=True)
        if logged.event.__class__.__name__.startswith("Claim")
    )
    states: dict[object, Claim | None] = {}
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    claimed: Figures = Counter()
    filed: Figures = Counter()
    upcoming = iter(events)
    waiting = next(upcoming, None)
    for time, group in groupby(revisions(), lambda revision: revision["author_time"]):
        at = datetime.fromisoformat(time)
        for revision in group:
            place = (revision["file"], revision.get("key", ""))
            filed.subtract(in_row(place[0], rows.get(place, {})))
            change(rows, revision)
            filed.update(in_row(place[0], rows.get(place, {})))
        while waiting is not None and waiting[0] <= at:
            _, _, subject, entry = waiting
            claimed.subtract(in_claim(states.get(subject)))
            states[subject] = evolve(states.get(subject), entry)
            claimed.update(in_claim(states[subject]))
            waiting = next(upcoming, None)
        assert +claimed == +filed, time
    assert waiting is None


def taken() -> list[Entry]:
    """The entries of the record in the order of recording."""
    places: Counter[object] = Counter()
    found = []
    for logged in record().log:
        found.append(record().world.entries(logged.subject)[places[logged.subject]])
        places[logged.subject] += 1
    return found


def test_the_worked_example_reads_as_the_design_says() -> None:
    ref = "loss:2024-08-18:APC"
    first = claim(ref, "2024-08-18T23:59:59")
    later = claim(ref, "2024-08-20T23:59:59")
    assert first is not None
    assert later is not None
    assert (first.version, amount(first)) == (1, 17056)
    assert (later.version, amount(later)) == (2, 16480)
    assert (later.silent_changes, later.declared_changes) == (1, 0)
    correction = entries(ref)[1].event
    assert isinstance(correction, ClaimCorrected)
    assert correction.version == 1
    assert "17056" in str(correction.changes[0])


def test_importing_twice_changes_nothing() -> None:
    memory = record()
    count = len(memory.log)
    with data_file(f"{FOLDER}/revisions.jsonl.gz").open("rb") as stream:
        memory.take_all(loss_claims.read(stream))
    assert (len(memory.log), memory.refusals) == (count, [])


def test_the_days_asked_for_come_with_all_that_happened_to_them_later() -> None:
    memory = Memory()
    with data_file(f"{FOLDER}/revisions.jsonl.gz").open("rb") as stream:
        memory.take_all(loss_claims.read(stream, first_day="2024-08-18", last_day="2024-08-18"))
    state = claim("loss:2024-08-18:APC", of=memory)
    assert state is not None
    assert state.status is Status.CORRECTED
    assert memory.refusals == []


# What happens to each peculiarity, in the real data


def test_wrong_year_moved_on_4_january_2025_is_a_correction_of_what_it_is_about() -> None:
    ref = "loss:2024-01-02#1042:tank"
    before, after = claim(ref, "2025-01-03"), claim(ref)
    assert before is not None
    assert after is not None
    assert (before.about, after.about) == ("2024-01-02", "2025-01-02")
    assert (after.status, after.silent_changes, amount(after)) == (
        Status.CORRECTED,
        1,
        9676,
    )
    assert claim("loss:2025-01-02:tank") is None
    assert claim("loss:2024-01-02:tank") is not None


@pytest.mark.parametrize(
    ("ref", "about"),
    [
        ("loss:2022-07-17#143:tank", "2022-07-18"),
        ("loss:2022-08-23#180:personnel", "2022-08-24"),
        ("loss:2022-09-24#212:APC", "2022-09-25"),
        ("loss:2023-09-06:drone", "2023-09-05"),
        ("loss:2024-01-01#1041:MRL", "2025-01-01"),
        ("loss:2024-01-03#1043:personnel", "2025-01-03"),
    ],
)
def test_every_record_that_was_only_re_dated_is_followed(ref: str, about: str) -> None:
    state = claim(ref)
    assert state is not None
    assert (state.about, state.retraction) == (about, None)


def test_a_name_that_a_re_dated_claim_took_along_is_numbered() -> None:
    state = claim("loss:2023-09-06:drone~2")
    assert state is not None
    assert state.about == "2023-09-06"


def test_a_record_dated_tomorrow_and_removed_is_retracted_and_reinstated_when_it_comes() -> None:
    ref = "loss:2023-12-12:tank"
    removed, back = claim(ref, "2023-12-11T12:00"), claim(ref, "2023-12-12T23:00")
    assert removed is not None
    assert removed.retraction is not None
    assert removed.retraction.nature is RetractionNature.REMOVAL
    assert not removed.retraction.declared
    assert back is not None
    assert back.status is Status.CORRECTED
    assert amount(back) != amount(removed)


def test_lost_digits_are_a_silent_correction() -> None:
    before, after = claim("loss:2024-02-26:tank", "2024-02-26T23:59"), claim("loss:2024-02-26:tank")
    assert before is not None
    assert after is not None
    assert (amount(before), amount(after)) == (655, 6555)


def test_swapped_columns_are_a_correction_of_each() -> None:
    fuel, drone = claim("loss:2022-04-01:fuel-tank"), claim("loss:2022-04-01:drone")
    assert fuel is not None
    assert drone is not None
    assert (amount(fuel), amount(drone)) == (76, 85)
    assert fuel.silent_changes == drone.silent_changes == 1


def test_merged_columns_are_a_new_claim_and_leave_the_old_ones_alone() -> None:
    assert claim("loss:2022-05-01:vehicles-and-fuel-tanks") is not None
    assert claim("loss:2022-05-01:military-auto") is None
    old = claim("loss:2022-04-30:military-auto")
    assert old is not None
    assert old.status is Status.STANDING


def test_a_column_that_appears_late_is_reported_when_it_appears() -> None:
    state = claim("loss:2022-03-02:POW")
    assert state is not None
    assert state.first_reported_at.date().isoformat() == "2022-03-18"


def test_a_column_that_is_dropped_is_retracted_by_removal() -> None:
    state = claim("loss:2022-03-01:BUK")
    assert state is not None
    assert state.status is Status.RETRACTED


def test_a_respelt_place_is_a_silent_correction_of_the_statement() -> None:
    state = claim("loss:2022-06-09:greatest-losses-direction")
    assert state is not None
    assert state.statement == "Russia's losses on 2022-06-09 were greatest at Bakhmut."
    assert state.quantities == ()


def test_a_changed_hedge_is_a_correction_and_a_respelt_one_is_not() -> None:
    state = claim("loss:2022-03-09:personnel", "2022-03-16T23:00")
    assert state is not None
    assert (state.silent_changes, state.quantities[0].hedge) == (1, Hedge.LESS_THAN)
    moved_word = claim("loss:2022-03-07:personnel")
    assert moved_word is not None
    assert (moved_word.version, moved_word.quantities[0].hedge) == (1, Hedge.MORE_THAN)


def test_a_total_that_falls_is_taken_as_it_was_said() -> None:
    before, after = claim("loss:2024-08-04:vehicles-and-fuel-tanks"), claim("loss:2024-08-18:APC")
    assert before is not None
    assert amount(before) == 22006
    assert after is not None


def test_a_declared_correction_is_a_clarification_with_a_notice() -> None:
    state = claim("loss:2024-08-05:drone")
    assert state is not None
    assert state.quantities[1].label == "drone: declared adjustment"
    assert amount(state, 1) == -5
    event = entries("loss:2024-08-05:drone")[-1].event
    assert isinstance(event, ClaimCorrected)
    assert event.nature is CorrectionNature.CLARIFICATION
    assert event.notice is not None
    assert event.notice.text == "Declared correction: -5 drone on 2024-08-05."
    untouched = claim("loss:2024-08-05:tank")
    assert untouched is not None
    assert untouched.status is Status.STANDING


def test_a_re_dated_declared_correction_leaves_its_old_date() -> None:
    left, joined = claim("loss:2022-10-12:APC"), claim("loss:2022-10-13:APC")
    assert left is not None
    assert joined is not None
    assert len(left.quantities) == 1
    assert amount(joined, 1) == -25
