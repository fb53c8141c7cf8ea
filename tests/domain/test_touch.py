"""Who and what an event names."""

from __future__ import annotations

import re
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.codec import encode
from domain.commands import AmendClaim
from domain.events import AnyEvent, ClaimCorrected, ClaimReported
from domain.ids import Subject
from domain.touch import named_by, named_in
from domain.values import AttributionChange, Step
from domain.words import Verb
from tests.domain import desk
from tests.domain.making import events

_UUID = re.compile(r'"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"')


@given(events)
def test_an_event_names_every_id_that_stands_in_it(event: AnyEvent) -> None:
    assert set(named_by(event)) == {UUID(text) for text in _UUID.findall(encode(event))}


def test_a_claim_names_its_report_its_story_and_everybody_in_its_chain() -> None:
    record = desk.given()
    assert set(named_in(record.claim())) == {desk.report_id(), desk.source_id("mayor")}
    record.when(AmendClaim(claim="c", amends=1, story="bridge"))
    story = desk.identity(Subject.STORY, "bridge")
    assert set(named_in(record.claim())) == {desk.report_id(), desk.source_id("mayor"), story}


@given(st.uuids(), st.uuids(), st.lists(st.uuids(), max_size=3))
def test_a_claim_as_first_reported_names_what_its_event_names(
    report: UUID, story: UUID, sources: list[UUID]
) -> None:
    chain = tuple(Step(source=source, verb=Verb.SAID) for source in sources)
    event = ClaimReported(report=report, story=story, statement="x", attribution=chain)
    assert set(named_by(event)) == {report, story, *sources}


@given(st.uuids(), st.uuids())
def test_whoever_was_taken_out_of_a_chain_and_whoever_came_in_are_named(
    out: UUID, into: UUID
) -> None:
    change = AttributionChange(
        old=(Step(source=out, verb=Verb.SAID),), new=(Step(source=into, verb=Verb.SAID),)
    )
    event = ClaimCorrected(version=1, changes=(change,))
    assert set(named_by(event)) == {out, into}
