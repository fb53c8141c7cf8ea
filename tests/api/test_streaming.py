"""Subscriptions over HTTP: server-sent events and multipart responses, byte by byte."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

import api.streaming
import api.subscribing
from api.app import ApiSettings, create_app
from api.limits import Limits
from domain.commands import OpenStory
from eventlog.apikeys import make_key, revoke_key
from eventlog.database import Database
from eventlog.log import Log
from tests.api.mutations import Desk, desk
from tests.api.record import fill
from tests.api.serving import served
from tests.api.sockets import EVENTS, wait_for
from tests.servers import Server

SERVER_SENT = "text/event-stream"
IN_PARTS = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json"
"""What Apollo Client accepts."""

PART = "\r\ncontent-type: application/json\r\n\r\n%s\r\n--graphql"

COUNT = "subscription ($after: String) { events(after: $after) { node { position } } }"

PAGE = Path(__file__).parents[2] / "docs/how-to/follow-what-comes-next.md"
DOCUMENTS = re.findall(r"```graphql\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)

_numbers = count(1)


@pytest.fixture(scope="module")
def growing(server: Server) -> Iterator[Database]:
    with server.fresh_database() as database:
        fill(database)
        yield database


@pytest.fixture(scope="module")
def writing(growing: Database) -> Iterator[Desk]:
    with desk(growing) as opened:
        yield opened


def record(writing: Desk) -> None:
    """Let one thing more happen."""
    opened = writing.record(OpenStory(story=f"s-{next(_numbers)}", title="A story"))
    assert opened["refusal"] is None


def head(growing: Database) -> int:
    with Log(growing.conninfo) as log:
        return log.head().position


class Stream:
    """A response that goes on."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._chunks = response.iter_text()
        self._come = ""

    def until(self, end: str) -> str:
        """What comes, up to and with a text."""
        while end not in self._come:
            self._come += next(self._chunks)
        told, _, self._come = self._come.partition(end)
        return told + end

    def rest(self) -> str:
        """What comes until its end."""
        return self._come + "".join(self._chunks)

    def event(self) -> dict[str, str]:
        """The fields of the next event, comments left out."""
        while not (lines := self.until("\n\n").rstrip("\n")).startswith("event"):
            assert lines == ":"
        return dict(line.split(": ", 1) for line in lines.split("\n"))


@contextmanager
def streamed(
    writing: Desk,
    query: str = EVENTS,
    accept: str = SERVER_SENT,
    method: str = "POST",
    heard: str | None = None,
    key: str | None = None,
    **variables: Any,
) -> Iterator[Stream]:
    """What is asked for as a stream, until the block is left."""
    given = {"query": query, "variables": variables}
    headers = {b"accept": accept.encode()}
    headers |= {} if heard is None else {b"last-event-id": heard.encode()}
    headers |= {} if key is None else {b"authorization": f"Bearer {key}".encode()}
    asked: dict[str, Any] = {"json": given}
    if method != "POST":
        asked = {"params": given | {"variables": json.dumps(variables)}}
    with writing.client.stream(method, "/graphql", headers=headers, **asked) as response:
        yield Stream(response)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_events_are_sent_as_they_come_each_with_its_cursor(
    growing: Database, writing: Desk, method: str
) -> None:
    last = head(growing)
    with streamed(writing, method=method, after=str(last - 2)) as stream:
        assert stream.response.status_code == 200
        headers = stream.response.headers
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        assert headers["cache-control"] == "no-store"
        assert headers["x-accel-buffering"] == "no"
        assert headers["x-content-type-options"] == "nosniff"
        assert "content-encoding" not in headers
        record(writing)
        for position in range(last - 1, last + 2):
            event = stream.event()
            assert list(event) == ["event", "id", "data"]
            assert event["event"] == "next"
            told = json.loads(event["data"])["data"]["events"]
            assert told["node"] == {"position": position}
            # A position does as well as a cursor, and is shorter.
            assert event["id"] == str(position)
    wait_for(writing.client, 0)


def test_what_was_heard_last_goes_before_the_variables(growing: Database, writing: Desk) -> None:
    last = head(growing)
    with streamed(writing, after="1") as stream:
        cursors = [stream.event()["id"] for _ in range(3)]
    with streamed(writing, after="1", heard=cursors[1]) as stream:
        assert stream.event()["id"] == cursors[2]
    with streamed(writing, heard=str(last - 1)) as stream:
        assert f'"position":{last}}}' in stream.event()["data"].replace(" ", "")


