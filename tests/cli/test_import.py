"""`dateline import`: what it records, what it refuses, and how it ends."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import KURSK, LOSSES, ROOT, Dateline

SOURCE = {"command": "register_source", "source": "reuters", "name": "Reuters", "kind": "agency"}
REPORT = {
    "command": "publish_report",
    "report": "r",
    "outlet": "reuters",
    "published_at": "2024-08-18",
}
CLAIM = {"command": "report_claim", "claim": "c", "report": "r", "statement": "It rained."}


def lines(*values: object) -> bytes:
    return b"".join(
        value if isinstance(value, bytes) else json.dumps(value).encode() + b"\n"
        for value in values
    )


def refused_lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_an_import_ends_with_a_summary(dateline: Dateline) -> None:
    ran = dateline("import", KURSK)
    assert ran.code == 0
    assert ran.out.splitlines()[:2] == ["Read           36  lines", "Recorded       36  commands"]
    assert "as interchange" in ran.err


def test_importing_twice_changes_nothing(dateline: Dateline) -> None:
    first = dateline("import", LOSSES, "--json").json
    assert first["recorded"] == first["lines"] > 1_000
    head = dateline("status", "--json").json["log"]
    second = dateline("import", LOSSES, "--json").json
    assert (second["recorded"], second["already_there"]) == (0, first["recorded"])
    assert dateline("status", "--json").json["log"] == head


def test_what_was_imported_can_be_asked_about_at_once(dateline: Dateline) -> None:
    dateline("import", KURSK)
    summary = dateline("status", "--json").json
    assert summary["projected"] == {
        "position": summary["log"]["position"],
        "lag_events": 0,
        "lag_seconds": 0.0,
    }


def test_a_packed_file_and_standard_input_are_read(
    dateline: Dateline, tmp_path: Path, url: str
) -> None:
    packed = tmp_path / "kursk.jsonl.gz"
    packed.write_bytes(gzip.compress(KURSK.read_bytes()))
    assert dateline("import", packed, "--json").json["recorded"] == 36
    piped = subprocess.run(
        [sys.executable, "-m", "cli", "import", "-", "--json"],
        input=KURSK.read_bytes(),
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url},
        capture_output=True,
        check=True,
    )
    assert json.loads(piped.stdout)["already_there"] == 36


def test_refused_lines_go_into_a_file_with_their_reasons(
    dateline: Dateline, tmp_path: Path
) -> None:
    path = tmp_path / "some.jsonl"
    path.write_bytes(lines(SOURCE, b"{broken\n", REPORT, CLAIM | {"report": "other"}, CLAIM))
    ran = dateline("import", path)
    assert ran.code == 1
    assert "Line 2: " in ran.out
    assert "[INVALID_JSON]" in ran.out
    assert "Line 4: report: no report 'other' is in the record [NOT_FOUND]" in ran.out
    found = refused_lines(tmp_path / "some.refused.jsonl")
    assert [(one["line"], one["code"], one["field"]) for one in found] == [
        (2, "INVALID_JSON", None),
        (4, "NOT_FOUND", "report"),
    ]
    assert found[0]["raw"] == "{broken"
    again = json.loads(str(found[1]["raw"]))
    assert (again["command"], again["report"]) == ("report_claim", "other")


def test_a_refused_command_can_be_mended_and_imported(dateline: Dateline, tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl"
    path.write_bytes(lines(SOURCE, CLAIM))
    assert dateline("import", path).code == 1
    (refused,) = refused_lines(tmp_path / "some.refused.jsonl")
    mended = tmp_path / "mended.jsonl"
    mended.write_bytes(lines(REPORT) + str(refused["raw"]).encode())
    assert dateline("import", mended, "--json").json["recorded"] == 2


def test_an_import_without_refusals_leaves_no_file(dateline: Dateline, tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl"
    stale = tmp_path / "some.refused.jsonl"
    stale.write_text("of an earlier run\n")
    path.write_bytes(lines(SOURCE))
    assert dateline("import", path).code == 0
    assert not stale.exists()


@pytest.mark.parametrize(
    ("line", "code", "field"),
    [
        (b"{\n", "INVALID_JSON", None),
        (b"\xff\xfe not text\n", "INVALID_ENCODING", None),
        (b'{"command":"register_source","name":"caf\xe9"}\n', "INVALID_ENCODING", None),
        (lines({"command": "delete_all"}), "UNKNOWN_COMMAND", "command"),
        (lines(REPORT | {"published_at": "18.08.2024"}), "INVALID_TIME", "published_at"),
        (lines(REPORT | {"published_at": "2024-02-30"}), "INVALID_TIME", "published_at"),
        (lines(REPORT | {"published_at": "2999-01-01"}), "INVALID_TIME", "published_at"),
        (lines(SOURCE | {"nmae": "x"}), "INVALID_INPUT", "nmae"),
        (
            lines({"command": "correct_claim", "claim": "c", "version": "1", "kind": "figure"}),
            "INVALID_INPUT",
            "version",
        ),
        (lines(SOURCE | {"name": "x" * 10_000_000}), "LINE_TOO_LONG", None),
    ],
    ids=[
        "json", "utf16", "latin1", "command", "german-date", "no-day", "future", "unknown-field",
        "number-as-string", "10-MB-line",
    ],
)  # fmt: skip
def test_a_bad_line_is_refused_and_the_others_are_recorded(
    dateline: Dateline, tmp_path: Path, line: bytes, code: str, field: str | None
) -> None:
    path = tmp_path / "some.jsonl"
    path.write_bytes(lines(SOURCE, line, SOURCE | {"source": "ap", "name": "AP"}))
    ran = dateline("import", path, "--json")
    assert ran.code == 1
    assert ran.json["refused"] == 1
    assert ran.json["recorded"] == 2
    (refused,) = refused_lines(Path(ran.json["refused_file"]))
    assert (refused["line"], refused["code"], refused["field"]) == (2, code, field)
    assert "Traceback" not in ran.err


def test_a_file_in_another_encoding_is_refused_as_a_whole(
    dateline: Dateline, tmp_path: Path
) -> None:
    path = tmp_path / "some.jsonl"
    path.write_bytes(lines(SOURCE).decode().encode("utf-16"))
    ran = dateline("import", path, "--format", "interchange")
    assert ran.code == 1
    assert "[INVALID_ENCODING]" in ran.out


@pytest.mark.parametrize(
    ("content", "code"), [(None, "FILE"), (b"\x89PNG\r\n\x1a\n", "UNKNOWN_FORMAT")]
)
def test_a_file_that_is_none_ends_in_one_line(
    dateline: Dateline, tmp_path: Path, content: bytes | None, code: str
) -> None:
    path = tmp_path / "some.jsonl"
    if content is not None:
        path.write_bytes(content)
    ran = dateline("import", path, "--json")
    assert (ran.code, ran.out) == (1, "")
    assert ran.error["code"] == code
    assert str(path) in ran.error["message"]


def test_a_folder_is_no_file(dateline: Dateline, tmp_path: Path) -> None:
    ran = dateline("import", tmp_path)
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)


def test_a_packed_file_that_breaks_off_is_read_up_to_there(
    dateline: Dateline, tmp_path: Path
) -> None:
    path = tmp_path / "some.jsonl.gz"
    path.write_bytes(gzip.compress(LOSSES.read_bytes())[:20_000])
    ran = dateline("import", path, "--json")
    assert ran.code == 1
    assert ran.json["refused"] == 1
    assert ran.json["recorded"] > 100
    (refused,) = refused_lines(tmp_path / "some.refused.jsonl")
    assert refused["code"] == "DAMAGED_FILE"


def test_an_empty_file_holds_nothing(dateline: Dateline, tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl"
    path.write_bytes(b"")
    assert dateline("import", path, "--json").json["lines"] == 0
