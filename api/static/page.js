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
  `# What is recorded from now on: the newest is
# shown. With after: "0" it begins at the
# beginning.

subscription WhatComesNext {
  events {
    cursor
    node {
      __typename
      position
      recordedAt
      ... on ClaimEvent {
        claim { statement status }
      }
    }
  }
}
`,
];

// A subscription, over server-sent events.
const follow = (asked, headers) => ({
  subscribe: (observer) => {
    const left = new AbortController();
    const read = async () => {
      const response = await fetch("/graphql", {
        method: "POST",
        headers: { ...headers, "content-type": "application/json", accept: "text/event-stream" },
        body: JSON.stringify(asked),
        signal: left.signal,
      });
      if (!response.ok) return observer.next(await response.json());
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let begun = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        const events = (begun + value).split("\n\n");
        begun = events.pop();
        for (const event of events) {
          const data = /^data: (.+)$/m.exec(event);
          if (data) observer.next(JSON.parse(data[1]));
        }
      }
    };
    read().then(
      () => observer.complete(),
      (error) => left.signal.aborted || observer.error(error),
    );
    return { unsubscribe: () => left.abort() };
  },
});

const isSubscription = ({ operationName }, document) =>
  document?.definitions.some(
    ({ operation, name }) =>
      operation === "subscription" && (!operationName || name?.value === operationName),
  );

const ask = GraphiQL.createFetcher({ url: "/graphql" });

const fetcher = (asked, { headers, documentAST }) =>
  isSubscription(asked, documentAST) ? follow(asked, headers) : ask(asked, { headers, documentAST });

const given = new URLSearchParams(location.search);

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(
    GraphiQL,
    {
      fetcher,
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
