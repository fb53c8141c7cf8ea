"""The commands that ask: `claims`, `claim`, `story`, `changes`."""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Annotated, Final
from uuid import UUID

import typer

from cli import options
from cli.changes_page import print_changes
from cli.claim_page import print_claim
from cli.faults import USAGE, Failure
from cli.lists import print_page, print_stories, print_story_head
from cli.opening import reading
from cli.shapes import (
    basis_shape,
    changes_shape,
    claim_shape,
    history_shape,
    page_shape,
    story_shape,
)
from cli.terminal import print_json, stdout
from domain.refusals import NotFound, Refusal
from domain.words import Status
from projections.basis import AsOf
from projections.reads import ClaimFilter, View
from projections.views import ChangeKind


@unique
class Axis(StrEnum):
    """Which of the two times a comparison moves along."""

    REPORTED = "reported"
    RECORDED = "recorded"
    POSITION = "position"


_FIELDS: Final = {
    Axis.REPORTED: "reportedAt",
    Axis.RECORDED: "recordedAt",
    Axis.POSITION: "position",
}
"""What --from and --to are called by those who refuse them."""


def claims(
    context: typer.Context,
    story: options.StoryOption = None,
    source: options.SourceOption = None,
    outlet: options.OutletOption = None,
    status: options.StatusOption = None,
    as_of: options.AsOfOption = None,
    recorded: options.RecordedOption = None,
    position: options.PositionOption = None,
    first: options.FirstOption = 20,
    after: options.AfterOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """List claims, the latest first.

    Without --as-of the answer is about now. A list hides nothing: where --status leaves claims
    out, it says how many.

    \b
    Examples:
      dateline claims --story russian-losses --as-of 2024-08-20
      dateline claims --status retracted --status corrected --json
    """
    chosen = _filter(story, source, outlet, status)
    with reading(context) as reads, reads.at(_as_of(as_of, recorded, position)) as view:
        page = view.claims(chosen, first=first, after=after)
        if as_json:
            print_json(page_shape(page, page.basis))
        else:
            print_page(stdout(), page, page.basis)


def claim(
    context: typer.Context,
    ref: Annotated[str, typer.Argument(metavar="REF", help="The claim's reference or UUID.")],
    as_of: options.AsOfOption = None,
    recorded: options.RecordedOption = None,
    position: options.PositionOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Show one claim with its whole history.

    What it says, on whose word, and everything that became of it, with every field before and
    after. What has been retracted or is contested is said first.

    \b
    Examples:
      dateline claim loss:2024-08-18:APC
      dateline claim loss:2024-08-18:APC --as-of 2024-08-18
    """
    with reading(context) as reads, reads.at(_as_of(as_of, recorded, position)) as view:
        found = view.claim(ref)
        if found is None:
            raise NotFound(_absent("claim", ref, view))
        history = view.history(found.id)
        if as_json:
            shapes = [history_shape(item) for item in history]
            basis = basis_shape(view.basis)
            print_json({"basis": basis, "claim": claim_shape(found), "history": shapes})
        else:
            print_claim(stdout(), found, history, view.basis, lambda id_: _name(view, id_))


def story(
    context: typer.Context,
    slug: Annotated[
        str | None,
        typer.Argument(metavar="SLUG", help="The story. Without one, all are listed."),
    ] = None,
    source: options.SourceOption = None,
    outlet: options.OutletOption = None,
    status: options.StatusOption = None,
    as_of: options.AsOfOption = None,
    recorded: options.RecordedOption = None,
    position: options.PositionOption = None,
    first: options.FirstOption = 20,
    after: options.AfterOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Show a story and its claims, or list all stories.

    \b
    Examples:
      dateline story
      dateline story russian-losses --as-of 2024-08-20 --first 50
    """
    with reading(context) as reads, reads.at(_as_of(as_of, recorded, position)) as view:
        if slug is None:
            stories = view.stories()
            if as_json:
                shapes = [story_shape(each) for each in stories]
                print_json({"basis": basis_shape(view.basis), "stories": shapes})
            else:
                print_stories(stdout(), stories, view.basis)
            return
        found = view.story(slug)
        if found is None:
            raise NotFound(_absent("story", slug, view))
        chosen = _filter(slug, source, outlet, status)
        page = view.claims(chosen, first=first, after=after)
        if as_json:
            print_json({"story": story_shape(found), **page_shape(page, page.basis)})
        else:
            print_story_head(stdout(), found)
            print_page(stdout(), page, page.basis)


def changes(
    context: typer.Context,
    earlier: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="TIME",
            help="The earlier moment: a time, or with --axis position a position.",
        ),
    ],
    later: Annotated[
        str | None,
        typer.Option("--to", metavar="TIME", help="The later moment. Now, if left out."),
    ] = None,
    axis: Annotated[
        Axis,
        typer.Option(
            "--axis",
            help="reported: what was public. recorded, position: what this record held.",
        ),
    ] = Axis.REPORTED,
    story: options.StoryOption = None,
    source: options.SourceOption = None,
    outlet: options.OutletOption = None,
    kind: Annotated[
        list[ChangeKind] | None,
        typer.Option(
            "--kind",
            metavar="KIND",
            help=f"Only changes of this kind: {', '.join(ChangeKind)}. May be given several times.",
        ),
    ] = None,
    as_of: options.AsOfOption = None,
    recorded: options.RecordedOption = None,
    position: options.PositionOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Show what changed between two moments.

    --axis says along which time: what outlets had made public (reported), or what this record had
    taken down (recorded, position). The other time is fixed for both by --as-of, or by --recorded
    or --position.

    \b
    Examples:
      dateline changes --from 2024-08-18 --to 2024-08-20
      dateline changes --from 2024-07-01 --kind retracted --kind silently_edited
      dateline changes --axis position --from 1200 --story russian-losses
    """
    if axis is Axis.REPORTED and as_of is not None:
        raise _misplaced("--as-of", "give --from and --to, which are reporting times")
    if axis is not Axis.REPORTED and (recorded is not None or position is not None):
        name = "--recorded" if recorded is not None else "--position"
        raise _misplaced(name, f"--from and --to move along {axis} already")

    def moment(text: str | None, option: str) -> AsOf:
        match axis:
            case Axis.REPORTED:
                return AsOf(reported_at=text, recorded_at=recorded, position=position)
            case Axis.RECORDED:
                return AsOf(reported_at=as_of, recorded_at=text)
            case Axis.POSITION:
                return AsOf(reported_at=as_of, position=_position(text, option))

    chosen = _filter(story, source, outlet, None)
    with reading(context) as reads:
        try:
            found = reads.changes(moment(earlier, "--from"), moment(later, "--to"), chosen)
        except Refusal as refusal:
            if refusal.field == _FIELDS[axis]:
                refusal.field = "--from or --to"
            raise
        kinds = frozenset(kind or ())
        if as_json:
            print_json(changes_shape(found, kinds))
        else:
            print_changes(stdout(), found, kinds)


def _position(text: str | None, option: str) -> int | None:
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        raise _misplaced(option, f"{text!r} is no position of the log") from None


def _misplaced(option: str, reason: str) -> Failure:
    return Failure(reason, code="INVALID_INPUT", field=option, exit_code=USAGE)


def _as_of(as_of: str | None, recorded: str | None, position: int | None) -> AsOf:
    return AsOf(reported_at=as_of, recorded_at=recorded, position=position)


def _filter(
    story: str | None, source: str | None, outlet: str | None, status: list[Status] | None
) -> ClaimFilter:
    return ClaimFilter(
        story=story, source=source, outlet=outlet, statuses=frozenset(status) if status else None
    )


def _absent(what: str, ref: str, view: View) -> str:
    if view.basis.now:
        return f"no {what} {ref!r} is in the record"
    return f"no {what} {ref!r} was in the record as of then"


def _name(view: View, id_: UUID) -> str:
    """What a source, a claim or a story that an event names is called."""
    ref = str(id_)
    if (source := view.source(ref)) is not None:
        return source.name or ref
    if (claim := view.claim(ref)) is not None:
        return claim.ref or claim.statement or ref
    if (story := view.story(ref)) is not None:
        return story.title
    return ref
