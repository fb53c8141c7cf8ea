import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createClient } from "graphql-ws";
import { subscribing } from "./apollo.js";

export const connect = (url, authorization) =>
  subscribing(
    new GraphQLWsLink(
      createClient({
        url: url.replace(/^http/, "ws"),
        connectionParams: { authorization },
        retryAttempts: 0,
      }),
    ),
  );
