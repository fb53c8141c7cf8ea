"use strict";

const firstQuery = `# What was being reported on 20 August 2024, and on whose word?
#
# Leave asOf out to ask about now. Every answer says in extensions.basis
# which moment it is about.

query Claims($asOf: AsOf) {
  claims(first: 5, asOf: $asOf) {
    totalCount
    nodes {
      statement
      status
      reportedAt
      attribution {
        source {
          name
        }
        verb
      }
      history {
        __typename
        reportedAt
      }
    }
  }
}
`;

const given = new URLSearchParams(location.search);

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: "/graphql" }),
    query: given.get("query") || undefined,
    variables: given.get("variables") || undefined,
    defaultQuery: firstQuery,
    inputValueDeprecation: true,
    defaultEditorToolsVisibility: "variables",
  }),
);
