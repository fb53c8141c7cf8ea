"""What the stored texts in `golden/` say: by file, the event with every field written out.

The files are for ever: never edit one. `<type>@<schema>.json` holds every field that there was,
`<type>@<schema>.bare.json` only those that have to be there, and so pins what is left out.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from domain.events import (
    AnyEvent,
    ClaimAmended,
    ClaimCorrected,
    ClaimErased,
    ClaimLinked,
    ClaimReinstated,
    ClaimReported,
    ClaimRetracted,
    ClaimReviewed,
    ConcernExpressed,
    ConcernLifted,
    ReportErased,
    ReportMoved,
    ReportPublished,
    ReportRevised,
    ReportWithdrawn,
    SourceAliasAdded,
    SourceErased,
    SourceMerged,
    SourceRegistered,
    StoryOpened,
)
from domain.values import (
    AboutChange,
    AttributionChange,
    KindChange,
    Notice,
    Quantity,
    QuantityChange,
    StatementChange,
    Step,
    StoryChange,
    TopicsChange,
)
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
    Verb,
)

OUTLET = UUID("0b0a5f4e-1111-5111-8111-000000000001")
PERSON = UUID("0b0a5f4e-1111-5111-8111-000000000002")
REPORT = UUID("0b0a5f4e-2222-5222-8222-000000000001")
STORY = UUID("0b0a5f4e-3333-5333-8333-000000000001")
OTHER_STORY = UUID("0b0a5f4e-3333-5333-8333-000000000002")
CLAIM = UUID("0b0a5f4e-4444-5444-8444-000000000001")

ERASED_AT = datetime(2026, 2, 3, 4, 5, 6, 789, UTC)
PUBLISHED, OBSERVED = "2024-08-20T05:12:00+03:00", "2024-08-21"
STEPS = (
    Step(source=OUTLET, verb=Verb.REPORTED, role=None),
    Step(source=PERSON, verb=Verb.SAID, role="Mayor of Львів"),
)
LENGTH = Quantity(
    label="length",
    value=Decimal("12.50"),
    unit="m",
    hedge=Hedge.ABOUT,
    low=Decimal("11"),
    high=Decimal("2E+1"),
)
PLAIN = Quantity(label="lorries", value=Decimal("17056"), unit=None, hedge=Hedge.EXACTLY)
NOTICE = Notice(text='We said "12".\nIt is 21.', url="https://outlet.example/n", issuer=OUTLET)

FULL: Final[dict[str, AnyEvent]] = {
    "source.registered@1": SourceRegistered(
        ref="reuters",
        name="Reuters",
        kind=SourceKind.AGENCY,
        url="https://reuters.example",
        country="GB",
    ),
    "source.alias_added@1": SourceAliasAdded(alias="Рейтер"),
    "source.merged@1": SourceMerged(into=OUTLET),
    "story.opened@1": StoryOpened(
        ref="bridge", title="The bridge", summary="What became of it.", topics=("transport", "war")
    ),
    "report.published@1": ReportPublished(
        ref="bridge-1",
        outlet=OUTLET,
        kind=ReportKind.WIRE,
        headline="Bridge closed",
        byline=("A. Writer", "B. Writer"),
        credits=("A Picture Agency",),
        language="en",
        url="https://outlet.example/1",
        caution="This story is developing.",
        published_at=PUBLISHED,
        observed_at=OBSERVED,
    ),
    "report.revised@1": ReportRevised(
        fields=("headline", "byline", "credits", "language", "caution"),
        headline="Bridge open",
        byline=("A. Writer",),
        credits=("Another Agency",),
        language="uk",
        caution="Corrected.",
        notice=NOTICE,
        published_at=PUBLISHED,
        observed_at=OBSERVED,
    ),
    "report.moved@1": ReportMoved(
        url="https://outlet.example/2", published_at=PUBLISHED, observed_at=OBSERVED
    ),
    "report.withdrawn@1": ReportWithdrawn(
        nature=RetractionNature.REMOVAL,
        because=RetractionReason.LEGAL,
        notice=NOTICE,
        published_at=PUBLISHED,
        observed_at=OBSERVED,
    ),
    "claim.reported@1": ClaimReported(
        ref="bridge-1:closed",
        report=REPORT,
        story=STORY,
        kind=ClaimKind.FIGURE,
        statement="About 12.50 m of the bridge have to be replaced.",
        language="en",
        about="2024-08-19/..",
        attribution=STEPS,
        quantities=(LENGTH, PLAIN),
        topics=("transport",),
        published_at=PUBLISHED,
        observed_at=OBSERVED,
    ),
    "claim.corrected@1": ClaimCorrected(
        nature=CorrectionNature.CLARIFICATION,
        version=3,
        changes=(
            StatementChange(old="12", new="21"),
            KindChange(old=ClaimKind.ASSERTION, new=ClaimKind.DENIAL),
            AboutChange(old=None, new="2024-08~"),
            QuantityChange(old=LENGTH, new=PLAIN),
            QuantityChange(old=None, new=LENGTH),
            QuantityChange(old=PLAIN, new=None),
            AttributionChange(old=(), new=STEPS),
            TopicsChange(old=("war",), new=()),
        ),
        notice=NOTICE,
        published_at=PUBLISHED,
        observed_at=OBSERVED,
    ),
    "claim.concern_expressed@1": ConcernExpressed(
        notice=NOTICE, published_at=PUBLISHED, observed_at=OBSERVED
    ),
    "claim.concern_lifted@1": ConcernLifted(
        notice=NOTICE, published_at=PUBLISHED, observed_at=OBSERVED
    ),
    "claim.retracted@1": ClaimRetracted(
        scope=Scope.PARTIAL,
        nature=RetractionNature.WITHDRAWAL,
        by=Party.CLAIMANT,
        because=RetractionReason.FABRICATION,
        part="The length.",
        with_report=REPORT,
        notice=NOTICE,
        published_at=PUBLISHED,
        observed_at=OBSERVED,
    ),
    "claim.reinstated@1": ClaimReinstated(
        notice=NOTICE, published_at=PUBLISHED, observed_at=OBSERVED
    ),
    "claim.linked@1": ClaimLinked(
        kind=LinkKind.CONTRADICTS, to=CLAIM, published_at=PUBLISHED, observed_at=OBSERVED
    ),
    "claim.reviewed@1": ClaimReviewed(
        reviewer=PERSON,
        rating=Rating.MOSTLY_FALSE,
        words="Three lies 🤥",
        url="https://checker.example/1",
        published_at=PUBLISHED,
        observed_at=OBSERVED,
    ),
    "claim.amended@1": ClaimAmended(
        amends=2,
        void=True,
        changes=(StoryChange(old=STORY, new=OTHER_STORY), StoryChange(old=None, new=None)),
    ),
    "source.erased@1": SourceErased(
        ground=ErasureGround.DATA_PROTECTION,
        reference="2026/17",
        events=(1, 2),
        first_erased_at=ERASED_AT,
    ),
    "report.erased@1": ReportErased(
        ground=ErasureGround.COURT_ORDER,
        reference="7 O 12/26",
        events=(1,),
        first_erased_at=ERASED_AT,
        with_claims=True,
    ),
    "claim.erased@1": ClaimErased(
        ground=ErasureGround.OTHER_LAW,
        reference="Press Act, section 9",
        events=(1, 3),
        first_erased_at=ERASED_AT,
        with_report=REPORT,
    ),
}

BARE: Final[dict[str, AnyEvent]] = {
    "source.registered@1.bare": SourceRegistered(
        ref=None, name="officials", kind=SourceKind.UNNAMED, url=None, country=None
    ),
    "story.opened@1.bare": StoryOpened(ref="bridge", title="The bridge", summary=None, topics=()),
    "report.published@1.bare": ReportPublished(
        ref=None,
        outlet=None,
        kind=ReportKind.ARTICLE,
        headline=None,
        byline=(),
        credits=(),
        language=None,
        url=None,
        caution=None,
        published_at=None,
        observed_at=None,
    ),
    "report.revised@1.bare": ReportRevised(
        fields=(),
        headline=None,
        byline=(),
        credits=(),
        language=None,
        caution=None,
        notice=None,
        published_at=None,
        observed_at=None,
    ),
    "report.moved@1.bare": ReportMoved(
        url="https://outlet.example/2", published_at=None, observed_at=None
    ),
    "report.withdrawn@1.bare": ReportWithdrawn(
        nature=RetractionNature.WITHDRAWAL,
        because=RetractionReason.NOT_STATED,
        notice=None,
        published_at=None,
        observed_at=None,
    ),
    "claim.reported@1.bare": ClaimReported(
        ref=None,
        report=REPORT,
        story=None,
        kind=ClaimKind.ASSERTION,
        statement="It is closed.",
        language=None,
        about=None,
        attribution=(),
        quantities=(
            Quantity(
                label="lorries",
                value=Decimal("17056"),
                unit=None,
                hedge=Hedge.EXACTLY,
                low=None,
                high=None,
            ),
        ),
        topics=(),
        published_at=None,
        observed_at=None,
    ),
    "claim.corrected@1.bare": ClaimCorrected(
        nature=CorrectionNature.CORRECTION,
        version=1,
        changes=(),
        notice=None,
        published_at=None,
        observed_at=None,
    ),
    "claim.concern_expressed@1.bare": ConcernExpressed(
        notice=Notice(text=None, url=None, issuer=None), published_at=None, observed_at=None
    ),
    "claim.concern_lifted@1.bare": ConcernLifted(notice=None, published_at=None, observed_at=None),
    "claim.retracted@1.bare": ClaimRetracted(
        scope=Scope.FULL,
        nature=RetractionNature.RETRACTION,
        by=Party.OUTLET,
        because=RetractionReason.NOT_STATED,
        part=None,
        with_report=None,
        notice=None,
        published_at=None,
        observed_at=None,
    ),
    "claim.reinstated@1.bare": ClaimReinstated(notice=None, published_at=None, observed_at=None),
    "claim.linked@1.bare": ClaimLinked(
        kind=LinkKind.REPEATS, to=CLAIM, published_at=None, observed_at=None
    ),
    "claim.reviewed@1.bare": ClaimReviewed(
        reviewer=PERSON,
        rating=Rating.OTHER,
        words="Satire",
        url=None,
        published_at=None,
        observed_at=None,
    ),
    "claim.amended@1.bare": ClaimAmended(amends=1, void=False, changes=()),
    "source.erased@1.bare": SourceErased(
        ground=ErasureGround.DATA_PROTECTION, reference=None, events=(1,), first_erased_at=None
    ),
    "report.erased@1.bare": ReportErased(
        ground=ErasureGround.COPYRIGHT, reference=None, events=(1,), first_erased_at=None
    ),
    "claim.erased@1.bare": ClaimErased(
        ground=ErasureGround.DEFAMATION, reference=None, events=(1,), first_erased_at=None
    ),
}

STORED: Final = FULL | BARE