def test_a_live_query_is_resumed_within_its_set(writing: Desk) -> None:
    query = "subscription ($after: String) { claims(after: $after) { change claim { id } } }"
    with streamed(writing, query) as stream:
        told = [stream.event() for _ in range(3)]
    with streamed(writing, query, heard=told[0]["id"]) as stream:
        assert [stream.event() for _ in range(2)] == told[1:]


@pytest.mark.parametrize("accept", [SERVER_SENT, IN_PARTS])
def test_what_was_heard_last_is_refused_where_it_is_no_place_in_the_stream(
    growing: Database, writing: Desk, accept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.subscribing, "PATIENCE", 0.1)
    for heard in ("nonsense", "1.2.x", str(head(growing) + 10), "\u00e9"):
        with streamed(writing, accept=accept, heard=heard) as stream:
            assert "INVALID_CURSOR" in stream.rest()


def test_an_event_is_one_line_whatever_it_says(writing: Desk) -> None:
    title = "One\nTwo\r\nThree\u2028Four\x85 data: Five"
    query = (
        'subscription ($after: String) { story(slug: "lines", after: $after) { story { title } } }'
    )
    assert writing.record(OpenStory(story="lines", title=title))["refusal"] is None
    with streamed(writing, query, after="0") as stream:
        told = json.loads(stream.event()["data"])
        assert told["data"]["story"]["story"]["title"] == title


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("subscription { events(after: 5) { cursor } }", "GRAPHQL_VALIDATION_FAILED"),
        ('subscription { events(after: "x") { cursor } }', "INVALID_CURSOR"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ " + "a { " * 30 + "b" + " }" * 30 + " }", "DOCUMENT_TOO_COMPLEX"),
        ("", "BAD_REQUEST"),
    ],
)
def test_what_is_wrong_with_a_document_is_told_within_the_stream(
    writing: Desk, method: str, query: str, code: str
) -> None:
    with streamed(writing, query, method=method) as stream:
        assert stream.response.status_code == 200
        assert stream.response.headers["content-type"].startswith(SERVER_SENT)
        told = stream.rest()
    found = re.fullmatch(r"event: next\ndata: (.*)\n\nevent: complete\ndata:\n\n", told)
    assert found is not None, told
    assert json.loads(found[1])["errors"][0]["extensions"]["code"] == code


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_documents_on_the_page_bring_something(writing: Desk, document: str) -> None:
    with streamed(writing, document, after="0") as stream:
        told = json.loads(stream.event()["data"])
    assert "errors" not in told
    (found,) = told["data"].values()
    assert found["cursor"]


def test_who_takes_json_too_is_told_in_json(writing: Desk) -> None:
    for accept in (f"{SERVER_SENT}, application/json", IN_PARTS):
        with streamed(writing, "subscription { nothing }", accept=accept) as stream:
            assert stream.response.headers["content-type"] == "application/json; charset=utf-8"
            assert "GRAPHQL_VALIDATION_FAILED" in stream.rest()


