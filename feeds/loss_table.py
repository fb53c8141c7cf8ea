"""The tables of claimed losses: their revisions, and what a record of them says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from domain.invalid import invalid
from domain.moments import parse_about, parse_moment
from domain.refusals import InvalidInput, InvalidTime
from domain.words import Hedge
from feeds.items import InvalidEncoding, InvalidJson

EQUIPMENT: Final = "russia_losses_equipment.json"
PERSONNEL: Final = "russia_losses_personnel.json"
CORRECTIONS: Final = "russia_losses_equipment_correction.json"
FILES: Final = (EQUIPMENT, PERSONNEL, CORRECTIONS)
"""The files that are read. Others of the data set have other claimants."""

DIRECTION: Final = "greatest losses direction"
"""The one column that holds words: where the losses of a day were greatest."""

HEDGE_COLUMNS: Final = ("personnel*", "*personnel")
"""The hedge word of the personnel number; the second spelling stood for one day in 2022."""

NOT_LOSSES: Final = {"date", "day", *HEDGE_COLUMNS}

HEDGES: Final = {
    "about": Hedge.ABOUT,
    "more than": Hedge.MORE_THAN,
    "more": Hedge.MORE_THAN,
    "almost": Hedge.LESS_THAN,
}

NAMES: Final = {
    "APC": "armoured personnel carriers",
    "BUK": "Buk missile systems",
    "MRL": "multiple rocket launchers",
    "POW": "men as prisoners of war",
    "anti-aircraft warfare": "anti-aircraft systems",
    "drone": "drones",
    "field artillery": "field artillery pieces",
    "fuel tank": "fuel tanks",
    "helicopter": "helicopters",
    "military auto": "military vehicles",
    "mobile SRBM system": "mobile ballistic missile systems",
    "naval ship": "naval ships",
    "personnel": "personnel",
    "special equipment": "pieces of special equipment",
    "tank": "tanks",
}
"""Columns whose own name would not read well in a sentence."""

ONE: Final = {
    "APC": "armoured personnel carrier",
    "BUK": "Buk missile system",
    "MRL": "multiple rocket launcher",
    "POW": "man as prisoner of war",
    "anti-aircraft warfare": "anti-aircraft system",
    "cruise missiles": "cruise missile",
    "drone": "drone",
    "field artillery": "field artillery piece",
    "fuel tank": "fuel tank",
    "helicopter": "helicopter",
    "military auto": "military vehicle",
    "mobile SRBM system": "mobile ballistic missile system",
    "naval ship": "naval ship",
    "special equipment": "piece of special equipment",
    "submarines": "submarine",
    "tank": "tank",
    "vehicles and fuel tanks": "vehicle or fuel tank",
}
"""How a column is called whose number is 1."""

Row = dict[str, Any]
"""A record of a table, as the file has it."""


class Revision(Struct, frozen=True, kw_only=True):
    """One change of one file at one commit."""

    commit: str
    author_time: str
    file: str
    op: str
    subject: str = ""
    key: str | None = None
    record: dict[str, Any] | None = None
    field: str | None = None
    old: Any = None
    new: Any | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Cell:
    """What a record says in one column: a number, or for the direction a place."""

    about: str
    content: Decimal | str
    hedge: Hedge = Hedge.EXACTLY

    def statement(self, column: str) -> str:
        """The cell as a sentence."""
        if column == DIRECTION:
            return f"Russia's losses on {self.about} were greatest at {self.content}."
        hedge = {Hedge.ABOUT: "about ", Hedge.MORE_THAN: "more than ", Hedge.LESS_THAN: "almost "}
        names = ONE if self.content == 1 else NAMES
        name = names.get(column, NAMES.get(column, column))
        return f"By {self.about} Russia had lost {hedge.get(self.hedge, '')}{self.content} {name}."


_decoder: Final = msgspec.json.Decoder(Revision)
_NEEDED: Final = {
    "add_record": ("key", "record"),
    "remove_record": ("key",),
    "add_field": ("key", "field"),
    "change_field": ("key", "field"),
    "remove_field": ("key", "field"),
}
_NO_CHANGE: Final = ("unparseable", "unexpected_shape")


def read_revision(line: bytes) -> Revision:
    """Raises a Refusal that names the field if the line is no revision."""
    try:
        revision = _decoder.decode(line)
    except UnicodeDecodeError:
        raise InvalidEncoding("the line is not UTF-8") from None
    except msgspec.ValidationError as error:
        raise invalid(str(error)) from None
    except msgspec.DecodeError as error:
        raise InvalidJson(str(error)) from None
    if revision.op in _NO_CHANGE or revision.file not in FILES:
        return revision
    if revision.op not in _NEEDED:
        raise InvalidInput(f"there is no operation {revision.op!r}", field="op")
    for name in _NEEDED[revision.op]:
        if getattr(revision, name) is None:
            raise InvalidInput("it is missing", field=name)
    if revision.op in ("add_field", "change_field") and revision.new is UNSET:
        raise InvalidInput("it is missing", field="new")
    _time(parse_moment, revision.author_time, "author_time")
    if revision.op == "add_record":
        _dated(revision.record or {})
    return revision


def _dated(record: Row) -> None:
    date = record.get("date")
    if not isinstance(date, str):
        raise InvalidInput("it has no date", field="record.date")
    _time(parse_about, date, "record.date")


def _time(parse: Callable[[str], object], text: str, field: str) -> None:
    try:
        parse(text)
    except InvalidTime as error:
        raise InvalidTime(str(error), field=field) from None


def number(value: object) -> Decimal | None:
    """The number that a cell holds, also where it is written as text. None: no number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def cells(row: Row | None) -> dict[str, Cell]:
    """What a record claims, by column. Nothing for what is no loss or no number."""
    if row is None:
        return {}
    about = str(row["date"])
    word = next((row[name] for name in HEDGE_COLUMNS if name in row), None)
    hedge = HEDGES.get(str(word).strip().lower(), Hedge.EXACTLY)
    found: dict[str, Cell] = {}
    for column, value in row.items():
        if column in NOT_LOSSES:
            continue
        if column == DIRECTION:
            if isinstance(value, str) and value.strip():
                found[column] = Cell(about, value.strip())
        elif (amount := number(value)) is not None:
            found[column] = Cell(about, amount, hedge if column == "personnel" else Hedge.EXACTLY)
    return found


