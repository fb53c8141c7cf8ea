"""The interchange format: what is read, what is refused and with which words."""

from __future__ import annotations

import gzip
import io
import json
import re
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields

from domain.commands import (
    CorrectClaim,
    Envelope,
    LiftConcern,
    NoticeInput,
    Part,
    QuantityInput,
    QuantityKey,
    ReportClaim,
    StepInput,
)
from feeds.interchange import COMMANDS, command_line, read
from feeds.items import Item, Refused, Tally
from feeds.lines import LONGEST
from tests.feeds.envelopes import envelopes

LIFT = b'{"command":"lift_concern","claim":"a"}'
REPORT = '{"command":"report_claim","claim":"a","report":"r","statement":"s"'


def results(content: bytes) -> list[Item | Refused]:
    return list(read(io.BytesIO(content), actor="importer"))


def only(content: bytes) -> Refused:
    (refused,) = results(content)
    assert isinstance(refused, Refused)
    return refused


def item(content: bytes) -> Item:
    (found,) = results(content)
    assert isinstance(found, Item)
    return found


@given(st.lists(envelopes(), max_size=5))
def test_what_is_written_is_read_again(given: list[Envelope]) -> None:
    text = "".join(command_line(envelope) + "\n" for envelope in given)
    found = results(text.encode())
    assert all(isinstance(one, Item) for one in found)
    read_again = [one.envelope for one in found if isinstance(one, Item)]
    assert [e.command for e in read_again] == [e.command for e in given]
    assert [(e.actor, e.reason) for e in read_again] == [(e.actor, e.reason) for e in given]
    assert [e.key for e, g in zip(read_again, given, strict=True) if g.key] == [
        g.key for g in given if g.key
    ]


def test_a_line_names_its_actor_reason_and_key() -> None:
    line = REPORT + ',"actor":"ada","reason":"seen in print","key":"k1"}'
    envelope = item(line.encode()).envelope
    assert (envelope.actor, envelope.reason, envelope.key) == ("ada", "seen in print", "k1")
    assert isinstance(envelope.command, ReportClaim)


def test_a_line_without_actor_and_key_gets_the_importers_and_one_from_its_content() -> None:
    one, again = item(LIFT).envelope, item(b"  " + LIFT.replace(b",", b" , ")).envelope
    assert one.actor == "importer"
    assert one.key is not None
    assert one.key.startswith("line:")
    assert one == again
    other = item(b'{"command":"lift_concern","claim":"b"}').envelope
    assert other.key != one.key


def test_numbers_are_kept_to_the_digit_however_they_are_written() -> None:
    text = REPORT + ',"quantities":[{"label":"x","value":1.50},{"label":"y","value":"2.50"}]}'
    command = item(text.encode()).envelope.command
    assert isinstance(command, ReportClaim)
    assert [str(q.value) for q in command.quantities] == ["1.50", "2.50"]


def test_a_field_left_out_is_not_a_field_set_to_null() -> None:
    line = b'{"command":"correct_claim","claim":"a","version":1,"about":null}'
    command = item(line).envelope.command
    assert isinstance(command, CorrectClaim)
    assert command.about is None
    assert item(command_line(item(line).envelope).encode()).envelope == item(line).envelope


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + LIFT + b"\n",
        LIFT + b"\r\n",
        LIFT,
        b"\n \n" + LIFT + b"\n\n",
        gzip.compress(LIFT + b"\n"),
        gzip.compress(LIFT) + gzip.compress(b"\n"),
    ],
    ids=["byte order mark", "CRLF", "no last newline", "blank lines", "gzip", "two gzip members"],
)
def test_files_as_they_come_are_read(content: bytes) -> None:
    assert isinstance(item(content).envelope.command, LiftConcern)


@pytest.mark.parametrize(
    ("line", "code", "field", "reason"),
    [
        ("{", "INVALID_JSON", None, "character 2"),
        ("# a comment", "INVALID_JSON", None, "Expecting value"),
        ("[" * 5000, "INVALID_JSON", None, "nested"),
        (REPORT + ',"quantities":[{"label":"x","value":NaN}]}', "INVALID_JSON", None, "NaN"),
        ("[1]", "INVALID_INPUT", None, "a list"),
        ("null", "INVALID_INPUT", None, "null"),
        ('{"claim":"a"}', "INVALID_INPUT", "command", "missing"),
        ('{"command":"shout"}', "UNKNOWN_COMMAND", "command", "'shout'"),
        ('{"command":7}', "UNKNOWN_COMMAND", "command", "report_claim"),
        ('{"command":"report_claim","claim":"a"}', "INVALID_INPUT", "report", "missing"),
        (REPORT + ',"colour":1}', "INVALID_INPUT", "colour", "no such field"),
        (REPORT + ',"report":"q"}', "INVALID_INPUT", "report", "twice"),
        (REPORT + ',"rep\\u006frt":"q"}', "INVALID_INPUT", "report", "twice"),
        (REPORT + ',"about":"\\u0000"}', "INVALID_INPUT", "about", "NUL"),
        (REPORT + ',"topics":["\\u0000"]}', "INVALID_INPUT", "topics[0]", "NUL"),
        (REPORT + ',"about":"\\ud800"}', "INVALID_INPUT", "about", "surrogate"),
        (REPORT + ',"topics":["\\udfff"]}', "INVALID_INPUT", "topics[0]", "surrogate"),
        (REPORT + ',"about":"\0"}', "INVALID_JSON", None, "NUL"),
        (REPORT + ',"kind":"song"}', "INVALID_INPUT", "kind", "'song'"),
        (REPORT + ',"story":""}', "INVALID_INPUT", "story", "empty"),
        (REPORT + f',"story":"{"x" * 1001}"}}', "INVALID_INPUT", "story", "1,000"),
        (REPORT + ',"actor":5}', "INVALID_INPUT", "actor", "a text is due"),
        (REPORT + ',"key":""}', "INVALID_INPUT", "key", "empty"),
        (
            '{"command":"correct_claim","claim":"a","version":"2"}',
            "INVALID_INPUT",
            "version",
            "a whole number is due here, not a text",
        ),
        (
            REPORT + ',"attribution":[{"source":"x"},{"source":"y","verb":"sang"}]}',
            "INVALID_INPUT",
            "attribution[1].verb",
            "'sang'",
        ),
        (
            REPORT + ',"quantities":[{"label":"x","value":"many"}]}',
            "INVALID_INPUT",
            "quantities[0].value",
            "decimal",
        ),
        (REPORT + ',"quantities":[{"label":"x"}]}', "INVALID_INPUT", "quantities[0].value", "miss"),
    ],
)
def test_a_bad_line_is_refused_by_field_and_reason_and_reading_goes_on(
    line: str, code: str, field: str | None, reason: str
) -> None:
    before, refused, after = results(LIFT + b"\n" + line.encode() + b"\n" + LIFT)
    assert isinstance(before, Item)
    assert isinstance(after, Item)
    assert isinstance(refused, Refused)
    assert (refused.line_number, refused.code, refused.field) == (2, code, field)
    assert reason in refused.reason
    assert "msgspec" not in refused.reason


