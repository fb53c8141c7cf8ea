"""The moment that a root field is about, as conditions of the statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from api.cursors import read_cursor
from api.parameters import Given, Parameter, Variables
from domain.moments import last_instant
from domain.refusals import InvalidInput
from projections.refusals import InvalidCursor

NO_LIMIT: Final = "294276-12-31 23:59:59.999999+00"
"""PostgreSQL's last instant, which an open end (infinity) lies after."""

BEFORE: Final = "it is before the moment to compare from"
"""What is wrong with the later of two moments."""

NOW: Final = "9223372036854775807"
"""The open end of positions, as in the partial indexes."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment in terms of the statement's parameters; None: no limit."""

    position: str | None = None
    reported_at: str | None = None

    def held(self, row: str) -> str:
        """Chooses the row of each claim or report that held then."""
        if self.reported_at is None:
            reported = f"{row}.reported_to = 'infinity'"
        else:
            reported = f"{row}.reported_to > {self.reported_at}"
        if self.position is not None:
            reported = f"({reported} OR {row}.capped_from > {self.position})"
        if self.reported_at is not None:
            reported = f"{row}.reported_from <= {self.reported_at} AND {reported}"
        return f"{reported} AND {self.known(row)}"

    def until(self, row: str) -> str:
        """Where the row of a claim or report ended in reporting time, as far as known then."""
        if self.position is None:
            return f"{row}.reported_to"
        return (
            f"CASE WHEN {row}.capped_from > {self.position} THEN 'infinity'::timestamptz"
            f" ELSE {row}.reported_to END"
        )

    def known(self, row: str) -> str:
        """Chooses the row of each source or story that held then."""
        if self.position is None:
            return f"{row}.position_to = {NOW}"
        return f"{row}.position_from <= {self.position} AND {row}.position_to > {self.position}"

    def happened(self, row: str) -> str:
        """Chooses the events that count then."""
        conditions = []
        if self.reported_at is not None:
            conditions.append(f"{row}.reported_at <= {self.reported_at}")
        if self.position is not None:
            conditions.append(f"{row}.position <= {self.position}")
        return " AND ".join(conditions) or "true"

    @property
    def head(self) -> str:
        """The last position that counts."""
        return self.position or "p.position"

    @property
    def reported(self) -> str:
        """The limit on the reporting time as JSON."""
        if self.reported_at is None:
            return "'null'"
        # A cursor without a limit was written as the last instant: see `moment_of_cursor`.
        return (
            f"CASE WHEN {self.reported_at} = '{NO_LIMIT}' THEN 'null'"
            f" ELSE {instant(self.reported_at)} END"
        )

    @property
    def basis(self) -> str:
        """The basis of the answer as JSON."""
        return f"concat('{{', {self._basis}, '}}')"

    def basis_since(self, earlier: Moment) -> str:
        """The basis of an answer about what became of an earlier moment, as JSON."""
        return f"""concat('{{', {self._basis}, ',"from":{{', {earlier._basis}, '}}}}')"""

    @property
    def _basis(self) -> str:
        recorded_at = "p.recorded_at"
        if self.position is not None:
            recorded_at = (
                f"(SELECT l.recorded_at FROM dateline.log l WHERE l.position = {self.position})"
            )
        recorded = f"coalesce({instant(recorded_at)}, 'null')"
        return (
            f"""'"position":', {self.head}, ',"recordedAt":', {recorded},"""
            f""" ',"reportedAt":', {self.reported}"""
        )


def instant(sql: str) -> str:
    """An instant as JSON: RFC 3339, in UTC."""
    return f"replace(to_json({sql})::text, '+00:00', 'Z')"


@dataclass(frozen=True, slots=True)
class RecordedBy:
    """Stands in for the position of a moment of recording, which is looked up before the
    statement is sent."""

    instant: datetime
    text: str
    expected: int | None = None
    """The position that it has to be."""
    field: str | None = None
    """The argument at fault where it cannot be; None: the one that it was given by."""


def encode_reported_at(text: Any) -> str:
    """The instant that `reportedAt` means. Raises InvalidTime."""
    return last_instant(text).isoformat()


