"""GraphQL over WebSocket, told apart from its specification message by message."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from time import monotonic, sleep

import pytest
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

import api.websocket
from api.app import ApiSettings, create_app
from api.limits import Limits
from domain.commands import OpenStory
from eventlog.apikeys import make_key, revoke_key
from eventlog.database import Database
from tests.api.mutations import Desk, desk, document, input_of
from tests.api.record import fill
from tests.api.serving import served
from tests.api.sockets import EVENTS, PROTOCOL, Talk, talk, wait_for
from tests.servers import Server

_numbers = count(1)

MANY = "\N{NEWSPAPER}" * 200
"""More bytes than a frame that closes a connection may carry."""


@pytest.fixture(scope="module")
def growing(server: Server) -> Iterator[Database]:
    with server.fresh_database() as database:
        fill(database)
        yield database


@pytest.fixture(scope="module")
def writing(growing: Database) -> Iterator[Desk]:
    with desk(growing) as opened:
        yield opened


@pytest.fixture
def url(writing: Desk) -> str:
    return str(writing.client.base_url)


@pytest.fixture
def talking(url: str) -> Iterator[Talk]:
    """Somebody who has said hello."""
    with talk(url) as opened:
        opened.greet()
        yield opened


def key(growing: Database, writing: Desk, name: str) -> tuple[str, str]:
    """The identity of a new key, and what says that one has it. The server knows it by now."""
    shown, token = make_key(growing.owner_conninfo, name, "reader")
    given = f"Bearer {token}"
    deadline = monotonic() + 10
    while writing.post("{ __typename }", {"authorization": given}).status_code != 200:
        assert monotonic() < deadline
        sleep(0.01)
    return shown.id, given


def story() -> OpenStory:
    """One that was not opened yet."""
    return OpenStory(story=f"s-{next(_numbers)}", title="A story")


@pytest.mark.parametrize("protocols", [(), ("graphql-ws",), ("soap", "graphql-ws")])
def test_another_protocol_than_this_one_is_refused(url: str, protocols: tuple[str, ...]) -> None:
    with talk(url, protocols=[Subprotocol(one) for one in protocols]) as opened:
        assert opened.connection.subprotocol is None
        assert opened.closed() == (
            4406,
            "Subprotocol not acceptable: graphql-transport-ws is spoken",
        )


def test_who_speaks_several_protocols_speaks_this_one(url: str) -> None:
    with talk(url, protocols=[Subprotocol("graphql-ws"), PROTOCOL]) as opened:
        assert opened.connection.subprotocol == PROTOCOL
        opened.greet()


@pytest.mark.parametrize(
    "message",
    [
        "nonsense",
        "",
        "[]",
        "{}",
        '{"type":"start","id":"1","payload":{}}',
        f'{{"type":"{MANY}"}}',
        '{"type":"subscribe","id":1,"payload":{}}',
        '{"type":"subscribe","payload":{}}',
        '{"type":"subscribe","id":"1"}',
        '{"type":"subscribe","id":"1","payload":{"query":5}}',
        '{"type":"connection_init","payload":"me"}',
        '{"type":"complete"}',
        '{"type":"ping","payload":' + '{"a":' * 5_000 + "1" + "}" * 5_000 + "}",
        b"\xff\xfe",
    ],
)
def test_what_is_no_message_closes_the_connection(talking: Talk, message: str | bytes) -> None:
    talking.connection.send(message)
    code, reason = talking.closed()
    assert code == 4400
    assert reason.startswith("Invalid message: ")


def test_nothing_is_answered_before_a_greeting(url: str) -> None:
    with talk(url) as opened:
        opened.subscribe("1", "{ __typename }")
        assert opened.closed() == (4401, "Unauthorized")


def test_one_greets_once(talking: Talk) -> None:
    talking.tell("connection_init")
    assert talking.closed() == (4429, "Too many initialisation requests")


def test_who_does_not_greet_is_not_waited_for(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.websocket, "PATIENCE", 0.3)
    with talk(url) as opened:
        opened.tell("ping")
        assert opened.hear() == {"type": "pong"}
        assert opened.closed() == (4408, "Connection initialisation timeout")
    with talk(url) as opened:
        opened.greet()
        assert opened.silent()
        opened.tell("ping")
        assert opened.hear() == {"type": "pong"}


@pytest.mark.parametrize("identity", ["1", MANY])
def test_a_name_is_given_to_one_subscription_at_a_time(talking: Talk, identity: str) -> None:
    talking.subscribe(identity)
    talking.subscribe(identity)
    code, reason = talking.closed()
    assert code == 4409
    assert f"Subscriber for {identity} already exists".startswith(reason)
    assert len(reason) > 25


def test_a_name_is_free_as_soon_as_its_subscription_was_completed(talking: Talk) -> None:
    for _ in range(20):
        talking.subscribe("1")
        talking.tell("complete", id="1")
    talking.subscribe("1", "{ __typename }")
    assert talking.hear()["payload"] == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("greeted", [False, True])
def test_a_ping_is_answered_with_its_payload(url: str, greeted: bool) -> None:
    with talk(url) as opened:
        if greeted:
            opened.greet()
        opened.tell("pong", payload={"unasked": True})
        opened.tell("ping", payload={"number": 1})
        assert opened.hear() == {"type": "pong", "payload": {"number": 1}}
        opened.tell("ping")
        assert opened.hear() == {"type": "pong"}


def test_questions_are_answered_and_completed(talking: Talk) -> None:
    talking.subscribe("a", '{ claim(id: "apc") { version } }')
    assert talking.hear()["payload"]["data"] == {"claim": {"version": 2}}
    assert talking.hear() == {"type": "complete", "id": "a"}


def test_what_is_recorded_is_recorded_by_whoever_greeted(url: str, writing: Desk) -> None:
    command = story()
    with talk(url) as opened:
        opened.greet(authorization=writing.headers["authorization"])
        opened.subscribe("1", document(command), input=input_of(command))
        assert opened.hear()["payload"]["data"]["did"]["refusal"] is None
        assert opened.hear() == {"type": "complete", "id": "1"}
    with talk(url) as opened:
        opened.greet()
        opened.subscribe("1", document(command), input=input_of(command))
        refusal = opened.hear()["payload"]["data"]["did"]["refusal"]
        assert refusal["__typename"] == "Forbidden"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        (
            "subscription { events { cursor } story(slug: 1) { cursor } }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription ($x: Int!) { events { cursor } }", "GRAPHQL_VALIDATION_FAILED"),
        ("", "BAD_REQUEST"),
    ],
)
def test_what_cannot_be_executed_is_an_error_and_nothing_after_it(
    talking: Talk, query: str, code: str
) -> None:
    talking.subscribe("1", query)
    told = talking.hear()
    assert (told["type"], told["id"]) == ("error", "1")
    assert told["payload"][0]["extensions"]["code"] == code
    assert talking.silent()
    talking.subscribe("1", "{ __typename }")
    assert talking.hear()["type"] == "next"


def test_a_cursor_that_is_none_is_a_result_with_errors(talking: Talk) -> None:
    talking.subscribe("1", after="nonsense")
    told = talking.hear()
    assert told["type"] == "next"
    assert told["payload"]["data"] is None
    (error,) = told["payload"]["errors"]
    assert error["extensions"] == {"code": "INVALID_CURSOR", "field": "after"}
    assert talking.hear() == {"type": "complete", "id": "1"}


def test_a_stream_goes_on_until_it_is_completed_and_is_then_freed(url: str, writing: Desk) -> None:
    with talk(url) as opened:
        opened.greet()
        opened.subscribe("1")
        opened.subscribe("2", "subscription { claims { change } }")
        wait_for(writing.client, 2)
        while opened.hear()["id"] == "2":
            writing.record(story())  # the set comes first, and of stories it tells nothing
        opened.tell("complete", id="1")
        opened.tell("complete", id="2")
        wait_for(writing.client, 0)
        opened.tell("complete", id="never begun")
        opened.tell("ping")
        while (told := opened.hear())["type"] != "pong":
            assert told["type"] == "next"  # it was on its way
        writing.record(story())
        assert opened.silent()


def test_who_goes_away_without_a_word_is_forgotten(url: str, writing: Desk) -> None:
    with talk(url) as opened:
        opened.greet()
        opened.subscribe("1")
        opened.subscribe("2", EVENTS, after="0")
        wait_for(writing.client, 2)
        opened.connection.socket.close()
        wait_for(writing.client, 0)


@pytest.mark.parametrize("name", ["authorization", "Authorization"])
def test_who_asks_is_said_in_the_greeting_or_in_a_header(
    growing: Database, url: str, writing: Desk, name: str
) -> None:
    _, given = key(growing, writing, "reader")
    with talk(url, headers={name: given}) as opened:
        opened.greet()
    with talk(url) as opened:
        opened.greet(**{name: given})
    wrongs: list[object] = ["Bearer dateline_wrong", given[7:], "", 5, {}, "\N{NEWSPAPER}"]
    for wrong in wrongs:
        with talk(url) as opened:
            opened.tell("connection_init", payload={name: wrong})
            assert opened.closed()[0] == 4403
    with talk(url) as opened:
        opened.greet(**{name: None})


def test_a_key_in_the_address_is_refused(growing: Database, url: str) -> None:
    _, token = make_key(growing.owner_conninfo, "reader", "reader")
    with talk(url, path=f"/graphql?key={token}") as opened:
        opened.tell("connection_init")
        assert opened.closed()[0] == 4403


def test_who_has_to_say_who_they_are_has_to_say_so_here(growing: Database) -> None:
    settings = ApiSettings(anonymous=False)
    with desk(growing, settings=settings) as closed, talk(str(closed.client.base_url)) as opened:
        opened.tell("connection_init")
        assert opened.closed() == (4403, "say who you are: Authorization: Bearer <key>")


def test_a_key_that_is_revoked_ends_what_it_began(
    growing: Database, url: str, writing: Desk
) -> None:
    lost, losing = key(growing, writing, "loser")
    _, keeping = key(growing, writing, "keeper")
    with talk(url) as left, talk(url) as stays:
        for opened, authorization in ((left, losing), (stays, keeping)):
            opened.greet(authorization=authorization)
            opened.subscribe("1")
        wait_for(writing.client, 2)
        assert revoke_key(growing.owner_conninfo, lost)
        assert left.closed() == (4403, "this key is not known, was revoked, or has expired")
        wait_for(writing.client, 1)
        writing.record(story())
        assert stays.hear()["type"] == "next"


@pytest.mark.parametrize(
    "origin", ["https://elsewhere.example", "null", "http://127.0.0.1", "http://127.0.0.1:1"]
)
def test_a_page_from_elsewhere_is_not_answered(url: str, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused, talk(url, origin=origin):
        pass
    assert refused.value.response.status_code == 403


def test_a_page_from_here_is_answered(url: str) -> None:
    with talk(url, origin=url.rstrip("/")) as opened:
        opened.greet()


def test_a_message_may_be_as_large_as_a_body_and_no_larger(talking: Talk) -> None:
    talking.tell("ping", payload={"much": "x" * 900_000})
    assert len(talking.hear()["payload"]["much"]) == 900_000
    talking.tell("ping", payload={"much": "x" * 1_000_000})
    assert talking.closed()[0] == 1009


def test_a_connection_and_a_caller_have_so_many_subscriptions_and_no_more(
    growing: Database,
) -> None:
    settings = ApiSettings(Limits(subscriptions=3, listening=4))
    with desk(growing, settings=settings) as few:
        url = str(few.client.base_url)
        with talk(url) as one, talk(url) as other:
            for opened in (one, other):
                opened.greet()
            for number in range(4):
                one.subscribe(str(number))
            assert one.hear() == refused("3", "subscriptions", 3, "one connection")
            wait_for(few.client, 3)
            other.subscribe("0")
            wait_for(few.client, 4)
            other.subscribe("1")
            assert other.hear() == refused("1", "listening", 4, "one caller")
            # A place that is given up can be taken.
            one.tell("complete", id="0")
            wait_for(few.client, 3)
            other.subscribe("1")
            wait_for(few.client, 4)
        wait_for(few.client, 0)


def refused(identity: str, limit: str, allowed: int, who: str) -> dict[str, object]:
    extensions = {"code": "TOO_MANY_SUBSCRIPTIONS", "limit": limit, "allowed": allowed}
    message = f"{who} has at most {allowed} subscriptions at once"
    payload = [{"message": message, "extensions": extensions}]
    return {"type": "error", "id": identity, "payload": payload}


def test_a_message_may_come_as_bytes(talking: Talk) -> None:
    talking.connection.send(json.dumps({"type": "ping"}).encode())
    assert talking.hear() == {"type": "pong"}


def test_a_server_that_is_stopped_says_that_it_comes_back(filled: Database) -> None:
    with ExitStack() as kept:
        with served(create_app(filled)) as url:
            opened = kept.enter_context(talk(url))
            opened.greet()
            opened.subscribe("1")
            opened.tell("ping")
            assert opened.hear() == {"type": "pong"}
        assert opened.closed()[0] == 1012
