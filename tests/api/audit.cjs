// Runs the GraphQL-over-HTTP audits of the npm package graphql-http against an address, and prints
// one line of JSON for each.
const { serverAudits } = require("graphql-http");

(async () => {
  for (const audit of serverAudits({ url: process.argv[2], fetchFn: fetch })) {
    const { status, reason } = await audit.fn();
    console.log(JSON.stringify({ id: audit.id, name: audit.name, status, reason: String(reason) }));
  }
})();
