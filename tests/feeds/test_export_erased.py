"""An export of a record in which content was erased can be taken down, and gives nothing back."""

from __future__ import annotations

import io

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from domain.codec import encode
from domain.commands import AnyCommand, CorrectClaim, Envelope, EraseClaim, EraseReport
from domain.events import Erased
from domain.refusals import StaleVersion
from domain.words import ErasureGround
from feeds import interchange
from feeds.export import lines
from tests.feeds.memory import Memory
from tests.projections.commands import commands, opening
from tests.projections.erasures import erasures
from tests.projections.test_erasing import SECRET, marked, of_all

LAW = ErasureGround.COURT_ORDER
anything = st.lists(commands("a") | commands("a") | erasures("a"), max_size=25)


def recorded(given_: list[AnyCommand]) -> Memory:
    """A record that has taken down what it could, with a mark in all that it says."""
    memory = Memory()
    for number, command in enumerate([*opening("a"), *given_]):
        envelope = Envelope(command=marked(command, "SECRET0"), actor="ada", key=f"k{number}")
        memory.take(envelope)
        refused, refusal = memory.refusals[-1] if memory.refusals else (None, None)
        if refused is envelope and isinstance(refusal, StaleVersion):
            assert isinstance(refused.command, CorrectClaim)
            current = CorrectClaim(
                **{
                    name: getattr(refused.command, name)
                    for name in CorrectClaim.__struct_fields__
                    if name != "version"
                },
                version=refusal.current,
            )
            memory.take(Envelope(command=current, actor="ada", key=f"k{number}"))
    return memory


def taken_over(memory: Memory) -> tuple[str, Memory]:
    """An export, and what an empty record makes of it."""
    text = "".join(line + "\n" for line in lines(memory.log))
    fresh = Memory()
    assert fresh.take_all(interchange.read(io.BytesIO(text.encode()), actor="ada")) == []
    assert fresh.refusals == []
    return text, fresh


@settings(
    max_examples=60,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(anything)
def test_a_record_with_erasures_comes_to_the_same_events_in_an_empty_one(
    given_: list[AnyCommand],
) -> None:
    memory = recorded(given_)
    _, fresh = taken_over(memory)

    def told(one: Memory) -> list[object]:
        # A reference was erased with its subject, which is then named by its id.
        return [(logged.subject, logged.erased is None, encode(logged.event)) for logged in one.log]

    assert told(fresh) == told(memory)


@settings(
    max_examples=40,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(anything)
def test_nothing_that_was_erased_is_in_an_export(given_: list[AnyCommand]) -> None:
    text, fresh = taken_over(recorded([*given_, *of_all("a")]))
    assert SECRET.findall(text) == []
    assert any(isinstance(one.event, Erased) for one in fresh.log)


def test_the_line_of_an_erasure_takes_the_marks_away() -> None:
    memory = recorded([EraseClaim(claim="ac0", ground=LAW, reference="7 O 12/26")])
    text, fresh = taken_over(memory)
    assert '"statement":"(erased 1)"' in text
    assert '"command":"erase_claim"' in text
    assert "(erased" not in "".join(encode(one.event) for one in fresh.log)


def test_a_report_takes_its_claims_along_in_one_line() -> None:
    memory = recorded([EraseReport(report="ar0", ground=LAW, with_claims=True)])
    text, _ = taken_over(memory)
    assert text.count('"command":"erase_') == 1
