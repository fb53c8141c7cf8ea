import { HttpLink } from "@apollo/client";
import { subscribing } from "./apollo.js";

export const connect = (uri, authorization) =>
  subscribing(new HttpLink({ uri, headers: { authorization } }));
