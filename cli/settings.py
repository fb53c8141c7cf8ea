"""What can be set: every option that has an environment variable, which a file may give as well.

A flag comes before the environment, the environment before the file, the file before the default.
The options themselves are the only declaration: the file is checked against them, and the page
about the settings is made from them (`cli.settings_page`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final, get_args, get_origin

import msgspec
import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from cli.faults import USAGE, Failure

FILE: Final = "dateline.toml"
"""Read in the working directory where no other file is named."""

CONFIG: Final = "DATELINE_CONFIG"
"""Names another file, and so cannot be set in one."""

INVALID: Final = "INVALID_SETTING"


@dataclass(frozen=True, slots=True)
class Setting:
    """An option that can be set by environment or file."""

    command: tuple[str, ...]
    """The names of the command that has it; none where all of them do."""
    option: TyperOption

    @property
    def flag(self) -> str:
        """As it is given on the command line."""
        return " ".join((*self.command, self.option.opts[0]))

    @property
    def variable(self) -> str:
        """The environment variable."""
        return str(self.option.envvar)

    @property
    def name(self) -> str:
        """As a file names it: the flag, below the name of its command."""
        return ".".join((*self.command, self.option.opts[0].removeprefix("--")))

    @property
    def kind(self) -> Any:
        """The type of its value."""
        return self.option.type_descriptor.annotation


def declared(command: object, *path: str) -> Iterator[Setting]:
    """The settings of a command and of those below it."""
    assert isinstance(command, TyperCommand | TyperGroup)
    for option in command.params:
        if isinstance(option, TyperOption) and option.envvar:
            yield Setting(path, option)
    if isinstance(command, TyperGroup):
        for name, inner in command.commands.items():
            yield from declared(inner, *path, name)


def from_file(context: typer.Context, given: Path | None) -> Path | None:
    """Take the settings of a file for defaults: those of the `given` one, or of `dateline.toml`
    where there is one. Raises Failure, which names the setting and what is wrong with it."""
    path = Path(FILE) if given is None else given.expanduser()
    if context.resilient_parsing or (given is None and not path.is_file()):
        return given
    try:
        told = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _refused(path, None, f"it is not TOML: {error}") from None
    settings = {one.name: one for one in declared(context.command) if one.variable != CONFIG}
    defaults: dict[str, Any] = {}
    for name, value in _flat(told, {one.rpartition(".")[0] for one in settings}):
        setting = settings.get(name)
        if setting is None:
            raise _refused(path, name, _unknown(name, list(settings)))
        try:
            checked = msgspec.convert(value, _strict(setting))
        except msgspec.ValidationError as error:
            raise _refused(path, name, str(error)) from None
        at = defaults
        for part in setting.command:
            at = at.setdefault(part, {})
        at[str(setting.option.name)] = checked
    context.default_map = defaults
    return given


def _flat(told: Mapping[str, Any], tables: set[str], before: str = "") -> Iterator[tuple[str, Any]]:
    """What a file holds, by dotted name. Whatever is no table of settings is a value."""
    for key, value in told.items():
        name = f"{before}{key}"
        if isinstance(value, dict) and any(f"{one}.".startswith(f"{name}.") for one in tables):
            yield from _flat(value, tables, f"{name}.")
        else:
            yield name, value


def _strict(setting: Setting) -> Any:
    """What the value of a setting has to be in a file."""
    kind, option = setting.kind, setting.option
    if get_origin(kind) is list:
        return list[str] if get_args(kind) == (Path,) else kind
    if kind is Path:
        return str
    if option.min is not None or option.max is not None:
        return Annotated[kind, msgspec.Meta(ge=option.min, le=option.max)]
    return kind


def _unknown(name: str, names: list[str]) -> str:
    last = name.rpartition(".")[2]
    near = [one for one in names if one.rpartition(".")[2] == last] or get_close_matches(
        name, names
    )
    return "there is no such setting" + (f"; is it {near[0]}?" if near else "")


def _refused(path: Path, name: str | None, reason: str) -> Failure:
    return Failure(f"{path}: {reason}", code=INVALID, field=name, exit_code=USAGE)


ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar=CONFIG,
        metavar="FILE",
        is_eager=True,  # what it holds are the defaults of the others
        callback=from_file,
        help="A file of settings, instead of dateline.toml in the working directory.",
    ),
]
