"""Requests that are meant to do harm, or are as harmful as if they were."""

from __future__ import annotations

from typing import Final


def doubling(levels: int) -> str:
    """Fragments of which each spreads the next one twice."""
    fragments = [
        f"fragment F{level} on Query {{ a: __typename ...F{level + 1} ...F{level + 1} }}"
        for level in range(levels)
    ]
    return "{ ...F0 } " + " ".join(fragments) + f" fragment F{levels} on Query {{ __typename }}"


def chained(levels: int) -> str:
    """Fragments of which each spreads the next one."""
    fragments = [f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(levels)]
    return "{ ...F0 } " + " ".join(fragments) + f" fragment F{levels} on Query {{ __typename }}"


def numbered(pattern: str, number: int) -> str:
    """A pattern with each number from 0 put in for `#`."""
    return " ".join(pattern.replace("#", str(one)) for one in range(number))


REFUSED_AS_TOO_COMPLEX: Final = {
    "aliases of the root": "{" + numbered("a#: __typename", 300) + "}",
    "aliases below": "{log{" + numbered("a#: position", 300) + "}}",
    "fields": "{log{" + "position " * 1_500 + "}}",
    "root fields": "{" + numbered("__typename", 500) + "}",
    "depth": "{claims{nodes{story{claims{" + "nodes{story{claims{" * 10 + "totalCount" + "}" * 35,
    "the whole schema again and again": "{"
    + numbered("a#: __schema{types{name fields{name type{name}}}}", 20)
    + "}",
    "doubling fragments": doubling(60),
    "a long document": "{__typename " + " " * 60_000 + "}",
    "a long comment": "{__typename} #" + "x" * 60_000,
    "a long literal": '{claim(id: "' + "x" * 500_000 + '"){id}}',
    "a long name": "{" + "x" * 100_000 + "}",
    "operations": numbered("query Q#{__typename}", 300),
    "inline fragments in each other": "{" + "...{" * 120 + "__typename" + "}" * 121,
    "fragments in each other": chained(120),
}
"""Documents that are over a limit on documents."""

REFUSED: Final = {
    "the same over and over": "{" + "claims{nodes{id ref}}" * 400 + "}",
    "tokens": "{log{" + "position " * 2_500 + "}}",
    "fields in each other": "{a" * 900 + "}" * 900,
    "lists in each other": "{claim(id: " + "[" * 900 + "]" * 900 + "){id}}",
    "objects in each other": "{claim(id: " + "{a:" * 600 + "1" + "}" * 600 + "){id}}",
    "a ring of fragments": "{...A} fragment A on Query{...B} fragment B on Query{...A}",
    "a fragment in itself": "{...A} fragment A on Query{__typename ...A}",
    "a fragment in itself below": "{claims{nodes{...A}}} fragment A on Claim{story{claims{nodes{"
    "...A}}}}",
    "fragments that are not there": "{" + numbered("...F#", 900) + "}",
    "fragments that are not used": "{__typename}" + numbered("fragment F# on Query{log{id}}", 180),
    "variables": "query(" + numbered("$v#: Int", 450) + "){__typename}",
    "the same variable": "query(" + numbered("$v: Int", 450) + "){__typename}",
    "directives": "{__typename " + "@include(if: true) " * 300 + "}",
    "unknown directives": "{__typename " + numbered("@a#", 600) + "}",
    "unknown fields": "{log{" + numbered("unknown#", 900) + "}}",
    "unknown arguments": "{claim(" + numbered("a#: 1", 450) + "){id}}",
    "the same argument": "{claim(" + numbered('id: "#"', 450) + "){id}}",
    "unknown input fields": "{claims(filter:{" + numbered("a#: 1", 450) + "}){totalCount}}",
    "unknown enum values": "{claims(filter:{status:[" + numbered("A#", 900) + "]}){totalCount}}",
    "different arguments": "{claims{nodes{" + numbered("warnings(a: #){id}", 150) + "}}}",
    "a subscription": "subscription{__typename}",
    "a schema": "type Query{a: Int}",
    "introspection without end": "{__schema{types{fields{type{fields{type{fields{name}}}}}}}}",
    "an integer without end": "{claims(first: " + "9" * 10_000 + "){totalCount}}",
    "a negative size": "{claims(first: -1){totalCount}}",
    "a size without end": "{claims(first: 2147483647){totalCount}}",
    "a NUL": "\0",
    "a NUL in a string": '{claim(id: "\\u0000"){id}}',
    "half a pair": '{claim(id: "\\uD800"){id}}',
    "a space of no width": "\N{ZERO WIDTH SPACE}{__typename}",
    "a string without end": '{claim(id: "',
    "a block without end": '{claim(id: """' + '\\"""' * 9_000,
    "nothing": " ",
    "too many objects": "{stories(first:100){nodes{claims(first:100){nodes{history{version}}}}}}",
}
"""Documents that cannot be executed, or ask for what cannot be."""

BODIES: Final = {
    "nothing": b"",
    "null": b"null",
    "a number": b"1",
    "a string": b'"x"',
    "a list": b"[]",
    "a batch": b'[{"query": "{__typename}"}]',
    "an empty object": b"{}",
    "an empty query": b'{"query": ""}',
    "a query of null": b'{"query": null}',
    "a query that is a number": b'{"query": 1}',
    "variables that are a list": b'{"query": "{__typename}", "variables": []}',
    "variables that are a string": b'{"query": "{__typename}", "variables": "{}"}',
    "extensions that are a string": b'{"query": "{__typename}", "extensions": "x"}',
    "a name that is an object": b'{"query": "{__typename}", "operationName": {}}',
    "no UTF-8": b'{"query": "\xff"}',
    "no UTF-8 in variables": b'{"query": "{__typename}", "variables": {"a": "\xff"}}',
    "UTF-16": '{"query": "{__typename}"}'.encode("utf-16"),
    "half a pair": b'{"query": "{__typename} #\\ud800"}',
    "no number": b'{"query": "{__typename}", "variables": {"a": NaN}}',
    "half an object": b'{"query": "{__typename}"',
    "more than an object": b'{"query": "{__typename}"} x',
    "lists in each other": b"[" * 100_000,
    "objects in each other": b'{"variables": ' + b'{"a":' * 100_000,
    "whole lists in each other": b'{"query": "{__typename}", "variables": {"a":'
    + b"[" * 100_000
    + b"]" * 100_000
    + b"}}",
}
"""Bodies that are no request."""
