"""Commands as the mutations that a client would send for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import msgspec
from msgspec.structs import fields

from api.app import ApiSettings, create_app
from api.commanding import in_graphql
from domain.commands import AnyCommand
from eventlog.apikeys import make_key
from eventlog.database import Database
from eventlog.log import Log
from projections.generations import ensure_generation
from projections.projector import Projector
from tests.api.serving import served

NAMED = ("kind", "verb", "hedge", "nature", "because", "scope", "by", "rating")
"""Fields whose values are words of a closed vocabulary."""

PAYLOAD = (
    "{ __typename position recordedAt replayed readable %s"
    " refusal { __typename ... on Refused { code message field }"
    " ... on StaleVersion { current } ... on InvalidInput { problems { field message } } } }"
)
BATCH = (
    "mutation All($input: RecordBatchInput!) { recordBatch(input: $input) {"
    " position replayed readable nodes { __typename id ... on Claim { version status } }"
    " refusal { __typename ... on Refused { field message }"
    " ... on InvalidInput { problems { field } } } } }"
)
OBJECT = {
    "Source": "source { id name aliases }",
    "Alias": "source { id name aliases }",
    "Sources": "source { id name aliases }",
    "Story": "story { id title }",
    "Report": "report { id headline outlet { name } }",
    "Claim": "claim { id version status statement }",
    "Claims": "claim { id version status statement }",
    "Concern": "claim { id version status statement }",
}


def mutation_of(command: AnyCommand) -> str:
    """What the mutation of a command is called."""
    name = type(command).__name__
    return name[0].lower() + name[1:]


def input_of(command: AnyCommand) -> dict[str, Any]:
    """What it is given."""
    told = {
        one.name: getattr(command, one.name)
        for one in fields(type(command))
        if getattr(command, one.name) is not msgspec.UNSET
    }
    made: dict[str, Any] = _given(
        msgspec.to_builtins(told, enc_hook=None, builtin_types=()), in_words=True
    )
    return made


def _given(value: Any, *, in_words: bool = False) -> Any:
    match value:
        case dict():
            return {
                in_graphql(name): one.upper()
                if name in NAMED and isinstance(one, str)
                else _given(one)
                for name, one in value.items()
                if name != "command"
            }
        case list() | tuple():
            return [_given(one) for one in value]
    return value


def document(command: AnyCommand) -> str:
    """The mutation, with all that a payload has."""
    name = mutation_of(command)
    last = next(part for part in reversed(OBJECT) if name.endswith(part))
    kind = type(command).__name__
    payload = PAYLOAD % OBJECT[last]
    return f"mutation Do($input: {kind}Input!) {{ did: {name}(input: $input) {payload} }}"


def batch(*wanted: AnyCommand, **more: str) -> dict[str, Any]:
    """The input of a batch."""
    return {"commands": [{mutation_of(one): input_of(one)} for one in wanted], **more}


class Desk:
    """A client who may record."""

    def __init__(self, client: httpx.Client, token: str | None) -> None:
        self.client = client
        self.headers = {} if token is None else {"authorization": f"Bearer {token}"}

    def post(
        self, query: str, headers: dict[str, str] | None = None, **given: Any
    ) -> httpx.Response:
        """Send a document with its variables."""
        return self.client.post(
            "/graphql",
            json={"query": query, "variables": given},
            headers=self.headers | (headers or {}),
        )

    def do(self, query: str, headers: dict[str, str] | None = None, **given: Any) -> dict[str, Any]:
        """What a document gives, which has no errors."""
        answer = self.post(query, headers, **given).json()
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    def record(self, command: AnyCommand, **more: Any) -> dict[str, Any]:
        """What came of a command."""
        came: dict[str, Any] = self.do(document(command), input=input_of(command) | more)["did"]
        return came


@contextmanager
def desk(
    database: Database,
    role: str = "editor",
    *,
    settings: ApiSettings | None = None,
    projected: bool = True,
) -> Iterator[Desk]:
    """A served record, projected as it grows, and somebody with a key to it."""
    ensure_generation(database)
    _, token = make_key(database.owner_conninfo, "desk", role)
    projector = Projector(database)
    if projected:
        projector.start()
    try:
        with (
            served(create_app(database, settings, projector)) as url,
            httpx.Client(base_url=url, timeout=60) as client,
        ):
            yield Desk(client, token)
    finally:
        if projected:
            projector.stop()


def logged(database: Database) -> list[tuple[str, str]]:
    """Who recorded what, in order."""
    with Log(database.conninfo) as log:
        return [(one.type, one.actor) for one in log.read(0, 100_000)]
