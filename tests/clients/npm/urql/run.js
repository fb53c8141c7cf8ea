// Asks a Dateline through urql, and prints what came of it.
import { CombinedError, Client, cacheExchange, fetchExchange } from "@urql/core";
import * as documents from "../documents.js";
import { noting } from "../wire.js";
import { connect } from "./client.js";

const url = `${process.argv[2]}/graphql`;
const requests = [];
const client = connect(url, noting(requests));
const said = {};

const ask = async (query, variables, requestPolicy) => {
  const { data, error } = await client.query(query, variables, { requestPolicy });
  if (error) throw error;
  return data;
};

// Automatic persisted queries: the hash, then both, then the hash alone.
const early = { id: "apc", asOf: { reportedAt: "2024-08-18" } };
const late = { id: "apc", asOf: { reportedAt: "2024-08-20" } };
said.early = await ask(documents.claim, early);
said.late = await ask(documents.claim, late);
said.requests = [...requests];

// Both moments are in the cache, each under its own arguments.
said.earlyAgain = await ask(documents.claim, early, "cache-only");
said.lateAgain = await ask(documents.claim, late);
const both = { id: "apc", early: early.asOf, late: late.asOf };
said.twoMoments = await ask(documents.twoMoments, both);
said.twoMomentsAgain = await ask(documents.twoMoments, both, "cache-only");

try {
  await ask(documents.claims, { story: "villages", after: "nonsense" });
} catch (error) {
  if (!(error instanceof CombinedError)) throw error;
  said.refused = error.graphQLErrors.map(({ path, extensions }) => ({ path, ...extensions }));
}

// Pages, joined by the cache's resolver.
const variables = { story: "villages", first: 5 };
let count = 0;
let villages;
do {
  const after = villages?.claims.pageInfo.endCursor;
  villages = await ask(documents.claims, { ...variables, after });
  count += 1;
} while (villages.claims.pageInfo.hasNextPage);
const joined = await ask(documents.claims, variables, "cache-only");
said.villages = { count, nodes: joined.claims.edges.map(({ node }) => node) };

// The document cache, which urql has unless told otherwise: whole answers by document and variables.
const sent = [];
const plain = new Client({
  url,
  fetch: noting(sent),
  preferGetMethod: true,
  exchanges: [cacheExchange, fetchExchange],
});
said.documents = [];
for (const { asOf } of [early, late, early]) {
  const { data } = await plain.query(documents.claim, { id: "apc", asOf });
  said.documents.push({ statement: data.claim.statement, sent: sent.length });
}

console.log(JSON.stringify(said));
