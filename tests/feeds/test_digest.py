"""The digest: headings and reports, outlets and chains, and everything odd that is in it."""

from __future__ import annotations

import io
import json
from collections import Counter

import pytest

from domain.catalogue import Report, Source, report_as_of, source_as_of
from domain.claim import Claim, claim_as_of
from domain.ids import Subject, resolve
from domain.words import ClaimKind, LinkKind, SourceKind, Verb
from feeds import digest
from feeds.digest_parties import quoted
from feeds.digest_text import outlet_slug, plain_outlet, report_line
from feeds.items import Refused, Tally
from tests.feeds.data import data_file
from tests.feeds.memory import Memory

NEW_YORK = "Russia claims that its forces have taken control of the settlement of New York."
SMOKE = "A fire causes smoke. (Reuters) (The Kyiv Indepenent)"


def take(*texts: object, date: str = "2024-08-20") -> tuple[Memory, list[Refused], Tally]:
    lines = [
        json.dumps(
            {
                "date": date,
                "line": n,
                "text": text,
                "source_page": "Portal",
                "section": "Uncategorized",
            }
        )
        if isinstance(text, str)
        else json.dumps(text)
        for n, text in enumerate(texts)
    ]
    memory, tally = Memory(), Tally()
    refused = memory.take_all(digest.read(io.BytesIO("\n".join(lines).encode()), tally=tally))
    assert memory.refusals == []
    return memory, refused, tally


def claim(memory: Memory, ref: str) -> Claim:
    state = claim_as_of(memory.world.entries(resolve(Subject.CLAIM, ref)))
    assert state is not None
    return state


def report(memory: Memory, ref: str) -> Report:
    state = report_as_of(memory.world.entries(resolve(Subject.REPORT, ref)))
    assert state is not None
    return state


def source(memory: Memory, ref: str) -> Source:
    state = source_as_of(memory.world.entries(resolve(Subject.SOURCE, ref)))
    assert state is not None
    return state


def test_a_report_line_is_a_report_and_a_claim_of_its_day() -> None:
    memory, _, _ = take("2024 Kursk offensive", f"{NEW_YORK} (Reuters)")
    state = claim(memory, "digest:2024-08-20:1:reuters")
    assert (state.statement, state.about, state.published_at) == (
        NEW_YORK,
        "2024-08-20",
        "2024-08-20",
    )
    assert report(memory, "digest:2024-08-20:1:reuters").outlet == resolve(
        Subject.SOURCE, "digest:reuters"
    )
    assert source(memory, "digest:reuters").kind is SourceKind.AGENCY
    assert state.attribution[0].source == resolve(Subject.SOURCE, "digest:russia")
    assert state.attribution[0].verb is Verb.CLAIMED


def test_the_nearest_heading_is_the_story_and_those_above_it_are_topics() -> None:
    memory, _, tally = take(
        "Gaza war", "Gaza war hostage crisis", "It ends. (AP)", "It begins. (AP)"
    )
    first, second = (claim(memory, f"digest:2024-08-20:{n}:ap") for n in (2, 3))
    assert first.story == second.story == resolve(Subject.STORY, "gaza-war-hostage-crisis")
    assert first.topics == ("Gaza war",)
    assert tally.skipped["headings"] == 2


def test_headings_after_a_report_start_anew_and_so_does_a_day() -> None:
    memory, _, _ = take("Gaza war", "It ends. (AP)", "Sudan", "It begins. (AP)")
    assert claim(memory, "digest:2024-08-20:3:ap").topics == ()
    lines = [
        {"date": "2024-08-20", "line": 0, "text": "Gaza war"},
        {"date": "2024-08-21", "line": 0, "text": "It ends. (AP)"},
    ]
    memory, _, _ = take(*lines)
    assert claim(memory, "digest:2024-08-21:0:ap").story is None


def test_several_outlets_are_several_reports_and_the_later_ones_repeat_the_first() -> None:
    memory, _, _ = take(SMOKE)
    first = claim(memory, "digest:2024-08-20:0:reuters")
    later = claim(memory, "digest:2024-08-20:0:kyiv-independent")
    assert first.links == ()
    assert [(link.kind, link.to) for link in later.links] == [
        (LinkKind.REPEATS, resolve(Subject.CLAIM, "digest:2024-08-20:0:reuters"))
    ]


def test_one_outlet_named_twice_published_twice() -> None:
    memory, _, _ = take("It ends. (Reuters) (Reuters 2)")
    assert (
        claim(memory, "digest:2024-08-20:0:reuters~2").report
        != claim(memory, "digest:2024-08-20:0:reuters").report
    )
    assert source(memory, "digest:reuters").aliases == ()


