"""`status`, `rebuild`, `export`."""

from __future__ import annotations

import gzip
import json
import signal
import time
from pathlib import Path

import psycopg
import pytest

from domain.words import Status
from tests.cli.conftest import KURSK, LOSSES, Dateline, ended, process
from tests.servers import Server


def test_status_of_an_empty_record(dateline: Dateline) -> None:
    summary = dateline("status", "--json").json
    assert summary["log"] == {"position": 0, "recorded_at": None}
    assert summary["counts"]["claims_by_status"] == dict.fromkeys(map(str, Status), 0)
    assert summary["database"]["role_separated"] is True
    assert "the application may only append" in dateline("status").out


def test_status_counts_what_is_there(dateline: Dateline) -> None:
    dateline("import", KURSK)
    counts = dateline("status", "--json").json["counts"]
    assert (counts["claims"], counts["stories"], counts["reports"]) == (18, 1, 1)
    assert counts["claims_by_status"]["standing"] == 18


def test_a_rebuild_changes_no_answer(dateline: Dateline) -> None:
    dateline("import", LOSSES)
    asked = ("claims", "--as-of", "2024-08-20", "--first", 100, "--json")
    before = dateline(*asked).json
    rebuilt = dateline("rebuild")
    assert rebuilt.out == "Rebuilt from 1,481 events.\n"
    assert dateline(*asked).json == before
    assert dateline("rebuild", "--json").json == {"position": 1_481}


def test_only_one_rebuild_at_a_time(dateline: Dateline, url: str) -> None:
    dateline("import", KURSK)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(7140002)")
        ran = dateline("rebuild", "--json")
    assert (ran.code, ran.error["code"]) == (1, "REBUILD_RUNNING")


def test_a_rebuild_that_was_killed_can_be_done_again(dateline: Dateline, url: str) -> None:
    dateline("import", LOSSES)
    asked = ("claims", "--first", 100, "--json")
    before = dateline(*asked).json
    running = process("rebuild", url=url)
    with psycopg.connect(url, autocommit=True) as connection:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            row = connection.execute("SELECT to_regclass('read_next.claims')").fetchone()
            if row and row[0]:
                break
            time.sleep(0.001)
    running.send_signal(signal.SIGKILL)
    assert ended(running).code == -signal.SIGKILL
    assert dateline(*asked).json == before
    assert dateline("rebuild", "--json").json == {"position": 1_481}
    assert dateline(*asked).json == before


def test_an_export_gives_the_same_answers_in_an_empty_record(
    dateline: Dateline, server: Server, tmp_path: Path
) -> None:
    for file in (KURSK, LOSSES):
        dateline("import", file)
    target = tmp_path / "record.jsonl.gz"
    assert dateline("export", target).code == 0
    lines = gzip.decompress(target.read_bytes()).decode().splitlines()
    assert len(lines) == dateline("status", "--json").json["log"]["position"]
    with server.fresh_url() as other:
        assert dateline("--database-url", other, "import", target).code == 0
        for asked in (
            ("claims", "--as-of", "2024-08-20", "--first", 100, "--json"),
            ("claims", "--status", "corrected", "--json"),
            ("claim", "loss:2024-08-18:APC", "--json"),
            ("story", "kursk-talks", "--json"),
        ):
            here = dateline(*asked)
            there = dateline("--database-url", other, *asked)
            assert without_recording(there.json) == without_recording(here.json)


def without_recording(answer: object) -> object:
    """An answer without when a log took things down, which is each log's own."""
    match answer:
        case dict():
            own = {"recorded_at", "next"}
            return {k: without_recording(v) for k, v in answer.items() if k not in own}
        case list():
            return [without_recording(value) for value in answer]
    return answer


def test_an_export_goes_to_standard_output(dateline: Dateline) -> None:
    dateline("import", KURSK)
    lines = dateline("export").out.splitlines()
    assert len(lines) == 36
    assert all("command" in json.loads(line) for line in lines)


def test_an_export_replaces_nothing_unasked(dateline: Dateline, tmp_path: Path) -> None:
    target = tmp_path / "record.jsonl"
    target.write_text("precious")
    ran = dateline("export", target)
    assert (ran.code, target.read_text()) == (1, "precious")
    assert "--force replaces it" in ran.err
    assert dateline("export", target, "--force").code == 0
    assert target.read_text() == ""


@pytest.mark.parametrize("name", ["missing/record.jsonl", "record.jsonl/x"])
def test_an_export_to_nowhere_ends_in_one_line(
    dateline: Dateline, tmp_path: Path, name: str
) -> None:
    (tmp_path / "record.jsonl").write_text("")
    ran = dateline("export", tmp_path / name)
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_an_export_that_finds_no_room_names_the_file(dateline: Dateline, tmp_path: Path) -> None:
    dateline("import", KURSK)
    target = tmp_path / "record.jsonl"
    (tmp_path / "record.jsonl.part").symlink_to("/dev/full")
    ran = dateline("export", target)
    assert ran.code == 1
    assert ran.err == f"Error: no room left on the disk: {target}.part [DISK_FULL]\n"
    assert not target.exists()
