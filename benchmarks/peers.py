"""Peers that run on Node: installed when missing, kept running, asked line by line."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

from psycopg.conninfo import conninfo_to_dict

from eventlog.database import Database

FOLDER: Final = Path(__file__).parent / "peers"
"""Where the peers' scripts, their pinned packages and, once installed, the packages are."""

Ask = Callable[[Mapping[str, Any]], Any]
"""From a question to the peer's answer, both JSON."""


def missing() -> str | None:
    """Why no peer can run on Node here, or None if they can. Installs what is not yet there."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "Node is not installed"
    installed = FOLDER / "node_modules" / ".package-lock.json"
    lock = FOLDER / "package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return None
    print("Installing the peers that run on Node ...\n", flush=True)
    run = subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund"],
        cwd=FOLDER,
        check=False,
        capture_output=True,
        text=True,
    )
    if run.returncode == 0:
        return None
    faults = [line for line in run.stderr.splitlines() if line.strip()] or ["no reason was given"]
    return f"npm ci failed: {faults[0]}"


@contextmanager
def running(script: str, *arguments: str) -> Iterator[Ask]:
    """Keep a script of `FOLDER` running, so that it is as warm in every round as we are.

    It reads one question a line and writes one answer a line. It ends when its input does.
    Raises RuntimeError where it ends before it has answered.
    """
    node = shutil.which("node", path=str(FOLDER / "node_modules" / ".bin")) or "node"
    process = subprocess.Popen(
        [node, script, *arguments],
        cwd=FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    questions, answers = process.stdin, process.stdout

    def ask(question: Mapping[str, Any]) -> Any:
        questions.write(json.dumps(question) + "\n")
        questions.flush()
        answer = answers.readline()
        if not answer:
            raise RuntimeError(f"{script} ended without an answer")
        return json.loads(answer)

    try:
        yield ask
    finally:
        questions.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        answers.close()


def postgraphile(database: Database) -> AbstractContextManager[int]:
    """PostGraphile in production mode, on a port of its own."""
    return serving("postgraphile.js", database.owner_conninfo)


@contextmanager
def serving(script: str, conninfo: str) -> Iterator[int]:
    """A server of a database, on a port of its own, until the block is left."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    parts = conninfo_to_dict(conninfo)
    url = (
        f"postgresql:///{parts['dbname']}?host={parts['host']}&port={parts['port']}"
        f"&user={parts['user']}"
    )
    with subprocess.Popen(
        [str(Path("node_modules/.bin/node")), script, url, str(port)],
        cwd=FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"NODE_ENV": "production", "PATH": "/usr/bin:/bin"},
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        if server.stdout.readline() != b"ready\n":
            raise RuntimeError(f"{script} did not start")
        yield port
        server.stdin.close()
        server.terminate()
