import { Client, fetchExchange } from "@urql/core";
import { subscribing } from "./urql.js";

export const connect = (url, authorization) =>
  subscribing(
    new Client({
      url,
      exchanges: [fetchExchange],
      fetchSubscriptions: true,
      preferGetMethod: false,
      fetchOptions: { headers: { authorization } },
    }),
  );
