// Follows a Dateline through one client, and prints what comes, line by line, until its input ends.
import { follow } from "./follow.js";

const [client, url, after, authorization] = process.argv.slice(2);
const { connect } = await import(`./${client}.js`);

process.stdin.on("end", () => process.exit()).resume();
const print = (told) => process.stdout.write(`${JSON.stringify(told)}\n`);

const errors = await follow(connect(`${url}/graphql`, authorization), after, print);
print({ refused: errors.map(({ extensions }) => extensions) });
process.exit();
