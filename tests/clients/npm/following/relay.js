import { createClient } from "graphql-ws";
import relay from "relay-runtime";
import "../relay/babel.js";

const { Environment, Network, Observable, RecordSource, Store, requestSubscription } = relay;
const { eventsSubscription } = await import("../relay/dateline.js");

export const connect = (url, authorization) => {
  const sockets = createClient({
    url: url.replace(/^http/, "ws"),
    connectionParams: { authorization },
    retryAttempts: 0,
  });
  const subscribe = ({ text }, variables) =>
    Observable.create((sink) => sockets.subscribe({ query: text, variables }, sink));
  const environment = new Environment({
    network: Network.create(() => undefined, subscribe),
    store: new Store(new RecordSource()),
  });
  return (variables, { next, ended }) =>
    requestSubscription(environment, {
      subscription: eventsSubscription,
      variables,
      onNext: ({ events }) => next(events),
      onError: (error) => ended(error.source?.errors ?? error),
      onCompleted: ended,
    });
};
