"""`dateline backup` and `dateline restore`: nothing that was erased since comes back."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from eventlog.database import prepare_database
from projections.projector import Projector
from tests.cli.conftest import KURSK, Dateline
from tests.cli.test_erase import ASKED, GROUND, filled
from tests.servers import Server

__all__ = ["filled"]


@pytest.fixture
def other(server: Server) -> Iterator[str]:
    """Another database, with nothing in it."""
    with server.fresh_url(migrated=False) as url:
        yield url


@pytest.fixture
def backup(filled: Dateline, tmp_path: Path) -> Path:
    """A backup from before anything was erased."""
    path = tmp_path / "record.dateline"
    ran = filled("backup", path)
    assert (ran.code, ran.out) == (0, f"Backed up to position 7: {path}.\n")
    return path


def everything(url: str) -> str:
    """Every row of every table of a database."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema)'"
        ).fetchall()
        found = [
            connection.execute(f"SELECT string_agg(t::text, chr(10)) FROM {table} t").fetchone()
            for (table,) in [*tables, ("pg_stats",)]
        ]
    return "\n".join(row[0] for row in found if row is not None and row[0] is not None)


def log_of(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT * FROM dateline.log ORDER BY position").fetchall()


def test_a_backup_comes_back_whole(
    filled: Dateline, backup: Path, other: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = filled("key", "create", "desk", "--json").json
    filled("backup", backup, "--force")
    before = [filled(*asked).out for asked in ASKED]
    monkeypatch.setenv("DATABASE_URL", other)
    told = filled("restore", backup, "--json").json
    assert (told["position"], told["erased_again"]) == (7, 0)
    assert [filled(*asked).out for asked in ASKED] == before
    assert log_of(other) == log_of(url)
    (key,) = filled("key", "list", "--json").json["keys"]
    assert key["id"] == made["id"]
    assert filled("status", "--json").json["database"]["role_separated"] is True


def test_an_older_backup_does_not_bring_back_what_was_erased(
    filled: Dateline, backup: Path, other: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled("erase", "claim", "c", *GROUND, "--yes")
    filled("erase", "report", "r", "--ground", "copyright", "--with-claims", "--yes")
    filled("erase", "source", "paper", "--ground", "data_protection", "--yes")
    shown = filled("claim", "c", "--as-of", "2024-08-01", "--json").json["claim"]
    digests = [row[10] for row in log_of(url)[:7]]
    with zipfile.ZipFile(backup) as archive:
        assert b"SECRET" in archive.read("log_content.copy")
    monkeypatch.setenv("DATABASE_URL", other)
    ran = filled("restore", backup)
    assert ran.code == 0, ran.err
    assert "Erased again what 6 events said." in ran.out
    assert "SECRET" not in everything(other)
    for asked in ASKED:
        assert "SECRET" not in filled(*asked).out
    assert [row[10] for row in log_of(other)[:7]] == digests
    again = filled("claim", "c", "--as-of", "2024-08-01", "--json").json["claim"]
    assert again["erased"] == shown["erased"]
    assert [again[name] for name in ("status", "version", "reported_at")] == [
        shown[name] for name in ("status", "version", "reported_at")
    ]
    assert filled("rebuild").code == 0
    assert "SECRET" not in everything(other)


def test_a_backup_takes_the_place_of_the_record_where_that_is_asked_for(
    filled: Dateline, backup: Path, url: str
) -> None:
    filled("erase", "claim", "c", *GROUND, "--yes")
    refused = filled("restore", backup, "--json")
    assert (refused.code, refused.error["code"]) == (3, "RECORD_NOT_EMPTY")
    filled("import", KURSK)
    told = filled("restore", backup, "--replace", "--json").json
    assert (told["position"], told["erased_again"]) == (7, 3)
    assert "SECRET one" not in everything(url)
    assert len(log_of(url)) == 8
    assert filled("status", "--json").json["database"]["role_separated"] is True


def test_erasures_that_the_list_had_lost_are_found_in_the_record_that_is_replaced(
    filled: Dateline, backup: Path, url: str, tmp_path: Path
) -> None:
    filled("erase", "claim", "c", *GROUND, "--yes")
    (tmp_path / "the list" / "erasures.jsonl").write_text("")
    assert filled("restore", backup, "--replace").code == 0
    assert "SECRET one" not in everything(url)


def test_a_backup_is_not_restored_without_the_list(
    filled: Dateline, backup: Path, other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled("erase", "claim", "c", *GROUND, "--yes")
    filled("backup", backup, "--force")
    monkeypatch.setenv("DATABASE_URL", other)
    lost = tmp_path / "lost.jsonl"
    for content in (None, ""):
        if content is not None:
            lost.write_text(content)
        ran = filled("--erasures", lost, "restore", backup, "--json")
        assert (ran.code, ran.error["code"]) == (3, "ERASURE_LIST_UNUSABLE")
        assert log_of(other) == []
    assert (
        filled("--erasures", tmp_path / "new.jsonl", "restore", backup, "--no-erasures").code == 0
    )


@pytest.mark.parametrize("damage", ["cut", "flip", "other"])
def test_a_damaged_backup_is_refused(
    filled: Dateline, backup: Path, other: str, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = backup.read_bytes()
    match damage:
        case "cut":
            backup.write_bytes(whole[: len(whole) // 2])
        case "flip":
            with zipfile.ZipFile(backup) as archive:
                entry = archive.getinfo("log_content.copy")
                place = entry.header_offset + 70 + entry.compress_size // 2
            backup.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        case "other":
            backup.write_text("something else")
    monkeypatch.setenv("DATABASE_URL", other)
    ran = filled("restore", backup, "--json")
    assert (ran.code, ran.error["code"]) == (3, "BACKUP_UNREADABLE")
    assert log_of(other) == []


def test_a_backup_whose_content_does_not_fit_the_digests_is_refused(
    filled: Dateline, backup: Path, other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = tmp_path / "forged.dateline"
    with zipfile.ZipFile(backup) as old, zipfile.ZipFile(forged, "w") as new:
        for name in old.namelist():
            new.writestr(name, re.sub(rb"SECRET one", b"SECRET 0ne", old.read(name)))
    monkeypatch.setenv("DATABASE_URL", other)
    ran = filled("restore", forged, "--json")
    assert (ran.code, ran.error["code"]) == (3, "BACKUP_UNREADABLE")
    assert "position 3" in ran.error["message"]
    assert log_of(other) == []


def test_nobody_uses_a_record_while_it_is_replaced(
    filled: Dateline, backup: Path, url: str
) -> None:
    projector = Projector(prepare_database(url))
    projector.start()
    try:
        ran = filled("restore", backup, "--replace", "--json")
    finally:
        projector.stop()
    assert (ran.code, ran.error["code"]) == (3, "RECORD_IN_USE")


def test_a_backup_is_not_overwritten_unasked(filled: Dateline, backup: Path) -> None:
    ran = filled("backup", backup, "--json")
    assert (ran.code, ran.error["code"]) == (1, "FILE_EXISTS")
    assert [path.name for path in backup.parent.glob("*.part")] == []
