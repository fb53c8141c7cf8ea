"""The record over GraphQL and HTTP: the schema, how a query is answered, and the web page."""
