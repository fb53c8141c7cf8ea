"""Claimed losses of the war in Ukraine: the history of a data set as commands.

Reads `revisions.jsonl` (plain or gzip): what each commit changed in tables that somebody retypes
daily from the General Staff of Ukraine. `docs/feeds.md` says what becomes of each peculiarity.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from typing import BinaryIO, Final

from domain.commands import (
    AnyCommand,
    CorrectClaim,
    NoticeInput,
    PublishReport,
    QuantityInput,
    QuantityKey,
    ReinstateClaim,
    ReportClaim,
    RetractClaim,
    StepInput,
)
from domain.refusals import Refusal
from domain.words import (
    ClaimKind,
    CorrectionNature,
    ReportKind,
    RetractionNature,
    Verb,
)
from feeds.items import Item, Refused, Tally, refuse
from feeds.lines import numbered_lines
from feeds.loss_subjects import CLAIMANT, OPENING, OUTLET, REPOSITORY, STORY
from feeds.loss_table import (
    CORRECTIONS,
    DIRECTION,
    EQUIPMENT,
    FILES,
    PERSONNEL,
    Cell,
    Revision,
    Row,
    apply,
    cells,
    moved,
    number,
    passed_over,
    read_revision,
)
from feeds.making import made

ACTOR: Final = "feed:loss-claims"


@dataclass(slots=True)
class _Claim:
    """What the record will hold of a claim once the commands so far are taken down."""

    ref: str
    cell: Cell
    version: int = 1
    standing: bool = True
    adjustment: Decimal | None = None


@dataclass(frozen=True, slots=True)
class _Commit:
    """Who published what, and when: the same for every command of a commit."""

    commit: str
    at: str
    subject: str

    def url(self, file: str) -> str:
        return f"{REPOSITORY}/blob/{self.commit}/data/{file}"

    def report(self, file: str) -> str:
        stem = file.removeprefix("russia_losses_").removesuffix(".json")
        return f"loss-report:{self.commit[:12]}:{stem}"


@dataclass(slots=True)
class _Tables:
    """The files as they stand at a commit, and the claims that stand for their cells."""

    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    """By file and key."""
    claims: dict[tuple[str, str, str], _Claim] = field(default_factory=dict)
    """By file, key and column; a claim that was taken away keeps its place."""
    refs: set[str] = field(default_factory=set)
    waiting: set[tuple[str, str]] = field(default_factory=set)
    """Date and column of adjustments that do not stand with their claim as they should."""


Numbered = tuple[int, Revision]
Made = tuple[int, AnyCommand]


def read(
    stream: BinaryIO,
    *,
    actor: str = ACTOR,
    tally: Tally | None = None,
    first_day: str | None = None,
    last_day: str | None = None,
) -> Iterator[Item | Refused]:
    """The commands that the revisions come to, in their order, and refusals of bad lines.

    `first_day` and `last_day` (both included, like `2024-07-01`) keep to records filed under
    these days, with everything that later happened to them. Memory grows with the tables (about
    20,000 cells), not with their history.
    """
    counted = tally if tally is not None else Tally()
    days = (first_day or "", last_day or "9999")
    return counted.count(_read(stream, actor, counted, days))


def _read(
    stream: BinaryIO, actor: str, tally: Tally, days: tuple[str, str]
) -> Iterator[Item | Refused]:
    tables = _Tables()
    opened = False
    for commit, group in groupby(_revisions(stream, tally, days), _commit_of):
        if commit is None:
            yield from (refused for refused in group if isinstance(refused, Refused))
            continue
        revisions: dict[str, list[Numbered]] = {file: [] for file in FILES}
        for entry in group:
            if not isinstance(entry, Refused):
                revisions[entry[1].file].append(entry)
        first = next(numbered[0] for entries in revisions.values() for numbered in entries)
        if not opened:
            yield from (made(first, command, actor, None) for command in OPENING)
            opened = True
        reason = f"{commit.subject}, commit {commit.commit}"
        results: list[Made | Refused] = []
        for file in (EQUIPMENT, PERSONNEL):
            results += _losses(tables, commit, file, revisions[file], tally)
        results += _adjustments(tables, commit, revisions[CORRECTIONS], first, tally)
        for result in results:
            if isinstance(result, Refused):
                yield result
            else:
                yield made(*result, actor, reason)


def _commit_of(entry: Numbered | Refused) -> _Commit | None:
    if isinstance(entry, Refused):
        return None
    revision = entry[1]
    return _Commit(revision.commit, revision.author_time, revision.subject)


def _revisions(
    stream: BinaryIO, tally: Tally, days: tuple[str, str]
) -> Iterator[Numbered | Refused]:
    """The revisions that change something here; the others are counted."""
    for numbered in numbered_lines(stream):
        tally.lines += 1
        if isinstance(numbered, Refused):
            yield numbered
            continue
        line_number, line = numbered
        try:
            revision = read_revision(line)
        except Refusal as refusal:
            yield refuse(line_number, line, refusal)
            continue
        if revision.file not in FILES:
            tally.skipped[f"{revision.file[:100]} has another claimant"] += 1
        elif revision.key is None:
            tally.skipped[f"{revision.op}: the file could not be read, so nothing changed"] += 1
        elif not days[0] <= revision.key[:10] <= days[1]:
            tally.skipped["outside the days asked for"] += 1
        else:
            tally.skipped.update(passed_over(revision))
            yield line_number, revision


@dataclass(slots=True)
class _Touched:
    """The records of one file that a commit changes, before and after."""

    before: dict[str, Row | None] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)


def _touch(tables: _Tables, file: str, revisions: list[Numbered], tally: Tally) -> _Touched:
    touched = _Touched()
    for line_number, revision in revisions:
        key = str(revision.key)
        row = tables.rows.get((file, key))
        try:
            changed = apply(row, revision)
        except Refusal as refusal:
            line = f"{revision.op} {file} {key}".encode()
            touched.refused.append(refuse(line_number, line, refusal))
            continue
        if revision.field and row is not None and row.get(revision.field) != revision.old:
            tally.skipped["its old value is not what stood; the new one was taken"] += 1
        touched.before.setdefault(key, row)
        touched.lines[key] = line_number
        if changed is None:
            del tables.rows[file, key]
        else:
            tables.rows[file, key] = changed
    return touched


def _losses(
    tables: _Tables, commit: _Commit, file: str, revisions: list[Numbered], tally: Tally
) -> Iterator[Made | Refused]:
    """What a commit does to the claims of one file, record by record and column by column."""
    touched = _touch(tables, file, revisions, tally)
    yield from touched.refused
    before = touched.before
    after = {key: tables.rows.get((file, key)) for key in before}
    removed = {key: row for key, row in before.items() if row is not None and after[key] is None}
    added = {key: row for key, row in after.items() if row is not None and before[key] is None}
    moves = moved(removed, added)
    followed = _move(tables, file, moves, removed)
    published = False
    for key, line_number in touched.lines.items():
        if key in moves:
            continue
        now = cells(after[key])
        for column in dict.fromkeys([*cells(before[key]), *followed.get(key, ()), *now]):
            claim = tables.claims.get((file, key, column))
            if claim is not None:
                for command in _follow(commit, column, claim, now.get(column)):
                    yield line_number, command
                continue
            if not published:
                yield line_number, _report(commit, file)
                published = True
            claim = _Claim(_free_ref(tables, key, column), now[column])
            tables.claims[file, key, column] = claim
            yield line_number, _new_claim(commit, file, column, claim)


def _move(
    tables: _Tables, file: str, moves: dict[str, str], removed: dict[str, Row]
) -> dict[str, list[str]]:
    """Let the claims of re-dated records stand under their new keys; their columns by new key."""
    columns = {old: list(cells(removed[old])) for old in moves}
    taken = {
        (moves[old], column): tables.claims.pop((file, old, column))
        for old in moves
        for column in columns[old]
    }
    for (key, column), claim in taken.items():
        tables.claims[file, key, column] = claim
    return {new: columns[old] for old, new in moves.items()}


def _free_ref(tables: _Tables, key: str, column: str) -> str:
    """`loss:2024-08-18:APC`; where a re-dated claim has taken that name along, `...~2`."""
    name = ref = f"loss:{key}:{column.replace(' ', '-')}"
    count = 1
    while ref in tables.refs:
        count += 1
        ref = f"{name}~{count}"
    tables.refs.add(ref)
    return ref


def _report(commit: _Commit, file: str) -> PublishReport:
    return PublishReport(
        report=commit.report(file),
        outlet=OUTLET,
        kind=ReportKind.TABLE,
        headline=f"{file}: {commit.subject or commit.commit}"[:1_000],
        language="en",
        url=commit.url(file),
        published_at=commit.at,
    )


def _new_claim(commit: _Commit, file: str, column: str, claim: _Claim) -> ReportClaim:
    return ReportClaim(
        claim=claim.ref,
        report=commit.report(file),
        story=STORY,
        kind=ClaimKind.ASSERTION if column == DIRECTION else ClaimKind.FIGURE,
        statement=claim.cell.statement(column),
        language="en",
        about=claim.cell.about,
        attribution=(StepInput(source=CLAIMANT, verb=Verb.CLAIMED),),
        quantities=_quantities(column, claim.cell),
    )


def _quantities(column: str, cell: Cell) -> tuple[QuantityInput, ...]:
    if isinstance(cell.content, str):
        return ()
    return (QuantityInput(label=column, value=cell.content, hedge=cell.hedge),)


def _follow(commit: _Commit, column: str, claim: _Claim, cell: Cell | None) -> Iterator[AnyCommand]:
    """What happened to a claim whose cell is now this, or is gone. Nobody declared any of it."""
    if cell is None:
        if claim.standing:
            claim.standing, claim.version = False, claim.version + 1
            yield RetractClaim(
                claim=claim.ref, nature=RetractionNature.REMOVAL, published_at=commit.at
            )
        return
    if not claim.standing:
        claim.standing, claim.version = True, claim.version + 1
        yield ReinstateClaim(claim=claim.ref, published_at=commit.at)
    if cell != claim.cell:
        yield CorrectClaim(
            claim=claim.ref,
            version=claim.version,
            statement=cell.statement(column),
            about=cell.about,
            quantities=_quantities(column, cell),
            published_at=commit.at,
        )
        claim.cell, claim.version = cell, claim.version + 1


def _adjustments(
    tables: _Tables, commit: _Commit, revisions: list[Numbered], first: int, tally: Tally
) -> Iterator[Made | Refused]:
    """What the file of declared corrections comes to: a second number beside the claimed one.

    A row waits until its claim is there and standing. A zero declares nothing.
    """
    touched = _touch(tables, CORRECTIONS, revisions, tally)
    yield from touched.refused
    for key, before in touched.before.items():
        row = tables.rows.get((CORRECTIONS, key), {})
        tables.waiting |= {(key, column) for column in {**(before or {}), **row}}
    for key, column in sorted(tables.waiting):
        due = number(tables.rows.get((CORRECTIONS, key), {}).get(column)) or None
        file = PERSONNEL if column in ("personnel", "POW") else EQUIPMENT
        claim = tables.claims.get((file, key, column))
        if claim is None or not claim.standing:
            if due is None or column in ("date", "day"):
                tables.waiting.discard((key, column))
            continue
        tables.waiting.discard((key, column))
        if claim.adjustment != due:
            line_number = touched.lines.get(key, first)
            yield line_number, _adjust(commit, column, claim, due)
            claim.adjustment, claim.version = due, claim.version + 1


def _adjust(commit: _Commit, column: str, claim: _Claim, due: Decimal | None) -> CorrectClaim:
    label = f"{column}: declared adjustment"
    if due is None:
        return CorrectClaim(
            claim=claim.ref,
            version=claim.version,
            remove_quantities=(QuantityKey(label=label),),
            published_at=commit.at,
        )
    return CorrectClaim(
        claim=claim.ref,
        version=claim.version,
        nature=CorrectionNature.CLARIFICATION,
        quantities=(QuantityInput(label=label, value=due),),
        notice=NoticeInput(
            text=f"Declared correction: {due:+} {column} on {claim.cell.about}.",
            url=commit.url(CORRECTIONS),
        ),
        published_at=commit.at,
    )
