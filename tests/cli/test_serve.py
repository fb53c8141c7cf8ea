"""`dateline serve`, with its own embedded server, as a newcomer starts it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cli.serving import QUESTIONS
from tests.cli.conftest import Ran, ended, process


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder whose path is short enough for a socket."""
    made = Path(tempfile.mkdtemp(prefix="dl-"))
    yield made
    shutil.rmtree(made)


def start(folder: Path, *arguments: str) -> tuple[subprocess.Popen[str], str]:
    """A server on a free port, and its address, once it has said that it is serving."""
    running = process("serve", "--port", "0", *arguments, DATELINE_DATA=str(folder))
    assert running.stdout is not None
    line = running.stdout.readline()
    found = re.search(r"http://[^ ]+/graphql", line)
    if found is None:
        raise AssertionError(f"it did not start: {line} {running.communicate()}")
    return running, found.group()


def ask(address: str, query: str) -> dict[str, object]:
    """Ask once the server has come up."""
    deadline = time.monotonic() + 30
    while True:
        try:
            answer = httpx.post(address, json={"query": query}, timeout=30).json()
            break
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
    assert "errors" not in answer, answer
    data = answer["data"]
    assert isinstance(data, dict)
    return data


def stop(running: subprocess.Popen[str], number: signal.Signals) -> Ran:
    running.send_signal(number)
    return ended(running)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_stopped_and_finds_all_data_again(
    folder: Path, number: signal.Signals
) -> None:
    running, address = start(folder)
    for _, query in QUESTIONS:
        assert None not in ask(address, query).values()
    answer = ask(address, QUESTIONS[0][1])["claim"]
    assert isinstance(answer, dict)
    assert "17056" in answer["statement"]
    page = httpx.get(address, headers={"accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    ran = stop(running, number)
    assert (ran.code, ran.err.splitlines()[-1]) == (0, "Stopped.")
    assert "Traceback" not in ran.err
    assert not (folder / "postgres" / "postmaster.pid").exists()

    running, address = start(folder)
    assert ask(address, QUESTIONS[0][1])["claim"] == answer
    again = stop(running, number)
    assert again.code == 0
    assert "loading the example" not in again.err


def test_another_process_reads_and_writes_beside_it(folder: Path) -> None:
    running, address = start(folder, "--no-example")
    environ = {"DATELINE_DATA": str(folder)}
    assert ended(process("import", "examples/kursk-talks.jsonl", **environ)).code == 0
    assert ended(process("claim", "kursk-talks:01", **environ)).code == 0
    assert ask(address, "{ claims { totalCount } }") == {"claims": {"totalCount": 18}}
    assert stop(running, signal.SIGINT).code == 0


def test_a_database_that_was_killed_is_told_once_and_answers_again_when_it_is_back(
    folder: Path,
) -> None:
    running, address = start(folder)
    pid_file = folder / "postgres" / "postmaster.pid"
    os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
    query = {"query": QUESTIONS[0][1]}
    answers = [httpx.post(address, json=query, timeout=60).json()]
    assert ended(process("status", DATELINE_DATA=str(folder))).code == 0
    deadline = time.monotonic() + 60
    while "errors" in answers[-1] and time.monotonic() < deadline:
        time.sleep(0.5)
        answers.append(httpx.post(address, json=query, timeout=60).json())
    ran = stop(running, signal.SIGINT)
    assert answers[0]["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert "17056" in answers[-1]["data"]["claim"]["statement"]
    told = [line for line in ran.err.splitlines() if "the projector lost the database" in line]
    assert (ran.code, len(told)) == (0, 1), ran.err


def test_a_port_in_use_is_told_before_anything_is_made(folder: Path) -> None:
    data = folder / "data"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = ended(process("serve", DATELINE_DATA=str(data), DATELINE_PORT=str(port)))
    assert ran.code == 1
    assert ran.err == (
        f"Error: cannot listen on 127.0.0.1:{port}: Address already in use;"
        " choose another with --port [CANNOT_LISTEN]\n"
    )
    assert not data.exists()


def test_a_host_that_is_none_is_told() -> None:
    ran = ended(process("serve", "--host", "nowhere.invalid"))
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may listen anywhere")
def test_a_port_that_needs_rights_is_told() -> None:
    ran = ended(process("serve", "--port", "1"))
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
