"""What a program of one's own looks like that follows the log with gql."""

import asyncio
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

SHORTEST, LONGEST = 0.1, 30.0


async def follow(url: str, after: str, key: str) -> AsyncIterator[dict[str, Any]]:
    """The events after a cursor, and then what comes, over as many connections as it takes. Raises
    TransportQueryError where it is refused."""
    pause = SHORTEST
    while True:
        transport = WebsocketsTransport(
            url=url.replace("http", "ws", 1), init_payload={"authorization": key}
        )
        asked = GraphQLRequest(EVENTS, variable_values={"after": after})
        try:
            async with Client(transport=transport) as session:
                async for answer in session.subscribe(asked):
                    after, pause = answer["events"]["cursor"], SHORTEST
                    yield answer["events"]
        except TransportQueryError:
            raise
        except (TransportError, OSError):
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST)
