// What Apollo Client and urql are asked alike.

export const claim = `
  query OneClaim($id: ID!, $asOf: AsOf) {
    claim(id: $id, asOf: $asOf) { id ...State }
  }
  fragment State on Claim {
    statement version status quantities { value } outlet { id name }
  }
`;

export const twoMoments = `
  query TwoMoments($id: ID!, $early: AsOf!, $late: AsOf!) {
    early: claim(id: $id, asOf: $early) { id statement version }
    late: claim(id: $id, asOf: $late) { id statement version }
    changes(from: $early, to: $late) {
      nodes { kinds before { id statement version } after { id statement version } }
    }
  }
`;

export const claims = `
  query Claims($story: ID, $asOf: AsOf, $first: Int, $after: String) {
    claims(
      filter: { story: $story }, orderBy: REPORTED_EARLIEST_FIRST, asOf: $asOf
      first: $first, after: $after
    ) {
      edges { cursor node { id statement } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`;

export const events = `
  query Events($first: Int, $after: String) {
    events(first: $first, after: $after) {
      edges { cursor node { position ... on ClaimEvent { version claim { id ref } } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`;
