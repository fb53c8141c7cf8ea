import { onEnd, pipe, subscribe } from "wonka";
import { events } from "./documents.js";

export const subscribing =
  (client) =>
  (variables, { next, ended }) =>
    pipe(
      client.subscription(events, variables),
      onEnd(ended),
      subscribe(({ data, error }) => {
        if (error) ended(error.graphQLErrors.length ? error.graphQLErrors : error);
        else if (data) next(data.events);
      }),
    );