@pytest.mark.parametrize("accept", [SERVER_SENT, IN_PARTS])
def test_who_may_not_ask_is_told_by_the_status(writing: Desk, accept: str) -> None:
    with streamed(writing, accept=accept, key="dl_wrong") as stream:
        assert stream.response.status_code == 401
        assert stream.response.headers["www-authenticate"].startswith("Bearer ")
        assert json.loads(stream.rest())["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_a_question_is_answered_as_the_only_event(writing: Desk) -> None:
    with streamed(writing, '{ claim(id: "apc") { version } }') as stream:
        told = stream.event()
        assert json.loads(told["data"])["data"] == {"claim": {"version": 2}}
        assert stream.rest() == "event: complete\ndata:\n\n"


def test_nothing_is_recorded_by_get(writing: Desk) -> None:
    query = 'mutation { openStory(input: { story: "x", title: "X" }) { position } }'
    with streamed(writing, query, method="GET") as stream:
        assert stream.response.status_code == 405


@pytest.mark.parametrize("accept", [SERVER_SENT, IN_PARTS])
def test_the_head_of_a_stream_is_told_and_the_stream_is_not_begun(
    writing: Desk, accept: str
) -> None:
    with streamed(writing, accept=accept, method="HEAD") as stream:
        assert stream.response.status_code == 200
        assert stream.response.headers["content-type"].startswith(accept.partition(";")[0])
        assert stream.rest() == ""
    wait_for(writing.client, 0)


@pytest.mark.parametrize("accept", ["application/json", "*/*", "multipart/mixed", "text/plain"])
def test_who_takes_no_stream_is_told_to(writing: Desk, accept: str) -> None:
    with streamed(writing, accept=accept) as stream:
        told = json.loads(stream.rest())
        assert told["errors"][0]["extensions"]["code"] == "SUBSCRIPTION_NEEDS_A_STREAM"


def test_a_part_is_whole_when_it_comes(growing: Database, writing: Desk) -> None:
    last = head(growing)
    with streamed(writing, COUNT, accept=IN_PARTS, after=str(last - 1)) as stream:
        assert stream.response.headers["content-type"] == (
            'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
        )
        assert stream.response.headers["cache-control"] == "no-store"
        assert stream.until("--graphql") == "\r\n--graphql"
        for position in (last, last + 1):
            body = json.dumps({"payload": {"data": {"events": {"node": {"position": position}}}}})
            part = stream.until("--graphql").replace('": ', '":')
            assert part == PART % body.replace('": ', '":')
            record(writing)


@pytest.mark.parametrize(
    ("accept", "begin", "beat"),
    [(SERVER_SENT, ":\n\n", ":\n\n"), (IN_PARTS, "\r\n--graphql", PART % "{}")],
)
def test_who_hears_nothing_is_given_signs_of_life(
    writing: Desk, monkeypatch: pytest.MonkeyPatch, accept: str, begin: str, beat: str
) -> None:
    monkeypatch.setattr(api.streaming, "BEAT", 0.1)
    with streamed(writing, accept=accept) as stream:
        assert stream.until(begin) == begin
        for _ in range(3):
            assert stream.until(beat) == beat


@pytest.mark.parametrize("accept", [SERVER_SENT, IN_PARTS])
def test_who_goes_away_is_forgotten(writing: Desk, accept: str) -> None:
    with streamed(writing, accept=accept), streamed(writing, accept=accept):
        wait_for(writing.client, 2)
    wait_for(writing.client, 0)


@pytest.mark.parametrize(
    ("accept", "end"),
    [
        (SERVER_SENT, 'event: next\ndata: {"errors":[%s]}\n\nevent: complete\ndata:\n\n'),
        (IN_PARTS, PART % '{"payload":null,"errors":[%s]}' + "--\r\n"),
    ],
)
def test_a_key_that_is_revoked_ends_its_stream_with_the_reason(
    growing: Database, writing: Desk, accept: str, end: str
) -> None:
    made, token = make_key(growing.owner_conninfo, "leaving", "reader")
    while True:
        with streamed(writing, accept=accept, key=token) as stream:
            if stream.response.status_code == 401:  # the news of the key is on its way
                continue
            wait_for(writing.client, 1)
            assert revoke_key(growing.owner_conninfo, made.id)
            told = stream.rest()
            break
    error = (
        '{"message":"this key is not known, was revoked, or has expired",'
        '"extensions":{"code":"UNAUTHENTICATED"}}'
    )
    assert told.endswith(end % error)
    wait_for(writing.client, 0)


@pytest.mark.parametrize("accept", [SERVER_SENT, IN_PARTS])
def test_one_subscription_too_many_is_refused_by_the_status(growing: Database, accept: str) -> None:
    with desk(growing, settings=ApiSettings(Limits(listening=2))) as few:
        with streamed(few, accept=accept), streamed(few, accept=accept):
            wait_for(few.client, 2)
            with streamed(few, accept=accept) as third:
                assert third.response.status_code == 429
                assert third.response.headers["retry-after"]
                (error,) = json.loads(third.rest())["errors"]
                assert error["extensions"] == {
                    "code": "TOO_MANY_SUBSCRIPTIONS",
                    "limit": "listening",
                    "allowed": 2,
                }
            with streamed(few, accept=accept, key=few.headers["authorization"][7:]) as another:
                assert another.response.status_code == 200
        wait_for(few.client, 0)


def test_a_stream_is_no_slow_request(growing: Database, caplog: pytest.LogCaptureFixture) -> None:
    with desk(growing, settings=ApiSettings(slow_after=0.01)) as slow:
        with streamed(slow, heard="1") as stream:
            stream.event()
        wait_for(slow.client, 0)
        assert [one for one in caplog.records if one.name == "api.slow"] == []


@pytest.mark.parametrize("accept", [SERVER_SENT, IN_PARTS])
def test_a_server_that_is_stopped_ends_its_streams_at_once(
    filled: Database, caplog: pytest.LogCaptureFixture, accept: str
) -> None:
    with ThreadPoolExecutor(1) as reading:
        with served(create_app(filled)) as url:
            asker = httpx.Client(base_url=url, timeout=20)
            told = reading.submit(
                asker.post, "/graphql", json={"query": EVENTS}, headers={"accept": accept}
            )
            wait_for(asker, 1)
        # Whole as it is, but for what would say that it is over.
        assert told.result(timeout=5).text in (":\n\n", "\r\n--graphql")
        asker.close()
    assert caplog.records == []
