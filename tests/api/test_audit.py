"""GraphQL over HTTP, judged by somebody else: the audits of the npm package graphql-http."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
AUDITS = 61


def test_every_audit_is_passed(url: str) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    found = subprocess.run(
        [node, "-e", "require.resolve('graphql-http')"], cwd=HERE, capture_output=True, check=False
    )
    if found.returncode != 0:
        pytest.skip("graphql-http is not installed: run `npm install` in tests/api")
    said = subprocess.run(
        [node, str(HERE / "audit.cjs"), f"{url}/graphql"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    audits = [json.loads(line) for line in said.splitlines()]
    assert [audit for audit in audits if audit["status"] != "ok"] == []
    assert len(audits) == AUDITS
