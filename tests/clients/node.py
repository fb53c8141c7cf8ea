"""Clients that run on Node: whether they are at hand, and how a script of theirs is run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

NPM: Final = Path(__file__).parent / "npm"
"""The scripts, what they want from npm and, once `make test` has installed it, what npm gave."""

INSISTED: Final = os.environ.get("DATELINE_TEST_CLIENTS") == "required"
"""Whether clients that are not at hand make the tests fail; otherwise these are skipped."""


def program(name: str) -> str | None:
    """Node's programs as this environment has them, or else the system."""
    here = str(Path(sys.executable).parent)
    return shutil.which(name, path=here) or shutil.which(name)


def absent() -> str | None:
    """Why no client can be run on Node here, or None if they can."""
    node = program("node")
    if node is None:
        return "Node is not installed"
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)\.(\d+)", said.stdout)
    if found is None:
        return f"Node does not run: {said.stderr.strip()[:200]}"
    wanted = json.loads((NPM / "package.json").read_text("utf-8"))["engines"]["node"]
    if tuple(map(int, found.groups())) < tuple(map(int, re.findall(r"\d+", wanted))):
        return f"Node is {said.stdout.strip()}, {wanted} is wanted"
    installed = NPM / "node_modules" / ".package-lock.json"
    if not installed.exists():
        return "the clients are not installed: `make test` does it, where npm can be reached"
    if installed.stat().st_mtime < (NPM / "package-lock.json").stat().st_mtime:
        return "the clients installed are not those of package-lock.json: `make test` renews them"
    return None


def run(project: Path, script: str, *arguments: str) -> str:
    """What a script prints. It has nothing to complain of: a client's warning is a fault."""
    node = program("node")
    assert node is not None
    done = subprocess.run(
        [node, script, *arguments],
        cwd=project,
        env={**os.environ, "NODE_NO_WARNINGS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


def said(project: Path, script: str, *arguments: str) -> Any:
    """What a script tells as JSON."""
    return json.loads(run(project, script, *arguments))
