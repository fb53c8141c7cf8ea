"""The commands that ask, on the example record."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.main import run
from tests.cli.conftest import KURSK, LOSSES, Dateline, Ran
from tests.servers import Server

APC = "loss:2024-08-18:APC"


@pytest.fixture(scope="module")
def example_url(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database that holds the example, and a few claims to which more has happened."""
    path = tmp_path_factory.mktemp("ask") / "more.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in MORE), "utf-8")
    with server.fresh_url() as url:
        for file in (KURSK, LOSSES, path):
            assert run(["--database-url", url, "import", str(file), "--json"]) == 0
        yield url


@pytest.fixture
def url(example_url: str) -> str:
    """These tests only read."""
    return example_url


NOTICE = {"text": "An earlier version had the wrong place.", "url": "https://example.org/notice"}
MORE: list[dict[str, object]] = [
    {"command": "register_source", "source": "daily", "name": "The \x1b[31mDaily",
     "kind": "outlet"},
    {"command": "register_source", "source": "checker", "name": "Checker", "kind": "organisation"},
    {"command": "open_story", "story": "flood", "title": "The flood"},
    {"command": "publish_report", "report": "d1", "outlet": "daily", "headline": "Flood",
     "url": "https://example.org/1", "published_at": "2024-05-01T10:00+02:00"},
    {"command": "report_claim", "claim": "bridge", "report": "d1", "story": "flood",
     "statement": "The old bridge at Anning was swept away.",
     "quantities": [{"label": "dead", "value": "3", "hedge": "about", "unit": "people"}]},
    {"command": "report_claim", "claim": "dam", "report": "d1", "story": "flood",
     "statement": "The dam broke."},
    {"command": "report_claim", "claim": "no-dam", "report": "d1", "story": "flood",
     "kind": "denial", "statement": "The dam held."},
    {"command": "correct_claim", "claim": "bridge", "version": 1,
     "statement": "The new bridge at Bexley was swept away.",
     "quantities": [{"label": "dead", "value": "4.50", "unit": "people"}],
     "notice": NOTICE, "published_at": "2024-05-02"},
    {"command": "link_claims", "claim": "no-dam", "kind": "contradicts", "to": "dam"},
    {"command": "review_claim", "claim": "dam", "reviewer": "checker", "rating": "false",
     "words": "Pants on fire", "published_at": "2024-05-03"},
    {"command": "retract_claim", "claim": "bridge", "because": "error",
     "notice": {"text": "We take it back."}, "published_at": "2024-05-04"},
    {"command": "express_concern", "claim": "dam", "observed_at": "2024-05-05"},
]  # fmt: skip


def flat(ran: Ran) -> str:
    """What was printed, with its lines joined."""
    assert ran.code == 0, ran.err
    return " ".join(ran.out.split())


def position_before_the_change(dateline: Dateline) -> int:
    history = dateline("claim", APC, "--json").json["history"]
    return int(history[1]["position"]) - 1


@pytest.mark.parametrize(
    ("as_of", "value", "version", "status"),
    [("2024-08-18", "17056", 1, "standing"), ("2024-08-20", "16480", 2, "corrected")],
)
def test_the_worked_example(
    dateline: Dateline, as_of: str, value: str, version: int, status: str
) -> None:
    claim = dateline("claim", APC, "--as-of", as_of, "--json").json["claim"]
    assert [quantity["value"] for quantity in claim["quantities"]] == [value]
    assert (claim["version"], claim["status"]) == (version, status)


def test_a_change_that_was_not_recorded_is_not_known_however_late_it_is_asked_for(
    dateline: Dateline,
) -> None:
    position = position_before_the_change(dateline)
    asked = ("claim", APC, "--position", position, "--as-of", "2025-06-30", "--json")
    answer = dateline(*asked).json
    assert answer["claim"]["quantities"][0]["value"] == "17056"
    assert answer["basis"]["position"] == position
    assert answer["basis"]["reported_at"] == "2025-06-30T23:59:59.999999Z"


def test_a_silent_correction_shows_old_and_new(dateline: Dateline) -> None:
    shown = flat(dateline("claim", APC, "--as-of", "2024-08-20"))
    assert "correction of version 1, SILENTLY" in shown
    assert "had lost [-17056-]{+16480+} armoured" in shown
    assert "APC: 17056 → 16480" in shown
    assert "reported until 2024-08-20 23:59:59 UTC" in shown
    assert "by feed:loss-claims: day908" in shown  # who recorded it, and why


def test_a_declared_correction_shows_its_notice(dateline: Dateline) -> None:
    shown = flat(dateline("claim", "bridge", "--as-of", "2024-05-02"))
    assert "correction of version 1, declared" in shown
    assert "[-old-]{+new+} bridge at [-Anning-]{+Bexley+} was" in shown
    assert "dead: about 3 people → 4.50 people" in shown
    assert "“An earlier version had the wrong place.”" in shown
    assert "2024-05-02 (time of day not known; zone not stated, taken as UTC)" in shown


