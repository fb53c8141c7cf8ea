"use strict";

// Each is a tab, called after its operation.
const questions = [
  `# What was being reported on 20 August 2024,
# and on whose word?
#
# Leave asOf out to ask about now. The basis at
# the end of an answer says which moment the
# answer is about.

query OnWhoseWord {
  claims(
    first: 5
    asOf: { reportedAt: "2024-08-20" }
  ) {
    totalCount
    nodes {
      statement
      status
      reportedAt
      attribution {
        source { name }
        verb
      }
    }
  }
}
`,
  `# One number, as it was first published and
# as it read two days later.

query ThenAndLater {
  then: claim(
    id: "loss:2024-08-18:APC"
    asOf: { reportedAt: "2024-08-18" }
  ) {
    statement
    version
    status
  }
  later: claim(
    id: "loss:2024-08-18:APC"
    asOf: { reportedAt: "2024-08-20" }
  ) {
    statement
    version
    status
    silentChanges
  }
}
`,
  `# What has been corrected or retracted?
# leftOut counts what the filter hides.

query TakenBack {
  claims(
    filter: { status: [CORRECTED, RETRACTED] }
    first: 10
  ) {
    totalCount
    leftOut
    nodes {
      statement
      status
      outlet { name }
      history {
        __typename
        reportedAt
      }
    }
  }
}
`,
];

const given = new URLSearchParams(location.search);

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(
    GraphiQL,
    {
      fetcher: GraphiQL.createFetcher({ url: "/graphql" }),
      query: given.get("query") || undefined,
      variables: given.get("variables") || undefined,
      defaultQuery: questions[0],
      defaultTabs: questions.map((query) => ({ query })),
      inputValueDeprecation: true,
      defaultEditorToolsVisibility: given.has("variables") ? "variables" : false,
    },
    React.createElement(GraphiQL.Logo, null, "Dateline"),
  ),
);