def test_latin_1_is_refused_by_the_line() -> None:
    line = (REPORT + ',"about":"é"}').encode("latin-1")
    refused, good = results(line + b"\n" + LIFT)
    assert isinstance(refused, Refused)
    assert isinstance(good, Item)
    assert (refused.code, "0xe9" in refused.reason) == ("INVALID_ENCODING", True)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_wide_encoding_is_refused_once_for_the_whole_file(encoding: str) -> None:
    refused = only((LIFT.decode() + "\n").encode(encoding) * 50)
    assert refused.code == "INVALID_ENCODING"
    assert encoding.upper() in refused.reason


def test_a_ten_megabyte_line_is_refused_with_its_length_and_never_held() -> None:
    stream = io.BytesIO(b"x" * (10 << 20) + b"\n" + LIFT)
    tracemalloc.start()
    refused, good = read(stream, actor="importer")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(refused, Refused)
    assert isinstance(good, Item)
    assert (refused.code, good.line_number) == ("LINE_TOO_LONG", 2)
    assert "10,485,76" in refused.reason
    assert len(refused.raw) == 2_000
    assert peak < 5 << 20


def test_the_longest_line_is_read() -> None:
    line = LIFT[:-1] + b" " * (LONGEST - len(LIFT)) + b"}"
    assert len(line) == LONGEST
    assert item(line + b"\n").line_number == 1
    assert only(line + b"  \n").code == "LINE_TOO_LONG"


@pytest.mark.parametrize("cut", [slice(0, 200), slice(0, -9)], ids=["broken off", "no trailer"])
def test_a_gzip_file_that_breaks_off_keeps_what_came_before(cut: slice) -> None:
    lines = b"".join(b'{"command":"lift_concern","claim":"%d"}\n' % n for n in range(500))
    found = results(gzip.compress(lines)[cut])
    assert [type(one) for one in found[:-1]] == [Item] * (len(found) - 1)
    last = found[-1]
    assert isinstance(last, Refused)
    assert last.code == "DAMAGED_FILE"
    assert last.line_number == len(found)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything(content: bytes) -> None:
    for one in results(content):
        assert isinstance(one, Item | Refused)


def test_the_stream_stays_open_and_the_tally_counts() -> None:
    stream, tally = io.BytesIO(LIFT + b"\n\n{\n" + LIFT), Tally()
    list(read(stream, actor="importer", tally=tally))
    assert not stream.closed
    assert (tally.lines, tally.envelopes, tally.refused) == (3, 2, 1)


def test_a_reader_that_is_given_up_leaves_a_closed_stream_alone() -> None:
    stream = io.BytesIO(LIFT + b"\n" + LIFT)
    reader = read(stream, actor="importer")
    next(reader)
    stream.close()
    del reader


# The documentation

DOCS = Path(__file__).parents[2] / "docs" / "interchange.md"


def documented() -> Iterator[tuple[str, str]]:
    for section in re.split(r"^#{2,3} ", DOCS.read_text(), flags=re.M)[1:]:
        name = section.split("\n", 1)[0].strip("`")
        yield name, section


def test_every_command_and_field_is_documented() -> None:
    sections = dict(documented())
    assert [name for name in sections if name in COMMANDS] == list(COMMANDS)
    for name, cls in COMMANDS.items():
        rows = re.findall(r"^\| `(\w+)` \|", sections[name], flags=re.M)
        assert rows == [field.name for field in fields(cls)], name


def test_every_part_and_field_is_documented() -> None:
    sections = dict(documented())
    parts: dict[str, type[Part]] = {
        "Step": StepInput,
        "Quantity": QuantityInput,
        "Quantity name": QuantityKey,
        "Notice": NoticeInput,
    }
    for name, part in parts.items():
        rows = re.findall(r"^\| `(\w+)` \|", sections[name], flags=re.M)
        assert rows == [field.name for field in fields(part)], name


def test_every_example_in_the_documentation_is_read() -> None:
    blocks = re.findall(r"^```json\n(.*?)^```", DOCS.read_text(), flags=re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    found = results("\n".join(lines).encode())
    assert [one for one in found if isinstance(one, Refused)] == []
    assert {json.loads(line)["command"] for line in lines} == set(COMMANDS)
