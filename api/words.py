"""The closed vocabularies as GraphQL enums: the domain's own, each value with its meaning."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, unique

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from domain.moments import Precision
from domain.words import (
    ClaimKind,
    CorrectionNature,
    ErasureGround,
    Hedge,
    LinkKind,
    Party,
    Rating,
    ReportKind,
    RetractionNature,
    RetractionReason,
    Scope,
    SourceKind,
    Status,
    Verb,
)

# The types take the words from here, so that none of them is used before it is declared.
__all__ = [
    "ChangeManner",
    "ClaimKind",
    "CorrectionNature",
    "ErasureGround",
    "Hedge",
    "LinkKind",
    "Party",
    "Precision",
    "Rating",
    "ReportKind",
    "RetractionNature",
    "RetractionReason",
    "Scope",
    "SourceKind",
    "Status",
    "Verb",
]


@unique
class ChangeManner(StrEnum):
    """How content changed: with a notice, or without one."""

    DECLARED = "declared"
    SILENT = "silent"


def declare(
    words: type[StrEnum], name: str, description: str, meanings: Mapping[StrEnum, str]
) -> None:
    """Make a vocabulary known to the schema. Every one of its words needs a meaning."""
    strawberry.enum(words, name=name, description=description)
    definition: StrawberryEnumDefinition = words.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = meanings[words(value.value)]


declare(
    SourceKind,
    "SourceKind",
    "What a source is.",
    {
        SourceKind.PERSON: "A person.",
        SourceKind.ORGANISATION: "An organisation that is neither official nor a publisher.",
        SourceKind.OFFICIAL_BODY: "A government, an authority, an army, a court.",
        SourceKind.OUTLET: "A news outlet.",
        SourceKind.AGENCY: "A news agency, whose reports other outlets carry.",
        SourceKind.UNNAMED: "Somebody the report does not name: officials, witnesses, rumours.",
    },
)

declare(
    ReportKind,
    "ReportKind",
    "What form a publication has.",
    {
        ReportKind.ARTICLE: "An article.",
        ReportKind.WIRE: "An item on an agency's wire.",
        ReportKind.STATEMENT: "A statement or a press release.",
        ReportKind.TABLE: "A table of figures.",
        ReportKind.PAPER: "A scholarly paper.",
        ReportKind.BROADCAST: "A broadcast on radio or television.",
        ReportKind.POST: "A post on a platform.",
    },
)

declare(
    ClaimKind,
    "ClaimKind",
    "What sort of statement a claim makes.",
    {
        ClaimKind.ASSERTION: "Something is or was so.",
        ClaimKind.FIGURE: "A number.",
        ClaimKind.DENIAL: "Something is not or was not so.",
        ClaimKind.DEMAND: "Something ought to be done.",
        ClaimKind.FORECAST: "Something will be so.",
        ClaimKind.INFERENCE: "Something follows from what is known.",
        ClaimKind.RUMOUR: "Something is said to be so, by nobody who can be named.",
    },
)

declare(
    Verb,
    "AttributionVerb",
    "How one step of an attribution chain put it.",
    {
        Verb.SAID: "Said it.",
        Verb.REPORTED: "Reported it.",
        Verb.CLAIMED: "Claimed it.",
        Verb.CONFIRMED: "Confirmed it.",
        Verb.DENIED: "Denied it.",
        Verb.ALLEGED: "Alleged it.",
        Verb.ANNOUNCED: "Announced it.",
        Verb.ESTIMATED: "Estimated it.",
        Verb.WARNED: "Warned of it.",
        Verb.EXPLAINED: "Explained it.",
        Verb.DEMANDED: "Demanded it.",
        Verb.DISMISSED: "Dismissed it.",
        Verb.INFERRED: "Inferred it.",
        Verb.RUMOURED: "Passed it on as a rumour.",
        Verb.OTHER: "Put it in a way that none of the other words fits.",
    },
)

declare(
    Hedge,
    "Hedge",
    "How firmly a number was put.",
    {
        Hedge.EXACTLY: "The number itself.",
        Hedge.ABOUT: "About that many.",
        Hedge.MORE_THAN: "More than that.",
        Hedge.LESS_THAN: "Less than that.",
    },
)

declare(
    CorrectionNature,
    "CorrectionNature",
    "Why the content of a claim changed, in the wire services' terms.",
    {
        CorrectionNature.CORRECTION: "The earlier content was wrong.",
        CorrectionNature.CLARIFICATION: "The earlier content was misleading.",
        CorrectionNature.UPDATE: "Something is newly known. The status stays as it was.",
        CorrectionNature.REFILE: "A slip such as a typing error was mended. The status stays.",
    },
)

declare(
    RetractionNature,
    "RetractionNature",
    "In what way a claim or a report was taken back.",
    {
        RetractionNature.RETRACTION: "It was declared retracted, and its text stays.",
        RetractionNature.WITHDRAWAL: "It was withdrawn: the wire services' kill.",
        RetractionNature.REMOVAL: "Its text was taken away.",
    },
)

declare(
    RetractionReason,
    "RetractionReason",
    "The reason that was given for taking something back.",
    {
        RetractionReason.ERROR: "It was wrong.",
        RetractionReason.UNVERIFIED: "It could not be verified.",
        RetractionReason.FABRICATION: "It was made up.",
        RetractionReason.PLAGIARISM: "It was copied.",
        RetractionReason.DUPLICATE: "It had been published already.",
        RetractionReason.MISCONDUCT: "Its makers broke the rules of their trade.",
        RetractionReason.SOURCE_RETRACTED: "What it rested on was taken back.",
        RetractionReason.REPLACED: "Another publication took its place.",
        RetractionReason.TEMPORARY: "It was taken back for the time being.",
        RetractionReason.LEGAL: "It was taken back for a legal reason.",
        RetractionReason.OTHER: "A reason that none of the other words fits.",
        RetractionReason.NOT_STATED: "No reason was given.",
    },
)

declare(
    Scope,
    "RetractionScope",
    "Whether all of a claim was taken back, or a part of it.",
    {Scope.FULL: "All of it.", Scope.PARTIAL: "A part of it; the rest stands."},
)

declare(
    Party,
    "RetractingParty",
    "Who took a claim back.",
    {
        Party.OUTLET: "The outlet that carried it.",
        Party.CLAIMANT: "The one who had said it.",
    },
)

declare(
    LinkKind,
    "LinkKind",
    "How one claim bears on another.",
    {
        LinkKind.REPEATS: "It repeats the other claim.",
        LinkKind.SUPPORTS: "It supports the other claim.",
        LinkKind.CONTRADICTS: "It contradicts the other claim. A denial does.",
        LinkKind.SUPERSEDES: "It takes the place of the other claim.",
    },
)

declare(
    Rating,
    "Rating",
    "A checker's finding, brought to one scale. The checker's own words are kept beside it.",
    {
        Rating.TRUE: "True.",
        Rating.MOSTLY_TRUE: "Mostly true.",
        Rating.PARTLY_TRUE: "Partly true.",
        Rating.COMPLICATED: "Neither true nor false as it stands.",
        Rating.MOSTLY_FALSE: "Mostly false.",
        Rating.FALSE: "False.",
        Rating.OTHER: "A finding that this scale does not hold; read the checker's words.",
    },
)

declare(
    Status,
    "ClaimStatus",
    "What the outlet, or the claimant, has done about a claim. It is worked out from events. Where"
    " several hold, the one further down this list is shown. What other people found out about the"
    " claim is no status: see its reviews.",
    {
        Status.STANDING: "It stands as it was first reported, updates and mended slips included.",
        Status.CORRECTED: "It was corrected or clarified, with a notice or silently.",
        Status.UNDER_CONCERN: "The outlet holds it while it checks.",
        Status.PARTIALLY_RETRACTED: "A part of it was taken back.",
        Status.RETRACTED: "It was taken back. It stays readable here.",
    },
)

declare(
    Precision,
    "Precision",
    "How exactly a time is known.",
    {
        Precision.YEAR: "To the year.",
        Precision.MONTH: "To the month.",
        Precision.DAY: "To the day.",
        Precision.MINUTE: "To the minute.",
        Precision.SECOND: "To the second, or finer.",
    },
)

declare(
    ChangeManner,
    "ChangeManner",
    "How the content of a claim changed.",
    {
        ChangeManner.DECLARED: "With a notice.",
        ChangeManner.SILENT: "Without a notice: a silent edit.",
    },
)

declare(
    ErasureGround,
    "ErasureGround",
    "The law that content was erased under.",
    {
        ErasureGround.COURT_ORDER: "A court or an authority ordered it.",
        ErasureGround.DATA_PROTECTION: "It told of a person what must not be kept.",
        ErasureGround.DEFAMATION: "It was defamatory.",
        ErasureGround.COPYRIGHT: "It was somebody else's work.",
        ErasureGround.CHILD_PROTECTION: "It told of a child what must not be told.",
        ErasureGround.REPORTING_RESTRICTION: "It may not be reported, by an order or by secrecy.",
        ErasureGround.OTHER_LAW: "Another law, which the reference names.",
    },
)
