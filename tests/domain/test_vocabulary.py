"""Every command is accepted once and every refusal shown once; their names stay."""

from decimal import Decimal
from types import ModuleType
from typing import get_args

import pytest

from domain import refusals
from domain.codec import CODEC, type_of
from domain.commands import (
    AddSourceAlias,
    AmendClaim,
    AnyCommand,
    CorrectClaim,
    EraseClaim,
    EraseReport,
    EraseSource,
    ExpressConcern,
    LiftConcern,
    LinkClaims,
    MergeSources,
    MoveReport,
    OpenStory,
    PublishReport,
    QuantityInput,
    RegisterSource,
    ReinstateClaim,
    ReportClaim,
    RetractClaim,
    ReviewClaim,
    ReviseReport,
    WithdrawReport,
)
from domain.refusals import Refusal
from domain.words import ErasureGround, LinkKind, Rating, SourceKind, Status
from tests.domain.desk import Desk, given

DAY = "2024-08-03"
HELD = ExpressConcern(claim="c", published_at=DAY)
GONE = RetractClaim(claim="c", published_at=DAY)
OTHER = ReportClaim(claim="d", report="r", statement="x")
LINK = LinkClaims(claim="d", kind=LinkKind.REPEATS, to="c")
MERGED = MergeSources(source="checker", into="bbc")
LAW = ErasureGround.COURT_ORDER
ERASED = EraseClaim(claim="c", ground=LAW)
CORRECTED = CorrectClaim(claim="c", version=1, statement="x", published_at=DAY)

ACCEPTED: list[tuple[list[AnyCommand], AnyCommand, list[str]]] = [
    (
        [],
        RegisterSource(source="afp", name="AFP", kind=SourceKind.AGENCY),
        ["source.registered"],
    ),
    ([], AddSourceAlias(source="bbc", alias="BBC News"), ["source.alias_added"]),
    ([], MERGED, ["source.merged"]),
    ([], OpenStory(story="talks", title="The talks"), ["story.opened"]),
    ([], PublishReport(report="x", published_at=DAY), ["report.published"]),
    ([], ReviseReport(report="r", language="en", published_at=DAY), ["report.revised"]),
    ([], MoveReport(report="r", url="x", observed_at=DAY), ["report.moved"]),
    ([], WithdrawReport(report="r", published_at=DAY), ["report.withdrawn", "claim.retracted"]),
    ([], OTHER, ["claim.reported"]),
    ([], CORRECTED, ["claim.corrected"]),
    ([], HELD, ["claim.concern_expressed"]),
    ([HELD], LiftConcern(claim="c", published_at=DAY), ["claim.concern_lifted"]),
    ([], GONE, ["claim.retracted"]),
    ([GONE], ReinstateClaim(claim="c", published_at=DAY), ["claim.reinstated"]),
    ([OTHER], LINK, ["claim.linked"]),
    (
        [],
        ReviewClaim(
            claim="c", reviewer="checker", rating=Rating.FALSE, words="No", published_at=DAY
        ),
        ["claim.reviewed"],
    ),
    ([], AmendClaim(claim="c", amends=1, statement="x"), ["claim.amended"]),
    ([], ERASED, ["claim.erased"]),
    ([], EraseReport(report="r", ground=LAW, with_claims=True), ["report.erased", "claim.erased"]),
    ([], EraseSource(source="mayor", ground=LAW), ["source.erased"]),
]

REFUSED: list[tuple[list[AnyCommand], AnyCommand, str, str]] = [
    (
        [],
        ReportClaim(
            claim="d",
            report="r",
            statement="x",
            quantities=(QuantityInput(label="n", value=Decimal("NaN")),),
        ),
        "INVALID_INPUT",
        "quantities[0].value",
    ),
    ([], PublishReport(report="x", published_at="soon"), "INVALID_TIME", "published_at"),
    ([], RetractClaim(claim="x", published_at=DAY), "NOT_FOUND", "claim"),
    ([], OpenStory(story="bridge", title="x"), "ALREADY_EXISTS", "story"),
    ([CORRECTED], CORRECTED, "STALE_VERSION", "version"),
    ([], AddSourceAlias(source="bbc", alias="BBC"), "NOTHING_CHANGED", "alias"),
    ([GONE], GONE, "ALREADY_RETRACTED", "claim"),
    ([HELD], HELD, "ALREADY_UNDER_CONCERN", "claim"),
    ([], LiftConcern(claim="c", published_at=DAY), "NO_CONCERN", "claim"),
    ([], ReinstateClaim(claim="c", published_at=DAY), "NOTHING_TO_REINSTATE", "claim"),
    ([], MergeSources(source="bbc", into="bbc"), "SELF_REFERENCE", "into"),
    ([OTHER, LINK], LINK, "ALREADY_LINKED", "to"),
    ([MERGED], MERGED, "ALREADY_MERGED", "source"),
    ([ERASED], ERASED, "ALREADY_ERASED", "claim"),
]

OF_THE_LOG = {"IDEMPOTENCY_CONFLICT", "CONFLICT"}
"""What only the log can find out."""


def classes_of(module: ModuleType) -> dict[str, type[Refusal]]:
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Refusal) and value is not Refusal
    ]
    by_code = {cls.code: cls for cls in found}
    assert len(by_code) == len(found)
    return by_code


CODES = classes_of(refusals)


@pytest.mark.parametrize(
    ("before", "command", "events"), ACCEPTED, ids=lambda value: type(value).__name__
)
def test_a_command_is_accepted_where_the_rules_allow_it(
    before: list[AnyCommand], command: AnyCommand, events: list[str]
) -> None:
    assert [type_of(event) for event in given(*before).when(command)] == events


@pytest.mark.parametrize(("before", "command", "code", "field"), REFUSED, ids=str)
def test_a_refusal_has_a_code_and_a_field_and_changes_nothing(
    before: list[AnyCommand], command: AnyCommand, code: str, field: str
) -> None:
    def recorded(desk: Desk) -> int:
        return sum(map(len, desk.world.subjects.values()))

    desk = given(*before)
    count = recorded(desk)
    assert desk.refuses(command, CODES[code], field).code == code
    assert recorded(desk) == count


def test_every_command_every_event_and_every_refusal_is_among_them() -> None:
    assert {type(command) for _, command, _ in ACCEPTED} == set(get_args(AnyCommand))
    assert {name for *_, events in ACCEPTED for name in events} == set(CODEC.schemas)
    assert {code for *_, code, _ in REFUSED} | OF_THE_LOG == set(CODES)
    assert Refusal.code not in CODES


def test_where_several_statuses_hold_the_strongest_is_shown() -> None:
    desk = given(
        CORRECTED,
        ExpressConcern(claim="c", published_at="2024-08-04"),
        RetractClaim(claim="c", scope="partial", published_at="2024-08-05"),  # type: ignore[arg-type]
        RetractClaim(claim="c", published_at="2024-08-06"),
    )
    shown = [desk.status("c", f"2024-08-0{day}") for day in (2, 3, 4, 5, 6)]
    assert shown == list(Status)
