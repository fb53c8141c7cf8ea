"""`dateline webhook`: made and shown once, listed without its secret, paused, resumed, removed;
dead letters looked at and sent again."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import psycopg
import pytest

from tests.cli.conftest import Dateline

URL = "https://desk.example/dateline"


def test_the_secret_is_shown_once(dateline: Dateline) -> None:
    ran = dateline("webhook", "create", "standards desk", URL)
    assert ran.code == 0
    secret = ran.out.strip()
    assert len(b64decode(secret.removeprefix("whsec_"))) == 32
    listed = dateline("webhook", "list")
    assert "standards desk" in listed.out
    assert URL in listed.out
    assert secret.removeprefix("whsec_") not in listed.out + listed.err


def test_programs_get_webhooks_as_json(dateline: Dateline) -> None:
    made = dateline("webhook", "create", "losses", URL, "--story", "losses", "--json").json
    assert made["variables"] == {"slug": "losses"}
    assert (made["state"], made["reason"], made["cursor"]) == ("active", None, 0)
    (listed,) = dateline("webhook", "list", "--json").json["webhooks"]
    counts = {"behind": 0, "waiting": 0, "failing": 0, "dead": 0}
    assert listed == {name: value for name, value in made.items() if name != "secret"} | counts


def test_a_webhook_is_paused_resumed_and_removed(dateline: Dateline) -> None:
    made = dateline("webhook", "create", "desk", URL, "--json").json
    for command, state in (("pause", "paused"), ("resume", "active")):
        assert dateline("webhook", command, made["id"]).code == 0
        assert dateline("webhook", "list", "--json").json["webhooks"][0]["state"] == state
    assert dateline("webhook", "remove", made["id"]).code == 0
    assert dateline("webhook", "list", "--json").json["webhooks"] == []
    for command in ("pause", "resume", "remove", "resend"):
        ran = dateline("webhook", command, made["id"])
        assert ran.code == 1
        assert "NOT_FOUND" in ran.err


def test_a_document_of_ones_own_says_what_is_sent(dateline: Dateline, tmp_path: Path) -> None:
    document = tmp_path / "own.graphql"
    document.write_text("subscription Own($f: EventFilter) { events(filter: $f) { cursor } }")
    given = ("--document", document, "--variables", '{"f": {"kind": ["CLAIM_CORRECTED"]}}')
    made = dateline("webhook", "create", "desk", URL, *given, "--after", 0, "--json").json
    assert made["document"] == document.read_text()
    assert made["variables"] == {"f": {"kind": ["CLAIM_CORRECTED"]}}


def test_dead_letters_are_listed_and_sent_again(dateline: Dateline, url: str) -> None:
    made = dateline("webhook", "create", "desk", URL, "--json").json
    dateline("import", Path(__file__).parents[2] / "examples" / "kursk-talks.jsonl")
    with psycopg.connect(url) as owner:
        owner.execute(
            "INSERT INTO dateline.webhook_deliveries"
            " SELECT %s, position, stream_id, 10, NULL, clock_timestamp(), 500, 'it answered 500'"
            " FROM dateline.log WHERE position <= 3",
            (made["id"],),
        )
    assert "it answered 500" in dateline("webhook", "failed").out
    letters = dateline("webhook", "failed", made["id"], "--json").json["dead_letters"]
    assert [one["position"] for one in letters] == [1, 2, 3]
    assert letters[0]["status"] == 500
    assert dateline("webhook", "failed", "another", "--json").json["dead_letters"] == []
    assert dateline("webhook", "resend", made["id"], 9).code == 1
    assert dateline("webhook", "resend", made["id"], 2).code == 0
    (listed,) = dateline("webhook", "list", "--json").json["webhooks"]
    assert (listed["waiting"], listed["failing"], listed["dead"]) == (1, 0, 2)
    assert "2 events are sent again" in dateline("webhook", "resend", made["id"]).err
    assert dateline("webhook", "failed").out.strip() == "There are no dead letters."


def test_what_cannot_be_is_refused(dateline: Dateline, tmp_path: Path) -> None:
    live = tmp_path / "live.graphql"
    live.write_text("subscription { claims { cursor } }")
    for given, field in (
        (("", URL), "NAME"),
        (("desk", "http://desk.example/"), "URL"),
        (("desk", "https://10.0.0.1/"), "URL"),
        (("desk", "https://me:pass@desk.example/"), "URL"),
        (("desk", URL, "--variables", "{"), "--variables"),
        (("desk", URL, "--variables", '{"filter": {"kind": ["X"]}}'), "--variables"),
        (("desk", URL, "--document", live), "--document"),
        (("desk", URL, "--after", 1), "--after"),
        (("desk", URL, "--story", "s", "--variables", "{}"), "--story"),
    ):
        ran = dateline("webhook", "create", *given, "--json")
        assert ran.code == 2
        assert (ran.error["code"], ran.error["field"]) == ("INVALID_INPUT", field)
    assert dateline("webhook", "list", "--json").json["webhooks"] == []


def test_private_receivers_are_a_setting(
    dateline: Dateline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATELINE_PRIVATE_WEBHOOKS", "1")
    assert dateline("webhook", "create", "desk", "http://10.0.0.1/").code == 0
