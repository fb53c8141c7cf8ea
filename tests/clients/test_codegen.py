"""Types that GraphQL Code Generator makes from `schema.graphql`, and a program held to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.node import run, said


@pytest.fixture(scope="module")
def generated(project: Path) -> Path:
    """The project with the types in it."""
    command = "node_modules/@graphql-codegen/cli/cjs/bin.js"
    run(project, command, "--config", "codegen.json", "--silent")
    return project


def test_the_program_holds_to_the_types(generated: Path) -> None:
    assert run(generated, "node_modules/typescript/bin/tsc", "--project", ".") == ""


def test_the_types_hold_for_what_is_answered(generated: Path, url: str) -> None:
    assert said(generated, "codegen/program.ts", url) == {
        "status": "CORRECTED",
        "firstReported": "2024-08-18T00:00:00Z",
        "values": ["16480"],
        "corrections": [{"next": 12, "declared": False}],
    }
