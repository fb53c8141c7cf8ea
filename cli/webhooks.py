"""The commands about who is told of what is recorded: `webhook create`, `list`, `pause`, `resume`,
`remove`, `failed` and `resend`."""

from __future__ import annotations

import os
from getpass import getuser
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from api.limits import Limits
from api.receivers import check_url
from api.schema import schema
from api.webhook_events import EVENTS, STORY, follow
from cli.faults import USAGE, Failure
from cli.opening import opened, say
from cli.options import JsonOption
from cli.shapes import Shape
from cli.terminal import plain_text, print_json, show, stdout
from cli.times import exact, instant
from eventlog import webhooks
from eventlog.log import Log
from eventlog.webhooks import DeadLetter, Standing, Webhook

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

PrivateOption = Annotated[
    bool,
    typer.Option(
        "--private-webhooks",
        envvar="DATELINE_PRIVATE_WEBHOOKS",
        help="Let webhooks lead to private and loopback addresses, and to http://.",
    ),
]
WebhookArgument = Annotated[
    str, typer.Argument(metavar="WEBHOOK", help="The id of a webhook, as `webhook list` shows it.")
]


@app.callback()
def webhook() -> None:
    """Webhooks: who is sent what is recorded, as it is recorded."""


@app.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose it is.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="Where it is sent to: https://…")],
    document: Annotated[
        Path | None,
        typer.Option(
            "--document",
            metavar="FILE",
            help="The GraphQL subscription, on events or story, that says what is sent.",
        ),
    ] = None,
    variables: Annotated[
        str | None, typer.Option("--variables", metavar="JSON", help="Its variables.")
    ] = None,
    story: Annotated[
        str | None, typer.Option("--story", metavar="SLUG", help="Send what happens in this story.")
    ] = None,
    after: Annotated[
        int | None,
        typer.Option(
            "--after",
            metavar="POSITION",
            min=0,
            help="Send what comes after this position; 0: all there is. Left out, what comes next.",
        ),
    ] = None,
    private_webhooks: PrivateOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make a webhook, and show its secret this once.

    \b
    Examples:
      dateline webhook create "standards desk" https://desk.example/dateline
      dateline webhook create losses https://desk.example/dateline --story losses --after 0
      dateline webhook create changes https://desk.example/dateline \\
        --variables '{"filter": {"kind": ["CORRECTION", "RETRACTION"]}}'
    """
    if not name.strip() or not name.isprintable() or len(name) > 100:
        raise _unusable("NAME", "a name has 1 to 100 characters that can be printed")
    try:
        check_url(url, private_webhooks)
    except ValueError as error:
        raise _unusable("URL", str(error)) from None
    if story is not None and (document is not None or variables is not None):
        raise _unusable("--story", "it cannot be given together with --document or --variables")
    text, field = (EVENTS if story is None else STORY), "--variables"
    if document is not None:
        text, field = _text(document), "--document"
    given = {"slug": story} if story is not None else _object(variables or "{}")
    try:
        follow(schema()._schema, Limits(), text, given)
    except ValueError as error:
        raise _unusable("--story" if story is not None else field, str(error)) from None
    with opened(context) as database:
        with Log(database.conninfo) as log:
            head = log.head().position
        if after is not None and after > head:
            raise _unusable("--after", f"the log ends at position {head}")
        made, secret = webhooks.make_webhook(
            database.owner_conninfo, name, url, text, given, created_by=_user(), after=after
        )
    if as_json:
        print_json({"secret": secret, **_shape(made)})
        return
    stdout().print(plain_text(secret), soft_wrap=True)
    say(
        f"This is shown once. It is the secret of the webhook {made.id}, with which its receiver"
        " verifies what it is sent."
    )


@app.command("list")
def list_(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the webhooks and how it is going with each, without their secrets."""
    with opened(context) as database:
        found = webhooks.list_webhooks(database.owner_conninfo)
    if as_json:
        print_json({"webhooks": [_shape(one, standing) for one, standing in found]})
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("webhook", "name", "address", "made", "state", "waiting", "dead"):
        table.add_column(heading, overflow="fold")
    for one, standing in found:
        table.add_row(
            one.id,
            plain_text(one.name),
            plain_text(one.url),
            f"{instant(one.created_at)} by {plain_text(one.created_by)}",
            _state(one, standing) + (f": {plain_text(one.reason)}" if one.reason else ""),
            str(standing.waiting),
            str(standing.dead),
        )
    show(stdout(), table if found else Text("There are no webhooks.", style="dim"))


