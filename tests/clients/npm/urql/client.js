import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import { persistedExchange } from "@urql/exchange-persisted";
import { introspection, objectTypes } from "../schema.js";

// The same thing has the same id at every moment: it is kept where it was asked for, with its asOf.
const atItsPlace = Object.fromEntries(objectTypes.map((name) => [name, () => null]));

const cache = cacheExchange({
  schema: introspection,
  keys: atItsPlace,
  resolvers: { Query: { claims: relayPagination() } },
});

export const connect = (url, fetch) =>
  new Client({
    url,
    fetch,
    preferGetMethod: false,
    exchanges: [cache, persistedExchange({ preferGetForPersistedQueries: true }), fetchExchange],
  });
