"""The closed vocabularies of the record. `docs/glossary.md` says what each word means."""

from enum import StrEnum, unique


@unique
class SourceKind(StrEnum):
    """What a source is."""

    PERSON = "person"
    ORGANISATION = "organisation"
    OFFICIAL_BODY = "official_body"
    OUTLET = "outlet"
    AGENCY = "agency"
    UNNAMED = "unnamed"


@unique
class ReportKind(StrEnum):
    """What form a publication has."""

    ARTICLE = "article"
    WIRE = "wire"
    STATEMENT = "statement"
    TABLE = "table"
    PAPER = "paper"
    BROADCAST = "broadcast"
    POST = "post"


@unique
class ClaimKind(StrEnum):
    """What sort of statement a claim makes."""

    ASSERTION = "assertion"
    FIGURE = "figure"
    DENIAL = "denial"
    DEMAND = "demand"
    FORECAST = "forecast"
    INFERENCE = "inference"
    RUMOUR = "rumour"


@unique
class Verb(StrEnum):
    """How one step of an attribution chain put it."""

    SAID = "said"
    REPORTED = "reported"
    CLAIMED = "claimed"
    CONFIRMED = "confirmed"
    DENIED = "denied"
    ALLEGED = "alleged"
    ANNOUNCED = "announced"
    ESTIMATED = "estimated"
    WARNED = "warned"
    EXPLAINED = "explained"
    DEMANDED = "demanded"
    DISMISSED = "dismissed"
    INFERRED = "inferred"
    RUMOURED = "rumoured"
    OTHER = "other"


@unique
class Hedge(StrEnum):
    """How firmly a number was put."""

    EXACTLY = "exactly"
    ABOUT = "about"
    MORE_THAN = "more_than"
    LESS_THAN = "less_than"


@unique
class CorrectionNature(StrEnum):
    """Why the content of a claim changed, in the wire services' terms.

    A correction or a clarification says that the earlier content was wrong or misleading, and
    makes the claim's status `corrected`. An update adds what is newly known and a refile mends a
    slip such as a typing error: both make a new version and leave the status alone.
    """

    CORRECTION = "correction"
    CLARIFICATION = "clarification"
    UPDATE = "update"
    REFILE = "refile"


@unique
class RetractionNature(StrEnum):
    """In what way a claim or a report was taken back.

    A retraction is declared and the text stays; a withdrawal is the wire services' kill; a
    removal takes the text away.
    """

    RETRACTION = "retraction"
    WITHDRAWAL = "withdrawal"
    REMOVAL = "removal"


@unique
class RetractionReason(StrEnum):
    """The reason that was given for taking something back."""

    ERROR = "error"
    UNVERIFIED = "unverified"
    FABRICATION = "fabrication"
    PLAGIARISM = "plagiarism"
    DUPLICATE = "duplicate"
    MISCONDUCT = "misconduct"
    SOURCE_RETRACTED = "source_retracted"
    REPLACED = "replaced"
    TEMPORARY = "temporary"
    LEGAL = "legal"
    OTHER = "other"
    NOT_STATED = "not_stated"


@unique
class ErasureGround(StrEnum):
    """The law that content was erased under."""

    COURT_ORDER = "court_order"
    DATA_PROTECTION = "data_protection"
    DEFAMATION = "defamation"
    COPYRIGHT = "copyright"
    CHILD_PROTECTION = "child_protection"
    REPORTING_RESTRICTION = "reporting_restriction"
    OTHER_LAW = "other_law"


@unique
class Scope(StrEnum):
    """Whether all of a claim was taken back, or a part of it."""

    FULL = "full"
    PARTIAL = "partial"


@unique
class Party(StrEnum):
    """Who took a claim back: the outlet that carried it, or the one who had said it."""

    OUTLET = "outlet"
    CLAIMANT = "claimant"


@unique
class LinkKind(StrEnum):
    """How one claim bears on another."""

    REPEATS = "repeats"
    SUPPORTS = "supports"
    CONTRADICTS = "contradicts"
    SUPERSEDES = "supersedes"


@unique
class Rating(StrEnum):
    """A checker's finding, brought to one scale; the checker's own words are kept beside it."""

    TRUE = "true"
    MOSTLY_TRUE = "mostly_true"
    PARTLY_TRUE = "partly_true"
    COMPLICATED = "complicated"
    MOSTLY_FALSE = "mostly_false"
    FALSE = "false"
    OTHER = "other"


@unique
class Status(StrEnum):
    """What the outlet has done about a claim. Derived from events, never given.

    Where several hold, the one further down this list is shown.
    """

    STANDING = "standing"
    CORRECTED = "corrected"
    UNDER_CONCERN = "under_concern"
    PARTIALLY_RETRACTED = "partially_retracted"
    RETRACTED = "retracted"
