// Runs the GraphQL-over-HTTP audits of the npm package graphql-http against an address.
import { serverAudits } from "graphql-http";

const results = [];
for (const audit of serverAudits({ url: process.argv[2], fetchFn: fetch })) {
  const { status, reason } = await audit.fn();
  results.push({ id: audit.id, name: audit.name, status, reason: String(reason) });
}
console.log(JSON.stringify(results));