def apply(row: Row | None, revision: Revision) -> Row | None:
    """The record after a revision. Raises InvalidInput if there was no record to change."""
    if revision.op == "add_record":
        return dict(revision.record or {})
    if row is None:
        raise InvalidInput(f"the file has no record {revision.key!r}", field="key")
    if revision.op == "remove_record":
        return None
    rest = {name: value for name, value in row.items() if name != revision.field}
    if revision.op == "remove_field":
        return rest
    return rest | {str(revision.field): revision.new}


def passed_over(revision: Revision) -> Iterator[str]:
    """Why some of what a revision holds comes to no claim, once for each cell."""
    row: Mapping[str, object] = revision.record or {}
    if revision.field is not None:
        row = {revision.field: revision.old if revision.new is UNSET else revision.new}
    for column, value in row.items():
        if column == "day":
            yield "the day of the war is no loss"
        elif column not in NOT_LOSSES and column != DIRECTION and number(value) is None:
            yield "a cell that holds no number"


def moved(before: Mapping[str, Row], after: Mapping[str, Row]) -> dict[str, str]:
    """Which of the removed records (`before`) were only given another date: old key to new key.

    One of the added records (`after`) is the same record if it claims the same, or else if it
    has the same day of the war.
    """

    def said(row: Row) -> dict[str, tuple[Decimal | str, Hedge]]:
        return {column: (cell.content, cell.hedge) for column, cell in cells(row).items()}

    found: dict[str, str] = {}
    for old, row in before.items():
        free = [key for key in after if key not in found.values()]
        same = [key for key in free if said(after[key]) == said(row)]
        day = number(row.get("day"))
        if not same and day is not None:
            same = [key for key in free if number(after[key].get("day")) == day]
        if len(same) == 1:
            found[old] = same[0]
    return found
