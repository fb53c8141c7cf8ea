"""The example record: it loads without a refusal, and holds what it should."""

from __future__ import annotations

import json
from pathlib import Path

from domain.claim import Claim, claim_as_of
from domain.events import ClaimCorrected, ClaimReported, ClaimRetracted, ReportPublished
from domain.ids import Subject, resolve
from domain.words import ClaimKind, Status
from examples.make_losses import lines
from feeds import interchange, loss_claims
from tests.feeds.data import data_file
from tests.feeds.memory import Memory

EXAMPLES = Path(__file__).parents[2] / "examples"


def loaded(*names: str) -> Memory:
    memory = Memory()
    for name in names:
        with (EXAMPLES / name).open("rb") as stream:
            assert memory.take_all(interchange.read(stream, actor="import")) == []
    assert memory.refusals == []
    return memory


def claim(memory: Memory, ref: str) -> Claim:
    state = claim_as_of(memory.world.entries(resolve(Subject.CLAIM, ref)))
    assert state is not None
    return state


def test_the_article_has_its_18_claims_with_their_chains_and_links() -> None:
    memory = loaded("kursk-talks.jsonl")
    taken = json.loads(data_file("kursk-talks-article/claims.json").read_text())
    assert len(taken) == 18
    for told in taken:
        state = claim(memory, f"kursk-talks:{told['id']}")
        assert [step.verb.value for step in state.attribution] == [
            step["voice"] for step in told["chain"]
        ]
        assert state.about == (None if told["about"] == "unknown" else told["about"])
        assert state.statement != told["says"]
        assert [{link.kind.value: str(link.to)} for link in state.links] == [
            {kind: str(resolve(Subject.CLAIM, f"kursk-talks:{to}"))}
            for link in told.get("links", ())
            for kind, to in link.items()
        ]
        assert [
            (q.label, str(q.value), q.unit, q.hedge.value.replace("_", " "))
            for q in state.quantities
        ] == [(q["label"], q["value"], q["unit"], q["hedge"]) for q in told.get("quantities", ())]


def test_the_articles_outlet_is_not_known_and_nothing_was_corrected() -> None:
    memory = loaded("kursk-talks.jsonl")
    (report,) = (event for _, event in memory.events if isinstance(event, ReportPublished))
    assert (report.outlet, report.url, report.published_at) == (None, None, "2024-08-20T05:12")
    assert (report.byline, report.credits) == (("Mateusz Czmiel",), ("PAP", "TG"))
    assert report.caution is not None
    assert not [
        event for _, event in memory.events if isinstance(event, ClaimCorrected | ClaimRetracted)
    ]
    assert claim(memory, "kursk-talks:17").kind is ClaimKind.INFERENCE


def test_the_losses_hold_the_three_months_and_the_worked_example() -> None:
    memory = loaded("losses.jsonl")
    about = {event.about for _, event in memory.events if isinstance(event, ClaimReported)}
    assert (len(about), min(filter(None, about)), max(filter(None, about))) == (
        92,
        "2024-07-01",
        "2024-09-30",
    )
    state = claim(memory, "loss:2024-08-18:APC")
    assert (state.version, state.status) == (2, Status.CORRECTED)
    assert str(state.quantities[0].value) == "16480"


def test_the_losses_are_what_the_history_makes_of_them() -> None:
    history = data_file("ukraine-loss-claims/revisions.jsonl.gz")
    committed = (EXAMPLES / "losses.jsonl").read_text(encoding="utf-8").splitlines()
    assert lines(str(history)) == committed


def test_the_whole_history_can_be_imported_over_the_example() -> None:
    memory = loaded("kursk-talks.jsonl", "losses.jsonl")
    with data_file("ukraine-loss-claims/revisions.jsonl.gz").open("rb") as stream:
        memory.take_all(loss_claims.read(stream))
    assert memory.refusals == []


def test_loading_the_example_twice_changes_nothing() -> None:
    names = ("kursk-talks.jsonl", "losses.jsonl")
    assert loaded(*names, *names).events == loaded(*names).events
