"""What a program of one's own looks like that follows the log with gql."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportError, TransportQueryError
from gql.transport.websockets import WebsocketsTransport

EVENTS = """
subscription Events($after: String) {
  events(after: $after) { cursor node { position } }
}
"""


async def follow(url: str, after: str, key: str) -> AsyncIterator[dict[str, Any]]:
    """The events after a cursor, and then what comes, over as many connections as it takes. Raises
    TransportQueryError where it is refused."""
    while True:
        transport = WebsocketsTransport(
            url=url.replace("http", "ws", 1), init_payload={"authorization": key}
        )
        asked = GraphQLRequest(EVENTS, variable_values={"after": after})
        try:
            async with Client(transport=transport) as session:
                async for answer in session.subscribe(asked):
                    after = answer["events"]["cursor"]
                    yield answer["events"]
        except TransportQueryError:
            raise
        except (TransportError, OSError):
            await asyncio.sleep(0.1)


async def run(url: str, after: str, key: str) -> None:
    """Print what comes, line by line."""
    try:
        async for event in follow(f"{url}/graphql", after, key):
            tell(event)
    except TransportQueryError as refused:
        tell({"refused": [one["extensions"] for one in refused.errors or ()]})


def tell(told: object) -> None:
    """Print one line."""
    sys.stdout.write(f"{json.dumps(told)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))
