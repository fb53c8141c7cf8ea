"""What one append promises: whole or not at all, in order, once for each key."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from eventlog.database import Database
from eventlog.entries import (
    Append,
    Appended,
    ChildConflict,
    ChildGuard,
    KeyConflict,
    NewEvent,
    StreamGuard,
    VersionConflict,
)
from eventlog.errors import EntryInvalid
from eventlog.log import Log
from tests.eventlog.units import NOON, appended, event, unit


def test_an_event_is_stored_as_it_was_given(log: Log) -> None:
    parent_id = uuid4()
    given = event(
        content='{"text": "Курск ☂ 𝔘 \\u0000 \\"quoted\\" {a,b} NULL"}', parent_id=parent_id
    )
    before = datetime.now(UTC)

    outcome = appended(log.append([unit(given, key="k-1", digest=b"d")])[0])

    [stored] = log.read(0, 10)
    assert (outcome.first_position, outcome.last_position, outcome.replayed) == (1, 1, False)
    assert (stored.position, stored.stream_id, stored.version) == (1, given.stream_id, 1)
    assert (stored.type, stored.content) == ("claim.reported", given.content)
    assert (stored.reported_at, stored.parent_id) == (NOON, parent_id)
    assert (stored.actor, stored.reason, stored.key) == ("the desk", "first load", "k-1")
    assert stored.recorded_at == outcome.recorded_at
    assert before - timedelta(minutes=1) < stored.recorded_at < before + timedelta(minutes=1)
    assert stored.recorded_at.utcoffset() == timedelta(0)


def test_what_may_be_absent_is_absent(log: Log) -> None:
    log.append([Append([NewEvent(uuid4(), 1, "t", "{}", None)], "a")])
    [stored] = log.read(0, 10)
    assert (stored.reported_at, stored.parent_id, stored.reason, stored.key) == (None,) * 4


def test_awkward_texts_and_times_come_back_unchanged(log: Log) -> None:
    texts = ["", "NULL", "null", "{}", '"', "\\", "a,b", " ", "\n", "ü", "'", "\x7f", "🜁"]
    zone = timedelta(hours=5, minutes=45)
    for text in texts:
        log.append(
            [
                Append(
                    [NewEvent(uuid4(), 1, text, f"<{text}>", NOON - zone)],
                    f"[{text}]",
                    reason=text,
                    key=f"({text})",
                )
            ]
        )
    stored = log.read(0, 100)
    assert [e.type for e in stored] == texts
    assert [e.content for e in stored] == [f"<{text}>" for text in texts]
    assert [e.reason for e in stored] == texts
    assert [e.key for e in stored] == [f"({text})" for text in texts]
    assert {e.reported_at for e in stored} == {NOON - zone}


def test_the_years_at_both_ends_of_the_calendar_are_kept(log: Log) -> None:
    times = [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)]
    log.append([Append([NewEvent(uuid4(), 1, "t", "{}", time) for time in times], "a")])
    assert [e.reported_at for e in log.read(0, 10)] == times


def test_a_unit_is_stored_whole_or_not_at_all(log: Log) -> None:
    taken, new = event(), event()
    log.append([unit(taken)])

    [outcome] = log.append([unit(new, taken)])

    assert outcome == VersionConflict(taken.stream_id, expected=0, actual=1)
    assert log.streams([new.stream_id]) == {new.stream_id: []}
    assert log.head().position == 1


def test_a_refused_unit_does_not_fail_its_neighbours(log: Log) -> None:
    taken = event()
    log.append([unit(taken)])

    before, refused, after = log.append([unit(), unit(taken), unit()])

    assert appended(before).first_position == 2
    assert isinstance(refused, VersionConflict)
    assert appended(after).first_position == 3


def test_units_of_one_call_take_effect_one_after_the_other(log: Log) -> None:
    first = event()
    second = event(first.stream_id, 2)

    outcomes = log.append([unit(first), unit(second), unit(second), unit(event(uuid4(), 2))])

    assert [appended(outcome).first_position for outcome in outcomes[:2]] == [1, 2]
    assert outcomes[2] == VersionConflict(first.stream_id, expected=1, actual=2)
    assert isinstance(outcomes[3], VersionConflict)


def test_a_version_may_not_be_skipped(log: Log) -> None:
    first = event()
    log.append([unit(first)])
    [outcome] = log.append([unit(event(first.stream_id, 3))])
    assert outcome == VersionConflict(first.stream_id, expected=2, actual=1)


def test_a_guard_holds_a_stream_that_the_unit_does_not_write(log: Log) -> None:
    watched = event()
    log.append([unit(watched)])
    there, gone = StreamGuard(watched.stream_id, 1), StreamGuard(watched.stream_id, 0)

    held, refused, unborn = log.append(
        [unit(guards=(there,)), unit(guards=(gone,)), unit(guards=(StreamGuard(uuid4(), 0),))]
    )

    assert isinstance(held, Appended)
    assert refused == VersionConflict(watched.stream_id, expected=0, actual=1)
    assert isinstance(unborn, Appended)


def test_a_guard_sees_what_an_earlier_unit_of_the_same_call_wrote(log: Log) -> None:
    watched = event()
    stale, fresh = StreamGuard(watched.stream_id, 0), StreamGuard(watched.stream_id, 1)

    outcomes = log.append([unit(watched), unit(guards=(stale,)), unit(guards=(fresh,))])

    assert [type(outcome) for outcome in outcomes] == [Appended, VersionConflict, Appended]


def test_a_child_guard_refuses_when_a_child_was_added_since(log: Log) -> None:
    report = uuid4()
    first = event(parent_id=report)
    log.append([unit(first)])
    seen = log.children(report)
    assert seen.stream_ids == (first.stream_id,)

    [held] = log.append([unit(child_guards=(ChildGuard(report, seen.position),))])
    assert isinstance(held, Appended)

    outcomes = log.append(
        [
            unit(event(parent_id=report)),
            unit(child_guards=(ChildGuard(report, seen.position),)),
        ]
    )
    assert outcomes[1] == ChildConflict(report)


def test_the_same_key_with_the_same_digest_gives_the_first_result_again(log: Log) -> None:
    both = unit(event(), event(), key="k", digest=b"d")
    first = appended(log.append([both])[0])
    log.append([unit()])

    again = appended(log.append([both])[0])

    assert again == Appended(1, 2, first.recorded_at, replayed=True)
    assert log.head().position == 3


def test_the_same_key_with_another_digest_is_a_conflict(log: Log) -> None:
    log.append([unit(key="k", digest=b"d")])
    assert log.append([unit(key="k", digest=b"e")]) == [KeyConflict("k")]


def test_the_same_key_twice_in_one_call_is_stored_once(log: Log) -> None:
    both = unit(key="k", digest=b"d")
    first, again, other = log.append([both, both, unit(key="k", digest=b"e")])
    assert appended(again) == Appended(1, 1, appended(first).recorded_at, replayed=True)
    assert other == KeyConflict("k")
    assert log.head().position == 1


def test_a_refused_unit_does_not_use_up_its_key(log: Log) -> None:
    taken = event()
    log.append([unit(taken)])
    log.append([unit(taken, key="k", digest=b"d")])
    assert log.keys(["k"]) == {}
    assert isinstance(log.append([unit(key="k", digest=b"e")])[0], Appended)


def test_keys_tell_what_they_stood_for(log: Log) -> None:
    stored = appended(log.append([unit(event(), event(), key="k", digest=b"d")])[0])
    found = log.keys(["k", "unseen"])
    assert set(found) == {"k"}
    assert (found["k"].request_digest, found["k"].first_position) == (b"d", 1)
    assert (found["k"].last_position, found["k"].recorded_at) == (2, stored.recorded_at)


def test_many_units_in_one_call_stand_in_the_order_given(log: Log) -> None:
    units = [unit(event(), event(), key=f"k-{number}") for number in range(2500)]
    outcomes = [appended(outcome) for outcome in log.append(units)]
    assert [o.first_position for o in outcomes] == list(range(1, 5001, 2))
    stored = log.read(0, 5001)
    assert [e.position for e in stored] == list(range(1, 5001))
    assert [e.stream_id for e in stored] == [e.stream_id for u in units for e in u.events]
    assert [o.recorded_at for o in outcomes] == [e.recorded_at for e in stored[1::2]]
    again = [appended(outcome) for outcome in log.append(units)]
    assert [(o.first_position, o.replayed) for o in again] == [
        (o.first_position, True) for o in outcomes
    ]


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (unit(event(content="")), "content"),
        (unit(event(content="a\x00b")), "content"),
        (unit(event(content="\ud800")), "content"),
        (unit(event(version=0)), "version"),
        (unit(event(version=2**31)), "version"),
        (unit(key=""), "key"),
        (unit(key="k" * 501), "key"),
        (Append([], "a"), "events"),
        (Append([event()], ""), "actor"),
        (Append([event()], "a", reason="\x00"), "reason"),
        (Append([NewEvent(uuid4(), 1, "\x00", "{}", None)], "a"), "type"),
        (Append([NewEvent(uuid4(), 1, "t", "{}", NOON.replace(tzinfo=None))], "a"), "reported_at"),
    ],
)
def test_a_malformed_unit_is_refused_before_anything_is_stored(
    log: Log, bad: Append, field: str
) -> None:
    with pytest.raises(EntryInvalid) as refused:
        log.append([unit(), bad])
    assert refused.value.field == field
    assert log.head().position == 0


def test_versions_inside_a_unit_must_follow_each_other(log: Log) -> None:
    first = event()
    with pytest.raises(EntryInvalid):
        log.append([unit(first, event(first.stream_id, 3))])
    with pytest.raises(EntryInvalid):
        log.append([unit(first, guards=(StreamGuard(first.stream_id, 4),))])


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_an_append_under_a_stale_snapshot_is_refused(database: Database, level: str) -> None:
    with psycopg.connect(database.conninfo) as connection:
        connection.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
        with pytest.raises(psycopg.errors.InvalidTransactionState, match=re.escape(level.upper())):
            connection.execute("SELECT dateline.append_v2(" + ", ".join(["'{}'"] * 20) + ")")
