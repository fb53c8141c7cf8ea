"""The page about the settings, from the options themselves.

`python -m cli.settings_page` prints it; `docs/reference/settings.md` is that text.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final, get_args, get_origin

import typer

from cli.main import app
from cli.settings import Setting, declared

HEAD: Final = """\
# Settings

Made by `python -m cli.settings_page`; a test holds it to the program.

Each can be given in three places. A flag comes before the environment, the environment before the
file, the file before the default.

- **Flag**: those in the first rows stand before the name of the command, as in
  `dateline --data record claims`.
- **Environment**: an empty variable counts as not given. Several values stand apart by spaces.
- **File**: `dateline.toml` in the working directory, or the one that `DATELINE_CONFIG` or
  `--config` names, in [TOML](https://toml.io/en/v1.0.0):

  ```toml
  database-url = "postgresql://dateline@db.internal/dateline"

  [serve]
  host = "0.0.0.0"
  anonymous = false
  limit = ["cost=20000", "depth=12"]
  ```

  A name that is no setting, and a value of another type, are refused with `INVALID_SETTING`, which
  names the setting and the reason. Paths in it are relative to the working directory.

Give what is secret, as a `DATABASE_URL` with a password, in the environment, or in a file that only
Dateline's user can read (`chmod 600`): everybody on a machine can read its command lines. It is in
no line of the log.

Traces are set up by the [standard variables](../how-to/watch-it-run.md#traces) of OpenTelemetry.

"""


def page() -> str:
    """The page in Markdown."""
    lines = [
        HEAD,
        "| in the file | environment | flag | type | default | meaning |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [_row(setting) for setting in declared(typer.main.get_command(app))]
    return "\n".join(lines) + "\n"


def _row(setting: Setting) -> str:
    in_file = "" if setting.variable == "DATELINE_CONFIG" else f"`{setting.name}`"
    cells = (
        in_file,
        f"`{setting.variable}`",
        f"`{setting.flag}`",
        _kind(setting),
        _default(setting),
        setting.option.help or "",
    )
    return f"| {' | '.join(cells)} |"


def _kind(setting: Setting) -> str:
    least, most = setting.option.min, setting.option.max
    return _named(setting.kind) + (
        "" if least is None else f", {least} to {most}" if most is not None else f", from {least}"
    )


def _named(kind: Any) -> str:
    if get_origin(kind) is list:
        return f"list of {_named(get_args(kind)[0])}"
    names = {str: "text", Path: "path", int: "whole number", float: "number", bool: "yes or no"}
    return names.get(kind) or " or ".join(f"`{one.value}`" for one in kind)


def _default(setting: Setting) -> str:
    value = setting.option.default
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
    return f"`{getattr(value, 'value', value)}`"


if __name__ == "__main__":
    sys.stdout.write(page())
