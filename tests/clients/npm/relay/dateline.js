import relay from "relay-runtime";

const { graphql } = relay;

export const storyQuery = graphql`
  query datelineStoryQuery($slug: String!, $asOf: AsOf, $count: Int!) {
    story(slug: $slug, asOf: $asOf) {
      title
      ...datelineStory_claims @arguments(count: $count)
    }
  }
`;

// Refetched through `node(id:)`, page by page.
export const storyClaims = graphql`
  fragment datelineStory_claims on Story
  @refetchable(queryName: "datelineStoryClaimsQuery")
  @argumentDefinitions(count: { type: "Int" }, cursor: { type: "String" }) {
    claims(first: $count, after: $cursor) @connection(key: "datelineStory_claims") {
      edges { node { statement } }
    }
  }
`;

export const recordQuery = graphql`
  query datelineRecordQuery($story: ID, $asOf: AsOf, $count: Int!) {
    ...datelineRecord_claims @arguments(story: $story, asOf: $asOf, count: $count)
  }
`;

// Refetched from the root.
export const recordClaims = graphql`
  fragment datelineRecord_claims on Query
  @refetchable(queryName: "datelineRecordClaimsQuery")
  @argumentDefinitions(
    story: { type: "ID" }
    asOf: { type: "AsOf" }
    count: { type: "Int" }
    cursor: { type: "String" }
  ) {
    claims(
      filter: { story: $story }
      orderBy: REPORTED_EARLIEST_FIRST
      asOf: $asOf
      first: $count
      after: $cursor
    ) @connection(key: "datelineRecord_claims") {
      edges { node { statement } }
    }
  }
`;

export const claimQuery = graphql`
  query datelineClaimQuery($id: ID!, $asOf: AsOf) {
    claim(id: $id, asOf: $asOf) { ...datelineClaim_state }
  }
`;

export const claimState = graphql`
  fragment datelineClaim_state on Claim @refetchable(queryName: "datelineClaimStateQuery") {
    statement
    version
    contradictedBy(first: 5) { nodes { statement } }
  }
`;

export const twoMomentsQuery = graphql`
  query datelineTwoMomentsQuery($id: ID!, $early: AsOf!, $late: AsOf!) {
    early: claim(id: $id, asOf: $early) { statement version }
    late: claim(id: $id, asOf: $late) { statement version }
    changes(from: $early, to: $late) {
      nodes { kinds before { statement version } after { statement version } }
    }
  }
`;

export const eventsSubscription = graphql`
  subscription datelineEventsSubscription($after: String) {
    events(after: $after) { cursor node { position } }
  }
`;
