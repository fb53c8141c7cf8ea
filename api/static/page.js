"use strict";

const firstQuery = `# What was being reported on 20 August 2024, and on whose word?
# Leave asOf out to ask about now. The basis at the end of an
# answer says which moment the answer is about.

{
  claims(first: 5, asOf: { reportedAt: "2024-08-20" }) {
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
