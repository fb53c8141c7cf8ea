"""Whose losses, by whom claimed, where published: the subjects that every loss claim names."""

from __future__ import annotations

from typing import Final

from domain.commands import AnyCommand, OpenStory, RegisterSource
from domain.words import SourceKind

OUTLET: Final = "ukraine-russia-war-dataset"
CLAIMANT: Final = "general-staff-of-ukraine"
STORY: Final = "russian-losses"
REPOSITORY: Final = "https://github.com/PetroIvaniuk/2022-Ukraine-Russia-War-Dataset"

OPENING: Final[tuple[AnyCommand, ...]] = (
    RegisterSource(
        source=OUTLET,
        name="2022 Ukraine Russia War Dataset",
        kind=SourceKind.OUTLET,
        url=REPOSITORY,
    ),
    RegisterSource(
        source=CLAIMANT,
        name="General Staff of the Armed Forces of Ukraine",
        kind=SourceKind.OFFICIAL_BODY,
        country="UA",
    ),
    OpenStory(
        story=STORY,
        title="Russian losses as claimed by Ukraine",
        summary="Cumulative losses since 24 February 2022, as a data set retypes them each day.",
        topics=("Russo-Ukrainian war",),
    ),
)
"""What the claims stand on: registered once, before the first of them."""
