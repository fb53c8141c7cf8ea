import { ApolloClient, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { relayStylePagination } from "@apollo/client/utilities";
import { possibleTypes } from "../schema.js";

// The same thing has the same id at every moment: it is kept where it was asked for, with its asOf.
const atItsMoment = { keyFields: false, merge: true };

const cache = new InMemoryCache({
  possibleTypes,
  typePolicies: {
    Claim: atItsMoment,
    Report: atItsMoment,
    Source: atItsMoment,
    Story: atItsMoment,
    Query: {
      fields: {
        claims: relayStylePagination(["filter", "search", "language", "orderBy", "asOf"]),
        events: relayStylePagination(["filter", "asOf"]),
      },
    },
  },
});

const sha256 = async (text) => {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
};

export const connect = (uri, fetch) =>
  new ApolloClient({
    cache,
    link: new PersistedQueryLink({ sha256, useGETForHashedQueries: true }).concat(
      new HttpLink({ uri, fetch }),
    ),
  });