def test_a_retracted_claim_says_so_first(dateline: Dateline) -> None:
    ran = dateline("claim", "bridge")
    assert ran.out.startswith("RETRACTED by the outlet, declared: retraction, because of error")


def test_a_retracted_claim_is_struck_out_in_a_terminal(
    dateline: Dateline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    ran = dateline("claims", "--story", "flood")
    assert "\x1b[9mThe new bridge at Bexley was swept away." in ran.out
    assert "RETRACTED" in ran.out
    assert "\x1b[31mDaily" not in ran.out


def test_what_colour_would_tell_is_marked_where_there_is_none(
    dateline: Dateline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    commands = (["claim", APC], ["changes", "--from", "2024-08-18", "--to", "2024-08-20"])
    for command in commands:
        assert "[-17056-]" not in dateline(*command).out
    monkeypatch.setenv("NO_COLOR", "1")
    for command in commands:
        assert "[-17056-]{+16480+}" in re.sub(r"\x1b\[[0-9;]*m", "", dateline(*command).out)


def test_a_terminal_of_80_columns_is_enough(
    dateline: Dateline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    for command in (
        ["claims"], ["story"], ["story", "flood"], ["claim", APC], ["status"],
        ["changes", "--from", "2024-08-18", "--to", "2024-08-20"],
    ):  # fmt: skip
        ran = dateline(*command)
        assert ran.code == 0
        plain = re.sub(r"\x1b\[[0-9;]*m", "", ran.out)
        assert max(map(len, plain.splitlines())) <= 80


def test_what_is_contested_under_concern_and_reviewed_is_said(dateline: Dateline) -> None:
    shown = flat(dateline("claim", "dam"))
    assert shown.startswith("UNDER CONCERN: the outlet is checking this since 2024-05-05")
    assert "CONTESTED: a claim that has not been retracted contradicts this" in shown
    assert "Checker: “Pants on fire” (false)" in shown
    assert "when it was published is not known" in shown


def test_what_is_not_known_is_said(dateline: Dateline) -> None:
    shown = flat(dateline("claim", "kursk-talks:01"))
    assert "Outlet not known" in shown
    assert "2024-08-20T05:12 (zone not stated, taken as UTC)" in shown


def test_a_pipe_gets_one_line_a_claim(dateline: Dateline) -> None:
    ran = dateline("claims", "--story", "flood")
    head, *rows = ran.out.split("\n\n")[0].splitlines()
    assert head.split() == ["REPORTED", "STATUS", "ALSO", "VERSION", "REF", "OUTLET", "STATEMENT"]
    assert len(rows) == 3
    assert "\x1b" not in ran.out
    assert not any(line.endswith(" ") for line in ran.out.splitlines())


def test_a_status_filter_says_how_many_it_leaves_out(dateline: Dateline) -> None:
    ran = dateline("claims", "--story", "flood", "--status", "retracted")
    assert "1 of 1 claim." in ran.out
    assert "The status filter leaves out 2 claims." in ran.out
    answer = dateline("claims", "--story", "flood", "--status", "retracted", "--json").json
    assert (answer["total"], answer["left_out"]) == (1, 2)


def test_sources_are_found_anywhere_in_the_chain_and_outlets_alone(dateline: Dateline) -> None:
    said = dateline("claims", "--source", "vladimir-putin", "--json").json
    assert said["total"] > 0
    assert dateline("claims", "--outlet", "vladimir-putin", "--json").json["total"] == 0
    assert dateline("claims", "--outlet", "daily", "--json").json["total"] == 3


def test_the_next_page_belongs_to_the_same_moment(dateline: Dateline) -> None:
    refs: list[str] = []
    after: list[str] = []
    while True:
        page = dateline("story", "kursk-talks", "--first", 5, *after, "--json").json
        refs += [claim["ref"] for claim in page["claims"]]
        if page["next"] is None:
            break
        after = ["--after", page["next"]]
    assert len(refs) == len(set(refs)) == 18


def test_stories_are_listed_and_shown_as_of_a_date(dateline: Dateline) -> None:
    listed = dateline("story", "--json").json["stories"]
    assert {story["slug"] for story in listed} == {"flood", "kursk-talks", "russian-losses"}
    then = dateline("story", "flood", "--as-of", "2024-05-03", "--json").json
    assert then["story"]["counts"]["corrected"] == 1
    assert then["story"]["counts"]["retracted"] == 0
    assert dateline("story", "flood").out.startswith("The flood\n")


def test_changes_between_two_reporting_times(dateline: Dateline) -> None:
    asked = ("changes", "--from", "2024-08-18", "--to", "2024-08-20")
    answer = dateline(*asked, "--kind", "silently_edited", "--json").json
    (change,) = [one for one in answer["changes"] if one["after"]["ref"] == APC]
    assert change["before"]["quantities"][0]["value"] == "17056"
    assert change["after"]["quantities"][0]["value"] == "16480"
    assert {"op": "removed", "text": "17056"} in change["differences"]
    assert answer["left_out"] > 0
    shown = flat(dateline(*asked, "--kind", "silently_edited"))
    assert "APC: 17056 → 16480" in shown
    assert f"The kind filter leaves out {answer['left_out']} of them." in shown


def test_changes_between_two_positions(dateline: Dateline) -> None:
    position = position_before_the_change(dateline)
    asked = ("changes", "--axis", "position", "--from", position, "--to", position + 1, "--json")
    answer = dateline(*asked).json
    assert [change["after"]["ref"] for change in answer["changes"]] == [APC]
    assert (answer["from"]["position"], answer["to"]["position"]) == (position, position + 1)


def test_nothing_changed_between_a_moment_and_itself(dateline: Dateline) -> None:
    ran = dateline("changes", "--from", "2024-08-18", "--to", "2024-08-18")
    assert "Nothing changed." in ran.out


@pytest.mark.parametrize(
    ("arguments", "field", "code"),
    [
        (["claims", "--as-of", "yesterday"], "--as-of", "INVALID_TIME"),
        (["claims", "--as-of", "2024-02-30"], "--as-of", "INVALID_TIME"),
        (["claims", "--recorded", "2999"], "--recorded", "INVALID_TIME"),
        (["claims", "--recorded", f"{datetime.now(UTC):%Y-%m-%d}"], "--recorded", "INVALID_TIME"),
        (["claims", "--position", "-1"], "--position", "INVALID_INPUT"),
        (["claims", "--position", "99999999"], "--position", "INVALID_INPUT"),
        (["claim", APC, "--position", "1", "--recorded", "2024"], "--position", "INVALID_INPUT"),
        (["claims", "--after", "garbled"], "--after", "INVALID_CURSOR"),
        (["changes", "--from", "soon"], "--from or --to", "INVALID_TIME"),
        (["changes", "--from", "2024", "--to", "2023"], "--to", "INVALID_INPUT"),
        (["changes", "--axis", "position", "--from", "2024-08-18"], "--from", "INVALID_INPUT"),
        (["changes", "--axis", "recorded", "--from", "2999"], "--from or --to", "INVALID_TIME"),
        (["changes", "--from", "2024", "--as-of", "2025"], "--as-of", "INVALID_INPUT"),
        (
            ["changes", "--axis", "recorded", "--from", "2024", "--position", "3"],
            "--position",
            "INVALID_INPUT",
        ),
    ],
)
def test_a_moment_that_is_none_names_its_option(
    dateline: Dateline, arguments: list[str], field: str, code: str
) -> None:
    ran = dateline(*arguments, "--json")
    assert (ran.code, ran.out) == (2, "")
    assert (ran.error["field"], ran.error["code"]) == (field, code)
    plain = dateline(*arguments)
    assert plain.err.startswith(f"Error: {field}: ")
    assert len(plain.err.splitlines()) == 1


@pytest.mark.parametrize("arguments", [["claim", "nothing"], ["story", "nothing"]])
def test_what_is_not_there_is_exit_code_1(dateline: Dateline, arguments: list[str]) -> None:
    ran = dateline(*arguments, "--json")
    assert (ran.code, ran.error["code"]) == (1, "NOT_FOUND")


def test_a_claim_before_it_was_reported_is_not_there(dateline: Dateline) -> None:
    ran = dateline("claim", APC, "--as-of", "2024-08-17")
    assert ran.code == 1
    assert ran.err == f"Error: no claim '{APC}' was in the record as of then [NOT_FOUND]\n"


def test_every_field_of_the_promised_shapes_is_described(dateline: Dateline) -> None:
    page = (Path(__file__).parents[2] / "docs/reference/command-line-json.md").read_text("utf-8")
    shapes = [
        dateline("claim", "dam", "--json").json,
        dateline("claim", APC, "--json").json,
        dateline("story", "flood", "--json").json,
        dateline("story", "--json").json,
        dateline("changes", "--from", "2024-08-18", "--to", "2024-08-20", "--json").json,
        dateline("status", "--json").json,
    ]

    def names(value: object) -> Iterator[str]:
        match value:
            case dict():
                if "type" in value:  # an event, as the log keeps it
                    return
                for name, inner in value.items():
                    yield name
                    yield from names(inner)
            case list():
                for inner in value:
                    yield from names(inner)

    statuses = {"standing", "corrected", "under_concern", "partially_retracted", "retracted"}
    found = {name for shape in shapes for name in names(shape)} - statuses
    assert {name for name in found if f"`{name}`" not in page} == set()
