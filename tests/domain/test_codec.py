"""Events to and from the text that the log keeps for ever."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from domain.codec import CODEC, UPCASTERS, Codec, encode, load, type_of
from domain.events import AnyEvent, ClaimReported, Event, SourceAliasAdded
from domain.refusals import InvalidInput
from domain.values import Line
from tests.domain.making import EVENT_CLASSES, events, structs
from tests.domain.stored import FULL, REPORT, STORED

GOLDEN = Path(__file__).parent / "golden"


def golden(name: str) -> str:
    return (GOLDEN / f"{name}.json").read_text("utf-8").removesuffix("\n")


@pytest.mark.parametrize("name", sorted(STORED))
def test_a_stored_text_means_the_same_for_ever(name: str) -> None:
    text = golden(name)
    assert load(text) == load(text.encode()) == STORED[name]
    schema = int(name.split("@")[1].split(".")[0])
    if schema == CODEC.schemas[type_of(STORED[name])]:
        assert encode(STORED[name]) == text


def test_there_is_a_stored_text_of_every_schema_of_every_event() -> None:
    expected = {
        f"{name}@{schema}"
        for name, current in CODEC.schemas.items()
        for schema in range(1, current + 1)
    }
    assert set(FULL) == expected
    assert {path.name.removesuffix(".json") for path in GOLDEN.iterdir()} == set(STORED)


@pytest.mark.parametrize("name", sorted(FULL))
def test_a_stored_text_has_every_field(name: str) -> None:
    event = FULL[name]
    due = {one.encode_name for one in fields(event) if one.name != "schema"} | {"type"}
    assert set(json.loads(golden(name))) - {"schema"} == due


@given(events)
def test_an_event_comes_back_as_it_was_written(event: AnyEvent) -> None:
    text = encode(event)
    assert load(text) == load(text.encode()) == event
    assert encode(load(text)) == text
    assert json.loads(text)["type"] == type_of(event)


@given(structs(ClaimReported))
def test_a_decimal_keeps_every_digit(event: ClaimReported) -> None:
    again = load(encode(event))
    assert isinstance(again, ClaimReported)
    assert [str(one.value) for one in again.quantities] == [
        str(one.value) for one in event.quantities
    ]


@given(structs(ClaimReported), st.text(), st.text())
def test_no_text_with_nul_is_written_and_every_other_one_is(
    event: ClaimReported, before: str, after: str
) -> None:
    with pytest.raises(InvalidInput, match="NUL"):
        encode(replace(event, statement=f"{before}\0{after}"))
    harmless = replace(event, statement=f"{before}\\u0000{after}".replace("\0", ""))
    assert load(encode(harmless)) == harmless


def test_no_text_with_half_of_a_surrogate_pair_is_written() -> None:
    with pytest.raises(InvalidInput, match="surrogate"):
        encode(SourceAliasAdded(alias="\ud83d"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no event"),
        ("null", "no event"),
        ("[]", "no event"),
        ("{}", "no event"),
        ('{"type":7}', "no event"),
        ('{"type":"claim.reported"', "no event"),
        ('{"type":"claim.reported"}', "report"),
        ('{"type":"claim.retracted","scope":"half"}', "half"),
        ('{"type":"claim.retracted","mood":"sad"}', "mood"),
        ('{"type":"claim.retracted","schema":"1"}', "schema"),
        ('{"type":"claim.forgotten"}', "'claim.forgotten' is not known"),
        ('{"type":"claim.retracted","schema":0}', "nothing leads up from schema 0"),
        ('{"type":"claim.retracted","schema":-1}', "nothing leads up from schema -1"),
        ('{"type":"claim.retracted","schema":2}', "has schema 2; this program knows 1: upgrade it"),
    ],
)
def test_a_text_that_is_no_event_of_this_record_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        load(text)


@given(st.text() | st.binary())
def test_no_text_breaks_the_reading(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        load(text)


def test_todays_shapes_and_what_leads_up_to_them_fit_together() -> None:
    assert set(CODEC.schemas) == {type_of_class(cls) for cls in EVENT_CLASSES}
    due = {(name, old) for name, now in CODEC.schemas.items() for old in range(1, now)}
    assert set(UPCASTERS) == due


def type_of_class(cls: type[Event]) -> str:
    return str(cls.__struct_config__.tag)


class Said(Event, tag="test.said", frozen=True, kw_only=True):
    """An invented event in its third shape: who said something is split in name and office."""

    schema: int = 3
    words: Line
    name: Line
    office: Line | None = None


class Heard(Event, tag="test.heard", frozen=True, kw_only=True):
    """An invented event in its first shape."""

    words: Line


def _second(old: dict[str, Any]) -> dict[str, Any]:
    old["words"] = old.pop("text")
    return old


def _third(old: dict[str, Any]) -> dict[str, Any]:
    name, _, office = old.pop("who").partition(", ")
    return old | {"name": name} | ({"office": office} if office else {})


INVENTED: Codec[Said | Heard] = Codec(
    Said | Heard, {("test.said", 1): _second, ("test.said", 2): _third}
)
SAID = Said(words="It is closed.", name="A. Person", office="mayor")


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"test.said","text":"It is closed.","who":"A. Person, mayor"}',
        '{"type":"test.said","schema":1,"text":"It is closed.","who":"A. Person, mayor"}',
        '{"type":"test.said","schema":2,"words":"It is closed.","who":"A. Person, mayor"}',
        '{"who":"A. Person, mayor","words":"It is closed.","schema":2,"type":"test.said"}',
    ],
)
def test_an_older_shape_is_brought_up_step_by_step(text: str) -> None:
    assert INVENTED.load(text) == INVENTED.load(text.encode()) == SAID


def test_a_later_shape_is_written_with_its_schema_and_read_as_it_stands() -> None:
    text = INVENTED.encode(SAID)
    assert text == (
        '{"type":"test.said","schema":3,"words":"It is closed.","name":"A. Person",'
        '"office":"mayor"}'
    )
    assert INVENTED.load(text) == SAID
    assert INVENTED.encode(Heard(words="x")) == '{"type":"test.heard","words":"x"}'


@given(structs(Said) | structs(Heard))
def test_events_of_every_schema_come_back_as_they_were_written(event: Said | Heard) -> None:
    assert INVENTED.load(INVENTED.encode(event)) == event


def test_what_an_older_shape_becomes_is_held_to_todays() -> None:
    text = '{"type":"test.said","text":"","who":"A. Person"}'
    with pytest.raises(ValueError, match="length"):
        INVENTED.load(text)
    with pytest.raises(ValueError, match="schema 4; this program knows 3"):
        INVENTED.load('{"type":"test.said","schema":4}')


def test_a_gap_in_what_leads_up_is_told() -> None:
    broken: Codec[Said | Heard] = Codec(Said | Heard, {("test.said", 1): _second})
    with pytest.raises(ValueError, match=r"nothing leads up from schema 2 of test\.said"):
        broken.load('{"type":"test.said","text":"x","who":"y"}')


def test_decimals_and_ids_of_an_older_shape_are_read_from_text() -> None:
    class Counted(ClaimReported, tag="test.counted", frozen=True, kw_only=True):
        schema: int = 2

    codec: Codec[Any] = Codec(Counted | Heard, {("test.counted", 1): lambda old: old})
    stored = golden("claim.reported@1").replace("claim.reported", "test.counted")
    event = codec.load(stored)
    assert event.report == REPORT
    assert [str(number.value) for number in event.quantities] == ["12.50", "17056"]
