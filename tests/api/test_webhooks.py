"""Webhooks: what is delivered, in which order, how often, and what becomes of failures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random
from time import monotonic, sleep
from typing import Any

import httpx
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import WebhookVerificationError

from api import webhooks
from api.webhook_events import STORY
from api.webhooks import WebhookSettings
from domain.commands import AnyCommand, EraseClaim, OpenStory, ReportClaim
from domain.ids import Subject, resolve
from domain.words import ErasureGround
from eventlog.database import Database
from eventlog.erasure_list import ErasureList
from eventlog.outbox import LOCK
from eventlog.record import Record
from eventlog.webhooks import dead_letters, resend, set_state
from projections.projector import project_all
from tests.api.delivering import SOON, Delivering, claims, corrected, delivering
from tests.api.receiving import Answer, Receiving, receiving
from tests.projections.commands import enveloped
from tests.servers import Server


@pytest.fixture
def record(fresh: Database) -> Iterator[Delivering]:
    """A record that is served and delivers."""
    with delivering(fresh) as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiving]:
    """Somebody who is told."""
    with receiving() as made:
        yield made


def test_an_event_comes_signed_as_a_cloud_event(record: Delivering, receiver: Receiving) -> None:
    _, secret = record.hook(receiver.url)
    head = record.record([*claims("c"), corrected("c", 1)])
    receiver.wait(lambda: len(receiver.taken) == head)
    came = next(one for one in receiver.got if one.position == head)
    came.verify(secret)
    with pytest.raises(WebhookVerificationError):
        came.verify("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert came.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert came.headers["webhook-id"].endswith(f"-{head}")
    event = came.event
    node = event["data"]["events"]["node"]
    assert {name: event[name] for name in ("specversion", "source", "type", "datacontenttype")} == {
        "specversion": "1.0",
        "source": "urn:dateline",
        "type": "dateline.claim.corrected",
        "datacontenttype": "application/json",
    }
    assert event["subject"] == node["subjectId"]
    assert event["time"].partition("+")[0] == node["recordedAt"].rstrip("Z")
    assert node["position"] == head
    assert node["claim"]["statement"] == "c 2"


def test_each_webhook_gets_what_its_subscription_chooses(
    record: Delivering, receiver: Receiving
) -> None:
    commands: list[AnyCommand] = [
        OpenStory(story="s", title="S"),
        *claims("c"),
        ReportClaim(claim="d", report="c-report", story="s", statement="d"),
        corrected("c", 1),
    ]
    head = record.record(commands)
    filtered = {"filter": {"kind": ["CLAIM_REPORTED"], "claim": str(resolve(Subject.CLAIM, "c"))}}
    record.hook(f"{receiver.url}/one", variables=filtered)
    record.hook(f"{receiver.url}/story", document=STORY, variables={"slug": "s"})
    only = "subscription { events { node { position } } }"
    record.hook(f"{receiver.url}/next", document=only, after=None)
    last = record.record([corrected("c", 2)])
    receiver.wait(lambda: len(receiver.taken) == 4)
    sleep(0.3)  # what should not come would come now
    found = defaultdict(list)
    for one in receiver.got:
        found[one.path].append(one.position)
    told = {path: sorted(positions) for path, positions in found.items()}
    assert told == {"/hook/one": [3], "/hook/story": [1, 4], "/hook/next": [last]}
    assert last == head + 1
    (short,) = [one for one in receiver.got if one.path == "/hook/next"]
    assert short.event["data"] == {"events": {"node": {"position": last}}}


def test_while_one_claim_fails_its_later_events_wait_and_others_go_on(
    record: Delivering, receiver: Receiving
) -> None:
    fails = [True]
    broken = record.record(claims("bad", "good")) - 1

    def answer(event: dict[str, Any]) -> Answer:
        return Answer(500 if fails[0] and int(event["id"]) == broken else 200)

    receiver.answer = answer
    webhook, _ = record.hook(receiver.url, after=1)
    head = record.record([corrected("bad", 1), corrected("good", 1), corrected("bad", 2)])
    receiver.wait(lambda: receiver.taken == [broken + 1, broken + 3])
    now, standing = record.standing(webhook)
    assert (now.cursor, standing.waiting, standing.failing) == (head, 3, 1)
    fails[0] = False
    receiver.wait(lambda: record.standing(webhook)[1].waiting == 0)
    assert receiver.taken[2:] == [broken, broken + 2, broken + 4]


def test_pauses_grow_as_the_schedule_says_and_then_it_is_given_up(
    fresh: Database, receiver: Receiving
) -> None:
    receiver.answer = lambda _: Answer(500)
    pauses = (0.2, 0.4, 0.8)
    chosen = WebhookSettings(private=True, schedule=pauses, poll=0.01)
    with delivering(fresh, chosen) as record:
        webhook, secret = record.hook(receiver.url)
        record.record([OpenStory(story="s", title="secret of the desk")])
        receiver.wait(lambda: record.standing(webhook)[1].dead == 1)
        times = [one.at for one in receiver.got]
        assert len(times) == len(pauses) + 1
        for pause, before, after in zip(pauses, times, times[1:], strict=False):
            assert after - before >= pause
        assert len({one.headers["webhook-id"] for one in receiver.got}) == 1
        (letter,) = dead_letters(fresh.owner_conninfo)
        assert (letter.position, letter.attempts, letter.status) == (1, 4, 500)
        assert letter.reason == "it answered 500"
        # What it says is not kept: it is read again when it is sent again.
        with psycopg.connect(fresh.owner_conninfo) as owner:
            kept = str(owner.execute("TABLE dateline.webhook_deliveries").fetchall())
        assert "secret of the desk" not in kept
        receiver.answer = lambda _: Answer()
        assert resend(fresh.owner_conninfo, webhook.id, [7]) == 0
        assert resend(fresh.owner_conninfo, webhook.id, []) == 1
        receiver.wait(lambda: receiver.taken == [1])
        receiver.got[-1].verify(secret)
        receiver.wait(lambda: record.standing(webhook)[1].dead == 0)


def test_after_one_that_was_given_up_the_next_of_its_claim_comes(
    fresh: Database, receiver: Receiving
) -> None:
    receiver.answer = lambda event: Answer(500 if event["id"] == "2" else 200)
    chosen = WebhookSettings(private=True, schedule=(0.01,), poll=0.01)
    with delivering(fresh, chosen) as record:
        webhook, _ = record.hook(receiver.url)
        record.record([*claims("c"), corrected("c", 1)])
        receiver.wait(lambda: receiver.taken == [1, 3])
        assert record.standing(webhook)[1].dead == 1


def test_what_was_erased_meanwhile_is_sent_without_content(
    record: Delivering, receiver: Receiving, tmp_path: Path
) -> None:
    erased = [False]
    receiver.answer = lambda event: Answer(200 if erased[0] or event["id"] != "2" else 500)
    document = "subscription { events { node { ... on ClaimReported { statement } } } }"
    record.hook(receiver.url, document=document)
    record.record(claims("c"))
    receiver.wait(lambda: any(b"c 1" in one.body for one in receiver.got))
    with Record(record.database, erasures=ErasureList(tmp_path / "erasures.jsonl")) as owner:
        owner.execute(enveloped(EraseClaim(claim="c", ground=ErasureGround.COURT_ORDER)))
    erased[0] = True
    receiver.wait(lambda: receiver.taken == [1, 2, 3])
    last = next(one.event for one in reversed(receiver.got) if one.event["id"] == "2")
    assert (last["type"], "data" in last) == ("dateline.claim.reported", False)


def test_a_receiver_that_is_gone_is_sent_nothing_until_somebody_resumes(
    record: Delivering, receiver: Receiving
) -> None:
    receiver.answer = lambda _: Answer(410)
    webhook, _ = record.hook(receiver.url)
    record.record([OpenStory(story="s", title="S")])
    receiver.wait(lambda: record.standing(webhook)[0].state == "paused")
    assert record.standing(webhook)[0].reason == "the receiver wants nothing more (410 Gone)"
    head = record.record([OpenStory(story="t", title="T")])
    sleep(0.3)
    assert len(receiver.got) == 1
    receiver.answer = lambda _: Answer()
    set_state(record.database.owner_conninfo, webhook.id, "active")
    receiver.wait(lambda: sorted(receiver.taken) == [1, head])


@pytest.mark.parametrize("status", [429, 503])
def test_who_says_when_to_come_again_is_left_alone_until_then(
    record: Delivering, receiver: Receiving, status: int
) -> None:
    receiver.answer = lambda _: Answer(
        200 if receiver.got else status, {"Retry-After": "1"} if not receiver.got else {}
    )
    record.hook(receiver.url)
    record.record([OpenStory(story="s", title="S")])
    receiver.wait(lambda: len(receiver.got) == 1)
    record.record([OpenStory(story="t", title="T")])
    receiver.wait(lambda: sorted(receiver.taken) == [1, 2])
    assert all(one.at - receiver.got[0].at >= 1.0 for one in receiver.got[1:])


def test_redirects_are_not_followed(record: Delivering, receiver: Receiving) -> None:
    with receiving() as elsewhere:
        receiver.answer = lambda _: Answer(307, {"Location": elsewhere.url})
        record.hook(receiver.url)
        record.record([OpenStory(story="s", title="S")])
        receiver.wait(lambda: len(receiver.got) > 2)
        assert elsewhere.got == []


def test_a_receiver_that_hangs_holds_up_no_other(fresh: Database, receiver: Receiving) -> None:
    chosen = WebhookSettings(private=True, schedule=SOON, poll=0.02, timeout=1.0)
    with receiving() as hangs, delivering(fresh, chosen) as record:
        hangs.answer = lambda _: Answer(after=4.0)
        webhook, _ = record.hook(hangs.url)
        record.hook(receiver.url)
        names = [f"c{number}" for number in range(40)]
        began = monotonic()
        head = record.record(claims(*names))
        receiver.wait(lambda: len(receiver.taken) == head)
        assert monotonic() - began < 4.0
        hangs.wait(lambda: record.standing(webhook)[1].failing >= 8)
        with psycopg.connect(fresh.owner_conninfo) as owner:
            (row,) = owner.execute(
                "SELECT DISTINCT status, reason FROM dateline.webhook_deliveries WHERE attempts > 0"
            ).fetchall()
        assert row == (None, "no answer within 1 s")


def test_whoever_loses_the_lock_goes_on_when_it_has_it_again(
    record: Delivering, receiver: Receiving
) -> None:
    receiver.answer = lambda _: Answer(after=0.02)
    record.hook(receiver.url)
    names = [f"c{number}" for number in range(60)]
    head = record.record([*claims(*names), *(corrected(name, 1) for name in names)])
    receiver.wait(lambda: len(receiver.taken) > head // 4)
    with psycopg.connect(record.database.owner_conninfo, autocommit=True) as owner:
        ended = owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
            " AND objid = %s AND granted AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())",
            (LOCK,),
        ).fetchall()
    assert ended == [(True,)]
    receiver.wait(lambda: set(receiver.taken) == set(range(1, head + 1)))
    assert receiver.in_order


def test_a_subscription_that_cannot_be_followed_any_more_pauses_its_webhook(
    record: Delivering, receiver: Receiving
) -> None:
    webhook, _ = record.hook(receiver.url, document="subscription { events { no_such_field } }")
    record.hook(receiver.url)
    record.record([OpenStory(story="s", title="S")])
    receiver.wait(lambda: receiver.taken == [1])
    receiver.wait(lambda: record.standing(webhook)[0].state == "paused")
    reason = record.standing(webhook)[0].reason
    assert reason is not None
    assert "Cannot query field 'no_such_field'" in reason


def test_more_than_may_wait_waits_in_the_log(
    fresh: Database, receiver: Receiving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "WAITING", 20)
    monkeypatch.setattr(webhooks, "PAGE", 10)
    down = [True]
    receiver.answer = lambda _: Answer(500 if down[0] else 200)
    chosen = WebhookSettings(private=True, schedule=(0.2,) * 200, poll=0.02)
    with delivering(fresh, chosen) as record:
        head = record.record(claims(*(f"c{number}" for number in range(100))))
        webhook, _ = record.hook(receiver.url)
        receiver.wait(lambda: record.standing(webhook)[1].failing == 20)
        now, standing = record.standing(webhook)
        assert (now.cursor, standing.waiting, standing.dead) == (20, 20, 0)
        down[0] = False
        receiver.wait(lambda: sorted(set(receiver.taken)) == list(range(1, head + 1)))


def test_a_receiver_that_is_down_is_not_asked_about_each_event(
    fresh: Database, receiver: Receiving
) -> None:
    down = [True]
    receiver.answer = lambda _: Answer(500 if down[0] else 200)
    chosen = WebhookSettings(private=True, schedule=(0.5,) * 100, poll=0.02)
    with delivering(fresh, chosen) as record:
        head = record.record(claims(*(f"c{number}" for number in range(100))))
        record.hook(receiver.url)
        receiver.wait(lambda: len(receiver.got) >= 8)
        sleep(1.2)
        assert len(receiver.got) <= 24  # at once, after half a second, after one more
        down[0] = False
        receiver.wait(lambda: sorted(set(receiver.taken)) == list(range(1, head + 1)))


def test_what_is_done_is_counted(record: Delivering, receiver: Receiving) -> None:
    receiver.answer = lambda _: Answer(200 if receiver.got else 500)
    webhook, _ = record.hook(receiver.url)
    record.record([OpenStory(story="s", title="S")])
    receiver.wait(lambda: record.standing(webhook)[1].waiting == 0 and len(receiver.got) == 2)
    told = httpx.get(f"{record.address}/metrics").text
    assert 'dateline_webhook_deliveries_total{result="delivered"} 1.0' in told
    assert 'dateline_webhook_deliveries_total{result="failed"} 1.0' in told
    assert 'dateline_webhook_deliveries_total{result="dead"} 0.0' in told
    assert "dateline_webhooks_leader 1.0" in told
    assert "dateline_webhook_dead_letters 0.0" in told


@pytest.fixture(scope="module")
def lively(server: Server) -> Iterator[Delivering]:
    """A record that grows with every example."""
    with server.fresh_database() as database, delivering(database) as made:
        yield made


_serial = iter(range(1_000_000))


@settings(max_examples=12)
@given(data=st.data())
def test_each_claim_is_told_in_order_and_nothing_is_left_out(
    lively: Delivering, data: st.DataObject
) -> None:
    """However often the receiver fails; unless it fails so often that an event is given up."""
    number = next(_serial)
    names = [f"x{number}-{letter}" for letter in "abcd"]
    touched = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=30))
    failing = data.draw(st.sampled_from([0.0, 0.2, 0.4]))
    chance = Random(data.draw(st.integers(0, 2**32)))
    with receiving() as receiver:
        receiver.answer = lambda _: Answer(503 if chance.random() < failing else 200)
        start = lively.head()
        webhook, _ = lively.hook(receiver.url, after=start)
        versions = dict.fromkeys(names, 0)
        commands = claims(*names)
        for name in touched:
            versions[name] += 1
            commands.append(corrected(name, versions[name]))
        head = lively.record(commands)
        project_all(lively.database)

        def over() -> bool:
            now, standing = lively.standing(webhook)
            return now.cursor == head and standing.waiting == 0

        receiver.wait(over)
        given_up = {
            one.position
            for one in dead_letters(lively.database.owner_conninfo)
            if one.webhook == webhook.id
        }
        assert sorted(receiver.taken) == sorted(set(range(start + 1, head + 1)) - given_up)
        assert receiver.in_order
        set_state(lively.database.owner_conninfo, webhook.id, "paused")
