"""What a mutation is given that erases content."""

from __future__ import annotations

import strawberry
from strawberry import UNSET, field

from api.inputs import Asked
from api.words import ErasureGround


@strawberry.input
class Erasing(Asked):
    ground: ErasureGround = field(description="The law that it is erased under.")
    reference: str | None = field(
        default=UNSET,
        description="The file or the order that it rests on. It stays, and so does `reason`:"
        " neither is to tell what is erased. `OTHER_LAW` wants one, which names the law.",
    )


@strawberry.input(
    description="Erase what a claim says, and what was said about it, at every date and for good."
    " That it was made, when and by whom, and what became of it stay."
)
class EraseClaimInput(Erasing):
    claim: strawberry.ID = field(description="The claim.")


@strawberry.input(
    description="Erase what surrounds the claims of a report (headline, byline, addresses), at"
    " every date and for good; and, where that is asked for, what its claims say."
)
class EraseReportInput(Erasing):
    report: strawberry.ID = field(description="The report.")
    with_claims: bool | None = field(
        default=UNSET, description="Whether what its claims say goes too. `false` if left out."
    )


@strawberry.input(
    description="Erase the names of a source, its address and its country, at every date and for"
    " good. Claims and reports that name it go on doing so, by its id."
)
class EraseSourceInput(Erasing):
    source: strawberry.ID = field(description="The source.")
