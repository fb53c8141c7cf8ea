"""Commands of every sort, made at random; most name the same few things."""

from __future__ import annotations

from hypothesis import strategies as st
from msgspec import UNSET, UnsetType

from domain.commands import (
    AddSourceAlias,
    AmendClaim,
    AnyCommand,
    CorrectClaim,
    Envelope,
    ExpressConcern,
    LiftConcern,
    LinkClaims,
    MergeSources,
    MoveReport,
    NoticeInput,
    OpenStory,
    PublishReport,
    QuantityInput,
    QuantityKey,
    RegisterSource,
    ReinstateClaim,
    ReportClaim,
    RetractClaim,
    ReviewClaim,
    ReviseReport,
    StepInput,
    WithdrawReport,
)

UUID_TEXT = "00000000-0000-4000-8000-00000000000"

refs = st.sampled_from(
    ["a", "a", "a", "b", "b", "c", UUID_TEXT + "1", UUID_TEXT + "a", UUID_TEXT + "A"]
)
known = st.sampled_from(["a", "b"])
words = st.sampled_from(["one", "two", "três", 'say "three"\n'])
maybe = st.none() | words
topics = st.lists(words, max_size=2, unique=True).map(tuple)
moments = st.sampled_from(
    ["2024", "2024-08-20", "2024-08-21", "2024-08-22T05:12", "2024-08-23T00:00:00.5+03:00"]
)
abouts = st.none() | st.sampled_from(["2024-08-20", "2024-08~", "2024-08-06/.."])
decimals = st.decimals(-(10**9), 10**9, places=2)
notices = st.none() | st.builds(NoticeInput, text=maybe, url=maybe, issuer=st.none() | known)
steps = st.lists(st.builds(StepInput, source=known, role=maybe), max_size=2).map(tuple)
quantities = st.lists(
    st.builds(QuantityInput, label=words, value=decimals, unit=st.sampled_from([None, "km2"])),
    max_size=2,
    unique_by=lambda quantity: (quantity.label, quantity.unit),
).map(tuple)
keys = st.lists(st.builds(QuantityKey, label=words), max_size=1).map(tuple)
unset: st.SearchStrategy[UnsetType] = st.just(UNSET)
times = {"published_at": moments | st.none(), "observed_at": st.none() | moments}

changes = {
    "statement": unset | words,
    "about": unset | abouts,
    "attribution": unset | steps,
    "quantities": quantities,
    "remove_quantities": keys,
    "topics": unset | topics,
}

commands: st.SearchStrategy[AnyCommand] = st.one_of(
    st.builds(RegisterSource, source=refs, name=words, url=maybe, country=maybe),
    st.builds(AddSourceAlias, source=refs, alias=words),
    st.builds(MergeSources, source=refs, into=refs),
    st.builds(OpenStory, story=refs, title=words, summary=maybe, topics=topics),
    st.builds(
        PublishReport,
        report=refs,
        outlet=st.none() | refs,
        headline=maybe,
        byline=topics,
        credits=topics,
        language=maybe,
        url=maybe,
        caution=maybe,
        **times,
    ),
    st.builds(
        ReviseReport,
        report=refs,
        headline=unset | maybe,
        byline=unset | topics,
        credits=unset | topics,
        language=unset | maybe,
        caution=unset | maybe,
        notice=notices,
        **times,
    ),
    st.builds(MoveReport, report=refs, url=words, **times),
    st.builds(WithdrawReport, report=refs, notice=notices, **times),
    st.builds(
        ReportClaim,
        claim=refs,
        report=refs,
        story=st.none() | refs,
        statement=words,
        language=maybe,
        about=abouts,
        attribution=steps,
        quantities=quantities,
        topics=topics,
        **times,
    ),
    st.builds(
        CorrectClaim, claim=refs, version=st.integers(1, 3), notice=notices, **changes, **times
    ),
    st.builds(ExpressConcern, claim=refs, notice=notices, **times),
    st.builds(LiftConcern, claim=refs, notice=notices, **times),
    st.builds(RetractClaim, claim=refs, notice=notices, **times),
    st.builds(ReinstateClaim, claim=refs, notice=notices, **times),
    st.builds(LinkClaims, claim=refs, to=refs, **times),
    st.builds(ReviewClaim, claim=refs, reviewer=known, words=words, url=maybe, **times),
    st.builds(
        AmendClaim,
        claim=refs,
        amends=st.integers(1, 3),
        void=st.booleans(),
        story=unset | st.none() | refs,
        **changes,
    ),
)


def envelopes() -> st.SearchStrategy[Envelope]:
    """Commands with who asks for them; some with a key."""
    return st.builds(
        Envelope,
        command=commands,
        actor=words,
        reason=maybe,
        key=st.none() | st.text("xy", min_size=1),
    )
