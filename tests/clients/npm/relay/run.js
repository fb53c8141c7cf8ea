// Asks a Dateline through Relay's runtime, and prints what came of it.
import relay from "relay-runtime";
import "./babel.js";
import { connect, connectAcrossMoments } from "./environment.js";

const {
  fetchQuery,
  getPaginationMetadata,
  getPaginationVariables,
  getRefetchMetadata,
  getFragment,
  getSelector,
  getValueAtPath,
} = relay;
const documents = await import("./dateline.js");

const url = `${process.argv[2]}/graphql`;
const environment = connect(url);
const said = {};

const read = (fragment, key, within = environment) =>
  within.lookup(getSelector(getFragment(fragment), key)).data;

// What `usePaginationFragment` does without React around it: the first page comes with the query of
// the whole, each further one with the query that the compiler made of the fragment.
const pages = async (fragment, key, variables, size) => {
  const node = getFragment(fragment);
  const { connectionPathInFragmentData, identifierField, paginationRequest, paginationMetadata } =
    getPaginationMetadata(node, "pages");
  let count = 1;
  for (;;) {
    const data = read(fragment, key);
    const connection = getValueAtPath(data, connectionPathInFragmentData);
    if (!connection.pageInfo.hasNextPage) return { count, data, connection };
    const { endCursor } = connection.pageInfo;
    const asked = identifierField ? { id: data[identifierField] } : {};
    await fetchQuery(
      environment,
      paginationRequest,
      getPaginationVariables("forward", size, endCursor, variables, asked, paginationMetadata),
    ).toPromise();
    count += 1;
  }
};

const told = ({ count, connection }) => ({
  count,
  statements: connection.edges.map(({ node }) => node.statement),
});

const ask = (query, variables, within = environment) =>
  fetchQuery(within, query, variables).toPromise();

// From the root.
const root = { story: "villages", asOf: null, count: 5 };
const record = await ask(documents.recordQuery, root);
said.root = told(await pages(documents.recordClaims, record, root, 5));

// From a story, as of a past day: the cursor holds its moment when `node` is asked for more.
const asked = { slug: "villages", asOf: { reportedAt: "2024-07-12" }, count: 5 };
const { story } = await ask(documents.storyQuery, asked);
said.story = told(await pages(documents.storyClaims, story, asked, 5));

// Refetched through `node(id:)`, into a store that is empty.
const { claim } = await ask(documents.claimQuery, { id: "off" });
const fresh = read(documents.claimState, claim);
const { refetchableRequest, identifierInfo } = getRefetchMetadata(
  getFragment(documents.claimState),
  "refetch",
);
const id = fresh[identifierInfo.identifierField];
const empty = connect(url);
const { node } = await ask(refetchableRequest, { id }, empty);
said.refetched = { fresh, again: read(documents.claimState, node, empty) };

// Two moments in one store.
const across = connectAcrossMoments(url);
said.twoMoments = await ask(
  documents.twoMomentsQuery,
  { id: "apc", early: { reportedAt: "2024-08-18" }, late: { reportedAt: "2024-08-20" } },
  across,
);

try {
  await ask(documents.recordQuery, { ...root, story: "claim~nonsense" });
} catch (error) {
  said.refused = error.source?.errors ?? String(error);
}

console.log(JSON.stringify(said));
