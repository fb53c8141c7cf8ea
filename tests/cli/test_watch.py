"""`dateline watch`, as a process beside others, in a terminal and in a pipe."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from domain.commands import AnyCommand, Envelope, PublishReport, ReportClaim
from eventlog.database import Database, DatabaseSettings, open_database
from eventlog.record import Record
from tests.api.record import COMMANDS
from tests.cli.conftest import KURSK, Dateline, Ran, ended, process


def record(database: Database, commands: Iterable[AnyCommand]) -> None:
    """Record commands. Nobody but a watcher projects what came of them."""
    recording = Record(database)
    for command in commands:
        recording.execute(Envelope(command=command, actor="tester"))
    recording.close()


def claims(prefix: str, count: int) -> list[AnyCommand]:
    return [
        PublishReport(report=f"{prefix}r", published_at="2024-08-01"),
        *(
            ReportClaim(claim=f"{prefix}{n}", report=f"{prefix}r", statement=f"{prefix} {n}")
            for n in range(count)
        ),
    ]


@pytest.fixture
def opened(url: str) -> Iterator[Database]:
    with open_database(DatabaseSettings(url=url, data_folder=Path("unused"))) as database:
        yield database


def lines(running: subprocess.Popen[str], count: int) -> list[dict[str, Any]]:
    """So many messages of a watcher, as soon as it has told of them."""
    assert running.stdout is not None
    told = []
    with given_up(running):
        for _ in range(count):
            line = running.stdout.readline()
            assert line, ended(running)
            told.append(json.loads(line))
    return told


@contextmanager
def given_up(running: subprocess.Popen[str]) -> Iterator[None]:
    """End a process that says nothing, so that the test fails and does not wait for ever."""
    timer = Timer(60, running.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def positions(told: Iterable[dict[str, Any]]) -> list[int]:
    return [message["node"]["position"] for message in told]


def begun(running: subprocess.Popen[str]) -> str:
    """What a watcher says once it listens."""
    return said(running, "Watching")


def said(running: subprocess.Popen[str], beginning: str) -> str:
    """The next line with this beginning that a watcher says beside what it shows."""
    assert running.stderr is not None
    with given_up(running):
        while not (line := running.stderr.readline()).startswith(beginning):
            assert line, ended(running)
    return line


def stopped(running: subprocess.Popen[str], number: signal.Signals = signal.SIGINT) -> Ran:
    running.send_signal(number)
    ran = ended(running)
    assert "Traceback" not in ran.err, ran.err
    return ran


def test_history_comes_first_and_then_what_is_recorded(url: str, opened: Database) -> None:
    record(opened, COMMANDS)
    running = process("watch", "--since", "0", "--json", url=url)
    told = lines(running, 20)
    record(opened, claims("x", 5))
    told += lines(running, 11)
    ran = stopped(running)
    assert (ran.code, ran.out) == (0, "")
    assert positions(told) == list(range(1, 32))
    assert ran.err.splitlines()[-1] == f"Go on with --since {told[-1]['cursor']}"
    node = told[10]["node"]
    assert (node["__typename"], node["claim"]["ref"]) == ("ClaimCorrected", "apc")
    assert node["changes"][0]["oldStatement"].startswith("17056")


def test_without_a_place_it_begins_with_what_comes_next(url: str, opened: Database) -> None:
    record(opened, COMMANDS)
    running = process("watch", "--json", url=url)
    assert begun(running) == "Watching what comes after position 25. Ctrl-C ends it.\n"
    record(opened, claims("x", 1))
    assert positions(lines(running, 2)) == [26, 27]
    assert stopped(running).code == 0


def test_one_that_was_killed_is_taken_up_where_it_was(url: str, opened: Database) -> None:
    record(opened, claims("a", 150))
    running = process("watch", "--since", "0", "--json", url=url)
    told = lines(running, 70)
    running.kill()
    ended(running)
    record(opened, claims("b", 10))
    running = process("watch", "--since", told[-1]["cursor"], "--json", url=url)
    told += lines(running, 162 - 70)
    assert positions(told) == list(range(1, 163))
    assert stopped(running).code == 0


def test_history_alone_ends_by_itself(dateline: Dateline, opened: Database) -> None:
    assert dateline("watch", "--until-now").out == ""
    record(opened, claims("a", 250))
    whole = dateline("watch", "--until-now", "--json")
    assert (whole.code, whole.err) == (0, "")
    told = [json.loads(line) for line in whole.out.splitlines()]
    assert positions(told) == list(range(1, 252))
    for place in (0, 1, 100, 151, 250, 251):
        cursor = told[place - 1]["cursor"] if place else "0"
        for since in (cursor, place):
            ran = dateline("watch", "--until-now", "--json", "--since", since)
            assert ran.out == "".join(whole.out.splitlines(keepends=True)[place:])


def test_it_begins_at_a_time_of_recording(dateline: Dateline, opened: Database) -> None:
    record(opened, claims("a", 3))
    told = [
        json.loads(line) for line in dateline("watch", "--until-now", "--json").out.splitlines()
    ]
    since = told[2]["node"]["recordedAt"]
    shorter = since[: since.index(".")] + "Z"
    for time_, first in (("2024-08-20", 1), (shorter, 1), ("2024-08-20T05:12+03:00", 1)):
        ran = dateline("watch", "--until-now", "--json", "--since", time_)
        assert json.loads(ran.out.splitlines()[0])["node"]["position"] == first
    ran = dateline("watch", "--until-now", "--json", "--since", "2999-01-01")
    assert (ran.code, ran.error["code"], ran.error["field"]) == (2, "INVALID_TIME", "--since")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--claim", "apc"], [10, 11]),
        (["--claim", "off", "--kind", "claim.retracted"], [16]),
        (["--kind", "claim.corrected", "--kind", "story.opened"], [5, 6, 11, 13]),
        (["--report", "kill"], [9, 22, 23, 24]),
        (["--story", "losses"], [5, 10, 11, 18, 19, 20, 21]),
        (["--source", "checker"], [4, 20]),
        (["--status", "retracted"], [24]),
        (["--topic", "losses", "--kind", "claim.reported"], [10]),
        (["--actor", "nobody"], []),
    ],
)
def test_filters_are_those_of_the_api(
    dateline: Dateline, opened: Database, options: list[str], expected: list[int]
) -> None:
    record(opened, COMMANDS)
    ran = dateline("watch", "--until-now", "--json", *options)
    assert (ran.code, ran.err) == (0, "")
    assert positions(map(json.loads, ran.out.splitlines())) == expected


@pytest.mark.parametrize(
    ("options", "code", "field"),
    [
        (["--since", "nowhere"], "INVALID_CURSOR", "--since"),
        (["--since", "4711"], "INVALID_CURSOR", "--since"),
        (["--story", ""], "INVALID_ID", "--story"),
        (["--actor", ""], "INVALID_INPUT", "--actor"),
    ],
)
def test_what_cannot_be_asked_for_is_told(
    dateline: Dateline, options: list[str], code: str, field: str
) -> None:
    ran = dateline("watch", "--json", *options)
    assert (ran.code, ran.out) == (2, "")
    assert (ran.error["code"], ran.error["field"]) == (code, field)


def test_a_name_that_is_not_known_is_told_and_waited_for(url: str, opened: Database) -> None:
    running = process("watch", "--claim", "x0", "--json", url=url)
    said(running, "No claim 'x0' is in the record yet.")
    begun(running)
    record(opened, claims("x", 1))
    assert positions(lines(running, 1)) == [2]
    stopped(running)


def test_sigterm_ends_it_as_it_ends_every_command(url: str) -> None:
    running = process("watch", url=url)
    begun(running)
    ran = stopped(running, signal.SIGTERM)
    assert (ran.code, ran.out) == (143, "")


def test_it_ends_when_nobody_reads_any_more_though_nothing_happens(url: str) -> None:
    running = process("watch", "--json", url=url)
    begun(running)
    assert running.stdout is not None
    running.stdout.close()
    running.stdout = None
    ran = ended(running, timeout=60)
    assert ran.code == 1
    assert "Traceback" not in ran.err, ran.err


def test_it_waits_for_a_database_that_was_killed() -> None:
    folder = Path(tempfile.mkdtemp(prefix="dl-"))
    environ = {"DATELINE_DATA": str(folder)}
    try:
        assert ended(process("import", KURSK, **environ)).code == 0
        running = process("watch", "--since", "0", "--json", **environ)
        told = lines(running, 36)
        pid = (folder / "postgres" / "postmaster.pid").read_text().split()[0]
        os.kill(int(pid), signal.SIGKILL)
        said(running, "The database is away. Waiting for it.")
        with open_database(DatabaseSettings(url=None, data_folder=folder)) as database:
            record(database, claims("x", 3))
            told += lines(running, 4)
            assert positions(told) == list(range(1, 41))
            said(running, "The database is back.")
            ran = stopped(running)
        assert (ran.code, len(ran.err.splitlines())) == (0, 1), ran.err
    finally:
        shutil.rmtree(folder)


def in_terminal(url: str, columns: int, *arguments: str, **environ: str) -> str:
    """What a command writes to a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    running = subprocess.Popen(
        [sys.executable, "-m", "cli", *arguments],
        cwd=KURSK.parents[1],
        env=kept | {"DATABASE_URL": url, "TERM": "xterm-256color"} | environ,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    written = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([ours], [], [], 0.2)[0]:
            try:
                piece = os.read(ours, 65_536)
            except OSError:  # the other end is closed
                break
            written += piece
    os.close(ours)
    assert running.wait(30) == 0
    return written.decode().replace("\r\n", "\n")


def unstyled(written: str) -> str:
    """The same without colour, weight and the like."""
    return re.sub(r"\x1b\[[0-9;]*m", "", written)


def test_in_a_terminal_differences_are_shown_in_colour(url: str, opened: Database) -> None:
    record(opened, COMMANDS)
    asked = ("watch", "--until-now", "--claim", "apc")
    shown = in_terminal(url, 100, *asked)
    assert "\x1b[1;33mEDITED SILENTLY\x1b[0m" in shown
    assert "\x1b[9;31m17056\x1b[0m \x1b[1;32m16480\x1b[0m armoured" in shown
    without = in_terminal(url, 100, *asked, NO_COLOR="1")
    assert "[-17056-]{+16480+} armoured" in unstyled(without)
    assert not re.search(r"\x1b\[[0-9;]*3\dm", without)


@pytest.mark.parametrize("columns", [30, 59, 60, 200])
def test_no_line_is_wider_than_the_terminal(url: str, opened: Database, columns: int) -> None:
    record(opened, COMMANDS)
    shown = unstyled(in_terminal(url, columns, "watch", "--until-now"))
    assert max(map(len, shown.splitlines())) <= columns
    assert "UNDER CONCERN" in shown


def test_in_a_pipe_there_is_a_line_for_each_event(dateline: Dateline, opened: Database) -> None:
    record(opened, COMMANDS)
    told = dateline("watch", "--until-now").out.splitlines()
    assert len(told) == 25
    assert "\x1b" not in "".join(told)
    assert told[10][19:] == (
        "  EDITED SILENTLY             apc  outlet not known"
        "  [-17056-]{+16480+} armoured personnel carriers were lost."
        "; APC: 17056 vehicles → 16480 vehicles"
    )


def test_what_other_people_wrote_cannot_steer_the_terminal(url: str, opened: Database) -> None:
    bad = "a\x1b[2Jb\u202ec\nd"
    record(
        opened,
        [
            PublishReport(report="r", headline=bad, published_at="2024-08-01"),
            ReportClaim(claim="c", report="r", statement=bad),
        ],
    )
    shown = in_terminal(url, 100, "watch", "--until-now")
    assert "\x1b[2J" not in shown
    assert shown.count("a\\u001b[2Jb\\u202ec d") == 2
