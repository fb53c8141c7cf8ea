"""What random documents ask about a record that a test has filled: arguments that can be meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from uuid import UUID

from graphql import GraphQLEnumType, GraphQLSchema

from api.ids import global_id
from domain.ids import Subject, resolve
from domain.moments import last_instant
from tests.api.documents import Path
from tests.api.plain_pages import (
    BY_CHANGE,
    BY_NAME,
    BY_TIME,
    BY_TITLE,
    CLAIM_ORDERS,
    IN_THE_LOG,
    REPORTED_LAST,
    Fields,
    Keys,
    Order,
    cursor_of,
)
from tests.api.plain_record import PlainRecord, View
from tests.api.plain_time import points
from tests.projections.commands import CLAIMS, REPORTS, SOURCES, TOPICS

LAST_DAY: Final = 11
"""Of August 2024, in which the random things happen."""

EXACT: Final = "2024-08-05T07:15:30.25Z"
"""When some of the claims were public, to the fraction of a second."""

EXACT_DAY: Final = 5

LABELS: Final = ("count", "count", "count", "share", "APC", "nothing")

OTHERS: Final = {
    Subject.CLAIM: ("apc", "off", "nothing"),
    Subject.SOURCE: ("the-paper", "nobody"),
    Subject.REPORT: ("article", "nowhere"),
    Subject.STORY: ("losses", "no-story"),
}
"""What `record` holds, and what nobody holds."""

WORDS: Final = ("statement", "third")
"""Words that some statements have, each in one form only, and not too common to be found. They have
the same stem in every language that claims are in here, as `wording` has not."""

ROOT_PAGE, PAGE = 8, 3
"""The most entries of a page that is asked for, and of one within an object."""

SEARCHED: Final = ("Query.claims", "ClaimConnection.edges", "ClaimEdge.rank")

WEIGHTS: Final = {
    **{f"Query.{name}": 6 for name in ("claim", "claims", "changes", "node")},
    "Query.events": 9,
    "Query.quantitySeries": 4,
    "Query.story": 4,
    **{f"Query.{name}": 3 for name in ("reporting", "source", "report")},
    **{f"Query.{name}": 2 for name in ("log", "reports", "sources")},
    **dict.fromkeys(("nodes", "edges", "node", "facets"), 4),
    **dict.fromkeys(("history", "corrections", "warnings", "links", "changes", "repeatedBy"), 3),
    **dict.fromkeys(("reach", "notice", "before", "after", "claim", "counts", "leftOut"), 3),
    "Story.reports": 3,
}
"""How often fields are asked for that lead to others, beside those that do not."""


def day_of(number: int) -> str:
    """A day of that August."""
    return f"2024-08-{number:02}"


@dataclass
class Asked:
    """Arguments for the fields of a document, one root field after the other."""

    schema: GraphQLSchema
    record: PlainRecord
    prefix: str
    left_out: frozenset[str]
    """Fields that are not asked for, as `Type.field`."""
    view: View = field(init=False)
    """The moment of the root field: cursors within it belong to that."""
    day: int | None = None
    """The last day that its limit on the reporting time holds the whole of."""
    limit: str | None = None
    pages: bool = False
    """Whether the lists of the root field are asked for by cursors."""
    searching: bool = False

    def weight(self, path: Path) -> int:
        """How often a field is asked for beside the others. A rank compares claims, and nobody
        says how: where there is one, it is not asked for."""
        if path[-1] in self.left_out or (self.searching and path == SEARCHED):
            return 0
        return WEIGHTS.get(path[-1], WEIGHTS.get(path[-1].partition(".")[2], 1))

    def arguments(self, path: Path, random: Random) -> Fields:
        """What a field is given."""
        if len(path) == 1:
            self._begin(random)
        name = path[-1].partition(".")[2]
        own = {
            "Query": self._of_the_root,
            "ClaimFacets": self._of_facets,
        }.get(path[-1].partition(".")[0], self._of_a_list)
        given = own(name, random)
        self.searching = "search" in given if len(path) == 1 else self.searching
        if self._is_list(path):
            given |= self._page(path, given, random)
        return given

    def _begin(self, random: Random) -> None:
        """A moment for all that is asked within a root field."""
        head = self.record.position
        own = self.record.subjects[resolve(Subject.SOURCE, f"{self.prefix}s0")][0].position
        position = random.choice([head, head, random.randint(own, head), random.randint(0, head)])
        self.day, self.limit = None, None
        if random.randrange(2):
            self.day = random.randint(1, LAST_DAY)
            self.limit = day_of(self.day)
            if self.day == EXACT_DAY - 1 or random.randrange(8) == 0:
                self.day, self.limit = EXACT_DAY - 1, EXACT
        at = None if self.limit is None else last_instant(self.limit)
        self.view = self.record.view(at, position)
        self.pages = random.randrange(3) == 0

    def _of_the_root(self, name: str, random: Random) -> Fields:
        given: Fields = {}
        match name:
            case "claim":
                given["id"] = self._name(Subject.CLAIM, random)
            case "source":
                given["id"] = self._name(Subject.SOURCE, random)
            case "story":
                given["slug"] = self._name(Subject.STORY, random)
            case "report":
                given["by"] = {"id": self._name(Subject.REPORT, random)}
                if random.randrange(2):
                    own = f"{self.prefix}{random.choice(['1', '2', 'paper', 'r0/0', 'r1/1'])}"
                    given["by"] = {"url": f"https://outlet.example/{own}"}
            case "node":
                sort = random.choice(list(Subject))
                given["id"] = global_id(sort, resolve(sort, self._ref(sort, random)))
            case "claims":
                if random.randrange(2):
                    given["orderBy"] = random.choice(sorted(CLAIM_ORDERS))
                    if random.randrange(3) == 0:
                        given["search"] = random.choice(WORDS)
            case "reporting":
                given |= self._stretch(random)
            case "quantitySeries":
                given["label"] = random.choice(LABELS)
                self._maybe(
                    given, random, unit=lambda: random.choice(["vehicles", "tanks", "tanks"])
                )
                self._maybe(given, random, 1, revisions=lambda: random.randrange(4) > 0)
            case "events":
                self._maybe(given, random, 1, filter=lambda: self._events(random))
            case "changes":
                given["from"] = self._earlier(random)
                self._maybe(given, random, 1, to=lambda: self._as_of(random))
                self._maybe(given, random, kinds=lambda: self._some("ChangeKind", random, 5))
        if name in ("claims", "reporting", "quantitySeries", "changes"):
            self._maybe(given, random, 1, filter=lambda: self._filter(random))
        if name not in ("node", "changes"):
            self._maybe(given, random, 1, asOf=lambda: self._as_of(random))
        return given

    def _of_a_list(self, name: str, random: Random) -> Fields:
        given: Fields = {}
        if name == "repeatedBy":
            self._maybe(given, random, standing=lambda: random.choice([True, False, None]))
        if name != "reports":
            self._maybe(given, random, 3, filter=lambda: self._filter(random))
        return given

    def _of_facets(self, name: str, random: Random) -> Fields:
        given: Fields = {}
        if name != "byStatus":
            self._maybe(given, random, first=lambda: random.randint(1, 4))
        if name == "byInterval":
            self._maybe(given, random, interval=lambda: self._word("Interval", random))
        return given

    def _maybe(
        self, given: Fields, random: Random, of: int = 2, **argument: Callable[[], Any]
    ) -> None:
        """Give an argument, or leave it out: so many times as often."""
        for name, value in argument.items():
            if random.randrange(of + 1) == 0:
                given[name] = value()

    def _word(self, enum: str, random: Random) -> str:
        type_ = self.schema.type_map[enum]
        assert isinstance(type_, GraphQLEnumType)
        words: list[str] = sorted(type_.values)
        return random.choice(words)

    def _some(self, enum: str, random: Random, most: int) -> list[str]:
        return [self._word(enum, random) for _ in range(random.randint(0, most))]

    def _ref(self, sort: Subject, random: Random) -> str:
        """The reference of something, or of nothing."""
        numbered = {
            Subject.CLAIM: ["d0", "d1", *(f"c{number}" for number in range(CLAIMS))],
            Subject.SOURCE: ["owner", *(f"s{number}" for number in range(SOURCES))],
            Subject.REPORT: ["paper", *(f"r{number}" for number in range(REPORTS))],
            Subject.STORY: ["story", "second"],
        }
        if random.randrange(6) == 0:
            return random.choice(OTHERS[sort])
        return self.prefix + random.choice(numbered[sort])

    def _name(self, sort: Subject, random: Random) -> str:
        """One of the ways to name something."""
        ref = self._ref(sort, random)
        identity = resolve(sort, ref)
        return random.choice([ref, ref, str(identity), global_id(sort, identity)])

    def _as_of(self, random: Random) -> Fields | None:
        """The moment of the root field; a part of it is enough where a cursor says the rest."""
        asked: Fields = {}
        if self.limit is not None and random.randrange(4):
            asked["reportedAt"] = self.limit
        if random.randrange(2):
            asked |= self._recorded(self.view.position, random)
        return asked or random.choice([{}, None])

    def _recorded(self, position: int, random: Random) -> Fields:
        """A position of the log, or when it was recorded."""
        at = self.record.recorded_at.get(position)
        if at is None or self.record.position_at(at) != position or random.randrange(3):
            return {"position": position}
        return {"recordedAt": at.isoformat()}

    def _earlier(self, random: Random) -> Fields:
        """A moment that is not after that of the root field on either axis."""
        asked: Fields = {}
        if random.randrange(3):
            asked["reportedAt"] = day_of(random.randint(1, self.day or LAST_DAY))
        if random.randrange(3):
            back = random.choice([20, 60, self.view.position])
            start = max(self.view.position - back, 0)
            asked |= self._recorded(random.randint(start, self.view.position), random)
        return asked

    def _range(self, random: Random) -> Fields:
        """A stretch of that August, which may be open."""
        first, last = sorted((random.randint(1, LAST_DAY), random.randint(1, LAST_DAY)))
        ends = {"from": day_of(first), "to": day_of(last)}
        if first == EXACT_DAY or first < last == EXACT_DAY:
            ends["from" if first == EXACT_DAY else "to"] = EXACT
        return {
            name: end if random.randrange(6) else None
            for name, end in ends.items()
            if random.randrange(4)
        }

    def _filter(self, random: Random) -> Fields:
        """A filter of claims, of few conditions."""
        parts: dict[str, Callable[[], Any]] = {
            "story": lambda: self._name(Subject.STORY, random),
            "topic": lambda: random.choice([*TOPICS, "losses", "nothing"]),
            "source": lambda: self._name(Subject.SOURCE, random),
            "outlet": lambda: self._name(Subject.SOURCE, random),
            "status": lambda: self._some("ClaimStatus", random, 4),
            "kind": lambda: self._some("ClaimKind", random, 4),
            "contested": lambda: random.randrange(2) == 0,
            "reviewed": lambda: random.randrange(2) == 0,
            "quantity": lambda: random.choice(LABELS),
            "about": lambda: self._about(random),
            "reported": lambda: self._range(random),
            "changed": lambda: self._range(random),
            "change": lambda: self._some("ChangeManner", random, 2),
        }
        return self._conditions(parts, random)

    def _about(self, random: Random) -> Fields:
        if random.randrange(3) == 0:
            return {"known": random.randrange(2) == 0}
        times = ["2024-08-03", "2024-08", "2023", "2024-08-06/..", "../2024-07-15", "2024-08-02~"]
        return {"overlaps": random.choice(times)}

    def _events(self, random: Random) -> Fields:
        """A filter of events."""
        parts: dict[str, Callable[[], Any]] = {
            **{
                sort.value: lambda sort=sort: self._name(sort, random)  # type: ignore[misc]
                for sort in Subject
            },
            "kind": lambda: self._some("EventKind", random, 9),
            "actor": lambda: random.choice(["tester", "tester", "nobody"]),
            "recorded": lambda: self._recording(random),
        }
        return self._conditions(parts, random)

    def _recording(self, random: Random) -> Fields:
        """A stretch of the time of recording, which may be open."""
        positions = sorted(random.choices(sorted(self.record.recorded_at), k=2))
        ends = zip(("from", "to"), positions, strict=True)
        return {
            name: self.record.recorded_at[position].isoformat(
                timespec=random.choice(["microseconds", "microseconds", "minutes"])
            )
            for name, position in ends
            if random.randrange(3)
        }

    @staticmethod
    def _conditions(parts: dict[str, Callable[[], Any]], random: Random) -> Fields:
        # Nothing but the status is told what it left out.
        names = [*sorted(parts), *(one for one in parts if one == "status" for _ in range(4))]
        chosen = dict.fromkeys(random.sample(names, random.choice([0, 1, 1, 1, 2, 2, 3])))
        # One that is null is as if it were left out.
        return {name: parts[name]() if random.randrange(20) else None for name in chosen}

    def _stretch(self, random: Random) -> Fields:
        """Some stretches of the calendar, few enough in whatever year they are asked for."""
        interval = self._word("Interval", random)
        first = random.randint(1, LAST_DAY)
        start = random.choice([day_of(first), day_of(first), f"{day_of(first)}T07:30"])
        long = interval in ("WEEK", "MONTH", "YEAR")
        if long:
            start = random.choice([start, "2024-07", "2023"])
        given = {"interval": interval, "from": start}
        if not long or random.randrange(2):
            last = min(first + random.randint(0, 1 if interval == "HOUR" else 9), 28)
            given["to"] = day_of(last)
        return given

    def _is_list(self, path: Path) -> bool:
        type_, _, name = path[-1].partition(".")
        owner: Any = self.schema.type_map[type_]
        return "after" in owner.fields[name].args

    def _page(self, path: Path, given: Fields, random: Random) -> Fields:
        """How much of a list is asked for, and from where."""
        page: Fields = {}
        most = ROOT_PAGE if len(path) == 1 else PAGE
        if path == ("Query.events",):
            most = 20
        if random.randrange(4 if len(path) == 1 else 12):
            page[random.choice(["first", "first", "last"])] = random.randint(1, most)
        # A list at another moment than that of its root has no cursors.
        elsewhere = path[0] == "Query.events" or "ChangedClaim.before" in path
        if path != ("Query.events",) and (elsewhere or not self.pages):
            return page
        order, places = self._places(path, given)
        ends = sorted(random.choices(places, k=2), reverse=order.descending) if places else []
        for name, place in zip(("after", "before"), ends, strict=False):
            if random.randrange(2):
                page[name] = cursor_of(self.view, order, place)
                if order is IN_THE_LOG and random.randrange(2):
                    page[name] = str(*place)
        return page

    def _places(self, path: Path, given: Fields) -> tuple[Order, Sequence[Keys]]:
        """The order of a list, and places in it."""
        view = self.view

        def claims(column: str, among: Iterable[UUID] = view.claims) -> Sequence[Keys]:
            return [(getattr(view.claims[one], column), one) for one in among]

        match path[-1].partition(".")[2]:
            case "events":
                return IN_THE_LOG, [(one,) for one in self.record.recorded_at]
            case "stories":
                return BY_TITLE, [(view.stories[one].title, one) for one in view.stories]
            case "sources":
                return BY_NAME, [(view.sources[one].name or "", one) for one in view.sources]
            case "reports":
                reports = view.reports
                return REPORTED_LAST, [(reports[one].first_reported_at, one) for one in reports]
            case "changes":
                return BY_CHANGE, claims("last_changed_at")
            case "quantitySeries":
                label, unit = given["label"], given.get("unit")
                return BY_TIME, [
                    point.keys for one in view.claims for point in points(view, label, unit, one)
                ]
        order, column = CLAIM_ORDERS[given.get("orderBy") or "REPORTED_LATEST_FIRST"]
        return order, claims(column)
