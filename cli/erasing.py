"""The commands that erase content: `erase claim`, `erase report`, `erase source`."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated, Final

import typer

from cli.faults import USAGE, Failure
from cli.opening import bring_up, erasures, opened, say
from cli.options import JsonOption
from cli.terminal import print_json, stdout
from cli.times import exact
from domain.commands import Envelope, Erase, EraseClaim, EraseReport, EraseSource
from domain.words import ErasureGround
from eventlog.database import Database
from eventlog.log import Log
from eventlog.record import Record
from projections.generations import scrub

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

GroundOption = Annotated[
    ErasureGround, typer.Option("--ground", help="The law that it is erased under.")
]
ReferenceOption = Annotated[
    str | None,
    typer.Option(
        "--reference",
        metavar="TEXT",
        help="The file or the order that it rests on. It stays: it is not to tell what is erased.",
    ),
]
ReasonOption = Annotated[
    str | None,
    typer.Option("--reason", metavar="TEXT", help="Why. It stays in the log, like --reference."),
]
ActorOption = Annotated[
    str | None,
    typer.Option("--actor", metavar="NAME", help="Who erases it. [default: your user's name]"),
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]

ELSEWHERE: Final = (
    "Copies outside the record are yours to see to: backups hold it until they are restored with"
    " `dateline restore`, and so do exports, replicas and archived write-ahead logs."
)


@app.callback()
def erase() -> None:
    """Erase content on a legal ground, at every date and for good."""


@app.command()
def claim(
    context: typer.Context,
    ref: Annotated[str, typer.Argument(metavar="REF", help="The claim's reference or id.")],
    ground: GroundOption,
    reference: ReferenceOption = None,
    reason: ReasonOption = None,
    actor: ActorOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Erase what a claim says, and what was said about it.

    That it was made, when and by whom, and what became of it stay.

    \b
    Example:
      dateline erase claim bridge:closed --ground court_order --reference "7 O 12/26"
    """
    command = EraseClaim(claim=ref, ground=ground, reference=reference)
    _erase(context, command, f"claim {ref}", reason, actor, yes=yes, as_json=as_json)


@app.command()
def report(
    context: typer.Context,
    ref: Annotated[str, typer.Argument(metavar="REF", help="The report's reference or id.")],
    ground: GroundOption,
    reference: ReferenceOption = None,
    with_claims: Annotated[
        bool, typer.Option("--with-claims", help="Erase what its claims say, too.")
    ] = False,
    reason: ReasonOption = None,
    actor: ActorOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Erase what surrounds the claims of a report: headline, byline, addresses.

    \b
    Example:
      dateline erase report bridge-1 --ground copyright --with-claims
    """
    command = EraseReport(report=ref, ground=ground, reference=reference, with_claims=with_claims)
    what = f"report {ref}{' with its claims' if with_claims else ''}"
    _erase(context, command, what, reason, actor, yes=yes, as_json=as_json)


@app.command()
def source(
    context: typer.Context,
    ref: Annotated[str, typer.Argument(metavar="REF", help="The source's reference or id.")],
    ground: GroundOption,
    reference: ReferenceOption = None,
    reason: ReasonOption = None,
    actor: ActorOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Erase the names of a source, its address and its country.

    Claims and reports that name it go on doing so, by its id.

    \b
    Example:
      dateline erase source the-mayor --ground data_protection
    """
    command = EraseSource(source=ref, ground=ground, reference=reference)
    _erase(context, command, f"source {ref}", reason, actor, yes=yes, as_json=as_json)


def _erase(
    context: typer.Context,
    command: Erase,
    what: str,
    reason: str | None,
    actor: str | None,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    if not yes:
        _confirm(what)
    envelope = Envelope(command=command, actor=actor or getpass.getuser(), reason=reason)
    with opened(context) as database:
        with Record(database, erasures=erasures(context)) as record:
            recorded = record.execute(envelope)
        bring_up(database)
        # Whoever has projected it does this too; here it is done when the command ends.
        scrub(database)
        count = _count(database, recorded.first_position, recorded.last_position)
    if as_json:
        print_json(
            {
                "position": recorded.last_position,
                "recorded_at": exact(recorded.recorded_at),
                "erased_events": count,
            }
        )
        return
    events = f"{count:,} {'event' if count == 1 else 'events'}"
    stdout().print(f"Erased what {events} said, at position {recorded.last_position:,}.")
    say(ELSEWHERE)


def _confirm(what: str) -> None:
    if not sys.stdin.isatty():
        raise Failure(
            "nobody is there to confirm it: give --yes",
            code="NOT_CONFIRMED",
            field="--yes",
            exit_code=USAGE,
        )
    if not typer.confirm(f"Erase the content of {what}? It cannot be had back.", err=True):
        raise Failure("nothing was erased", code="NOT_CONFIRMED")


def _count(database: Database, first: int, last: int) -> int:
    with Log(database.conninfo) as log:
        return log.erased_by(first, last)
