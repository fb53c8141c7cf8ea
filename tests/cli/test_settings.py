"""Settings from flags, the environment and a file, in this order."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from cli.faults import Failure
from cli.main import app, run
from cli.settings import declared, from_file

COMMAND = typer.main.get_command(app)
NAMES = [setting.name for setting in declared(COMMAND)]


def read(text: str, folder: Path) -> dict[str, Any]:
    """The defaults that a file makes."""
    path = folder / "settings.toml"
    path.write_text(text, "utf-8")
    context = typer.Context(COMMAND)
    from_file(context, path)
    assert context.default_map is not None
    return dict(context.default_map)


def test_a_file_gives_defaults_by_command(tmp_path: Path) -> None:
    text = """
    data = "record"
    [serve]
    port = 8080
    limit = ["cost=20000", "depth=12"]
    open-writing = true
    """
    assert read(text, tmp_path) == {
        "data": "record",
        "serve": {"port": 8080, "limit": ["cost=20000", "depth=12"], "open_writing": True},
    }


@pytest.mark.parametrize(
    ("text", "field", "reason"),
    [
        ("x = 1", "x", "there is no such setting"),
        ("[serve]\nprot = 1", "serve.prot", "is it serve.port?"),
        ("port = 1", "port", "is it serve.port?"),
        ("serve = 1", "serve", "there is no such setting"),
        ('[serve]\nport = "8000"', "serve.port", "Expected `int`"),
        ("[serve]\nport = true", "serve.port", "Expected `int`"),
        ("[serve]\nport = 65536", "serve.port", "<= 65535"),
        ("[serve]\nport.x = 1", "serve.port", "Expected `int`"),
        ("[serve]\nanonymous = 1", "serve.anonymous", "Expected `bool`"),
        ('[serve]\nlimit = "cost=1"', "serve.limit", "Expected `array`"),
        ('config = "x"', "config", "there is no such setting"),
        ("port = ", None, "not TOML"),
    ],
)
def test_what_a_file_cannot_say_is_refused_by_its_name(
    tmp_path: Path, text: str, field: str | None, reason: str
) -> None:
    with pytest.raises(Failure) as refused:
        read(text, tmp_path)
    assert (refused.value.code, refused.value.field) == ("INVALID_SETTING", field)
    assert reason in str(refused.value)


@given(st.text(st.characters(codec="ascii", categories=["Ll", "Nd"]), min_size=1))
def test_any_name_that_is_no_setting_is_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    if name not in {part for known in NAMES for part in known.split(".")}:
        with pytest.raises(Failure):
            read(f"{name} = 1", tmp_path_factory.getbasetemp())


def test_a_flag_comes_before_the_environment_and_that_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def told(*arguments: str) -> str:
        """What the command says of the database that it cannot reach."""
        assert run([*arguments, "status"]) == 3
        return capfd.readouterr().err

    def url(port: int) -> str:
        return f"postgresql://me:hunter2@127.0.0.1:{port}/x"

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    Path("dateline.toml").write_text(f'database-url = "{url(1)}"')
    Path("other.toml").write_text(f'database-url = "{url(2)}"')
    said = [told(), told("--config", "other.toml")]
    monkeypatch.setenv("DATELINE_CONFIG", "other.toml")
    said.append(told())
    monkeypatch.setenv("DATABASE_URL", url(3))
    said += [told(), told("--database-url", url(4))]
    ports = [next(one for one in "1234" if f"port {one} " in line) for line in said]
    assert ports == ["1", "2", "2", "3", "4"]
    assert "hunter2" not in "".join(said)


def test_a_file_that_is_named_has_to_be_there(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "missing.toml"
    assert run(["--config", str(missing), "status", "--json"]) == 1
    error = json.loads(capfd.readouterr().err)["error"]
    assert error["code"] == "FILE"
    assert str(missing) in error["message"]


@pytest.mark.parametrize(
    "url",
    [
        "me:hunter2@localhost/x",
        "postgresql://me:hunt%er2@localhost/x",
        "postgresql://me:hunter2@hunter2@localhost/x",
        "postgresql://me:hunter2@localhost/x?nothing=1&y=hunter2",
        'host=x password="hunter2',
    ],
)
def test_no_error_repeats_a_password(
    url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert run(["status"]) == 3
    said = capfd.readouterr().err
    assert "hunt" not in said
    assert os.linesep not in said.strip()
