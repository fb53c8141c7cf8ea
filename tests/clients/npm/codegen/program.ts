// Asks a Dateline with types made from its schema, and prints what it says of a claim.
import { graphql } from "./gql/index.ts";
import type { TypedDocumentString } from "./gql/graphql.ts";

const OneClaim = graphql(`
  query OneClaim($id: ID!, $asOf: AsOf) {
    claim(id: $id, asOf: $asOf) {
      status
      reportedAt
      quantities { label value }
      history { __typename position ... on ClaimCorrected { declared } }
    }
  }
`);

async function ask<Data, Variables>(
  url: string,
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: document, variables }),
  });
  const { data, errors } = (await response.json()) as { data: Data; errors?: { message: string }[] };
  if (errors) throw new Error(errors[0]?.message);
  return data;
}

const { claim } = await ask(`${process.argv[2]}/graphql`, OneClaim, {
  id: "apc",
  asOf: { reportedAt: "2024-08-20" },
});
if (!claim) throw new Error("the record holds no such claim");

const firstReported: string = claim.reportedAt;
const values: string[] = claim.quantities.map(({ value }) => value);
// @ts-expect-error A decimal is a text, exact to the last digit, and no number.
const rounded: number | undefined = claim.quantities[0]?.value;
const corrections = claim.history.flatMap((event) =>
  event.__typename === "ClaimCorrected" ? [{ next: event.position + 1, declared: event.declared }] : [],
);
console.log(JSON.stringify({ status: claim.status, firstReported, values, corrections }));
