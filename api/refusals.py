"""What a mutation is refused for: a type for each of the domain's refusals, to be switched on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, Union

import strawberry

from api.fields import recorded
from api.ids import InvalidId
from domain import refusals
from domain.refusals import Refusal

FIELD: Final = (
    "Which field of the input is at fault, as in `quantities[0].value`; null where none is alone."
)


@strawberry.interface(
    description="Why nothing was recorded. Nothing is ever recorded in part.",
    name="Refused",
)
class Refused:
    code: str = recorded(lambda refusal: refusal.code, "A stable name of the reason.")
    message: str = recorded(str, "The reason, in a sentence.")
    field: str | None = recorded(lambda refusal: refusal.field, FIELD)


@strawberry.type(description="A field of an input, and what is wrong with it.")
class InputProblem:
    field: str | None = recorded(lambda problem: problem.field, FIELD)
    message: str = recorded(str, "What is wrong with it, in a sentence.")


class InvalidFields(refusals.InvalidInput):
    """Fields of an input that cannot hold what they were given."""

    def __init__(self, problems: list[Refusal]) -> None:
        super().__init__(str(problems[0]), field=problems[0].field)
        self.problems = problems


class Forbidden(Refusal):
    """Whoever asks may not do this."""

    code = "FORBIDDEN"


@strawberry.type(description="Fields of the input cannot hold what they were given.")
class InvalidInput(Refused):
    problems: list[InputProblem] = recorded(
        lambda refusal: getattr(refusal, "problems", [refusal]), "Each field at fault."
    )


@strawberry.type(
    description="The correction names another version than the one that stood when it was"
    " published. Look at what has changed since, and name the current one."
)
class StaleVersion(Refused):
    current: int = recorded(lambda refusal: refusal.current, "The version that stood then.")


MEANINGS: Final[Mapping[type[Refusal], str]] = {
    refusals.InvalidTime: "A time is no time, lies in the future, or before what it follows from.",
    refusals.NotFound: "What the input names is not in the record.",
    refusals.AlreadyExists: "Something of this reference is in the record already.",
    refusals.NothingChanged: "All that was given is so already.",
    refusals.AlreadyRetracted: "It was taken back already, as far as it can be.",
    refusals.AlreadyUnderConcern: "The claim is held already while its outlet checks.",
    refusals.NoConcern: "There is no concern to lift.",
    refusals.NothingToReinstate: "The claim is neither retracted nor under concern.",
    refusals.SelfReference: "A thing cannot be set against itself.",
    refusals.AlreadyLinked: "The two claims are linked in this way already.",
    refusals.AlreadyMerged: "The source was merged already.",
    refusals.AlreadyErased: "Nothing of it is left that could be erased.",
    refusals.IdempotencyConflict: "The idempotency key was used for something else.",
    refusals.Conflict: "Others kept writing to the same subject; try again.",
    InvalidId: "An id is damaged, or is the id of another sort of thing.",
    Forbidden: "Whoever asks may not do this.",
}


def _declared(refusal: type[Refusal], meaning: str) -> Any:
    made = type(refusal.__name__, (Refused,), {"__module__": __name__, "__annotations__": {}})
    return strawberry.type(made, description=meaning)


REFUSALS: Final[Mapping[type[Refusal], Any]] = {
    refusals.InvalidInput: InvalidInput,
    refusals.StaleVersion: StaleVersion,
    **{refusal: _declared(refusal, meaning) for refusal, meaning in MEANINGS.items()},
}
"""The type that tells of each refusal."""

if TYPE_CHECKING:
    AnyRefusal = Refused
else:
    AnyRefusal = Annotated[
        Union[tuple(REFUSALS.values())],  # noqa: UP007
        strawberry.union("Refusal", description="Why nothing was recorded, to be switched on."),
    ]


def type_name(refusal: Refusal) -> str:
    """The type that tells of a refusal. Raises KeyError where none does."""
    return next(str(REFUSALS[cls].__name__) for cls in type(refusal).__mro__ if cls in REFUSALS)
