// Asks a Dateline through Apollo Client, and prints what came of it.
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { filter, firstValueFrom } from "rxjs";
import * as documents from "../documents.js";
import { noting } from "../wire.js";
import { connect } from "./client.js";

const uri = `${process.argv[2]}/graphql`;
const requests = [];
const client = connect(uri, noting(requests));
const said = {};

const ask = async (query, variables, fetchPolicy) =>
  (await client.query({ query: gql(query), variables, fetchPolicy })).data;

// Automatic persisted queries: the hash, then both, then the hash alone.
const early = { id: "apc", asOf: { reportedAt: "2024-08-18" } };
const late = { id: "apc", asOf: { reportedAt: "2024-08-20" } };
said.early = await ask(documents.claim, early);
said.late = await ask(documents.claim, late);
said.requests = [...requests];

// Both moments are in the cache, each under its own arguments.
said.earlyAgain = await ask(documents.claim, early, "cache-only");
said.lateAgain = await ask(documents.claim, late);
said.twoMoments = await ask(documents.twoMoments, {
  id: "apc",
  early: early.asOf,
  late: late.asOf,
});
said.twoMomentsAgain = await ask(
  documents.twoMoments,
  { id: "apc", early: early.asOf, late: late.asOf },
  "cache-only",
);

try {
  await ask(documents.claims, { story: "villages", after: "nonsense" });
} catch (error) {
  if (!CombinedGraphQLErrors.is(error)) throw error;
  said.refused = error.errors.map(({ path, extensions }) => ({ path, ...extensions }));
}

// Pages, joined by the cache's policy.
const pages = async (query, field, variables) => {
  const list = client.watchQuery({ query: gql(query), variables });
  const subscription = list.subscribe(() => {});
  const { data } = await firstValueFrom(list.pipe(filter(({ loading }) => !loading)));
  let { pageInfo } = data[field];
  let count = 1;
  while (pageInfo.hasNextPage) {
    const more = await list.fetchMore({ variables: { after: pageInfo.endCursor } });
    ({ pageInfo } = more.data[field]);
    count += 1;
  }
  subscription.unsubscribe();
  const joined = client.readQuery({ query: gql(query), variables });
  return { count, nodes: joined[field].edges.map(({ node }) => node) };
};
said.villages = await pages(documents.claims, "claims", { story: "villages", first: 5 });
said.events = await pages(documents.events, "events", { first: 7 });

// With Apollo's own keys, a claim of a list is found by its id, for one moment at a time.
const plain = new ApolloClient({ cache: new InMemoryCache(), link: new HttpLink({ uri }) });
const { data } = await plain.query({ query: gql(documents.claims), variables: { story: "talks" } });
said.normalised = data.claims.edges.map(({ node }) => ({
  key: plain.cache.identify(node),
  cached: plain.readFragment({
    id: `Claim:${node.id}`,
    fragment: gql`fragment Statement on Claim { id statement }`,
  }),
  node,
}));

console.log(JSON.stringify(said));
client.stop();
plain.stop();
