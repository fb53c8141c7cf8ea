"""What the repository promises about itself."""

import ast
import os
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any, TypeVar

import pytest
import typer

from cli import settings_page
from cli.main import app
from cli.settings import declared
from domain.refusals import Refusal
from eventlog.errors import EntryInvalid, EventLogError, OutcomeUnknown, WrongIsolation

ROOT = Path(__file__).parents[2]

LONGEST_MODULE = 400
"""Lines. A longer one holds two ideas."""

Raised = TypeVar("Raised", bound=Exception)

MADE_HERE = re.compile(r"node_modules|__pycache__|build|dist|.+\.egg-info|\.(?!ci$).+")
"""Folders that are not part of the repository: what was made on this machine."""


def files(pattern: str, *, below: str = ".") -> list[Path]:
    """The files of the repository. Without git, which a newcomer needs not have."""

    def walked() -> Iterator[Path]:
        for folder, folders, names in os.walk(ROOT / below):
            folders[:] = [name for name in folders if not MADE_HERE.fullmatch(name)]
            # A file of that name leads a working tree to its repository.
            yield from (Path(folder, name) for name in names if name != ".git")

    return sorted(path for path in walked() if path.match(pattern))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def links(page: Path) -> set[Path]:
    """The files and folders that a page leads to."""
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8"))
    return {
        (page.parent / target).resolve() for target in targets if not re.match(r"[a-z]+:", target)
    }


def project() -> Any:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_with_hashes_and_no_index_is_named(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-", text.replace("    --hash=sha256:", ""), re.MULTILINE)
    blocks = re.split(r"\n(?=[a-z0-9])", "\n" + text.strip())[1:]
    assert len(blocks) > 10
    for block in blocks:
        first = block.splitlines()[0]
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==[^ ]+ ", first + " "), first
        assert "--hash=sha256:" in block, first


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_whatever_is_wanted_is_pinned(name: str) -> None:
    wanted = re.findall(r"^([a-z][a-z0-9-]*)", (ROOT / f"{name}.in").read_text("utf-8"), re.M)
    pinned = re.findall(r"^([a-z0-9._-]+)==", (ROOT / f"{name}.txt").read_text("utf-8"), re.M)
    assert wanted
    assert set(wanted) <= set(pinned)


def test_what_runs_is_pinned_alike_for_running_and_for_testing() -> None:
    def pins(name: str) -> set[str]:
        text = (ROOT / name).read_text("utf-8")
        return set(re.findall(r"^([a-z0-9._-]+==[^ \\]+)", text, re.MULTILINE))

    assert pins("requirements.txt") <= pins("requirements-dev.txt")


def test_every_package_is_typed_and_shipped_and_its_imports_are_checked() -> None:
    settings = project()["tool"]
    shipped = set(settings["setuptools"]["packages"])
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert shipped == folders - {"tests", "benchmarks"}
    assert set(settings["importlinter"]["root_packages"]) == shipped - {"examples"}
    assert {path.parent.name for path in ROOT.glob("*/py.typed")} == shipped - {"examples"}


def test_no_module_is_longer_than_it_should_be() -> None:
    lengths = {named(path): len(path.read_text("utf-8").splitlines()) for path in files("*.py")}
    assert lengths
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_every_decision_is_listed_under_its_number() -> None:
    pages = files("0*.md", below="docs/decisions")
    assert pages
    index = (ROOT / "docs/decisions/README.md").read_text("utf-8")
    for page in pages:
        number, title = page.read_text("utf-8").splitlines()[0].removeprefix("# ").split(" ", 1)
        assert number == page.name[:4]
        assert f"| [{number}]({page.name}) | {title} |" in index
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))


