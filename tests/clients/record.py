"""The story that the clients page through, beside the small record of the API's tests."""

from __future__ import annotations

from domain.commands import AnyCommand, OpenStory, PublishReport, ReportClaim

VILLAGES = [f"{number} villages were taken." for number in range(1, 24)]
"""What the claims of the story `villages` say, in the order of their reporting."""

LONG_STORY: list[AnyCommand] = [
    OpenStory(story="villages", title="Villages"),
    PublishReport(report="counts", outlet="paper", published_at="2024-07-01"),
    *(
        ReportClaim(
            claim=f"village-{day}",
            report="counts",
            story="villages",
            statement=statement,
            published_at=f"2024-07-{day:02}",
        )
        for day, statement in enumerate(VILLAGES, 1)
    ),
]
