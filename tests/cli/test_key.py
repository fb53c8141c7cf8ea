"""`dateline key`: made and shown once, listed without its secret, revoked."""

from __future__ import annotations

from eventlog.apikeys import parts_of
from tests.cli.conftest import Dateline


def test_a_key_is_shown_once(dateline: Dateline) -> None:
    ran = dateline("key", "create", "standards desk", "--role", "editor", "--source", "the-paper")
    assert ran.code == 0
    token = ran.out.strip()
    parts = parts_of(token)
    assert parts is not None
    listed = dateline("key", "list")
    assert parts[0] in listed.out
    assert "standards desk" in listed.out
    assert "1 outlet " in listed.out
    assert parts[1] not in listed.out + listed.err


def test_programs_get_keys_as_json(dateline: Dateline) -> None:
    made = dateline("key", "create", "importer", "--expires", "2099-12-31", "--json").json
    assert (made["role"], made["sources"], made["revoked_at"]) == ("reader", None, None)
    assert made["expires_at"].startswith("2099-12-31T23:59:59")
    (listed,) = dateline("key", "list", "--json").json["keys"]
    assert listed == {name: value for name, value in made.items() if name != "key"}


def test_a_key_is_revoked_once(dateline: Dateline) -> None:
    made = dateline("key", "create", "leaving", "--json").json
    assert dateline("key", "revoke", made["id"]).code == 0
    assert dateline("key", "list", "--json").json["keys"][0]["revoked_at"] is not None
    again = dateline("key", "revoke", made["id"])
    assert again.code == 1
    assert "NOT_FOUND" in again.err


def test_what_cannot_be_is_refused(dateline: Dateline) -> None:
    for given, code in (
        (("key", "create", "a:b"), "INVALID_INPUT"),
        (("key", "create", ""), "INVALID_INPUT"),
        (("key", "create", "x", "--expires", "soon"), "INVALID_TIME"),
        (("serve", "--host", "0.0.0.0", "--open-writing"), "INVALID_INPUT"),
    ):
        ran = dateline(*given)
        assert ran.code == 2
        assert code in ran.err
    assert dateline("key", "list", "--json").json["keys"] == []
