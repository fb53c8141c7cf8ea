"""What is taken out of a record and put into an empty one makes the same record."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace as keyless
from typing import get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.commands import (
    AnyCommand,
    CorrectClaim,
    Envelope,
    OpenStory,
    PublishReport,
    RegisterSource,
    ReportClaim,
)
from domain.events import AnyEvent, ClaimCorrected, ClaimRetracted
from domain.refusals import StaleVersion
from domain.words import SourceKind
from feeds import interchange, loss_claims
from feeds.export import Names, envelopes, lines
from tests.feeds.data import data_file
from tests.feeds.envelopes import UUID_TEXT
from tests.feeds.envelopes import envelopes as random_envelopes
from tests.feeds.memory import Memory

BEGINNING: list[AnyCommand] = [
    *(RegisterSource(source=ref, name=ref, kind=SourceKind.PERSON) for ref in "ab"),
    OpenStory(story="a", title="a"),
    *(PublishReport(report=ref, published_at="2024-08-20") for ref in ("a", UUID_TEXT + "a")),
    *(
        ReportClaim(claim=ref, report="a", statement=ref, published_at="2024-08-20")
        for ref in ("a", "b", UUID_TEXT + "1")
    ),
]

EVERYTHING = """
{"command":"add_source_alias","source":"a","alias":"A."}
{"command":"merge_sources","source":"b","into":"a"}
{"command":"revise_report","report":"a","headline":null,"byline":["a"],"notice":{"issuer":"b"},"observed_at":"2024-08-20"}
{"command":"move_report","report":"a","url":"https://example.org/","observed_at":"2024-08-21"}
{"command":"report_claim","claim":"c","report":"a","story":"a","statement":"s","quantities":[{"label":"x","value":"1.50","unit":"m"}],"attribution":[{"source":"b","role":"r"}],"topics":["t"]}
{"command":"correct_claim","claim":"c","version":1,"statement":"t","kind":"rumour","about":"2024","attribution":[],"topics":[],"remove_quantities":[{"label":"x","unit":"m"}],"quantities":[{"label":"y","value":2,"low":1,"high":3}],"published_at":"2024-08-21"}
{"command":"correct_claim","claim":"c","version":2,"nature":"clarification","about":null,"notice":{},"published_at":"2024-08-21"}
{"command":"express_concern","claim":"c","notice":{"text":"n"},"published_at":"2024-08-22"}
{"command":"lift_concern","claim":"c","published_at":"2024-08-23"}
{"command":"retract_claim","claim":"c","scope":"partial","part":"s","by":"claimant","because":"error","published_at":"2024-08-24"}
{"command":"reinstate_claim","claim":"c","notice":{"url":"u"},"published_at":"2024-08-25"}
{"command":"link_claims","claim":"c","kind":"contradicts","to":"a"}
{"command":"review_claim","claim":"c","reviewer":"a","rating":"false","words":"no","url":"u","published_at":"2024-08-25"}
{"command":"amend_claim","claim":"c","amends":1,"story":null,"about":"2024"}
{"command":"amend_claim","claim":"c","amends":4,"void":true}
{"command":"withdraw_report","report":"a","nature":"removal","because":"legal","observed_at":"2024-08-30"}
{"command":"report_claim","claim":"d","report":"a","statement":"late"}
{"command":"erase_claim","claim":"d","ground":"court_order","reference":"7 O 12/26"}
{"command":"erase_report","report":"a","ground":"copyright","with_claims":true}
{"command":"erase_source","source":"b","ground":"data_protection"}
"""


def recorded(given: list[Envelope]) -> Memory:
    """A record that has taken down what it could; corrections name the version that stood."""
    memory = Memory()
    for command in BEGINNING:
        memory.take(Envelope(command=command, actor="ada"))
    for envelope in given:
        memory.take(envelope)
        refused, refusal = memory.refusals[-1] if memory.refusals else (None, None)
        if refused is envelope and isinstance(refusal, StaleVersion):
            assert isinstance(refused.command, CorrectClaim)
            corrected = replace(refused.command, version=refusal.current)
            memory.take(replace(refused, command=corrected))
    return memory


def taken_over(memory: Memory) -> Memory:
    """What an empty record makes of another one's export."""
    text = "".join(f"{line}\n" for line in lines(memory.log))
    copy = Memory()
    assert copy.take_all(interchange.read(io.BytesIO(text.encode()), actor="importer")) == []
    assert copy.refusals == []
    return copy


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(random_envelopes(), min_size=10, max_size=30))
def test_an_export_makes_the_same_events_in_the_same_order(given: list[Envelope]) -> None:
    memory = recorded(given)
    copy = taken_over(memory)
    assert copy.events == memory.events
    assert [(e.actor, e.reason) for e in copy.log] == [(e.actor, e.reason) for e in memory.log]


@settings(max_examples=30, deadline=None)
@given(st.lists(random_envelopes(), max_size=15))
def test_an_export_of_the_copy_is_the_same_export(given: list[Envelope]) -> None:
    memory = recorded(given)
    assert list(lines(taken_over(memory).log)) == list(lines(memory.log))


def test_every_sort_of_event_comes_through() -> None:
    memory = recorded([])
    assert memory.take_all(interchange.read(io.BytesIO(EVERYTHING.encode()), actor="ada")) == []
    assert memory.refusals == []
    assert {type(event) for _, event in memory.events} == set(get_args(AnyEvent))
    assert taken_over(memory).events == memory.events


def test_two_events_that_are_the_same_in_all_but_their_place_are_both_taken() -> None:
    read = interchange.read(
        io.BytesIO(
            b'{"command":"express_concern","claim":"a","published_at":"2024-08-21","key":"1"}\n'
            b'{"command":"lift_concern","claim":"a","published_at":"2024-08-21","key":"2"}\n'
            b'{"command":"express_concern","claim":"a","published_at":"2024-08-21","key":"3"}\n'
        ),
        actor="ada",
    )
    memory = recorded([])
    memory.take_all(read)
    memory.log = [keyless(logged, key=None) for logged in memory.log]
    assert len(taken_over(memory).log) == len(memory.log) == len(BEGINNING) + 3


def test_a_withdrawal_comes_out_as_one_line_and_takes_its_claims_along_again() -> None:
    read = interchange.read(
        io.BytesIO(b'{"command":"withdraw_report","report":"a","published_at":"2024-08-21"}'),
        actor="ada",
    )
    memory = recorded([])
    memory.take_all(read)
    kinds = Counter(type(event) for _, event in memory.events)
    assert kinds[ClaimRetracted] == 3
    assert len(list(envelopes(memory.log))) == len(memory.log) - 3
    assert taken_over(memory).events == memory.events


def test_a_name_that_is_no_longer_remembered_gives_way_to_the_id() -> None:
    memory = recorded([])
    first, second = (logged.subject for logged in memory.log[:2])
    names = Names(remembered=1)
    assert names.made(first, "a") == "a"
    assert names.of(first) == "a"
    names.made(second, "b")
    assert (names.of(first), names.of(second)) == (str(first), "b")


def test_the_history_of_the_losses_comes_through_an_export_whole() -> None:
    memory = Memory()
    with data_file("ukraine-loss-claims/revisions.jsonl.gz").open("rb") as stream:
        memory.take_all(loss_claims.read(stream))
    copy = taken_over(memory)
    assert copy.events == memory.events
    assert any(isinstance(event, ClaimCorrected) for _, event in copy.events)
