"""What the repository promises about itself."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

LONGEST_MODULE = 400
"""Lines. A longer one holds two ideas."""


def tracked(*patterns: str) -> list[Path]:
    """The files that git knows."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).exists()]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_with_hashes_and_no_index_is_named(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^--?(index|extra|find|trusted|i |f )", text, re.MULTILINE)
    blocks = re.split(r"\n(?=[a-z0-9])", "\n" + text.strip())[1:]
    assert len(blocks) > 10
    for block in blocks:
        first = block.splitlines()[0]
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==[^ ]+ ", first + " "), first
        assert "--hash=sha256:" in block, first


def test_what_runs_is_pinned_alike_for_running_and_for_testing() -> None:
    def pins(name: str) -> set[str]:
        text = (ROOT / name).read_text("utf-8")
        return set(re.findall(r"^([a-z0-9._-]+==[^ \\]+)", text, re.MULTILINE))

    assert pins("requirements.txt") <= pins("requirements-dev.txt")


def test_no_module_is_longer_than_it_should_be() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines())
        for path in tracked("*.py")
    }
    assert lengths
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_every_decision_is_listed() -> None:
    pages = {path.name for path in tracked("docs/decisions/0*.md")}
    index = (ROOT / "docs/decisions/README.md").read_text("utf-8")
    assert pages == set(re.findall(r"\]\((0[^)]+\.md)\)", index))
    for name in pages:
        title = (ROOT / "docs/decisions" / name).read_text("utf-8").splitlines()[0]
        assert title.startswith(f"# {name[:4]} "), name


def test_every_link_between_pages_leads_somewhere() -> None:
    links = (
        (page, target)
        for page in tracked("*.md")
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8"))
    )
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page, target in links
        if not re.match(r"[a-z]+:", target) and not (page.parent / target).exists()
    ]
    assert broken == []


def test_no_file_names_a_registry_or_a_place_on_somebodys_machine() -> None:
    forbidden = re.compile(
        r"files\.python" + r"hosted|pypi\." + r"org|registry\.npm" + r"js|deb\." + r"debian"
        r"|(?<![\w.])/work/|(?<![\w.])/root/"
    )
    found = []
    for path in tracked():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        if forbidden.search(text):
            found.append(path.relative_to(ROOT).as_posix())
    assert found == []
