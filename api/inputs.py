"""What a mutation is given about sources, stories and reports, and the parts that several share."""

from __future__ import annotations

from decimal import Decimal

import strawberry
from strawberry import UNSET, field

from api.scalars import Moment
from api.words import (
    Hedge,
    ReportKind,
    RetractionNature,
    RetractionReason,
    SourceKind,
    Verb,
)

STAYS = " Left out, it stays as it is; null takes it away."


@strawberry.input(description="One step of a chain of attribution, outermost first.")
class StepInput:
    source: strawberry.ID = field(description="Who said it: the id or reference of a source.")
    verb: Verb | None = field(default=UNSET, description="How they put it. `SAID` if left out.")
    role: str | None = field(
        default=UNSET, description='In what capacity, as the report put it: "Foreign Minister".'
    )


@strawberry.input(
    description="A number inside a claim. Its label and its unit together name it within the claim."
)
class QuantityInput:
    label: str = field(description="What is counted or measured.")
    value: Decimal = field(description="The number.")
    unit: str | None = field(default=UNSET, description="What it is counted in.")
    hedge: Hedge | None = field(
        default=UNSET, description="How firmly it was put. `EXACTLY` if left out."
    )
    low: Decimal | None = field(default=UNSET, description="The lower end of a range.")
    high: Decimal | None = field(default=UNSET, description="The upper end of a range.")


@strawberry.input(description="Names a number of a claim.")
class QuantityKey:
    label: str = field(description="What is counted or measured.")
    unit: str | None = field(default=UNSET, description="What it is counted in.")


@strawberry.input(
    description="What the outlet declared about its own earlier reporting. Give it, even empty, and"
    " the change is a declared one; leave it out, and it is a silent one."
)
class NoticeInput:
    text: str | None = field(default=UNSET, description="What it says.")
    url: str | None = field(default=UNSET, description="Where it stands.")
    issuer: strawberry.ID | None = field(
        default=UNSET, description="Who issued it, where that is not the outlet itself."
    )


@strawberry.input
class Asked:
    idempotency_key: str | None = field(
        default=UNSET,
        description="Makes it safe to ask again: what was recorded under a key is not recorded"
        " again, and the first result is given. It belongs to whoever asks; the header"
        " `Idempotency-Key` does the same for a request as a whole.",
    )
    reason: str | None = field(
        default=UNSET, description="Why it is recorded. It stands in the log."
    )


@strawberry.input
class Timed(Asked):
    published_at: Moment | None = field(default=UNSET, description="When it was public.")
    observed_at: Moment | None = field(
        default=UNSET,
        description="When it was seen, where nobody knows when it was published. One of the two is"
        " wanted, unless it counts from when what it rests on was out.",
    )


@strawberry.input
class Noticed(Timed):
    notice: NoticeInput | None = field(
        default=UNSET, description="The notice that declared it; left out, it was silent."
    )


@strawberry.input(description="Make a source known.")
class RegisterSourceInput(Asked):
    source: strawberry.ID = field(
        description="The reference by which it will be found, or a UUID for it."
    )
    name: str = field(description="The name it goes by.")
    kind: SourceKind = field(description="What it is.")
    url: str | None = field(default=UNSET, description="Where it is found on the web.")
    country: str | None = field(default=UNSET, description="The country it belongs to.")


@strawberry.input(description="Say that a source is also spelt another way.")
class AddSourceAliasInput(Asked):
    source: strawberry.ID = field(description="The source.")
    alias: str = field(description="How it is also spelt.")


@strawberry.input(
    description="Say that a source is the same party as another, under whose name it then goes."
)
class MergeSourcesInput(Asked):
    source: strawberry.ID = field(description="The source that goes by another name from now on.")
    into: strawberry.ID = field(description="The source under whose name it goes.")


@strawberry.input(description="Open a running subject.")
class OpenStoryInput(Asked):
    story: strawberry.ID = field(description="Its slug, by which it will be found.")
    title: str = field(description="What it is called.")
    summary: str | None = field(default=UNSET, description="What it is about.")
    topics: list[str] | None = field(default=UNSET, description="What it is filed under.")


@strawberry.input(
    description="Record that something was published. Leave `outlet` out where it is not known."
)
class PublishReportInput(Timed):
    report: strawberry.ID = field(description="The reference by which it will be found.")
    outlet: strawberry.ID | None = field(default=UNSET, description="Who published it.")
    kind: ReportKind | None = field(default=UNSET, description="What it is. `ARTICLE` if left out.")
    headline: str | None = field(default=UNSET, description="Its headline.")
    byline: list[str] | None = field(default=UNSET, description="Who wrote it.")
    credits: list[str] | None = field(default=UNSET, description="Who else is credited.")
    language: str | None = field(default=UNSET, description="Its language (BCP 47).")
    url: str | None = field(default=UNSET, description="Where it is found.")
    caution: str | None = field(
        default=UNSET, description="What it says of how far it could be checked."
    )


@strawberry.input(
    description="Record a new headline, byline, credits, language or caution. What is left out"
    " stays."
)
class ReviseReportInput(Noticed):
    report: strawberry.ID = field(description="The report.")
    headline: str | None = field(default=UNSET, description="The new headline." + STAYS)
    byline: list[str] | None = field(default=UNSET, description="Who wrote it now.")
    credits: list[str] | None = field(default=UNSET, description="Who else is credited now.")
    language: str | None = field(default=UNSET, description="Its language (BCP 47)." + STAYS)
    caution: str | None = field(default=UNSET, description="Its new caution." + STAYS)


@strawberry.input(description="Record that a report is now found at another address.")
class MoveReportInput(Timed):
    report: strawberry.ID = field(description="The report.")
    url: str = field(description="Where it is found now.")


@strawberry.input(
    description="Record that a whole report was taken back, and every claim still standing in it."
)
class WithdrawReportInput(Noticed):
    report: strawberry.ID = field(description="The report.")
    nature: RetractionNature | None = field(
        default=UNSET, description="In what way. `WITHDRAWAL` if left out."
    )
    because: RetractionReason | None = field(
        default=UNSET, description="Why, as far as it was said. `NOT_STATED` if left out."
    )