def test_a_nested_supply_is_a_chain() -> None:
    memory, _, _ = take(f"{NEW_YORK} (AFP via France 24)")
    state = claim(memory, "digest:2024-08-20:0:france-24")
    assert [(step.source, step.verb) for step in state.attribution] == [
        (resolve(Subject.SOURCE, "digest:afp"), Verb.REPORTED),
        (resolve(Subject.SOURCE, "digest:russia"), Verb.CLAIMED),
    ]


def test_a_line_without_an_outlet_is_a_report_whose_outlet_is_not_known() -> None:
    memory, _, _ = take("The fire is put out.")
    assert report(memory, "digest:2024-08-20:0:unknown").outlet is None


def test_spellings_of_an_outlet_are_one_source_with_aliases() -> None:
    memory, _, _ = take("It ends. (Times of Israel)", "It goes on. (The Times of Israel)")
    state = source(memory, "digest:times-of-israel")
    assert (state.name, state.aliases) == ("Times of Israel", ("The Times of Israel",))


def test_a_quantity_that_vanished_from_the_text_is_not_invented() -> None:
    text = "Ukraine is now in control over of Russia's Kursk region."
    memory, _, _ = take(f"{text} (Reuters)")
    state = claim(memory, "digest:2024-08-20:0:reuters")
    assert (state.statement, state.quantities) == (text, ())


def test_a_repeated_line_of_a_day_is_counted_and_left_out() -> None:
    memory, _, tally = take("Gaza war", SMOKE, "Gaza war", SMOKE)
    assert tally.skipped["repeated within its day"] == 1
    assert tally.skipped["headings, repeated within their day"] == 1
    once, _, _ = take("Gaza war", SMOKE)
    assert [event for _, event in memory.events] == [event for _, event in once.events]


def test_a_denial_is_one() -> None:
    memory, _, _ = take("Russia denies any involvement. (AP)")
    assert claim(memory, "digest:2024-08-20:0:ap").kind is ClaimKind.DENIAL


def test_a_section_that_is_known_is_a_topic() -> None:
    memory, _, _ = take({"date": "2024-08-20", "line": 0, "text": "It ends.", "section": "Sports"})
    assert claim(memory, "digest:2024-08-20:0:unknown").topics == ("Sports",)


@pytest.mark.parametrize(
    "heading",
    [
        "2024 Kursk offensive",
        "War in Sudan (2023–present)",
        "Evacuation of foreign nationals during the War in Sudan (2023)",
        "COVID-19 pandemic in Washington, D.C.",
        "United States v. Elizabeth A. Holmes, et al.",
        "COVID-19 pandemic in New York (state)",
        "January 6 United States Capitol attack",
        "Coalition of the willing (Russo-Ukrainian War)",
    ],
)
def test_headings_are_told(heading: str) -> None:
    assert report_line(heading) is None


@pytest.mark.parametrize(
    ("text", "statement", "outlets"),
    [
        ("It ends. (AP) (CNBC)", "It ends.", ["AP", "CNBC"]),
        ("It ends. (USA Today), (France 24)", "It ends.", ["USA Today", "France 24"]),
        ('They call it "over". (AP)', 'They call it "over".', ["AP"]),
        ("Is it over? (AP)", "Is it over?", ["AP"]),
        ("It ends.(AP)", "It ends.", ["AP"]),
        ("It ends.[(Gulf News)", "It ends.", ["Gulf News"]),
        ("It ends. (Gestión in Spanish).", "It ends.", ["Gestión in Spanish"]),
        ("It ends. (Sunday Times (South Africa))", "It ends.", ["Sunday Times (South Africa)"]),
        ("It ends. (BBC News", "It ends.", ["BBC News"]),
        (
            "One person is killed in an explosion in Youngstown, Ohio, U.S. (AP)",
            "One person is killed in an explosion in Youngstown, Ohio, U.S.",
            ["AP"],
        ),
        ("The earthquake hits at a depth of 52 km (32 miles).", None, []),
        ("It ends. https://example.org/a", None, []),
        ("Three people are killed after clashes near the border of the two", None, []),
    ],
)
def test_reports_are_told_from_their_outlets(
    text: str, statement: str | None, outlets: list[str]
) -> None:
    found = report_line(text)
    assert found is not None
    assert found.statement == (statement or text)
    assert [outlet.name for outlet in found.outlets] == outlets


