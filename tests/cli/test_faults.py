"""How the command ends when something is wrong: one line, and an exit code that says what."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.main import app, run
from cli.reference import page
from tests.cli.conftest import ROOT, ended, process

COMMANDS = [
    info.name or info.callback.__name__ for info in app.registered_commands if info.callback
]


@contextmanager
def server_of_another_age() -> Iterator[str]:
    """A socket that says at first what PostgreSQL 14 would say."""

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("!I", len(body) + 4) + body

    def greet() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(
                message(b"R", struct.pack("!I", 0))
                + message(b"S", b"server_version\x0014.11\x00")
                + message(b"S", b"server_encoding\x00UTF8\x00")
                + message(b"S", b"client_encoding\x00UTF8\x00")
                + message(b"Z", b"I")
            )
            connection.recv(4096)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=greet)
        thread.start()
        port = listener.getsockname()[1]
        yield f"postgresql://me@127.0.0.1:{port}/x?sslmode=disable&gssencmode=disable"
        thread.join()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--database-url", "postgresql://127.0.0.1:1/x"], "DATABASE_UNREACHABLE"),
        (["--database-url", "postgresql://nowhere.invalid/x"], "DATABASE_UNREACHABLE"),
        (["--database-url", "mysql://127.0.0.1/x"], "DATABASE_URL_INVALID"),
        (["--database-url", "postgresql://[/x"], "DATABASE_URL_INVALID"),
        (["--data", "/dev/null/record"], "DATA_FOLDER_NOT_WRITABLE"),
        (["--data", "/tmp/" + "long" * 40], "DATA_FOLDER_PATH_TOO_LONG"),
    ],
)
@pytest.mark.parametrize("command", [["status"], ["claims"], ["import", str(ROOT / "README.md")]])
def test_a_database_that_cannot_be_used_is_exit_code_3(
    arguments: list[str], code: str, command: list[str], capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.delenv("DATABASE_URL", raising=False)
    if command[0] == "import":
        command = [*command, "--format", "interchange"]
    assert run([*arguments, *command]) == 3
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("Error: ")
    assert line.endswith(f"[{code}]")


def test_a_server_that_is_too_old_is_exit_code_3(capfd: pytest.CaptureFixture[str]) -> None:
    with server_of_another_age() as url:
        assert run(["--database-url", url, "status"]) == 3
    assert "PostgreSQL 14.11; Dateline needs 15 or later" in capfd.readouterr().err


def test_a_folder_of_another_version_is_exit_code_3(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("13\n")
    assert run(["--data", str(tmp_path), "status"]) == 3
    assert "[DATA_FOLDER_OTHER_VERSION]" in capfd.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"], ["claims", "--nonsense"], ["claims", "--first", "0"], ["claim"],
        ["claims", "--first", "x"], ["claims", "--status", "wrong"], ["changes"],
        ["import", "x", "--format", "pdf"], ["serve", "--port", "70000"], ["serve", "--port", "x"],
        ["changes", "--from", "2024", "--axis", "sideways"],
    ],
)  # fmt: skip
def test_what_is_not_understood_is_exit_code_2(
    arguments: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    captured = capfd.readouterr()
    assert "Error: " in captured.err
    assert captured.out == ""


def test_an_unexpected_name_gets_a_hint(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["clams"]) == 2
    assert "Did you mean" in capfd.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_an_example_and_says_what_its_options_are(
    command: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run([command, "--help"]) == 0
    shown = capfd.readouterr().out
    assert f"    dateline {command}" in shown
    asks = {"claims", "claim", "story", "changes", "status"}
    assert ("--json" in shown) or command not in asks


def test_the_help_lists_the_exit_codes(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capfd.readouterr().out
    for code in (0, 1, 2, 3, 130):
        assert f"\n    {code} " in shown


def test_the_reference_is_what_the_help_says() -> None:
    written = (ROOT / "docs/reference/command-line.md").read_text("utf-8")
    assert written == page(), "run: python -m cli.reference > docs/reference/command-line.md"


def test_completion_is_offered_for_a_shell() -> None:
    asked = {"_DATELINE_COMPLETE": "complete_bash", "COMP_CWORD": "2"}
    ran = ended(process(COMP_WORDS="dateline claims --st", **asked))
    assert {"--story", "--status"} <= set(ran.out.split())


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_an_answer_that_finds_no_room_is_told_in_one_line(url: str, options: list[str]) -> None:
    with FULL.open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "cli", "--database-url", url, "claims", *options],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert ran.returncode == 1
    (line,) = ran.stderr.splitlines()
    assert "no room left on the disk" in line


def test_a_closed_output_is_no_fault(url: str) -> None:
    ran = subprocess.run(
        ["sh", "-c", 'exec "$0" -m cli status >&-', sys.executable],
        cwd=ROOT, env=os.environ | {"DATABASE_URL": url}, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_a_reader_that_has_seen_enough_is_no_fault(url: str) -> None:
    ran = subprocess.run(
        ["sh", "-c", '"$0" -m cli claims --json | head -c 1', sys.executable],
        cwd=ROOT, env=os.environ | {"DATABASE_URL": url}, capture_output=True, check=False,
    )  # fmt: skip
    assert (ran.stdout, ran.stderr) == (b"{", b"")


def test_ctrl_c_while_the_program_is_loaded_ends_it_without_a_word() -> None:
    looks = "import cli.__main__, signal; assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL"
    subprocess.run([sys.executable, "-c", looks], cwd=ROOT, check=True)
