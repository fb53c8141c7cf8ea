// Appends to Emmett's PostgreSQL store: node emmett.js SOCKET_FOLDER PORT USER DATABASE WRITERS
//
// Each line of input, {"seconds": S, "content": {...}}, is answered with the appends per second
// that WRITERS concurrent writers made in that time, each event into a new stream.

import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import pg from 'pg';

const [host, port, user, database, writers] = process.argv.slice(2);
const width = Number(writers);
const pool = new pg.Pool({ host, port: Number(port), user, database, min: width, max: width });
const store = getPostgreSQLEventStore('postgresql://embedded', { connectionOptions: { pool } });

async function appends(seconds, content) {
  const start = performance.now();
  const end = start + seconds * 1000;
  let count = 0;
  const writer = async () => {
    while (performance.now() < end) {
      const stream = `claim-${randomUUID()}`;
      await store.appendToStream(stream, [{ type: 'claim.reported', data: content }]);
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: width }, writer));
  return count / ((performance.now() - start) / 1000);
}

await store.schema.migrate();
for await (const line of createInterface({ input: process.stdin })) {
  const { seconds, content } = JSON.parse(line);
  console.log(JSON.stringify(await appends(seconds, content)));
}
await store.close();
await pool.end();