def encode_position(position: Any) -> str:
    """A position of the log. Raises InvalidInput where there can be none."""
    if not 0 <= position < 2**63:
        raise InvalidInput(f"there is no position {position} yet")
    return str(position)


def encode_recorded_at(text: Any) -> Any:
    """The instant that `recordedAt` means, to be looked up. Raises InvalidTime."""
    return RecordedBy(last_instant(text), text)


def moment_asked(as_of: Given | None) -> Moment:
    """The moment that an `asOf` argument asks about; now, where there is none. Raises Refused."""
    if as_of is None or not as_of.there:
        return Moment()
    reported_at = as_of["reportedAt"]
    until = reported_at.parameter(encode_reported_at, "timestamptz") if reported_at.there else None
    return Moment(_recorded(as_of), until)


def _recorded(as_of: Given) -> str | None:
    recorded_at, position = as_of["recordedAt"], as_of["position"]
    if recorded_at.there and position.there:
        raise position.refuse(InvalidInput("give recordedAt or position, not both"))
    if position.there:
        return position.parameter(encode_position, "bigint")
    if recorded_at.there:
        return recorded_at.parameter(encode_recorded_at, "bigint")
    return None


def encode_cursor_limit(cursor: Any) -> str:
    """The limit on the reporting time of a cursor's moment. Raises InvalidCursor."""
    limit = read_cursor(cursor).reported_at
    return NO_LIMIT if limit is None else limit.isoformat()


def encode_cursor_position(asked: tuple[Any, Any, Any]) -> Any:
    """The position of a cursor's moment, from the cursor and what `asOf` says beside it. Raises
    InvalidCursor where the two contradict each other."""
    text, as_of, field = asked
    cursor = read_cursor(text)
    wanted = as_of or {}
    reported_at, position, recorded_at = (
        wanted.get(name) for name in ("reportedAt", "position", "recordedAt")
    )
    if (reported_at is not None and last_instant(reported_at) != cursor.reported_at) or (
        position is not None and position != cursor.position
    ):
        raise InvalidCursor("it belongs to another moment than asOf asks for", field=field)
    if recorded_at is not None:
        return RecordedBy(last_instant(recorded_at), recorded_at, cursor.position, field)
    return str(cursor.position)


def moment_of_cursor(cursor: Given, as_of: Given | None) -> Moment:
    """The moment that a cursor belongs to, which `asOf` may repeat but not contradict.

    What `asOf` leaves open, the cursor settles: whoever asks for the next page with the arguments
    of the first gets the page that belongs to it, however the record has grown. Raises Refused.
    """

    def both(variables: Variables) -> tuple[Any, Any, Any]:
        return cursor.take(variables), as_of and as_of.take(variables), cursor.name

    position = Parameter(both, encode_cursor_position, cursor.name, cursor.path)
    key = (cursor.key, as_of and as_of.key, "position")
    return Moment(
        cursor.parameters.add(position, key, "bigint"),
        cursor.parameter(encode_cursor_limit, "timestamptz"),
    )


def earlier_moment(since: Given, until: Given, later: Moment) -> Moment:
    """The moment to compare from, which an answer about the later one begins at. What it leaves
    open is as in the later one. Raises Refused."""
    given, limit = since["reportedAt"], until["reportedAt"]
    reported_at = later.reported_at
    if given.there:

        def both(variables: Variables) -> tuple[Any, Any, str]:
            return given.take(variables), limit.take(variables), limit.name

        parameter = Parameter(both, encode_earlier, given.name, given.path)
        key = (given.key, limit.key, "earlier")
        reported_at = given.parameters.add(parameter, key, "timestamptz")
    return Moment(_recorded(since) or later.position, reported_at)


def encode_earlier(asked: tuple[Any, Any, str]) -> str:
    """The instant that `reportedAt` means, which is not to be after another. Raises InvalidTime,
    and InvalidInput where it is."""
    text, limit, field = asked
    earlier = last_instant(text)
    if limit is not None and last_instant(limit) < earlier:
        raise InvalidInput(BEFORE, field=field)
    return earlier.isoformat()
