import { ApolloClient, InMemoryCache, gql } from "@apollo/client";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { events } from "./documents.js";

export const subscribing = (link) => {
  const client = new ApolloClient({ cache: new InMemoryCache(), link });
  const query = gql(events);
  return (variables, { next, ended }) =>
    client.subscribe({ query, variables, fetchPolicy: "no-cache" }).subscribe({
      next: ({ data, error }) => {
        if (error) ended(CombinedGraphQLErrors.is(error) ? error.errors : error);
        else next(data.events);
      },
      complete: ended,
    });
};
