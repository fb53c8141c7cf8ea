"""The command as a user has it: arguments in; an exit code, what was printed and said out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pytest

from cli.main import run
from tests.servers import Server

ROOT = Path(__file__).parents[2]
KURSK = ROOT / "examples" / "kursk-talks.jsonl"
LOSSES = ROOT / "examples" / "losses.jsonl"


ELSEWHERE = {
    "DATELINE_ERASURES": str(
        Path(gettempdir()) / f"dateline-tests-{os.getpid()}" / "erasures.jsonl"
    )
}
"""Where processes put their list of erasures: not beside the record of whoever runs the tests."""


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """What it printed with `--json`."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value

    @property
    def error(self) -> dict[str, Any]:
        """The error that it told with `--json`."""
        (line,) = self.err.splitlines()
        value = json.loads(line)["error"]
        assert isinstance(value, dict)
        return value


Dateline = Callable[..., Ran]


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    """A fresh database."""
    with server.fresh_url() as fresh:
        yield fresh


@pytest.fixture
def dateline(
    url: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Dateline:
    """Run a command on a fresh database, in this process."""
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("DATELINE_ERASURES", str(tmp_path / "the list" / "erasures.jsonl"))
    for name in ("COLUMNS", "FORCE_COLOR", "DATELINE_DATA"):
        monkeypatch.delenv(name, raising=False)

    def called(*arguments: object) -> Ran:
        code = run([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Ran(code, captured.out, captured.err)

    return called


def process(*arguments: object, url: str | None = None, **environ: str) -> subprocess.Popen[str]:
    """Start a command as a process of its own. One that reads standard input (-) gets a pipe."""
    kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "DATELINE_DATA")}
    if url is None:
        kept["DATELINE_ERASURES"] = ""  # it is in the data folder, where one is given
    return subprocess.Popen(
        [sys.executable, "-m", "cli", *map(str, arguments)],
        cwd=ROOT,
        env=ELSEWHERE | kept | ({"DATABASE_URL": url} if url else {}) | environ,
        stdin=subprocess.PIPE if "-" in arguments else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(running: subprocess.Popen[str], timeout: float = 120) -> Ran:
    """Wait for a process, and say how it ended."""
    out, err = running.communicate(timeout=timeout)
    return Ran(running.returncode, out, err)
