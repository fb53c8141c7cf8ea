"""The links between a claim and its past states (RFC 7089), as headers and as a TimeMap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

import msgspec

from api.forms import Headers
from api.scalars import written_instant

LINK_FORMAT: Final = "application/link-format"


def written_date(instant: datetime) -> str:
    """An instant as HTTP writes it: to the second, in GMT."""
    return format_datetime(instant.astimezone(UTC).replace(microsecond=0), usegmt=True)


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses of one claim."""

    base: str
    """Where the API is found."""
    claim: str
    """Its global id."""
    position: int
    """Up to where the log is known: each past state is shown as it was known then."""
    times: Sequence[datetime]
    """The reporting times of its versions, in order."""

    @property
    def original(self) -> str:
        """The claim, and its TimeGate."""
        return f"{self.base}/claims/{self.claim}"

    def memento(self, time: datetime) -> str:
        """The claim as it was in print at a time."""
        return f"{self.original}@{written_instant(time)}?position={self.position}"

    def header(self, shown: datetime | None) -> Headers:
        """The Link header beside the claim, or beside the version that is shown."""
        links = [
            f'<{self.original}>; rel="original timegate"',
            f'<{self.original}/timemap>; rel="timemap"; type="{LINK_FORMAT}"',
            *(
                f'<{self.memento(time)}>; rel="{rel}"; datetime="{written_date(time)}"'
                for time, rel in self._near(shown)
            ),
        ]
        return [(b"link", ", ".join(links).encode())]

    def _near(self, shown: datetime | None) -> Iterator[tuple[datetime, str]]:
        """The first and the last version, and those beside the one shown, each with its roles."""
        roles: dict[datetime, list[str]] = {}
        last = len(self.times) - 1
        wanted = [(0, "first"), (last, "last")]
        if shown is not None:
            number = self.times.index(shown)
            wanted[1:1] = [(number - 1, "prev"), (number, ""), (number + 1, "next")]
        for number, role in wanted:
            if 0 <= number <= last:
                roles.setdefault(self.times[number], []).append(role)
        for time in sorted(roles):
            yield time, " ".join(filter(None, [*roles[time], "memento"]))

    def timemap(self) -> bytes:
        """All versions, in the link format (RFC 6690)."""
        first, last = written_date(self.times[0]), written_date(self.times[-1])
        lines = [
            f'<{self.original}>;rel="original timegate"',
            f'<{self.original}/timemap>;rel="self";type="{LINK_FORMAT}"'
            f';from="{first}";until="{last}"',
        ]
        for number, time in enumerate(self.times):
            roles = [
                *(["first"] if number == 0 else []),
                *(["last"] if number == len(self.times) - 1 else []),
                "memento",
            ]
            lines.append(
                f'<{self.memento(time)}>;rel="{" ".join(roles)}";datetime="{written_date(time)}"'
            )
        return (",\n".join(lines) + "\n").encode()

    def timemap_json(self) -> bytes:
        """The same in JSON, as web archives write it."""
        mementos = [
            {"datetime": written_instant(time), "uri": self.memento(time)} for time in self.times
        ]
        here = f"{self.original}/timemap"
        return msgspec.json.encode(
            {
                "original_uri": self.original,
                "timegate_uri": self.original,
                "timemap_uri": {"link_format": here, "json_format": here},
                "mementos": {"first": mementos[0], "last": mementos[-1], "list": mementos},
            }
        )
