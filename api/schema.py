"""The schema. `python -m api.schema` writes it to `schema.graphql`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import strawberry
from strawberry.schema.config import StrawberryConfig

from api.history import EVENT_TYPES
from api.mutation import Mutation
from api.query import Query
from api.record_events import RECORD_EVENT_TYPES
from api.scalars import SCALARS
from api.subscription import Subscription


@cache
def schema() -> strawberry.Schema:
    """The schema of the API."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[*EVENT_TYPES, *RECORD_EVENT_TYPES],
        config=StrawberryConfig(scalar_map=SCALARS),
    )


def main() -> None:
    """Write schema.graphql, beside the folders of the project."""
    path = Path(__file__).resolve().parents[1] / "schema.graphql"
    path.write_text(text(), encoding="utf-8")


def text() -> str:
    """The schema in GraphQL's schema definition language."""
    return schema().as_str() + "\n"


if __name__ == "__main__":
    main()
