"""The commands that say who may do what over the API: `key create`, `key list`, `key revoke`."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum, unique
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table
from rich.text import Text

from cli.faults import USAGE, Failure
from cli.opening import opened, say
from cli.options import JsonOption
from cli.shapes import Shape
from cli.terminal import plain_text, print_json, show, stdout
from cli.times import exact, instant
from domain.ids import Subject, resolve
from domain.moments import last_instant
from domain.refusals import InvalidTime
from eventlog import apikeys
from eventlog.apikeys import ApiKey

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def key() -> None:
    """Keys for the API: who may record, and what."""


@unique
class RoleName(StrEnum):
    """What a key may do. Each role may do what those before it may."""

    READER = "reader"
    REPORTER = "reporter"
    EDITOR = "editor"
    ADMIN = "admin"


@app.command()
def create(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Whose it is. It stands in the log as the actor.")
    ],
    role: Annotated[
        RoleName, typer.Option("--role", help="What may be done with it.")
    ] = RoleName.READER,
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--source", metavar="REF", help="Limit it to this outlet; may be given again."
        ),
    ] = None,
    story: Annotated[
        list[str] | None,
        typer.Option("--story", metavar="SLUG", help="Limit it to this story; may be given again."),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option("--expires", metavar="TIME", help="It holds to the end of this: 2027-12-31."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key, and show it this once.

    \b
    Examples:
      dateline key create "standards desk" --role editor --source the-paper
      dateline key create importer --role reporter --expires 2027-12-31
    """
    if not name.strip() or not name.isprintable() or len(name) > 100 or ":" in name:
        raise Failure(
            "a name has 1 to 100 characters that can be printed, without a colon",
            code="INVALID_INPUT",
            field="NAME",
            exit_code=USAGE,
        )
    with opened(context) as database:
        made, token = apikeys.make_key(
            database.owner_conninfo,
            name,
            role.value,
            sources=_resolved(Subject.SOURCE, source),
            stories=_resolved(Subject.STORY, story),
            expires_at=_expiry(expires),
        )
    if as_json:
        print_json({"key": token, **_shape(made)})
        return
    stdout().print(plain_text(token), soft_wrap=True)
    say(f"This is shown once. It is the key {made.id} of {made.name}, with the role {made.role}.")
    say("Send it as the header: Authorization: Bearer <key>")


@app.command("list")
def list_(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the keys that were made, without their secrets."""
    with opened(context) as database:
        keys = apikeys.list_keys(database.owner_conninfo)
    if as_json:
        print_json({"keys": [_shape(one) for one in keys]})
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("key", "name", "role", "limits", "made", "state"):
        table.add_column(heading, overflow="fold")
    for one in keys:
        table.add_row(
            one.id,
            plain_text(one.name),
            one.role,
            _limits(one),
            instant(one.created_at),
            _state(one),
        )
    show(stdout(), table if keys else Text("There are no keys.", style="dim"))


@app.command()
def revoke(
    context: typer.Context,
    key_id: Annotated[
        str, typer.Argument(metavar="KEY", help="The id of a key, as `key list` shows it.")
    ],
) -> None:
    """Revoke a key. Servers that run stop taking it at once."""
    with opened(context) as database:
        revoked = apikeys.revoke_key(database.owner_conninfo, key_id)
    if not revoked:
        raise Failure(f"there is no key {key_id!r} that still holds", code="NOT_FOUND", field="KEY")
    say(f"The key {key_id} is revoked.")


def _resolved(subject: Subject, refs: list[str] | None) -> list[UUID] | None:
    return [resolve(subject, ref) for ref in refs] if refs else None


def _expiry(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return last_instant(text)
    except InvalidTime as error:
        raise Failure(str(error), code="INVALID_TIME", field="--expires", exit_code=USAGE) from None


def _limits(one: ApiKey) -> str:
    told = [
        f"{len(found)} {one_of if len(found) == 1 else many}"
        for found, one_of, many in (
            (one.sources, "outlet", "outlets"),
            (one.stories, "story", "stories"),
        )
        if found is not None
    ]
    return ", ".join(told) or "no limit"


def _state(one: ApiKey) -> str:
    if one.revoked_at is not None:
        return f"revoked {instant(one.revoked_at)}"
    if one.expires_at is None:
        return "holds"
    over = one.expires_at <= datetime.now(UTC)
    return f"{'expired' if over else 'holds to'} {instant(one.expires_at)}"


def _shape(one: ApiKey) -> Shape:
    return {
        "id": one.id,
        "name": one.name,
        "role": one.role,
        "sources": None if one.sources is None else sorted(map(str, one.sources)),
        "stories": None if one.stories is None else sorted(map(str, one.stories)),
        "created_at": exact(one.created_at),
        "expires_at": exact(one.expires_at),
        "revoked_at": exact(one.revoked_at),
    }
