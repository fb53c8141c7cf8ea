import relay from "relay-runtime";

const { Environment, Network, RecordSource, Store } = relay;

const network = (url) =>
  Network.create(async ({ text }, variables) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/graphql-response+json" },
      body: JSON.stringify({ query: text, variables }),
    });
    return response.json();
  });

// One for each moment: the same thing has the same id at all of them.
export const connect = (url) =>
  new Environment({ network: network(url), store: new Store(new RecordSource()) });

// For several moments at once: each thing is kept where it was asked for, with its asOf.
export const connectAcrossMoments = (url) =>
  new Environment({
    network: network(url),
    store: new Store(new RecordSource()),
    getDataID: () => undefined,
  });