def test_every_page_of_the_documentation_is_reached_from_its_index() -> None:
    reached, waiting = set(), [ROOT / "docs/index.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        waiting += (found for found in links(page) - reached if found.suffix == ".md")
    unreached = [named(page) for page in files("*.md", below="docs") if page not in reached]
    assert unreached == []


def test_every_link_between_pages_leads_somewhere() -> None:
    broken = [
        f"{named(page)}: {target}"
        for page in files("*.md")
        for target in links(page)
        if not target.exists()
    ]
    assert broken == []


def test_the_readme_names_every_command_and_every_package() -> None:
    readme = ROOT / "README.md"
    command = typer.main.get_command(app)
    assert isinstance(command, typer.core.TyperGroup)
    named_there = set(re.findall(r"^\| `dateline ([a-z]+)` \|", readme.read_text("utf-8"), re.M))
    assert named_there == set(command.commands)
    packages = {path.parent for path in ROOT.glob("*/__init__.py")}
    assert packages <= links(readme)


def documentation() -> str:
    return "\n".join(page.read_text("utf-8") for page in files("*.md", below="docs"))


WORDS = """about, amendment, as of, attribution, basis, claim, concern, contested, correction,
declared, erasure, link, notice, observation, observed at, outlet, position, published at,
quantity, recorded at, refuted, reinstatement, report, reporting time, retracted, retraction,
review, silent, source, status, story, version"""
"""Those that the record is spoken of in."""


def test_every_word_of_the_record_is_in_the_glossary() -> None:
    rows = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs/glossary.md").read_text("utf-8"), re.M)
    explained = {word for row in rows for word in row.split(", ")}
    assert set(re.split(r",\s", WORDS)) <= explained


def test_the_page_about_the_settings_is_that_of_the_program() -> None:
    assert (ROOT / "docs/reference/settings.md").read_text("utf-8") == settings_page.page()
    assert len(list(declared(typer.main.get_command(app)))) >= 10


def test_no_help_shows_a_secret_that_a_file_gives() -> None:
    secret = re.compile("SECRET|PASSWORD|TOKEN|DATABASE_URL")
    found = [one for one in declared(typer.main.get_command(app)) if secret.search(one.variable)]
    assert found
    assert [one.name for one in found if one.option.show_default] == []


def of_errors(kind: type[Raised]) -> Iterator[type[Raised]]:
    for each in kind.__subclasses__():
        yield each
        yield from of_errors(each)


def test_every_error_that_a_user_can_meet_is_documented() -> None:
    by_program = {OutcomeUnknown, WrongIsolation, EntryInvalid}  # of the log; no command meets them
    codes = {error.code.upper() for error in set(of_errors(EventLogError)) - by_program}
    codes |= {refusal.code for refusal in of_errors(Refusal)}
    for module in files("*.py", below="cli"):
        codes |= set(re.findall(r'code="([A-Z_]+)"', module.read_text("utf-8")))
    assert len(codes) > 20
    written = documentation()
    assert {code for code in codes if f"`{code}`" not in written} == set()


def test_no_file_names_a_registry_or_a_place_on_somebodys_machine() -> None:
    forbidden = re.compile(
        r"files\.python" + r"hosted|pypi\." + r"org|registry\.npm" + r"js|deb\." + r"debian"
        r"|(?<![\w.])/(work|root|tmp/[\w-]+)/"
    )
    found = []
    for path in files("*"):
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        if forbidden.search(text):
            found.append(named(path))
    assert found == []


def test_no_lock_file_names_an_address() -> None:
    locks = files("package-lock.json")
    assert len(locks) > 1
    assert [named(lock) for lock in locks if "://" in lock.read_text("utf-8")] == []


def imports(module: Path) -> Iterator[str]:
    """The top-level packages that a module imports."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def test_whatever_is_imported_is_asked_for_by_name() -> None:
    wanted = set(re.findall(r"^[a-z0-9-]+", (ROOT / "requirements.in").read_text("utf-8"), re.M))
    ours = set(project()["tool"]["setuptools"]["packages"])
    modules = (module for package in ours for module in files("*.py", below=package))
    foreign = {name for module in modules for name in imports(module)}
    foreign -= ours | sys.stdlib_module_names
    assert foreign
    providers = packages_distributions()
    given = {
        name: {one.lower().replace("_", "-") for one in providers.get(name, ())} for name in foreign
    }
    assert {name for name in foreign if not wanted & given[name]} == set()
