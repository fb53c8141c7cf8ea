// Rows as they are inserted, over GraphQL on WebSocket: node subscriptions.js URL PORT
//
// A trigger tells each row's id (NOTIFY); one connection listens, reads the row, and gives it to
// every subscription. What is left to do for each of them is what graphql-ws does.

import { createServer } from 'node:http';
import { GraphQLInt, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import pg from 'pg';
import { WebSocketServer } from 'ws';

const [url, port] = process.argv.slice(2);
const client = new pg.Client(url);
await client.connect();

const listeners = new Set();

async function* events() {
  const queue = [];
  let wake = null;
  const hear = (event) => {
    queue.push(event);
    wake?.();
  };
  listeners.add(hear);
  try {
    while (true) {
      while (queue.length) yield { events: queue.shift() };
      await new Promise((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    listeners.delete(hear);
  }
}

async function tell(id) {
  const { rows } = await client.query(
    'SELECT id AS position, statement FROM told WHERE id = $1', [id],
  );
  for (const hear of listeners) hear({ node: rows[0] });
}

let told = Promise.resolve();
client.on('notification', ({ payload }) => {
  told = told.then(() => tell(payload));
});
await client.query('LISTEN told');

const node = new GraphQLObjectType({
  name: 'Event',
  fields: { position: { type: GraphQLInt }, statement: { type: GraphQLString } },
});
const edge = new GraphQLObjectType({ name: 'EventEdge', fields: { node: { type: node } } });
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({ name: 'Query', fields: { ready: { type: GraphQLString } } }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: { events: { type: edge, subscribe: events } },
  }),
});

const server = createServer();
useServer({ schema }, new WebSocketServer({ server, path: '/graphql' }));
server.listen(Number(port), '127.0.0.1', () => console.log('ready'));
process.stdin.resume().on('end', () => process.exit(0));
