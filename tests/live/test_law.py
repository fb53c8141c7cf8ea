"""Whatever is recorded, however slowly somebody reads and however often they are cut off: what they
receive is what the log says, each thing once and in order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from api import channels
from api.event_list import EventKind
from api.ids import global_id
from domain.commands import AnyCommand
from domain.history import Entry
from domain.ids import Subject
from domain.words import Status
from eventlog.database import Database
from eventlog.log import Log
from eventlog.record import Record
from projections import statements
from projections.generations import ensure_generation, rebuild
from projections.projector import project_all
from tests.api.happenings import contradictions
from tests.api.plain_events import fitting
from tests.api.plain_lists import narrowed
from tests.api.plain_record import PlainRecord, read
from tests.live.following import (
    CLAIMS,
    EVENTS,
    STORY,
    Follower,
    Opened,
    kill_listener,
    opened,
)
from tests.projections import commands as acts
from tests.projections.commands import TOPICS, enveloped, opening
from tests.servers import Server

FOLLOWERS = 5

MOMENT = 0.03
"""Seconds after which somebody stops to wait for more, for now."""

STATUSES = [one.name for one in Status]

_numbers = count(1)


def event_filters(prefix: str) -> st.SearchStrategy[dict[str, Any]]:
    """Filters of events."""
    kinds = st.lists(st.sampled_from([one.name for one in EventKind]), min_size=4)
    return st.fixed_dictionaries(
        {},
        optional={
            "story": st.just(f"{prefix}story"),
            "source": st.integers(0, acts.SOURCES - 1).map(lambda n: f"{prefix}s{n}"),
            "report": st.integers(0, acts.REPORTS - 1).map(lambda n: f"{prefix}r{n}"),
            "claim": st.integers(0, acts.CLAIMS - 1).map(lambda n: f"{prefix}c{n}"),
            "topic": st.sampled_from(TOPICS),
            "status": st.lists(st.sampled_from(STATUSES), min_size=1, unique=True),
            "kind": kinds,
        },
    )


def claim_filters(prefix: str) -> st.SearchStrategy[dict[str, Any]]:
    """Filters of claims."""
    sources = st.integers(0, acts.SOURCES - 1).map(lambda n: f"{prefix}s{n}")
    return st.fixed_dictionaries(
        {},
        optional={
            "story": st.just(f"{prefix}story"),
            "source": sources,
            "outlet": sources,
            "topic": st.sampled_from(TOPICS),
            "status": st.lists(st.sampled_from(STATUSES), min_size=1, unique=True),
            "contested": st.booleans(),
            "reviewed": st.booleans(),
        },
    )


class Streams(RuleBasedStateMachine):
    """A record that somebody writes to and others follow."""

    database: Database
    at: Opened

    def __init__(self) -> None:
        super().__init__()
        self.prefix = f"l{next(_numbers)}-"
        self.followers: list[tuple[str, Follower, int]] = []
        """What each follows, and the position after which."""
        self.projected = self.start = self.at.run(self.at.head.beyond(-1))

    @initialize()
    def open(self) -> None:
        """There is something."""
        self._record(opening(self.prefix))
        self.project()

    @rule(data=st.data())
    def record(self, data: st.DataObject) -> None:
        """Somebody records something."""
        some = st.lists(
            acts.commands(self.prefix) | contradictions(self.prefix), min_size=1, max_size=8
        )
        self._record(data.draw(some))

    def _record(self, wanted: list[AnyCommand]) -> None:
        with Record(self.database) as record:
            record.execute_many([enveloped(one) for one in wanted])

    @rule()
    def project(self) -> None:
        """It can be read."""
        self.projected = project_all(self.database)
        self.at.reach(self.projected)

    @precondition(lambda self: len(self.followers) < FOLLOWERS)
    @rule(data=st.data())
    def follow(self, data: st.DataObject) -> None:
        """Somebody begins to follow, from now, from the start or from some place between."""
        kind = data.draw(st.sampled_from(["events", "claims", "story"]))
        back = data.draw(st.none() | st.integers(0, 40))
        after = None if back is None else max(self.projected - back, self.start)
        if kind == "events":
            asked = {"filter": data.draw(event_filters(self.prefix))}
            begun = Follower(self.at, EVENTS, **asked)
        elif kind == "claims":
            begun = Follower(self.at, CLAIMS, filter=data.draw(claim_filters(self.prefix)))
        else:
            begun = Follower(self.at, STORY, slug=f"{self.prefix}story")
        if after is not None:
            begun.variables["after"] = str(after)
        begun.connect()
        if after is None and kind != "claims":
            # Whoever is cut off before anything came can only say where it began.
            after = self.projected
            begun.variables["after"] = str(after)
        self.followers.append((kind, begun, after or 0))

    @precondition(lambda self: self.followers)
    @rule(data=st.data(), most=st.integers(1, 12))
    def take(self, data: st.DataObject, most: int) -> None:
        """Somebody reads a little."""
        _, one, _ = data.draw(st.sampled_from(self.followers))
        if not one.following:
            one.connect()
        one.take(most, MOMENT)

    @precondition(lambda self: self.followers)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        """Somebody is cut off."""
        data.draw(st.sampled_from(self.followers))[1].drop()

    @rule()
    def forget(self) -> None:
        """Nothing is kept any more."""
        self.at.channels.forget()

    @rule()
    def deafen(self) -> None:
        """The connection over which it is told of new positions is killed."""
        kill_listener(self.database)

    @rule()
    def rebuild(self) -> None:
        """The read model is made anew."""
        rebuild(self.database)
        self.project()

    def teardown(self) -> None:
        """Everybody reads to the end."""
        try:
            self.project()
            with Log(self.database.conninfo) as log:
                record = read(log)
            for kind, one, after in self.followers:
                if not one.following:
                    one.connect()
                if kind == "claims":
                    self._check_claims(record, one, after)
                else:
                    self._check_events(record, kind, one, after)
        finally:
            for _, one, _ in self.followers:
                one.drop()
        assert (self.at.channels.listening, self.at.channels.streams) == (0, 0)

    def _check_events(self, record: PlainRecord, kind: str, one: Follower, after: int) -> None:
        asked = one.variables.get("filter") or {}
        if kind == "story":
            asked = {"story": one.variables["slug"]}
        expected = [entry.position for _, entry in lasting(record, after, asked)]
        one.take(len(expected) - len(one.received))
        one.take(1, MOMENT)
        assert [message["node"]["position"] for message in one.received] == expected
        if kind == "events":
            for message in one.received:
                claim, position = message["node"].get("claim"), message["node"]["position"]
                if claim is not None:
                    check_claim(record, claim, position)

    def _check_claims(self, record: PlainRecord, one: Follower, after: int) -> None:
        asked = one.variables["filter"]
        # What comes last depends on how it was cut into steps; when it has all come does not.
        while one.take(1, 10 * MOMENT):
            pass
        found = matching(record, after, asked)  # before the first event, nothing
        for message in one.received:
            claim, position = message["claim"], message["position"]
            fits = claim["id"] in matching(record, position, asked)
            if message["change"] == "ENTERED":
                assert fits
                assert claim["id"] not in found
                found.add(claim["id"])
            else:
                assert claim["id"] in found
                assert fits is (message["change"] == "CHANGED")
                if not fits:
                    found.remove(claim["id"])
            check_claim(record, claim, position)
        assert found == matching(record, record.position, asked)


def lasting(record: PlainRecord, after: int, asked: dict[str, Any]) -> list[tuple[UUID, Entry]]:
    """The events after a position that a filter chooses, as far as could be known at each."""
    later = [item for item in record.entries if item[1].position > after]
    return [
        item for item in later if fitting(record.view(None, item[1].position), asked)[-1:] == [item]
    ]


def matching(record: PlainRecord, position: int, asked: dict[str, Any]) -> set[str]:
    """The claims that a filter chooses as of a position."""
    view = record.view(None, position)
    _, found = narrowed(view, view.claims, {"filter": asked})
    return {global_id(Subject.CLAIM, one) for one in found}


def check_claim(record: PlainRecord, claim: dict[str, Any], position: int) -> None:
    """A claim is told as of a position."""
    view = record.view(None, position)
    state = next(
        view.claims[one] for one in view.claims if global_id(Subject.CLAIM, one) == claim["id"]
    )
    assert (claim["version"], claim["status"]) == (state.version, state.status.name)


@pytest.fixture
def record(server: Server) -> Iterator[Database]:
    """An empty record."""
    with server.fresh_database() as made:
        ensure_generation(made)
        yield made


@pytest.mark.parametrize("size", [2, 500])
def test_history_and_what_comes_next_are_one_sequence_whatever_is_cut(
    record: Database, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(channels, "MESSAGES", size)
    monkeypatch.setattr(channels, "PAGE", 500 * size)
    monkeypatch.setattr(statements, "RECONNECT", 0.02)
    with ExitStack() as stack:
        Streams.database = record
        Streams.at = stack.enter_context(opened(record))
        run_state_machine_as_test(
            Streams, settings=settings(max_examples=12, stateful_step_count=25)
        )
