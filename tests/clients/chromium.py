"""A real browser without a window, spoken to by its DevTools protocol."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

PROGRAM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


class Tab:
    """The one page that it shows."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = count(1)

    def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What a command of the protocol gives."""
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (told := json.loads(self._connection.recv(timeout=30))).get("id") != number:
            pass
        assert "error" not in told, told
        found: dict[str, Any] = told["result"]
        return found

    def run(self, script: str) -> Any:
        """What an expression gives in the page, awaited."""
        came = self.do("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in came, came
        return came["result"].get("value")

    def wait(self, script: str) -> None:
        """Wait until an expression holds in the page."""
        deadline = monotonic() + 20
        while not self.run(f"Boolean({script})"):
            assert monotonic() < deadline, script
            sleep(0.05)

    def open(self, url: str) -> None:
        """Show a page, and wait until all of it is there."""
        self.do("Page.navigate", url=url)
        self.wait(f"location.href === {json.dumps(url)} && document.readyState === 'complete'")

    def picture(self, path: Path) -> None:
        """Keep what it shows as a PNG."""
        path.write_bytes(base64.b64decode(self.do("Page.captureScreenshot")["data"]))


@contextmanager
def browser(folder: Path) -> Iterator[Tab]:
    """A browser with its profile in a folder, until the block is left."""
    assert PROGRAM is not None
    command = [
        PROGRAM,
        "--headless=new",
        "--remote-debugging-port=0",
        f"--user-data-dir={folder}",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--no-proxy-server",
        "--window-size=1400,900",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
        "about:blank",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        try:
            told = folder / "DevToolsActivePort"
            deadline = monotonic() + 30
            while not (told.exists() and "\n" in told.read_text()):
                assert running.poll() is None
                assert monotonic() < deadline
                sleep(0.05)
            port = told.read_text().split("\n")[0]
            pages = httpx.get(f"http://127.0.0.1:{port}/json/list").json()
            (page,) = (one for one in pages if one["type"] == "page")
            with connect(page["webSocketDebuggerUrl"], max_size=None) as connection:
                yield Tab(connection)
        finally:
            running.terminate()
