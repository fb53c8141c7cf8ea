"""GraphQL over HTTP, judged by somebody else: the audits of the npm package graphql-http."""

from __future__ import annotations

from pathlib import Path

from tests.clients.node import said

AUDITS = 61


def test_every_audit_is_passed(project: Path, url: str) -> None:
    audits = said(project, "audit.js", f"{url}/graphql")
    assert [audit for audit in audits if audit["status"] != "ok"] == []
    assert len(audits) == AUDITS
