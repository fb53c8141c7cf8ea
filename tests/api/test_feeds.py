"""Feeds of corrections and retractions, read as feed readers read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import feedparser  # type: ignore[import-untyped]
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.app import ApiSettings, create_app
from api.corrections import ENTRIES
from api.ids import global_id
from domain.commands import CorrectClaim, NoticeInput, PublishReport, RegisterSource, ReportClaim
from domain.ids import Subject, resolve
from domain.words import SourceKind
from eventlog.database import Database
from projections.generations import ensure_generation
from tests.api.living import Living, living
from tests.api.record import fill
from tests.api.serving import served
from tests.servers import Server

RECORD = "/feeds/corrections.atom"
ATOM = "{http://www.w3.org/2005/Atom}"

TOLD = {
    "ClaimCorrected",
    "ClaimRetracted",
    "ClaimReinstated",
    "ConcernExpressed",
    "ConcernLifted",
    "ClaimAmended",
}


def read(client: httpx.Client, address: str) -> Any:
    """A page as a feed reader has it, once it has been held against the rules of Atom."""
    response = client.get(address)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/atom+xml"
    check(response.content)
    page = feedparser.parse(response.content, response_headers=dict(response.headers))
    assert not page.bozo, page.get("bozo_exception")
    assert page.version == "atom10"
    return page


def check(document: bytes) -> None:
    """What RFC 4287 asks of a document (sections 3.3, 4.1 and 4.2)."""
    feed = ElementTree.fromstring(document)
    assert feed.tag == f"{ATOM}feed"
    entries = feed.findall(f"{ATOM}entry")
    for element in (feed, *entries):
        for name in ("id", "title", "updated"):
            (found,) = element.findall(f"{ATOM}{name}")
            assert found.text
        assert urlsplit(str(element.findtext(f"{ATOM}id"))).scheme
        links = element.findall(f"{ATOM}link")
        assert {urlsplit(link.attrib["href"]).scheme for link in links} <= {"http", "https"}
        relations = [link.attrib["rel"] for link in links]
        assert len(relations) == len(set(relations))
        assert "alternate" in relations
        for name in ("updated", "published"):
            for time in element.findall(f"{ATOM}{name}"):
                assert datetime.fromisoformat(str(time.text)).tzinfo is not None
    for one in entries:
        (author,) = one.findall(f"{ATOM}author")
        assert author.findtext(f"{ATOM}name")
        assert len(one.findall(f"{ATOM}summary")) == 1
    ids = [one.findtext(f"{ATOM}id") for one in entries]
    assert len(ids) == len(set(ids))


def links(told: Any) -> dict[str, str]:
    return {link.rel: link.href for link in told.links}


def terms(entry: Any) -> list[str]:
    return [tag.term for tag in entry.tags]


def whole(client: httpx.Client, address: str) -> list[Any]:
    """All entries of a feed, by following its links to older ones."""
    found = []
    waiting: str | None = address
    while waiting:
        page = read(client, waiting)
        assert links(page.feed)["self"] == str(client.base_url.join(waiting))
        assert len(page.entries) <= ENTRIES
        found += page.entries
        waiting = links(page.feed).get("next")
    return found


def position(entry: Any) -> int:
    return int(entry.id.rpartition("/")[2])


def test_it_tells_of_what_was_corrected_or_taken_back_the_latest_first(
    client: httpx.Client,
) -> None:
    page = read(client, RECORD)
    assert [entry.title for entry in page.entries] == [
        "Retracted silently: They met at night.",
        "Our record was wrong: The talks are on.",
        "Reinstated silently: The talks are off.",
        "Partly retracted: The talks are off.",
        "Concern lifted silently: The talks are off.",
        "Under concern: The talks are off.",
        "Clarified: The talks are off.",
        "Corrected silently: 16480 armoured personnel carriers were lost.",
    ]
    assert [terms(entry) for entry in page.entries] == [
        ["retraction", "silent"],
        ["amendment"],
        ["reinstatement", "silent"],
        ["partial-retraction", "declared"],
        ["concern-lifted", "silent"],
        ["concern", "declared"],
        ["clarification", "declared"],
        ["correction", "silent"],
    ]
    assert page.entries[3].author == "The Paper"
    assert page.entries[7].author == "Outlet not known"
    assert links(page.feed)["self"] == str(client.base_url.join(RECORD))
    assert page.feed.updated == page.entries[0].updated


def test_a_correction_is_told_with_what_stood_there_before(client: httpx.Client) -> None:
    entry = read(client, RECORD).entries[7]
    assert (
        "<del>17056 armoured personnel carriers were lost.</del><br />"
        "Now: <ins>16480 armoured personnel carriers were lost.</ins>" in entry.summary
    )
    assert "APC: <del>17056 vehicles</del> → <ins>16480 vehicles</ins>" in entry.summary
    assert "No notice said so." in entry.summary
    assert links(entry)["via"] == "https://staff.example/18"
    claim = client.get(links(entry)["alternate"]).json()["claim"]
    assert claim["ref"] == "apc"


def test_it_says_when_it_was_public_and_when_the_record_took_it(client: httpx.Client) -> None:
    entry = read(client, RECORD).entries[7]
    assert entry.published == "2024-08-19T00:00:00+00:00"
    assert "Seen 2024-08-19; when it was published is not known." in entry.summary
    assert datetime.fromisoformat(entry.updated) > datetime(2026, 1, 1, tzinfo=UTC)


def test_a_retraction_leads_to_its_notice(client: httpx.Client) -> None:
    entry = read(client, RECORD).entries[3]
    assert links(entry)["related"] == "https://paper.example/notice"
    assert "Taken back by the outlet; reason: error. Part: the day." in entry.summary
    assert "“Not that day.”" in entry.summary


def test_a_story_and_a_source_have_feeds_of_the_same_entries(client: httpx.Client) -> None:
    everything = {entry.id: entry for entry in read(client, RECORD).entries}
    story = read(client, "/feeds/stories/losses.atom")
    assert story.feed.title == "Corrections and retractions: Losses"
    # A claim that was moved to another story was in this one until then.
    assert [terms(entry)[0] for entry in story.entries] == ["amendment", "correction"]
    source = read(client, "/feeds/sources/paper.atom")
    assert source.feed.title == "Corrections and retractions: The Paper"
    assert "Retracted silently: They met at night." in [one.title for one in source.entries]
    for entry in (*story.entries, *source.entries):
        assert entry == everything[entry.id]
    identity = global_id(Subject.SOURCE, resolve(Subject.SOURCE, "paper"))
    assert source.feed.id.endswith(f"/feeds/sources/{identity}.atom")
    # It goes under the source that it was merged into.
    merged = read(client, "/feeds/sources/the-paper.atom")
    assert (merged.feed.id, merged.entries) == (source.feed.id, source.entries)


def test_nothing_is_told_of_what_is_not_there(client: httpx.Client) -> None:
    for address in ("stories/none.atom", "sources/none.atom", "x.atom", "stories/a/b.atom", ""):
        response = client.get(f"/feeds/{address}")
        assert response.status_code == 404, address
        assert response.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    for before, code in (("-1", "INVALID_INPUT"), ("x", "INVALID_INPUT"), ("900", "INVALID_INPUT")):
        response = client.get(RECORD, params={"before": before})
        assert response.status_code == 400
        extensions = response.json()["errors"][0]["extensions"]
        assert (extensions["code"], extensions["field"]) == (code, "before")
    assert client.get("/feeds/stories/%FF.atom").status_code == 400
    posted = client.post(RECORD)
    assert (posted.status_code, posted.headers["allow"]) == (405, "GET, HEAD")


def test_whoever_has_it_is_told_that_it_has_not_changed(client: httpx.Client) -> None:
    first = client.get(RECORD)
    assert first.headers["cache-control"] == "no-cache"
    again = client.get(RECORD, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = client.get(RECORD, headers={"accept-encoding": "identity"})
    assert plain.content == first.content
    assert plain.headers["etag"] != first.headers["etag"]
    head = client.head(RECORD)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == first.headers["etag"]


def test_an_empty_record_has_a_feed_and_it_stays_the_same(fresh: Database) -> None:
    ensure_generation(fresh)
    with served(create_app(fresh)) as url, httpx.Client(base_url=url) as client:
        page = read(client, RECORD)
        assert page.entries == []
        assert client.get(RECORD).content == client.get(RECORD).content


def test_addresses_and_ids_are_those_of_the_public_address(filled: Database) -> None:
    address = "https://record.example/dateline/"
    with (
        served(create_app(filled, ApiSettings(address=address))) as url,
        httpx.Client(base_url=url) as client,
    ):
        page = feedparser.parse(client.get(RECORD).content)
        assert links(page.feed)["self"] == "https://record.example/dateline/feeds/corrections.atom"
        entry = page.entries[0]
        recorded = datetime.fromisoformat(entry.updated)
        assert entry.id == f"tag:record.example,{recorded:%Y-%m-%d}:position/{position(entry)}"
        assert links(entry)["alternate"].startswith("https://record.example/dateline/claims/claim~")


def test_links_are_whole_whatever_host_is_asked_for(client: httpx.Client) -> None:
    for host in ("", "a b", "[::1]:80", "x" * 300):
        document = client.get(RECORD, headers={"host": host}).content
        check(document)
        assert b"tag:localhost," in document or b"tag:127.0.0.1," in document or b"xxx" in document


def test_a_closed_record_tells_nobody_without_a_key(filled: Database) -> None:
    with (
        served(create_app(filled, ApiSettings(anonymous=False))) as url,
        httpx.Client(base_url=url) as client,
    ):
        response = client.get(RECORD)
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith("Bearer")


def test_it_is_found_by_a_browser_and_counted(client: httpx.Client) -> None:
    page = client.get("/graphql", headers={"accept": "text/html"}).text
    assert (
        f'type="application/atom+xml" title="Corrections and retractions" href="{RECORD}"' in page
    )
    client.get(RECORD)
    assert 'operation="feed"' in client.get("/metrics").text


def test_history_is_reached_page_by_page(fresh: Database) -> None:
    said = [str(number) for number in range(2 * ENTRIES + 21)]
    corrected = [
        CorrectClaim(claim="c", version=number, statement=text, published_at="2024-08-02")
        for number, text in enumerate(said[1:], start=1)
    ]
    opening = [PublishReport(report="r", published_at="2024-08-01")]
    fill(fresh, [*opening, ReportClaim(claim="c", report="r", statement=said[0]), *corrected])
    with served(create_app(fresh)) as url, httpx.Client(base_url=url) as client:
        first = read(client, RECORD)
        assert len(first.entries) == ENTRIES
        titles = [entry.title for entry in whole(client, RECORD)]
        assert titles == [f"Corrected silently: {text}" for text in reversed(said[1:])]
        last = read(client, f"{RECORD}?before={3 + 20}")
        assert len(last.entries) == 20
        assert links(last.feed).keys() == {"alternate", "self", "first"}
        assert links(last.feed)["first"] == links(first.feed)["self"]


def test_what_other_people_wrote_stays_text(fresh: Database) -> None:
    bad = "a\x0bb <script>alert(1)</script> ]]> & \u202e"
    fill(
        fresh,
        [
            RegisterSource(source="o", name="<b>Outlet</b>", kind=SourceKind.OUTLET),
            PublishReport(report="r", outlet="o", published_at="2024-08-01", headline="<i>h</i>"),
            ReportClaim(claim="c", report="r", statement="x" * 400),
            CorrectClaim(
                claim="c",
                version=1,
                statement=f"{bad}{'y' * 400}",
                published_at="2024-08-02",
                notice=NoticeInput(text='"><img src=x>', url='https://o.example/?a=1&b=ж"x'),
            ),
        ],
    )
    with served(create_app(fresh)) as url, httpx.Client(base_url=url) as client:
        document = client.get(RECORD).content
        check(document)
        (entry,) = read(client, RECORD).entries
        assert entry.author == "<b>Outlet</b>"
        assert entry.title_detail.type == "text/plain"
        assert len(entry.title) == 160
        summary = str(ElementTree.fromstring(document).findtext(f".//{ATOM}summary"))
        for written in ("<script", "<img", "<i>", "\x0b"):
            assert written not in summary
        assert "&lt;script&gt;" in summary


@pytest.fixture(scope="module")
def record(server: Server) -> Iterator[Living]:
    with living(server) as opened:
        yield opened


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_every_correction_is_reached_once_and_in_order(record: Living, data: st.DataObject) -> None:
    lived = record.live(data)
    reached = {"dateline-at-least": str(lived.record.position)}
    record.client.get("/graphql", params={"query": "{ log { position } }"}, headers=reached)
    told = [entry for entry in lived.record.entries if type(entry[1].event).__name__ in TOLD]
    entries = whole(record.client, RECORD)
    assert [position(one) for one in entries] == [one.position for _, one in reversed(told)]
    for entry, (subject, logged) in zip(entries, reversed(told), strict=True):
        assert entry.link.endswith(f"/claims/{global_id(Subject.CLAIM, subject)}")
        assert datetime.fromisoformat(entry.updated) == logged.recorded_at
        assert datetime.fromisoformat(entry.published) == logged.reported_at
