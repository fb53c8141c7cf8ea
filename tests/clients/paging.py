"""What a program of one's own looks like that reads a list to its end with gql."""

from collections.abc import Iterator

from gql import Client, GraphQLRequest
from gql.transport.httpx import HTTPXTransport

PAGE = """
query Page($story: ID, $after: String) {
  claims(filter: {story: $story}, orderBy: REPORTED_EARLIEST_FIRST, first: 5, after: $after) {
    nodes { statement }
    pageInfo { hasNextPage endCursor }
  }
}
"""


def statements(url: str, story: str) -> Iterator[str]:
    """What the claims of a story say. Raises TransportQueryError where it is refused."""
    client = Client(transport=HTTPXTransport(url=url), fetch_schema_from_transport=True)
    after = None
    with client as session:
        while True:
            variables = {"story": story, "after": after}
            answer = session.execute(GraphQLRequest(PAGE, variable_values=variables))
            yield from (claim["statement"] for claim in answer["claims"]["nodes"])
            if not answer["claims"]["pageInfo"]["hasNextPage"]:
                return
            after = answer["claims"]["pageInfo"]["endCursor"]
