"""The rules for publishing, revising and moving reports."""

import pytest

from domain.commands import MoveReport, NoticeInput, PublishReport, ReviseReport
from domain.events import ReportMoved, ReportPublished, ReportRevised
from domain.refusals import AlreadyExists, InvalidTime, NotFound, NothingChanged
from domain.values import Notice
from domain.words import ReportKind
from tests.domain.desk import REGRET, empty, given, source_id, utc


def test_a_report_is_published_with_all_that_surrounds_it() -> None:
    desk = given()
    command = PublishReport(
        report="wire",
        outlet="bbc",
        kind=ReportKind.WIRE,
        headline="Bridge open",
        byline=("A. Writer",),
        credits=("A Picture Agency",),
        language="en",
        url="https://bbc.example/open",
        caution="This story is developing.",
        published_at="2024-08-02T08:00+02:00",
    )
    assert desk.when(command) == (
        ReportPublished(
            ref="wire",
            outlet=source_id("bbc"),
            kind=ReportKind.WIRE,
            headline="Bridge open",
            byline=("A. Writer",),
            credits=("A Picture Agency",),
            language="en",
            url="https://bbc.example/open",
            caution="This story is developing.",
            published_at="2024-08-02T08:00+02:00",
        ),
    )
    report = desk.report("wire")
    assert report.first_reported_at == utc(2, 6)
    assert report.urls == ("https://bbc.example/open",)
    assert report.published_at == "2024-08-02T08:00+02:00"


def test_the_outlet_of_a_report_may_be_unknown() -> None:
    desk = empty()
    desk.when(PublishReport(report="leaflet", observed_at="2024-08-02"))
    assert desk.report("leaflet").outlet is None
    assert desk.report("leaflet").urls == ()


def test_an_outlet_that_is_named_has_to_be_in_the_record() -> None:
    command = PublishReport(report="x", outlet="nobody", published_at="2024-08-02")
    given().refuses(command, NotFound, "outlet")


def test_a_report_is_published_once() -> None:
    command = PublishReport(report="r", published_at="2024-08-02")
    given().refuses(command, AlreadyExists, "report")


def test_a_report_has_a_time() -> None:
    given().refuses(PublishReport(report="x"), InvalidTime, "published_at")


def test_only_what_is_new_about_a_report_is_recorded() -> None:
    desk = given()
    command = ReviseReport(
        report="r", headline="Bridge closed", language="en", published_at="2024-08-02"
    )
    assert desk.when(command) == (
        ReportRevised(fields=("language",), language="en", published_at="2024-08-02"),
    )
    report = desk.report()
    assert (report.headline, report.language, report.version) == ("Bridge closed", "en", 2)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("headline", "Bridge open"),
        ("byline", ("A. Writer",)),
        ("credits", ("A Picture Agency",)),
        ("language", "en"),
        ("caution", "This story is developing."),
    ],
)
def test_each_part_of_a_report_can_be_revised_alone(name: str, value: object) -> None:
    desk = given()
    before = desk.report()
    desk.when(ReviseReport(report="r", **{name: value}, observed_at="2024-08-02"))  # type: ignore[arg-type]
    after = desk.report()
    assert getattr(after, name) == value
    others = {"headline", "byline", "credits", "language", "caution", "urls"} - {name}
    assert all(getattr(after, other) == getattr(before, other) for other in others)


def test_a_part_of_a_report_can_be_taken_away() -> None:
    desk = given()
    desk.when(ReviseReport(report="r", headline=None, observed_at="2024-08-02"))
    assert desk.report(at="2024-08-01").headline == "Bridge closed"
    assert desk.report().headline is None


def test_a_revision_can_come_with_a_notice() -> None:
    notice = NoticeInput(text="The headline was wrong.", issuer="checker")
    command = ReviseReport(report="r", headline="x", notice=notice, published_at="2024-08-02")
    (event,) = given().when(command)
    assert isinstance(event, ReportRevised)
    assert event.notice == Notice(text="The headline was wrong.", issuer=source_id("checker"))


def test_who_issued_a_notice_has_to_be_in_the_record() -> None:
    notice = NoticeInput(issuer="nobody")
    command = ReviseReport(report="r", headline="x", notice=notice, published_at="2024-08-02")
    given().refuses(command, NotFound, "notice.issuer")


def test_a_revision_changes_something() -> None:
    same = ReviseReport(report="r", headline="Bridge closed", published_at="2024-08-02")
    given().refuses(same, NothingChanged, "report")
    nothing = ReviseReport(report="r", notice=REGRET, published_at="2024-08-02")
    given().refuses(nothing, NothingChanged, "report")


def test_a_late_revision_is_held_against_the_report_as_it_stood_then() -> None:
    desk = given(ReviseReport(report="r", headline="Bridge open", published_at="2024-08-05"))
    late = ReviseReport(report="r", headline="Bridge open", published_at="2024-08-03")
    desk.when(late)
    same = ReviseReport(report="r", headline="Bridge closed", published_at="2024-08-02")
    desk.refuses(same, NothingChanged, "report")


def test_a_late_revision_lets_later_ones_of_other_parts_stand_and_stands_itself() -> None:
    desk = given(ReviseReport(report="r", headline="Bridge open", published_at="2024-08-05"))
    desk.when(ReviseReport(report="r", caution="Developing.", published_at="2024-08-03"))
    then, now = desk.report(at="2024-08-04"), desk.report()
    assert (then.headline, then.caution) == ("Bridge closed", "Developing.")
    assert (now.headline, now.caution) == ("Bridge open", "Developing.")


def test_a_report_cannot_be_revised_or_moved_before_it_was_published() -> None:
    early = "2024-07-31"
    desk = given()
    desk.refuses(
        ReviseReport(report="r", headline="x", published_at=early), InvalidTime, "published_at"
    )
    desk.refuses(MoveReport(report="r", url="x", observed_at=early), InvalidTime, "observed_at")


def test_only_a_report_in_the_record_is_revised_or_moved() -> None:
    desk = given()
    desk.refuses(
        ReviseReport(report="x", headline="x", published_at="2024-08-02"), NotFound, "report"
    )
    desk.refuses(MoveReport(report="x", url="x", observed_at="2024-08-02"), NotFound, "report")


def test_a_report_moves_and_keeps_its_old_addresses() -> None:
    desk = given()
    command = MoveReport(report="r", url="https://bbc.example/2", observed_at="2024-08-02")
    assert desk.when(command) == (
        ReportMoved(url="https://bbc.example/2", observed_at="2024-08-02"),
    )
    assert desk.report().urls == ("https://bbc.example/2", "https://bbc.example/bridge")


def test_a_report_can_move_back() -> None:
    desk = given(MoveReport(report="r", url="https://bbc.example/2", observed_at="2024-08-02"))
    desk.when(MoveReport(report="r", url="https://bbc.example/bridge", observed_at="2024-08-03"))
    assert desk.report().urls == ("https://bbc.example/bridge", "https://bbc.example/2")


def test_a_report_does_not_move_to_where_it_is() -> None:
    same = MoveReport(report="r", url="https://bbc.example/bridge", observed_at="2024-08-02")
    given().refuses(same, NothingChanged, "url")


def test_a_late_move_is_held_against_the_address_of_then() -> None:
    desk = given(MoveReport(report="r", url="https://bbc.example/2", observed_at="2024-08-05"))
    desk.when(MoveReport(report="r", url="https://bbc.example/2", observed_at="2024-08-03"))
    assert desk.report(at="2024-08-03").urls[0] == "https://bbc.example/2"
