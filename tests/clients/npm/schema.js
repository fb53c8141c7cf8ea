// What a cache has to be told about the schema.
import { readFileSync } from "node:fs";
import { buildSchema, introspectionFromSchema, isAbstractType, isObjectType } from "graphql";

// What an interface or a union stands for, so that fragments on one take hold in the cache.
const schema = buildSchema(readFileSync("schema.graphql", "utf8"));

export const possibleTypes = Object.fromEntries(
  Object.values(schema.getTypeMap())
    .filter(isAbstractType)
    .map((type) => [type.name, schema.getPossibleTypes(type).map(({ name }) => name)]),
);

export const introspection = introspectionFromSchema(schema);

export const objectTypes = Object.values(schema.getTypeMap())
  .filter((type) => isObjectType(type) && type !== schema.getQueryType())
  .map(({ name }) => name);
