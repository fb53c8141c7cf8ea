"""`dateline erase`: asked for, confirmed, told, and gone from whatever the command shows."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pytest

from tests.cli.conftest import Dateline, ended, process
from tests.cli.test_serve import ask
from tests.servers import Server

LINES = [
    {"command": "register_source", "source": "paper", "name": "SECRET paper", "kind": "outlet"},
    {
        "command": "publish_report",
        "report": "r",
        "outlet": "paper",
        "headline": "SECRET headline",
        "published_at": "2024-08-01",
    },
    {
        "command": "report_claim",
        "claim": "c",
        "report": "r",
        "statement": "SECRET one",
        "attribution": [{"source": "paper", "role": "SECRET role"}],
        "quantities": [{"label": "SECRET label", "value": 17}],
    },
    {
        "command": "correct_claim",
        "claim": "c",
        "version": 1,
        "statement": "SECRET two",
        "quantities": [{"label": "SECRET label", "value": 18}],
        "notice": {"text": "SECRET notice"},
        "published_at": "2024-08-02",
    },
    {"command": "report_claim", "claim": "d", "report": "r", "statement": "Something else"},
    {"command": "link_claims", "claim": "d", "kind": "repeats", "to": "c"},
    {
        "command": "review_claim",
        "claim": "c",
        "reviewer": "paper",
        "rating": "false",
        "words": "SECRET words",
        "published_at": "2024-08-03",
    },
]
GROUND = ("--ground", "court_order", "--reference", "7 O 12/26")
QUESTION = '{ claim(id: "c", asOf: {position: 3}) { statement erased { ground } } }'
ASKED = (
    ("claims",),
    ("claims", "--as-of", "2024-08-01"),
    ("claims", "--position", 4),
    ("claim", "c"),
    ("claim", "c", "--as-of", "2024-08-01"),
    ("claim", "c", "--position", 4),
    ("claim", "d"),
    ("changes", "--from", "2024-08-01", "--to", "2024-08-02"),
    ("export",),
)


@pytest.fixture
def filled(dateline: Dateline, tmp_path: Path) -> Dateline:
    """A record with what is to be erased in it."""
    path = tmp_path / "lines.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES))
    assert dateline("import", path, "--format", "interchange").code == 0
    return dateline


def test_what_was_erased_is_shown_by_no_command_at_any_date(filled: Dateline) -> None:
    shown = [filled(*asked) for asked in ASKED]
    assert all("SECRET" in ran.out for ran in shown)
    ran = filled("erase", "claim", "c", *GROUND, "--yes")
    assert (ran.code, ran.out) == (0, "Erased what 3 events said, at position 8.\n")
    assert "backups" in ran.err
    assert filled("erase", "report", "r", *GROUND, "--yes").code == 0
    assert filled("erase", "source", "paper", *GROUND, "--yes").code == 0
    for asked in ASKED:
        for more in ((), ("--json",)) if asked != ("export",) else ((),):
            ran = filled(*asked, *more)
            assert ran.code == 0, ran.err
            assert "SECRET" not in ran.out
    page = filled("claim", "c").out
    assert "(erased)" in page
    assert "court order, 7 O 12/26" in page
    claim = filled("claim", "c", "--as-of", "2024-08-01", "--json").json["claim"]
    assert claim["statement"] is None
    assert (claim["erased"]["ground"], claim["erased"]["reference"]) == ("court_order", "7 O 12/26")


def test_an_erasure_is_told_as_json(filled: Dateline) -> None:
    told = filled("erase", "report", "r", *GROUND, "--with-claims", "--yes", "--json").json
    assert (told["position"], told["erased_events"]) == (10, 5)
    again = filled("erase", "report", "r", *GROUND, "--with-claims", "--yes", "--json")
    assert (again.code, again.error["code"]) == (1, "ALREADY_ERASED")


def test_nothing_is_erased_that_nobody_confirmed(
    filled: Dateline, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = filled("erase", "claim", "c", *GROUND, "--json")
    assert (ran.code, ran.error["code"], ran.error["field"]) == (2, "NOT_CONFIRMED", "--yes")
    monkeypatch.setattr("cli.erasing.sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("cli.erasing.typer.confirm", lambda *_, **__: False)
    ran = filled("erase", "claim", "c", *GROUND)
    assert (ran.code, "NOT_CONFIRMED" in ran.err) == (1, True)
    assert "SECRET two" in filled("claim", "c").out


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (("claim", "c"), 2),
        (("claim", "c", "--ground", "whim"), 2),
        (("claim", "none", "--ground", "copyright", "--yes"), 1),
        (("claim", "c", "--ground", "other_law", "--yes"), 1),
    ],
)
def test_a_ground_is_needed_and_something_to_erase(
    filled: Dateline, arguments: tuple[str, ...], exit_code: int
) -> None:
    assert filled("erase", *arguments).code == exit_code
    assert "SECRET two" in filled("claim", "c").out


def test_an_export_with_erasures_is_taken_down_by_those_who_allow_it(
    filled: Dateline, tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled("erase", "claim", "c", *GROUND, "--yes")
    exported = tmp_path / "exported.jsonl"
    filled("export", exported)
    shown = filled("claim", "c", "--as-of", "2024-08-02", "--json").json["claim"]
    with server.fresh_url() as other:
        monkeypatch.setenv("DATABASE_URL", other)
        refused = filled("import", exported, "--json")
        (line,) = (tmp_path / "exported.refused.jsonl").read_text().splitlines()
        assert (refused.code, json.loads(line)["code"]) == (1, "ERASURE_NOT_ALLOWED")
        assert filled("claim", "c", "--json").json["claim"]["statement"] == "(erased 2) 0"
        taken = filled("import", exported, "--allow-erasures", "--json").json
        assert (taken["already_there"], taken["recorded"], taken["refused"]) == (7, 1, 0)
        again = filled("claim", "c", "--as-of", "2024-08-02", "--json").json["claim"]
    assert again.pop("erased")["ground"] == shown.pop("erased")["ground"]
    assert again == shown


def test_a_start_erases_again_from_a_database_that_was_set_back(
    filled: Dateline, tmp_path: Path, server: Server
) -> None:
    backup, erasures = tmp_path / "record.dateline", tmp_path / "the list" / "erasures.jsonl"
    filled("backup", backup)
    filled("erase", "claim", "c", *GROUND, "--yes")
    with server.fresh_url() as other:
        # As by other means than ours, which know nothing of the list.
        set_back = ("--erasures", tmp_path / "none.jsonl", "restore", backup, "--no-erasures")
        assert filled("--database-url", other, *set_back).code == 0
        shown = filled("--database-url", other, "claim", "c")
        assert "SECRET two" in shown.out
        running = process(
            "serve", "--port", 0, "--no-example", url=other, DATELINE_ERASURES=str(erasures)
        )
        try:
            assert running.stdout is not None
            found = re.search(r"http://[^ ]+/graphql", running.stdout.readline())
            assert found is not None
            answer = ask(found.group(), QUESTION)
        finally:
            running.send_signal(signal.SIGINT)
            said = ended(running).err
        assert answer["claim"] == {"statement": None, "erased": {"ground": "COURT_ORDER"}}
        assert "Erased again what 3 events said" in said
