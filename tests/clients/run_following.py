"""The program that follows the log with gql, and prints what comes."""

import asyncio
import json
import sys

from gql.transport.exceptions import TransportQueryError

from tests.clients.following import follow


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