@pytest.mark.parametrize(
    ("spellings", "slug"),
    [
        (("Times of Israel", "The Times of Israel", "Times Of Israel"), "times-of-israel"),
        (("The Kyiv Independent", "The Kyiv Indepenent"), "kyiv-independent"),
        (("Reuters", "Reuters 2"), "reuters"),
        (("France 24", "France24", "France 24 in French"), "france-24"),
        (("AP", "AP News", "Associated Press", "The Associated Press"), "ap"),
        (("El País", "El Pais"), "el-pais"),
        (("Formula 1",), "formula-1"),
        (("News24",), "news-24"),
        (("Times",), "times"),
        (("Time",), "time"),
    ],
)
def test_spellings_come_together_where_that_is_safe(spellings: tuple[str, ...], slug: str) -> None:
    assert {outlet_slug(spelling) for spelling in spellings} == {slug}


def test_what_the_digest_adds_to_an_outlets_name_is_taken_off() -> None:
    assert plain_outlet("Reuters 2") == "Reuters"
    assert plain_outlet("Meczyki (in Polish)") == "Meczyki"
    assert plain_outlet("The Guardian") == "The Guardian"


@pytest.mark.parametrize(
    ("sentence", "name", "kind", "verb", "role"),
    [
        ("Ukraine says that it holds.", "Ukraine", "official_body", "said", None),
        (
            "The Taliban government denies that it fell.",
            "Taliban government",
            "official_body",
            "denied",
            None,
        ),
        (
            "Human Rights Watch reports that it fell.",
            "Human Rights Watch",
            "organisation",
            "reported",
            None,
        ),
        (
            "Two die, according to the Lebanese Health Ministry.",
            "Lebanese Health Ministry",
            "official_body",
            "said",
            None,
        ),
        ("According to NATO, it fell.", "NATO", "organisation", "said", None),
        ("U.S. president Joe Biden says it fell.", "Joe Biden", "person", "said", "U.S. president"),
        (
            "The head of the Republic, Denis Pushilin, says that it fell.",
            "Denis Pushilin",
            "person",
            "said",
            "head of the Republic",
        ),
        ("Two die, according to local officials.", "local officials", "unnamed", "said", None),
        (
            "Russian military sources claim that it fell.",
            "Russian military sources",
            "unnamed",
            "claimed",
            None,
        ),
    ],
)
def test_who_is_quoted_is_found(
    sentence: str, name: str, kind: str, verb: str, role: str | None
) -> None:
    party = quoted(sentence)
    assert party is not None
    assert (party.name, party.kind.value, party.verb.value, party.role) == (name, kind, verb, role)


@pytest.mark.parametrize(
    "sentence",
    [
        "Mexico denies a request from the United States.",
        "A man who was there says that it fell.",
        "After a call, the two say that it fell.",
        "It fell, according to a law of 1950.",
        "France and Germany announce that it fell.",
        "The prices rise.",
    ],
)
def test_nobody_is_quoted_where_it_is_not_sure(sentence: str) -> None:
    assert quoted(sentence) is None


@pytest.mark.parametrize(
    ("line", "code", "field"),
    [
        ({"date": "2024-08-20", "line": 0}, "INVALID_INPUT", "text"),
        ({"date": "2024-08-20", "line": "0", "text": "x"}, "INVALID_INPUT", "line"),
        ({"date": "2024-08-20", "line": 0, "text": ""}, "INVALID_INPUT", "text"),
        ({"date": "2024-08-20", "line": 0, "text": "a\0b"}, "INVALID_INPUT", "text"),
        ({"date": "2024-13-20", "line": 0, "text": "x"}, "INVALID_TIME", "date"),
        ({"date": "2024-08", "line": 0, "text": "x"}, "INVALID_TIME", "date"),
        ([], "INVALID_INPUT", None),
    ],
)
def test_a_bad_line_is_refused_and_the_next_one_is_taken(
    line: object, code: str, field: str | None
) -> None:
    memory, refused, _ = take(line, "It ends. (AP)")
    assert [(r.line_number, r.code, r.field) for r in refused] == [(1, code, field)]
    assert claim(memory, "digest:2024-08-20:1:ap") is not None


def test_the_whole_digest_is_taken_and_a_second_time_changes_nothing() -> None:
    memory, tally = Memory(), Tally()
    with data_file("current-events-digest/digest-2022-01_2026-02.jsonl.gz").open("rb") as stream:
        assert memory.take_all(digest.read(stream, tally=tally)) == []
        count = len(memory.log)
        stream.seek(0)
        memory.take_all(digest.read(stream))
    assert memory.refusals == []
    assert len(memory.log) == count
    assert tally.lines == 38_645
    assert tally.skipped["headings, repeated within their day"] == 95
    kinds = Counter(event.__class__.__name__ for _, event in memory.events)
    assert kinds["ClaimReported"] > 23_000