@app.command()
def pause(context: typer.Context, webhook_id: WebhookArgument) -> None:
    """Send nothing more to a webhook. It keeps its place."""
    with opened(context) as database:
        found = webhooks.set_state(database.owner_conninfo, webhook_id, "paused")
    _need(webhook_id, found)
    say(f"The webhook {webhook_id} is paused.")


@app.command()
def resume(context: typer.Context, webhook_id: WebhookArgument) -> None:
    """Go on with a webhook where it was paused."""
    with opened(context) as database:
        found = webhooks.set_state(database.owner_conninfo, webhook_id, "active")
    _need(webhook_id, found)
    say(f"The webhook {webhook_id} goes on.")


@app.command()
def remove(context: typer.Context, webhook_id: WebhookArgument) -> None:
    """Remove a webhook, with what it was not sent and its dead letters."""
    with opened(context) as database:
        found = webhooks.remove_webhook(database.owner_conninfo, webhook_id)
    _need(webhook_id, found)
    say(f"The webhook {webhook_id} is removed.")


@app.command()
def failed(
    context: typer.Context,
    webhook_id: Annotated[
        str | None, typer.Argument(metavar="[WEBHOOK]", help="Those of this webhook alone.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the dead letters: events that were given up, and why."""
    with opened(context) as database:
        found = webhooks.dead_letters(database.owner_conninfo, webhook_id)
    if as_json:
        print_json({"dead_letters": [_letter_shape(one) for one in found]})
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("webhook", "position", "event", "attempts", "last", "reason"):
        table.add_column(heading, overflow="fold")
    for one in found:
        table.add_row(
            one.webhook,
            str(one.position),
            one.type,
            str(one.attempts),
            instant(one.failed_at),
            plain_text(one.reason),
        )
    show(stdout(), table if found else Text("There are no dead letters.", style="dim"))


@app.command()
def resend(
    context: typer.Context,
    webhook_id: WebhookArgument,
    positions: Annotated[
        list[int] | None,
        typer.Argument(metavar="[POSITION]...", help="The events; left out, all dead letters."),
    ] = None,
) -> None:
    """Send dead letters again, as if for the first time."""
    with opened(context) as database:
        count = webhooks.resend(database.owner_conninfo, webhook_id, positions or ())
    if not count:
        raise Failure(
            f"the webhook {webhook_id!r} has no such dead letters",
            code="NOT_FOUND",
            field="WEBHOOK",
        )
    say(f"{count} {'event is' if count == 1 else 'events are'} sent again.")


def _user() -> str:
    try:
        return getuser()
    except (KeyError, OSError):  # a container may run as somebody without a name
        return f"user {os.getuid()}"


def _need(webhook_id: str, found: bool) -> None:
    if not found:
        raise Failure(f"there is no webhook {webhook_id!r}", code="NOT_FOUND", field="WEBHOOK")


def _unusable(field: str, reason: str) -> Failure:
    return Failure(reason, code="INVALID_INPUT", field=field, exit_code=USAGE)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise _unusable("--document", "it is not UTF-8") from None


def _object(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise _unusable("--variables", f"an object of JSON is needed: {error}") from None


def _state(one: Webhook, standing: Standing) -> str:
    return "failing" if one.active and standing.failing else one.state


def _shape(one: Webhook, standing: Standing | None = None) -> Shape:
    shape: Shape = {
        "id": one.id,
        "name": one.name,
        "url": one.url,
        "document": one.document,
        "variables": msgspec.json.decode(one.variables),
        "state": one.state if standing is None else _state(one, standing),
        "reason": one.reason,
        "cursor": one.cursor,
        "created_by": one.created_by,
        "created_at": exact(one.created_at),
    }
    if standing is not None:
        shape |= {
            "behind": standing.behind,
            "waiting": standing.waiting,
            "failing": standing.failing,
            "dead": standing.dead,
        }
    return shape


def _letter_shape(one: DeadLetter) -> Shape:
    return {
        "webhook": one.webhook,
        "position": one.position,
        "type": one.type,
        "attempts": one.attempts,
        "failed_at": exact(one.failed_at),
        "status": one.status,
        "reason": one.reason,
    }
