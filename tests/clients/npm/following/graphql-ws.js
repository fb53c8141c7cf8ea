import { createClient } from "graphql-ws";
import { events } from "./documents.js";

export const connect = (url, authorization) => {
  // Its own retries would begin again where the first connection began.
  const client = createClient({
    url: url.replace(/^http/, "ws"),
    connectionParams: { authorization },
    retryAttempts: 0,
  });
  return (variables, { next, ended }) =>
    client.subscribe(
      { query: events, variables },
      {
        next: ({ data, errors }) => (errors ? ended(errors) : next(data.events)),
        error: ended,
        complete: ended,
      },
    );
};
