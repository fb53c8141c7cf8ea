import { Client, subscriptionExchange } from "@urql/core";
import { createClient } from "graphql-ws";
import { subscribing } from "./urql.js";

export const connect = (url, authorization) => {
  const sockets = createClient({
    url: url.replace(/^http/, "ws"),
    connectionParams: { authorization },
    retryAttempts: 0,
  });
  const forwardSubscription = (request) => ({
    subscribe: (sink) => ({ unsubscribe: sockets.subscribe(request, sink) }),
  });
  return subscribing(
    new Client({ url, exchanges: [subscriptionExchange({ forwardSubscription })] }),
  );
};
