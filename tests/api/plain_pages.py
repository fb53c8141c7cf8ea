"""Pages by plain means: lists in their orders, their cursors, and what a page says of itself."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from msgspec import json

from domain.ids import Subject, resolve
from tests.api.plain_record import View

Fields = dict[str, Any]

Keys = tuple[Any, ...]
"""What decides the place of something in a list: instants, ids, texts and numbers."""

Thing = TypeVar("Thing")


@dataclass(slots=True)
class Obj:
    """An object of a type of the schema."""

    type: str
    fields: Fields


@dataclass(frozen=True, slots=True)
class Order:
    """An order of a list: its name in cursors, and how they are read."""

    name: str
    read: tuple[Callable[[str], Any], ...]
    descending: bool = False
    settles: bool = True
    """Its cursors hold a moment."""


_TIMES = (datetime.fromisoformat, UUID)

REPORTED_LAST = Order("r", _TIMES, descending=True)
BY_TITLE = Order("t", (str, UUID))
BY_NAME = Order("n", (str, UUID))
BY_CHANGE = Order("c", _TIMES)
BY_TIME = Order("q", (datetime.fromisoformat, UUID, str, datetime.fromisoformat))
IN_THE_LOG = Order("e", (int,), settles=False)

CLAIM_ORDERS = {
    "REPORTED_LATEST_FIRST": (REPORTED_LAST, "first_reported_at"),
    "REPORTED_EARLIEST_FIRST": (Order("e", _TIMES), "first_reported_at"),
    "CHANGED_LATEST_FIRST": (Order("c", _TIMES, descending=True), "last_changed_at"),
    "CHANGED_EARLIEST_FIRST": (Order("d", _TIMES), "last_changed_at"),
}
"""With the field of a claim that decides."""


def unpadded(text: str) -> bytes:
    """What stands in base64 without its padding."""
    return urlsafe_b64decode(text + "==")


def named(subject: Subject, text: str) -> UUID:
    """What a client names a thing by."""
    sort, mark, rest = text.partition("~")
    if mark and sort == subject.value:
        return UUID(bytes=unpadded(rest))
    return resolve(subject, text)


def written(key: Any) -> str:
    """A key as PostgreSQL writes it as text, instants in UTC."""
    if not isinstance(key, datetime):
        return str(key)
    text = key.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
    return (text.rstrip("0") if "." in text else text) + "+00"


def cursor_of(view: View, order: Order, keys: Keys) -> str:
    """The cursor of a place."""
    at, position = None, 0
    if order.settles:
        position = view.position
        if view.at is not None:
            at = written(view.at).replace(" ", "T").removesuffix("+00") + "Z"
    plain = json.encode([order.name, [written(key) for key in keys], position, at])
    return urlsafe_b64encode(plain).rstrip(b"=").decode()


def moment_of(cursor: str) -> tuple[datetime | None, int]:
    """The moment that a cursor belongs to."""
    _, _, position, at = json.decode(unpadded(cursor))
    return (None if at is None else datetime.fromisoformat(at)), position


def place_of(order: Order, cursor: str) -> Keys:
    """The place that a cursor names."""
    if not order.settles and cursor.isdecimal():
        return (int(cursor),)
    name, keys, _, _ = json.decode(unpadded(cursor))
    assert name == order.name
    return tuple(read(key) for read, key in zip(order.read, keys, strict=True))


def connection(
    of: str,
    view: View,
    order: Order,
    rows: Iterable[tuple[Keys, Thing]],
    made: Callable[[Thing], Obj],
    paging: Fields,
    edge: Callable[[Thing], Fields] = lambda _: {},
) -> Obj:
    """A page of things, each given with its place; `edge` gives what else its edge tells."""
    ordered = sorted(rows, key=lambda row: row[0], reverse=order.descending)
    after, before = paging.get("after"), paging.get("before")
    window = ordered
    if after is not None:
        place = place_of(order, after)
        window = [row for row in window if row[0] != place and _ahead(order, place, row[0])]
    if before is not None:
        place = place_of(order, before)
        window = [row for row in window if row[0] != place and _ahead(order, row[0], place)]
    first, last = paging.get("first"), paging.get("last")
    page: Sequence[tuple[Keys, Thing]]
    if last is not None:
        page = window[max(len(window) - last, 0) :]
        more_before, more_after = len(window) > last, before is not None
    else:
        page = window[: first or 20]
        more_before, more_after = after is not None, len(window) > len(page)
    return Obj(
        f"{of}Connection",
        {
            "totalCount": len(ordered),
            "nodes": lambda: [made(thing) for _, thing in page],
            "edges": lambda: [
                Obj(
                    f"{of}Edge",
                    {
                        "cursor": cursor_of(view, order, keys),
                        "node": lambda thing=thing: made(thing),
                        **edge(thing),
                    },
                )
                for keys, thing in page
            ],
            "pageInfo": Obj(
                "PageInfo",
                {
                    "hasNextPage": more_after,
                    "hasPreviousPage": more_before,
                    "startCursor": cursor_of(view, order, page[0][0]) if page else None,
                    "endCursor": cursor_of(view, order, page[-1][0]) if page else None,
                },
            ),
        },
    )


def _ahead(order: Order, one: Keys, other: Keys) -> bool:
    """Whether one place comes before another in the list."""
    return (one > other) if order.descending else (one < other)
